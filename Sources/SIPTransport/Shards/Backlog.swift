import SwitchCore
import Vocabulary

/// Messages that wait while a shard is behind with its work: those that may begin something, in the order in
/// which they came. What belongs to calls that are up never comes here (`WorkClass.canWait`).
///
/// The kernel's queue of a socket has one order for all, so a loop that is behind reads it empty into here and
/// does the urgent part at once. Bounded: what finds no room is refused and counted.
struct Backlog: ~Copyable {
    /// Messages that have waited for so long, with more behind them, show that the loop is behind.
    static let patience = Interval.milliseconds(20)

    struct Waiting {
        var message: UnsafeMutableRawBufferPointer
        var flow: Flow
        var arrived: Instant
    }

    /// Whether messages that can wait are to come here; false while the loop keeps up.
    var isCollecting = false

    private let bound: MessageQueue.Bound
    /// What is taken from, up to `taken`, and what is added to meanwhile.
    private var front: MessageQueue
    private var back: MessageQueue
    private var frontArrivals: [Instant] = []
    private var backArrivals: [Instant] = []
    private var taken = 0

    init(bound: MessageQueue.Bound = .init(messages: 8_192, bytes: 8 << 20)) {
        self.bound = bound
        front = MessageQueue(bound: bound)
        back = MessageQueue(bound: bound)
    }

    var count: Int { front.count - taken + back.count }
    var isEmpty: Bool { count == 0 }

    /// Appends a copy; false when the backlog is full.
    mutating func append(_ message: Bytes, from flow: Flow, arrived: Instant) -> Bool {
        guard count < bound.messages, back.append(message, flow: flow) else { return false }
        backArrivals.append(arrived)
        return true
    }

    /// The message that has waited longest, valid until the next one is asked for; nil when none waits.
    mutating func next() -> Waiting? {
        if taken == front.count {
            front.removeAll()
            frontArrivals.removeAll(keepingCapacity: true)
            taken = 0
            swap(&front, &back)
            swap(&frontArrivals, &backArrivals)
        }
        guard taken < front.count else { return nil }
        defer { taken += 1 }
        return Waiting(message: front.message(at: taken), flow: front.flow(at: taken), arrived: frontArrivals[taken])
    }
}
