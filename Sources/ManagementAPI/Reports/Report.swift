import Vocabulary

/// A report that an operator asks for weekly, and what it may be asked.
public enum Report: String, CaseIterable, Hashable, Sendable {
    case limits
    case nearLimit = "near-limit"
    case timerSupport = "timer-support"
    case longest

    public var meaning: String {
        switch self {
        case .limits: "calls that a limit or evidence of death ended, by mapping gateway"
        case .nearLimit: "calls that came near their limit and ended otherwise, newest first"
        case .timerSupport: "answered calls with and without a session timer, by mapping gateway"
        case .longest: "the longest calls that are up"
        }
    }

    /// The parameters of the query that it takes.
    public var queryNames: [String] {
        switch self {
        case .limits, .timerSupport: ["from", "to", "limit"]
        case .nearLimit: ["from", "to", "within", "before", "limit"]
        case .longest: ["limit"]
        }
    }

    /// How many rows it has at most unless told otherwise.
    public var usualLimit: Int {
        switch self {
        case .limits, .timerSupport: Endpoint.largestPage
        case .nearLimit: Endpoint.usualPage
        case .longest: 20
        }
    }

    /// What counts as near a limit, in percent of it.
    public static let usualNearness = 5

    /// In place of what a record does not say: it was written before records said it.
    public static let unknown = "unknown"
}

/// The calls of a report: those received at or after `from` and before `to`.
public struct ReportPeriod: Hashable, Sendable {
    public var from: WallTime
    /// Nil: until now.
    public var to: WallTime?

    /// Seven days.
    public static let usualLength = Interval.seconds(7 * 86_400)

    public init(from: WallTime, to: WallTime? = nil) {
        self.from = from
        self.to = to
    }
}
