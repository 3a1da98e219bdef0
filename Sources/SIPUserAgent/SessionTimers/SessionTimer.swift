import Vocabulary

/// A request that refreshes a session (RFC 4028, section 7.4).
public enum SessionRefreshMethod: UInt8, Hashable, Sendable, CaseIterable {
    /// Without an offer; for a peer whose Allow lists it.
    case update
    /// With the session description as it stands: same version in its origin line.
    case invite
}

/// The session timer of one confirmed dialog, either end of it: when to refresh, when to hang up
/// (RFC 4028). Each leg of a call has its own; none knows of the other.
///
/// Every re-INVITE and UPDATE of the dialog goes through it, in both directions, as each one renews the
/// session and may change interval and refresher: `requestReceived` and `responseSent` for the peer's,
/// `requestFields` and `relayedRequestAnswered` for ours that pass on what the other leg sent,
/// `refreshStarted` and `refreshAnswered` for those that the timer itself asks for. Requests of an early
/// dialog do not: there is no session yet.
public struct SessionTimer: Hashable, Sendable {
    public enum Phase: Sendable, Hashable, CaseIterable {
        /// There is no session expiration. Can transition to: any but refreshing.
        case off
        /// We refresh, and it is not time yet. Can transition to: off, awaitingPeer, refreshing, over.
        case waiting
        /// Our refresh is on its way. Can transition to: off, waiting, awaitingPeer, over.
        case refreshing
        /// The peer refreshes. Can transition to: off, waiting, over.
        case awaitingPeer
        /// The session is to be hung up. Final.
        case over
    }

    public let policy: SessionTimerPolicy
    /// Who made the Call-ID: it decides how long to wait after a 491.
    public let callIDOwner: SessionSide
    /// What holds since the last 2xx; nil: no session expiration.
    public internal(set) var agreement: SessionAgreement?
    /// When the session expires: the last 2xx plus the interval.
    public internal(set) var expiresAt = Instant.never
    /// The largest Min-SE of any 422 or request of the peer in this dialog, in seconds; 0: none came.
    public internal(set) var largestMinSE: UInt32 = 0
    public internal(set) var peerAllowsUpdate = false
    /// The peer refused an UPDATE with 405 or 501: whatever its Allow lists, it gets no more of them.
    public internal(set) var peerRefusedUpdate = false
    /// When our next refresh is due.
    var dueAt = Instant.never
    /// The method of our refresh that is not finally answered.
    var outstanding: SessionRefreshMethod?
    /// What our 2xx will say to the peer's requests that are not finally answered.
    var answerToInvite: SessionTimerAnswer?
    var answerToUpdate: SessionTimerAnswer?
    /// Refusals of our refresh since the last 2xx, and the status of the latest.
    var refusals: UInt32 = 0
    var lastRefusal = 0
    /// 491s in a row.
    var glares = 0
    /// 422s obeyed since the last 2xx.
    var raises = 0
    var isOver = false

    /// Before any agreement: no session expiration.
    public init(_ policy: SessionTimerPolicy, callIDOwner: SessionSide) {
        self.policy = policy
        self.callIDOwner = callIDOwner
    }

    /// After an INVITE of ours: the 2xx decides what was agreed (section 7.2). What 422s asked for on the way
    /// is forgotten with it: from here on only the hops of this dialog count (section 7.4).
    public init(_ offer: SessionTimerOffer, answered response: SessionTimerResponse, now: Instant) {
        self.init(offer.policy, callIDOwner: .us)
        peerAllowsUpdate = response.allowsUpdate ?? false
        adopt(offer.agreement(response), now: now)
    }

    public var phase: Phase {
        if isOver { return .over }
        guard let agreement else { return .off }
        if outstanding != nil { return .refreshing }
        return agreement.refresher == .us ? .waiting : .awaitingPeer
    }

    /// When the session is hung up unless it is refreshed: slightly before it expires (section 10).
    public var hangUpAt: Instant {
        guard let agreement else { return .never }
        let margin = policy.margin(interval: agreement.interval, refresher: agreement.refresher)
        return Instant(nanoseconds: expiresAt.nanoseconds - margin.nanoseconds)
    }

    public var nextDeadline: Instant {
        switch phase {
        case .off, .over: .never
        case .refreshing, .awaitingPeer: hangUpAt
        case .waiting: min(dueAt, hangUpAt)
        }
    }

    /// What the timer asks for when its deadline is there.
    public enum Due: Hashable, Sendable {
        case nothing
        /// Send a refresh and call `refreshStarted`. Where that is not possible at the moment (another
        /// re-INVITE is under way) do nothing: the timer asks again.
        case refresh(SessionRefreshMethod)
        /// Hang up.
        case over(SessionEnd)
    }

    /// How soon a refresh that could not be started is asked for again.
    static let postponement = Interval.seconds(2)

    public mutating func handleTimeout(now: Instant) -> Due {
        guard !isOver, let agreement else { return .nothing }
        if hangUpAt <= now {
            isOver = true
            if agreement.refresher == .peer { return .over(.notRefreshed) }
            return .over(outstanding == nil && lastRefusal != 0 ? .refreshRefused(status: lastRefusal) : .refreshUnanswered)
        }
        guard outstanding == nil, dueAt <= now else { return .nothing }
        dueAt = now + SessionTimer.postponement
        return .refresh(refreshMethod)
    }

    /// The peer refused an UPDATE as a method that it does not know.
    public mutating func updateRefused() { (peerAllowsUpdate, peerRefusedUpdate) = (false, true) }

    /// Takes what the Allow of a message of the peer says; nil: it had none.
    mutating func learn(allowsUpdate: Bool?) {
        if let allowsUpdate { peerAllowsUpdate = allowsUpdate && !peerRefusedUpdate }
    }

    /// The call ends for another reason: nothing is refreshed and nothing expires any more.
    public mutating func stop() { isOver = true }

    /// How a refresh of ours is sent: by UPDATE if the peer allows it (section 7.4).
    public var refreshMethod: SessionRefreshMethod { peerAllowsUpdate ? .update : .invite }

    /// What happened to the session expiration.
    public enum Change: Hashable, Sendable {
        case none
        /// There was none before.
        case began
        case renewed
        /// There is none any more (section 7.2).
        case switchedOff
    }

    /// Takes what a 2xx agreed upon: the only thing that moves the session expiration (section 10).
    @discardableResult
    mutating func adopt(_ agreement: SessionAgreement?, now: Instant) -> Change {
        let before = self.agreement
        self.agreement = agreement
        (refusals, raises, lastRefusal) = (0, 0, 0)
        guard let agreement else {
            (expiresAt, dueAt) = (.never, .never)
            return before == nil ? .none : .switchedOff
        }
        let interval = Interval.seconds(Int64(agreement.interval))
        expiresAt = now + interval
        dueAt = agreement.refresher == .us ? now + Interval(nanoseconds: interval.nanoseconds / Int64(policy.segment)) : .never
        return before == nil ? .began : .renewed
    }
}

/// Why the session timer ends a session.
public enum SessionEnd: Hashable, Sendable {
    /// The peer was to refresh and did not.
    case notRefreshed
    /// Our refresh was not answered at all, or not before the session expired.
    case refreshUnanswered
    /// Our refreshes were refused until the session expired; the status of the last refusal.
    case refreshRefused(status: Int)
    /// The peer does not know the dialog any more: 481, or 408 (section 10).
    case dialogUnknown(status: Int)
}
