import CallRecords
import Routing
import Vocabulary

/// A bound on the duration of a call, and whose it is. Raw values are stored: append only. In order: of two
/// equal bounds the first names the end.
public enum CallLimitKind: UInt8, CaseIterable, Sendable {
    /// `SS_SIP_NO_TIMER_REINVITE_INTERVAL`
    case noTimerLimit = 1
    case mappingGateway = 2
    case routingGateway = 3
    case account = 4
    /// `SS_MAX_CALL_DURATION`
    case systemMaximum = 5

    private static let names = CaseNames<Self>()
    public var name: String { Self.names[self] }

    /// Where an operator finds it.
    public var sourceName: String {
        switch self {
        case .noTimerLimit: "SS_SIP_NO_TIMER_REINVITE_INTERVAL"
        case .mappingGateway: "maximum duration of the mapping gateway"
        case .routingGateway: "maximum duration of the routing gateway"
        case .account: "maximum duration of the account"
        case .systemMaximum: "SS_MAX_CALL_DURATION"
        }
    }

    public var endReason: EndReason { self == .noTimerLimit ? .noTimerLimit : .maximumDuration }
}

/// The limit that ends a call.
public struct CallLimit: Hashable, Sendable {
    public var kind: CallLimitKind
    /// Length in whole seconds.
    public var seconds: Int64
    /// When the call is ended.
    public var deadline: Instant

    public init(kind: CallLimitKind, seconds: Int64, deadline: Instant) {
        self.kind = kind
        self.seconds = seconds
        self.deadline = deadline
    }

    /// Never below zero.
    public func timeLeft(now: Instant) -> Interval { deadline <= now ? .zero : deadline - now }
    public func isReached(now: Instant) -> Bool { deadline <= now }
}

/// The bounds that may apply to a call, in seconds; nil or 0 or less: none.
public struct CallBounds: Hashable, Sendable {
    public var noTimerLimit: Int?
    public var mappingGateway: Int?
    public var routingGateway: Int?
    public var account: Int?
    public var systemMaximum: Int?

    public init(noTimerLimit: Int? = nil, mappingGateway: Int? = nil, routingGateway: Int? = nil, account: Int? = nil, systemMaximum: Int? = nil) {
        self.noTimerLimit = noTimerLimit
        self.mappingGateway = mappingGateway
        self.routingGateway = routingGateway
        self.account = account
        self.systemMaximum = systemMaximum
    }

    public init(_ settings: SessionSettings, mappingGateway: Int? = nil, routingGateway: Int? = nil, account: Int? = nil) {
        self.init(
            noTimerLimit: settings.noTimerLimit, mappingGateway: mappingGateway, routingGateway: routingGateway, account: account,
            systemMaximum: settings.maximumDuration)
    }

    public subscript(kind: CallLimitKind) -> Int64? {
        let value =
            switch kind {
            case .noTimerLimit: noTimerLimit
            case .mappingGateway: mappingGateway
            case .routingGateway: routingGateway
            case .account: account
            case .systemMaximum: systemMaximum
            }
        return value.flatMap { $0 > 0 ? Int64($0) : nil }
    }
}

/// The rule of an answered call and the limit that holds for it. Decided at the answer from the settings
/// that stood when the call began; later changes do not touch it.
public struct CallLimits: Hashable, Sendable {
    public private(set) var decision: CallRuleDecision
    /// The shortest that applies; nil: only the parties and the session timer end the call.
    public private(set) var limit: CallLimit?
    /// From when the no-timer limit counts: the answer, or the moment when the caller switched its timer off.
    public private(set) var noTimerFrom: Instant
    public let bounds: CallBounds

    public init(_ evidence: CallRuleDecision.Evidence, bounds: CallBounds, answeredAt: Instant) {
        self.init(CallRuleDecision(evidence, noTimerLimitIsSet: bounds[.noTimerLimit] != nil), bounds: bounds, answeredAt: answeredAt)
    }

    /// For a call that was answered with this decision, perhaps before a restart (`CallClock` places its answer).
    /// `noTimerFrom`: as it was kept, nil for the answer.
    public init(_ decision: CallRuleDecision, bounds: CallBounds, answeredAt: Instant, noTimerFrom: Instant? = nil) {
        self.decision = decision
        self.bounds = bounds
        self.noTimerFrom = noTimerFrom ?? answeredAt
        if decision.rule == .noTimerLimit { shorten(to: .noTimerLimit, from: self.noTimerFrom) }
        for kind in CallLimitKind.allCases where kind != .noTimerLimit { shorten(to: kind, from: answeredAt) }
    }

    public var nextDeadline: Instant { limit?.deadline ?? .never }

    /// When the countdown of a limit of this call began.
    public func start(of limit: CallLimit, answeredAt: Instant) -> Instant { limit.kind == .noTimerLimit ? noTimerFrom : answeredAt }

    /// The end reason when the limit is reached; nil before.
    public func handleTimeout(now: Instant) -> EndReason? {
        guard let limit, limit.isReached(now: now) else { return nil }
        return limit.kind.endReason
    }

    /// The caller's leg has no session timer any more: from now on nothing shows that the caller is there, and
    /// the no-timer limit is counted from now, the last proof.
    public mutating func timerSwitchedOff(now: Instant) {
        guard decision.rule == .sessionTimer else { return }
        decision = CallRuleDecision(bounds[.noTimerLimit] == nil ? .none : .noTimerLimit, .timerSwitchedOffByCaller)
        noTimerFrom = now
        shorten(to: .noTimerLimit, from: now)
    }

    private mutating func shorten(to kind: CallLimitKind, from start: Instant) {
        guard let seconds = bounds[kind] else { return }
        let candidate = CallLimit(kind: kind, seconds: seconds, deadline: start + CallLimits.interval(seconds))
        if candidate.deadline < nextDeadline { limit = candidate }
    }

    /// Whole seconds as an interval; what does not fit is the longest.
    private static func interval(_ seconds: Int64) -> Interval { .seconds(min(seconds, Int64.max / 1_000_000_000)) }
}
