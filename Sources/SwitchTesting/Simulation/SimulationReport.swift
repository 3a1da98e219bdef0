import Vocabulary

/// What a simulation did and found.
public struct SimulationReport: Sendable, Equatable {
    public let settings: SimulationSettings
    public internal(set) var answered = 0
    public internal(set) var records = 0
    public internal(set) var storeFaults = 0
    public internal(set) var restarts = 0
    /// Calls that a restart brought back after both parties had left.
    public internal(set) var orphans = 0
    public private(set) var behaviours: [CallPlan.Behaviour: Int] = [:]
    public private(set) var messages = 0
    /// Names the whole run: every message with its time went into it.
    public private(set) var fingerprint: UInt64 = 0
    /// Virtual time that passed.
    public private(set) var length = Interval.zero
    public private(set) var violations: [Violation] = []

    init(settings: SimulationSettings) { self.settings = settings }

    mutating func count(_ behaviour: CallPlan.Behaviour) { behaviours[behaviour, default: 0] += 1 }

    mutating func finish(_ world: VirtualWorld) {
        messages = world.messagesSent
        fingerprint = world.fingerprint
        length = world.elapsed
        violations = world.violations
    }

    public var isSound: Bool { violations.isEmpty }
    /// The first call that broke a rule.
    public var failingCall: Int? { violations.compactMap(\.call).first { $0 >= 0 } }

    /// A few lines for a reader.
    public var summary: String {
        let names = behaviours.keys.sorted { $0.rawValue < $1.rawValue }
        var lines = [
            "seed \(settings.seed): \(settings.calls) calls, \(answered) answered, \(records) records, \(messages) messages in "
                + "\(length.inSeconds) virtual seconds, \(settings.shards) shards, \(storeFaults) faults of the store, \(restarts) restarts",
            "loss \(settings.loss), duplication \(settings.duplication), reordering \(settings.reordering), run "
                + String(fingerprint, radix: 16),
        ]
        lines += names.map { "  \($0.rawValue): \(behaviours[$0] ?? 0)" }
        lines.append(isSound ? "every rule held" : "\(violations.count) violations:")
        lines += violations.prefix(20).map { "  \($0)" }
        return lines.joined(separator: "\n")
    }
}

/// Runs a simulation.
public func simulate(_ settings: SimulationSettings) -> SimulationReport { Simulation(settings).run() }

/// Runs a simulation again and writes down every message of one call: the same seed gives the same run.
public func traceOfCall(_ call: Int, in settings: SimulationSettings) -> [String] {
    let simulation = Simulation(settings, tracing: call)
    _ = simulation.run()
    return simulation.world.trace?.lines ?? []
}
