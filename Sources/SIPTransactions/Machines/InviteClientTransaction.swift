import Vocabulary

/// The INVITE client transaction (RFC 3261, section 17.1.1, with the Accepted state of RFC 6026).
public struct InviteClientTransaction: ~Copyable {
    /// For tests and lists.
    public enum Phase: Sendable, Equatable {
        /// Request sent. Can transition to: proceeding, completed, accepted, terminated.
        case calling
        /// A provisional response came. Can transition to: completed, accepted, terminated.
        case proceeding
        /// A failure response came and was acknowledged. Can transition to: terminated.
        case completed
        /// A 2xx came; the user acknowledges each 2xx. Can transition to: terminated.
        case accepted
        case terminated
    }

    public private(set) var phase: Phase = .calling
    private let timing: TransactionTiming
    private let reliable: Bool
    private var resending: Resending
    private var end: Instant

    public init(timing: TransactionTiming, reliable: Bool, now: Instant) {
        self.timing = timing
        self.reliable = reliable
        resending = Resending(from: now, timing: timing, reliable: reliable)
        end = now + timing.length(.b, reliable: reliable)
    }

    public var nextDeadline: Instant { min(resending.next, end) }

    public mutating func responseReceived(status: Int, now: Instant) -> TransactionActions {
        switch phase {
        case .calling, .proceeding:
            resending = .stopped
            if status < 200 {
                // Timer B guards the Calling state only: how long it may ring is the user's decision. The limit
                // that a CANCEL set stands whatever rings on.
                if phase == .calling { end = .never }
                phase = .proceeding
                return .deliver
            }
            if status < 300 {
                phase = .accepted
                end = now + timing.length(.m, reliable: reliable)
                return .deliver
            }
            end = now + timing.length(.d, reliable: reliable)
            phase = reliable ? .terminated : .completed
            return reliable ? [.deliver, .acknowledge, .terminate] : [.deliver, .acknowledge]
        case .completed:
            return status >= 300 ? .acknowledge : []
        case .accepted:
            return (200..<300).contains(status) ? .deliver : []
        case .terminated:
            return []
        }
    }

    public mutating func handleTimeout(now: Instant) -> TransactionActions {
        if end <= now {
            let timedOut = phase == .calling || phase == .proceeding
            phase = .terminated
            resending = .stopped
            end = .never
            return timedOut ? [.reportTimeout, .terminate] : .terminate
        }
        return resending.isDue(now, timing: timing) ? .retransmit : []
    }

    /// A CANCEL went out: without a final response the transaction ends after 64*T1 (section 9.1).
    public mutating func cancelSent(now: Instant) {
        if phase == .proceeding { end = now + timing.giveUp }
    }

    /// The transport failed: as if timer B had fired (section 17.1.4).
    public mutating func transportFailed() -> TransactionActions {
        guard phase == .calling || phase == .proceeding else { return [] }
        phase = .terminated
        return .terminate
    }
}
