import NIOCore
import Synchronization
import Vocabulary

/// One shard's way to the streams: its messages are copied here and taken by the event loop, which is
/// woken at most once per batch of the shard.
final class StreamSender: Sendable {
    /// Messages that may wait for the event loop.
    static let bound = MessageQueue.Bound(messages: 16_384, bytes: 16 << 20)

    private struct State: ~Copyable {
        var queue = MessageQueue(bound: StreamSender.bound)
        /// The event loop has been asked and has not come yet.
        var isRequested = false
    }

    let shard: Int
    private let hub: StreamHub
    private let state: Mutex<State>

    init(shard: Int, hub: StreamHub) {
        self.shard = shard
        self.hub = hub
        self.state = Mutex(State())
    }

    /// Copies a message; false when too many wait. Nothing moves before `flush`.
    func append(_ message: Bytes, to flow: Flow) -> Bool {
        state.withLock { $0.queue.append(message, flow: flow) }
    }

    func flush() {
        let request = state.withLock { state -> Bool in
            guard !state.isRequested, !state.queue.isEmpty else { return false }
            state.isRequested = true
            return true
        }
        if request { hub.takeMessages(of: self) }
    }

    /// Swaps what waits with `queue`, which must be empty. Called on the event loop.
    func take(into queue: inout MessageQueue) {
        state.withLock { state in
            state.isRequested = false
            swap(&state.queue, &queue)
        }
    }
}
