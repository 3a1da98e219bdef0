import Vocabulary

/// What a simulation did and found.
public struct SimulationReport: Sendable, Equatable {
    public let settings: SimulationSettings
    public internal(set) var answered = 0
    public internal(set) var records = 0
    public internal(set) var storeFaults = 0
    public internal(set) var restarts = 0
    /// Restarts by a boot of the machine.
    public internal(set) var boots = 0
    public internal(set) var slowTimes = 0
    public internal(set) var clockJumps = 0
    public internal(set) var changes = 0
    /// Records that were written and went with the process before their commit.
    public internal(set) var lostRecords = 0
    /// Calls recorded as answered whose answer never left: the process died between the commit and the answer.
    public internal(set) var unheard = 0
    /// Answered calls during which the process died.
    public internal(set) var restored = 0
    /// Answered calls by what ended them, as recorded.
    public private(set) var ends: [String: Int] = [:]
    public private(set) var billing = SimulatedBilling()
    public private(set) var behaviours: [CallPlan.Behaviour: Int] = [:]
    public private(set) var messages = 0
    /// Names the whole run: every message with its time went into it.
    public private(set) var fingerprint: UInt64 = 0
    /// Virtual time that passed.
    public private(set) var length = Interval.zero
    public private(set) var violations: [Violation] = []

    init(settings: SimulationSettings) { self.settings = settings }

    mutating func count(_ behaviour: CallPlan.Behaviour) { behaviours[behaviour, default: 0] += 1 }

    mutating func count(_ judgement: CallChecker.Judgement, _ evidence: CallEvidence) {
        if evidence.caller.wasAnswered { answered += 1 }
        if let record = evidence.answeredRecords.first {
            ends[record.endReason.name, default: 0] += 1
            if evidence.switchRestarted { restored += 1 }
        }
        if evidence.facts.answerSentAt == nil, evidence.records.contains(where: \.answeredAt.isSet) { unheard += 1 }
        if let sums = judgement.billed { billing.add(recorded: sums.recorded, model: sums.model, tolerance: sums.tolerance) }
    }

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
                + "\(length.inSeconds) virtual seconds, \(settings.shards) shards",
            "\(restarts) deaths of the process (\(boots) by a boot), \(storeFaults) failures and \(slowTimes) slow times of the store, "
                + "\(clockJumps) jumps of the wall clock, \(changes) changes of parameters",
            "\(restored) answered calls restored, \(lostRecords) records lost with a process and written again, \(unheard) answers recorded "
                + "and not sent",
            "\(billing.seconds) s billed, \(billing.modelSeconds) s by the model; restored calls \(billing.restoredMilliseconds) ms, "
                + "\(billing.restoredModelMilliseconds) ms by the model",
            "loss \(settings.loss), duplication \(settings.duplication), reordering \(settings.reordering), run "
                + String(fingerprint, radix: 16),
        ]
        lines += names.map { "  \($0.rawValue): \(behaviours[$0] ?? 0)" }
        lines.append("ended: " + ends.keys.sorted().map { "\($0) \(ends[$0] ?? 0)" }.joined(separator: ", "))
        lines.append(isSound ? "every rule held" : "\(violations.count) violations:")
        lines += violations.prefix(20).map { "  \($0)" }
        return lines.joined(separator: "\n")
    }
}

/// What several simulations did together.
public struct SimulationTotals: Sendable, Equatable {
    public private(set) var runs = 0
    public private(set) var calls = 0
    public private(set) var answered = 0
    public private(set) var restored = 0
    public private(set) var deaths = 0
    public private(set) var violations = 0

    public init() {}

    public mutating func add(_ report: SimulationReport) {
        runs += 1
        calls += report.settings.calls
        answered += report.answered
        restored += report.restored
        deaths += report.restarts
        violations += report.violations.count
    }

    public var summary: String {
        "\(runs) runs: \(calls) calls, \(answered) answered, \(deaths) deaths of the process, \(restored) answered calls restored, "
            + (violations == 0 ? "every rule held" : "\(violations) violations")
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
