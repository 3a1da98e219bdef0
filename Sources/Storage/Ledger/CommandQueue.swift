/// Where shards leave their commands and the writer finds them: one buffer per shard behind one lock.
///
/// The writer is woken only when it waits; while it commits or lets a group gather, handing over is a
/// lock, a swap of two buffers and an unlock, without a system call.
final class CommandQueue: Sendable {
    /// The commands that one shard has handed over and the writer has not taken.
    private struct Handed {
        var bytes: [UInt8] = []
        var lastSequence: UInt64 = 0
    }

    private struct State {
        var shards: [Handed]
        var isEmpty = true
        var isWriterWaiting = false
        var isClosing = false
    }

    enum Wake: Equatable {
        /// There are commands; `afterSleep` when the writer had to be woken for them.
        case commands(afterSleep: Bool)
        case deadline
        case closing
    }

    private let monitor: Monitor<State>

    init(shards count: Int) {
        monitor = Monitor(State(shards: Array(repeating: Handed(), count: count)))
    }

    /// Takes the bytes over and leaves an empty buffer with room in their place.
    func submit(shard: Int, bytes: inout [UInt8], lastSequence: UInt64) {
        guard !bytes.isEmpty else { return }
        let wakesWriter = monitor.withLock { state in
            if state.shards[shard].bytes.isEmpty {
                swap(&state.shards[shard].bytes, &bytes)
            } else {
                state.shards[shard].bytes.append(contentsOf: bytes)
                bytes.removeAll(keepingCapacity: true)
            }
            state.shards[shard].lastSequence = lastSequence
            state.isEmpty = false
            defer { state.isWriterWaiting = false }
            return state.isWriterWaiting
        }
        if wakesWriter { monitor.signal() }
    }

    /// The writer's wait for commands, the deadline or the end.
    func wait(until deadline: MonotonicTime) -> Wake {
        var slept = false
        let wake = monitor.wait(until: deadline) { state -> Wake? in
            state.isWriterWaiting = false
            if state.isClosing { return .closing }
            if !state.isEmpty { return .commands(afterSleep: slept) }
            state.isWriterWaiting = true
            slept = true
            return nil
        }
        // After a deadline the flag stays up at most until the next wait, for one needless signal.
        return wake ?? .deadline
    }

    /// Gives the writer every shard's commands: `body` swaps or copies the bytes and leaves an empty buffer.
    func takeAll(_ body: (_ shard: Int, _ bytes: inout [UInt8], _ lastSequence: UInt64) -> Void) {
        monitor.withLock { state in
            guard !state.isEmpty else { return }
            for shard in state.shards.indices where !state.shards[shard].bytes.isEmpty {
                body(shard, &state.shards[shard].bytes, state.shards[shard].lastSequence)
            }
            state.isEmpty = true
        }
    }

    /// Lets the writer finish; what was handed over before is still taken.
    func close() {
        monitor.withLock { $0.isClosing = true }
        monitor.signal()
    }
}
