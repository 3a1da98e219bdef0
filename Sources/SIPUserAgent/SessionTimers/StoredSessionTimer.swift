import Vocabulary

/// A running session timer as it outlives the process: which session, and until when.
public struct StoredSessionTimer: Hashable, Sendable {
    public var agreement: SessionAgreement
    public var expiresAt: WallTime
    public var largestMinSE: UInt32
    public var peerAllowsUpdate: Bool
    public var callIDOwner: SessionSide

    public init(agreement: SessionAgreement, expiresAt: WallTime, largestMinSE: UInt32, peerAllowsUpdate: Bool, callIDOwner: SessionSide) {
        self.agreement = agreement
        self.expiresAt = expiresAt
        self.largestMinSE = largestMinSE
        self.peerAllowsUpdate = peerAllowsUpdate
        self.callIDOwner = callIDOwner
    }
}

extension SessionTimer {
    /// What is kept for a restart; nil when nothing expires, or the session is over.
    public func stored(now: Moment) -> StoredSessionTimer? {
        guard !isOver, let agreement else { return nil }
        return StoredSessionTimer(
            agreement: agreement, expiresAt: now.wall + (expiresAt - now.instant), largestMinSE: largestMinSE,
            peerAllowsUpdate: peerAllowsUpdate, callIDOwner: callIDOwner)
    }

    /// What a session gets after a restart at least, before it is hung up: time for one refresh to be sent and
    /// repeated (64*T1). While the process was away neither side could renew it.
    public static let graceAfterRestart = Interval.seconds(32)

    /// Goes on with a session after a restart. Where we refresh, a refresh goes out soon, as that is what shows
    /// whether the peer still has the session; where the peer does, it is awaited for what is left.
    /// The timer was on when the call began, so it stays on, whatever `policy` says today.
    /// - Parameter spread: how soon, drawn for each call anew, so that not all of them refresh in one instant.
    public init(restoring stored: StoredSessionTimer, policy: SessionTimerPolicy, spread: Interval, now: Moment) {
        var policy = policy
        policy.isEnabled = true
        self.init(policy, callIDOwner: stored.callIDOwner)
        agreement = stored.agreement
        largestMinSE = stored.largestMinSE
        peerAllowsUpdate = stored.peerAllowsUpdate
        // A wall clock that jumped backwards cannot lengthen the session, one that jumped ahead not end it unasked.
        let interval = Interval.seconds(Int64(stored.agreement.interval))
        let (difference, overflow) = stored.expiresAt.microseconds.subtractingReportingOverflow(now.wall.microseconds)
        let bound = interval.nanoseconds / 1_000
        let left = Interval.microseconds(overflow ? 0 : min(max(0, difference), bound))
        let margin = policy.margin(interval: stored.agreement.interval, refresher: stored.agreement.refresher)
        expiresAt = now.instant + max(left, SessionTimer.graceAfterRestart + margin)
        if stored.agreement.refresher == .us {
            let part = Interval(nanoseconds: left.nanoseconds / Int64(policy.segment))
            let latest = max(part, Interval(nanoseconds: SessionTimer.graceAfterRestart.nanoseconds / 2))
            dueAt = now.instant + max(.zero, min(spread, latest))
        }
    }
}
