import Vocabulary

/// The client transaction of every other request (RFC 3261, section 17.1.2).
public struct NonInviteClientTransaction: ~Copyable {
    public enum Phase: Sendable, Equatable {
        /// Request sent. Can transition to: proceeding, completed, terminated.
        case trying
        /// A provisional response came. Can transition to: completed, terminated.
        case proceeding
        /// A final response came. Can transition to: terminated.
        case completed
        case terminated
    }

    public private(set) var phase: Phase = .trying
    private let timing: TransactionTiming
    private let reliable: Bool
    private var resending: Resending
    private var end: Instant

    public init(timing: TransactionTiming, reliable: Bool, now: Instant) {
        self.timing = timing
        self.reliable = reliable
        resending = Resending(from: now, timing: timing, reliable: reliable)
        end = now + timing.length(.f, reliable: reliable)
    }

    public var nextDeadline: Instant { min(resending.next, end) }

    public mutating func responseReceived(status: Int, now: Instant) -> TransactionActions {
        switch phase {
        case .trying, .proceeding:
            guard status >= 200 else {
                phase = .proceeding
                resending.slowDown()
                return .deliver
            }
            resending = .stopped
            end = now + timing.length(.k, reliable: reliable)
            phase = reliable ? .terminated : .completed
            return reliable ? [.deliver, .terminate] : [.deliver, .releaseMessage]
        case .completed, .terminated:
            return []
        }
    }

    public mutating func handleTimeout(now: Instant) -> TransactionActions {
        if end <= now {
            let timedOut = phase == .trying || phase == .proceeding
            phase = .terminated
            resending = .stopped
            end = .never
            return timedOut ? [.reportTimeout, .terminate] : .terminate
        }
        return resending.isDue(now, timing: timing) ? .retransmit : []
    }

    public mutating func transportFailed() -> TransactionActions {
        guard phase == .trying || phase == .proceeding else { return [] }
        phase = .terminated
        return .terminate
    }
}
