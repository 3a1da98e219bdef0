import Vocabulary

/// The INVITE server transaction (RFC 3261, section 17.2.1, with the Accepted state of RFC 6026).
/// The 100 is the user's business: it is sent at once for every INVITE, so no 200 ms timer is needed.
public struct InviteServerTransaction: ~Copyable {
    public enum Phase: Sendable, Equatable {
        /// No final response yet. Can transition to: completed, accepted, terminated.
        case proceeding
        /// A failure response was sent, ACK awaited. Can transition to: confirmed, terminated.
        case completed
        /// ACK to a failure response came. Can transition to: terminated.
        case confirmed
        /// A 2xx was sent; the user repeats it until its ACK comes. Can transition to: terminated.
        case accepted
        case terminated
    }

    public private(set) var phase: Phase = .proceeding
    private let timing: TransactionTiming
    private let reliable: Bool
    private var resending = Resending.stopped
    private var end = Instant.never

    public init(timing: TransactionTiming, reliable: Bool) {
        self.timing = timing
        self.reliable = reliable
    }

    public var nextDeadline: Instant { min(resending.next, end) }

    /// The INVITE came again: the last response is repeated, except a 2xx, which the user repeats.
    public func requestRepeated() -> TransactionActions {
        switch phase {
        case .proceeding, .completed: .retransmit
        case .accepted, .confirmed, .terminated: []
        }
    }

    /// The user sent a response. Only the first final one counts.
    public mutating func responded(status: Int, now: Instant) -> TransactionActions {
        guard phase == .proceeding, status >= 200 else { return [] }
        if status < 300 {
            phase = .accepted
            end = now + timing.length(.l, reliable: reliable)
        } else {
            phase = .completed
            resending = Resending(from: now, timing: timing, reliable: reliable)
            end = now + timing.length(.h, reliable: reliable)
        }
        return []
    }

    public mutating func ackReceived(now: Instant) -> TransactionActions {
        switch phase {
        case .completed:
            resending = .stopped
            end = now + timing.length(.i, reliable: reliable)
            phase = reliable ? .terminated : .confirmed
            return reliable ? .terminate : .releaseMessage
        case .accepted: return .deliver
        case .proceeding, .confirmed, .terminated: return []
        }
    }

    public mutating func handleTimeout(now: Instant) -> TransactionActions {
        if end <= now {
            let unacknowledged = phase == .completed
            phase = .terminated
            resending = .stopped
            end = .never
            return unacknowledged ? [.reportTimeout, .terminate] : .terminate
        }
        return resending.isDue(now, timing: timing) ? .retransmit : []
    }
}
