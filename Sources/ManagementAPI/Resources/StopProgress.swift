/// How far an ordered stop has come.
public struct StopProgress: Hashable, Sendable {
    public enum Phase: String, Hashable, Sendable, CaseIterable {
        case serving
        /// New calls are refused, registrations are being withdrawn.
        case withdrawing
        /// Nothing more is waited for: `lines` say what became of the registrations, and the process ends.
        case ending
    }

    public var phase: Phase
    /// Registrations whose upstream has answered, or that are given up.
    public var done: Int
    /// Registrations that may have stood upstream when the stop began.
    public var registrations: Int
    /// Whether everything that was asked of upstreams was confirmed, as far as it is known.
    public var isClean: Bool
    /// What became of them, for people; set when the phase is `ending`.
    public var lines: [String]

    public init(_ phase: Phase, done: Int = 0, registrations: Int = 0, isClean: Bool = true, lines: [String] = []) {
        self.phase = phase
        self.done = done
        self.registrations = registrations
        self.isClean = isClean
        self.lines = lines
    }

    public var document: DocumentNode {
        [
            "phase": .text(phase.rawValue), "done": .number(done), "registrations": .number(registrations),
            "isClean": .flag(isClean), "lines": .list(lines.map { .text($0) }),
        ]
    }

    /// Reads what `document` wrote.
    public init?(_ document: DocumentNode) {
        guard let phase = document["phase"]?.text.flatMap({ Phase(rawValue: $0) }) else { return nil }
        self.init(
            phase, done: document["done"]?.integer ?? 0, registrations: document["registrations"]?.integer ?? 0,
            isClean: document["isClean"]?.text == "true", lines: (document["lines"]?.elements ?? []).compactMap(\.text))
    }
}
