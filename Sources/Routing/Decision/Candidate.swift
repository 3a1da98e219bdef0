import Containers
import Vocabulary

/// One gateway or phone that was looked at for a call, and what became of it.
public struct Candidate: Sendable, Equatable {
    public var destination: CallDestination
    /// Length of the prefix by which a gateway matched; of a phone its number's length.
    public var prefixLength: Int
    public var verdict: Verdict
    /// The number behind the verdict: seconds left for `retryAfter`, the limit for `full`, `rateExceeded`
    /// and `publishedFull`, the group's index for `groupFull`, `groupRateExceeded` and `linesReserved`.
    public var detail: Int32 = 0
    /// Its priority at this time; lower goes first.
    public var priority: Int32 = 0
    /// Its calls when the decision fell, and how many it may have at this time; nil: no limit.
    public var calls: Int32 = 0
    public var capacity: Int32?
    /// Its answer-seizure ratio in percent when the decision fell; nil: not measured, or too little to judge.
    public var answerRatio: UInt8?
    /// Only tried once every normal gateway failed, within `SS_TRY_PROTECT_ROUTE_DELAY`.
    public var isProtectRoute = false
    /// Where a redirection of this gateway points; nil for the gateway's own address.
    public var redirection: NetworkAddress?
    /// The callee number of a redirection; empty for the call's own.
    public var redirectedNumber = StoredBytes.none
    /// Tried again by datagram, because its stream transport failed (RFC 3261, section 18.1.1).
    public var isDatagramOnly = false
    /// Why the verdict fell, where the verdict alone does not say it.
    public var why = StoredBytes.none

    public init(_ destination: CallDestination, prefixLength: Int, verdict: Verdict = .waiting) {
        self.destination = destination
        self.prefixLength = prefixLength
        self.verdict = verdict
    }

    /// Index of the routing gateway; nil for a phone.
    public var routingGateway: Int? {
        if case .routingGateway(let index) = destination { return index }
        return nil
    }
}

extension Candidate {
    /// What became of a candidate. The wire form (`rawValue`) stays.
    public enum Verdict: UInt8, Sendable, Equatable, CaseIterable {
        /// In the list, its turn has not come.
        case waiting
        case tried
        case answered
        /// The operator locked it; a phone's incoming calls are barred.
        case locked
        /// The call came from this very address, or this very phone, and is not sent back.
        case sameAsSource
        /// The registration that it needs does not stand; `why` says more.
        case registrationDown
        /// Neither an address nor a registration tells where it is.
        case withoutAddress
        /// Named twice for this call: the longer prefix stands.
        case alreadyListed
        /// Answered with a redirection, which was followed.
        case redirected
        /// The list ended before its turn: an answer, the caller's hang-up, or a stop rule.
        case notNeeded
        /// The caller may not use the groups it is in, or is not allowed any that it is in.
        case groupNotAllowed
        /// Its period bars calls now.
        case periodBarred
        case callerPrefix
        case calleePrefix
        case callerLength
        case calleeLength
        /// A black list of it has the number, or a white list of it has not.
        case callerGroup
        case calleeGroup
        /// It asked to be left alone (Retry-After) and the time is not over.
        case retryAfter
        /// None of its addresses answers OPTIONS.
        case noAddressAlive
        /// It registers here, and no binding stands.
        case notRegistered
        /// As many calls as its capacity are up; all lines of a phone are busy.
        case full
        /// The line limit of a group that it is in is reached.
        case groupFull
        /// Fewer lines than it reserves are free in a group that it is in.
        case linesReserved
        /// It published a smaller capacity (RFC 3903), which is used up.
        case publishedFull
        case rateExceeded
        case groupRateExceeded
        /// A gateway with a longer prefix ends the search (`prefixStyle` terminate).
        case searchTerminated
        /// A protect route, and `SS_TRY_PROTECT_ROUTE_DELAY` was over when its turn came.
        case protectDelayOver
        /// No number of its caller number pool is free.
        case noPoolNumber

        private static let names = CaseNames<Self>()
        public var name: String { Self.names[self] }
        public var isUsable: Bool { self == .waiting }

        /// Whether the gateway is not meant for this call at all. It then does not end the search, whatever its
        /// prefix style; one that only cannot take the call now does.
        var isOutOfQuestion: Bool {
            switch self {
            case .locked, .sameAsSource, .withoutAddress, .groupNotAllowed, .periodBarred, .callerPrefix, .calleePrefix, .callerLength,
                .calleeLength, .callerGroup, .calleeGroup, .alreadyListed, .searchTerminated:
                true
            case .waiting, .tried, .answered, .registrationDown, .redirected, .notNeeded, .retryAfter, .noAddressAlive, .notRegistered, .full,
                .groupFull, .linesReserved, .publishedFull, .rateExceeded, .groupRateExceeded, .protectDelayOver, .noPoolNumber:
                false
            }
        }
    }
}
