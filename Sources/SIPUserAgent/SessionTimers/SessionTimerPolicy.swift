import Vocabulary

/// How the switch wants the session timer of one leg. Taken when the call begins, from the parameters and
/// from the gateway's own switch.
public struct SessionTimerPolicy: Hashable, Sendable {
    /// The smallest session interval that the RFC allows, in seconds (RFC 4028, sections 4 and 5).
    public static let smallestInterval: UInt32 = 90

    /// Off: no timer is offered, asked for or accepted on this leg.
    public var isEnabled: Bool
    /// The interval that we ask for, and to which a longer one is shortened, in seconds: `SS_SIP_SESSION_TTL`.
    public private(set) var interval: UInt32
    /// Our minimum: a request for less is answered with 422. At least 90 s.
    public private(set) var minSE: UInt32
    /// As refresher we send a refresh each time this part of the interval has passed, 2 to 10:
    /// `SS_SIP_SESSION_UPDATE_SEGMENT`. 2 is what the RFC recommends (section 7.2).
    public private(set) var segment: UInt32
    /// How many seconds before the session expires it is hung up: `SS_SIP_SESSION_TIMEOUT_EARLY_HANGUP`.
    /// 0: the RFC's recommendation where the peer refreshes, at the expiry where we do (section 10).
    public var earlyHangup: UInt32
    /// Who refreshes when the peer leaves the choice to us (section 9, table 2).
    public var chosenRefresher: SessionSide
    /// Whether a caller that knows timers and asks for none gets one from us (section 9).
    public var asksForTimer: Bool
    /// Whether we refresh by ourselves towards a peer that does not know timers (section 7.2).
    public var refreshesAlone: Bool

    /// Values out of range are moved to the nearest one within it.
    public init(
        isEnabled: Bool = true, interval: UInt32 = 600, minSE: UInt32 = smallestInterval, segment: UInt32 = 2, earlyHangup: UInt32 = 0,
        chosenRefresher: SessionSide = .us, asksForTimer: Bool = true, refreshesAlone: Bool = false
    ) {
        self.isEnabled = isEnabled
        self.minSE = max(minSE, SessionTimerPolicy.smallestInterval)
        self.interval = max(interval, self.minSE)
        self.segment = min(max(segment, 2), 10)
        self.earlyHangup = earlyHangup
        self.chosenRefresher = chosenRefresher
        self.asksForTimer = asksForTimer
        self.refreshesAlone = refreshesAlone
    }

    /// No timer on this leg.
    public static let off = SessionTimerPolicy(isEnabled: false)

    /// How long before the session expires it is hung up when nothing refreshed it (section 10). Never more
    /// than a third of the interval, so that a refresh at half of it has the time to be repeated.
    public func margin(interval seconds: UInt32, refresher: SessionSide) -> Interval {
        let third = Interval(nanoseconds: Interval.seconds(Int64(seconds)).nanoseconds / 3)
        if earlyHangup > 0 { return min(.seconds(Int64(earlyHangup)), third) }
        return refresher == .us ? .zero : min(.seconds(32), third)
    }
}

/// One of the two ends of a leg.
public enum SessionSide: UInt8, Hashable, Sendable, CaseIterable {
    case us, peer

    /// As the `refresher` parameter calls this side in a request of ours, or in its response.
    public var inOurRequest: SessionRefresher { self == .us ? .uac : .uas }
    /// As the `refresher` parameter calls this side in a request of the peer, or in our response to it.
    public var inPeersRequest: SessionRefresher { self == .us ? .uas : .uac }
}

/// What both ends agreed upon: the session lives this long after each refresh, and one side refreshes.
public struct SessionAgreement: Hashable, Sendable {
    /// In seconds.
    public var interval: UInt32
    public var refresher: SessionSide

    public init(interval: UInt32, refresher: SessionSide) {
        self.interval = interval
        self.refresher = refresher
    }
}
