import Vocabulary

/// Why a number is on the dynamic blacklist. The wire form (`rawValue`) stays.
public enum BlacklistKind: UInt8, Sendable, Hashable, CaseIterable {
    /// A caller with too many attempts within the window.
    case maliciousCaller = 1
    /// A caller with too many calls at once.
    case concurrentCaller
    /// A callee that did not answer too many calls in a row.
    case unansweredCallee
    /// Put there by an operator.
    case callerByHand
    case calleeByHand

    /// Which number of a call it bars.
    public var side: BlacklistSide {
        switch self {
        case .maliciousCaller, .concurrentCaller, .callerByHand: .caller
        case .unansweredCallee, .calleeByHand: .callee
        }
    }
}

public enum BlacklistSide: String, Sendable, Hashable, CaseIterable { case caller, callee }

/// A number on the dynamic blacklist.
public struct BlacklistEntry: Sendable, Hashable {
    public var number: PackedNumber
    public var kind: BlacklistKind
    public var since: Instant
    /// The entry no longer counts from here on; `.never` for one that stays until it is removed.
    public var until: Instant

    public init(number: PackedNumber, kind: BlacklistKind, since: Instant, until: Instant) {
        self.number = number
        self.kind = kind
        self.since = since
        self.until = until
    }
}
