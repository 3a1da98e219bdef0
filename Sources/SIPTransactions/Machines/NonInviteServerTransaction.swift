import Vocabulary

/// The server transaction of every other request (RFC 3261, section 17.2.2).
public struct NonInviteServerTransaction: ~Copyable {
    public enum Phase: Sendable, Equatable {
        /// No response yet. Can transition to: proceeding, completed, terminated.
        case trying
        /// A provisional response was sent. Can transition to: completed, terminated.
        case proceeding
        /// A final response was sent. Can transition to: terminated.
        case completed
        case terminated
    }

    public private(set) var phase: Phase = .trying
    private let timing: TransactionTiming
    private let reliable: Bool
    private var end = Instant.never

    public init(timing: TransactionTiming, reliable: Bool) {
        self.timing = timing
        self.reliable = reliable
    }

    public var nextDeadline: Instant { end }

    public func requestRepeated() -> TransactionActions {
        switch phase {
        case .proceeding, .completed: .retransmit
        case .trying, .terminated: []
        }
    }

    public mutating func responded(status: Int, now: Instant) -> TransactionActions {
        switch phase {
        case .trying, .proceeding:
            guard status >= 200 else {
                phase = .proceeding
                return []
            }
            end = now + timing.length(.j, reliable: reliable)
            phase = reliable ? .terminated : .completed
            return reliable ? .terminate : []
        case .completed, .terminated:
            return []
        }
    }

    public mutating func handleTimeout(now: Instant) -> TransactionActions {
        guard end <= now else { return [] }
        phase = .terminated
        end = .never
        return .terminate
    }
}
