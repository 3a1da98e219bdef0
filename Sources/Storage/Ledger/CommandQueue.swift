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
        /// Tickets of those who wait for rows: the last one given, and the last one served.
        var rowsWanted: UInt64 = 0
        var rowsServed: UInt64 = 0
    }

    enum Wake: Equatable {
        /// There are commands; `afterSleep` when the writer had to be woken for them.
        case commands(afterSleep: Bool)
        case deadline
        /// Somebody waits until everything handed over is rows.
        case rowsWanted(ticket: UInt64)
        case closing
    }

    private let monitor: Monitor<State>
    /// The last ticket served, for those who wait; `UInt64.max` once the writer is closed.
    private let served = Monitor<UInt64>(0)

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
            if state.rowsWanted > state.rowsServed { return .rowsWanted(ticket: state.rowsWanted) }
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

    /// Waits until everything handed over before is rows, or could not be made rows.
    func waitForRows() {
        let ticket = monitor.withLock { state in
            state.rowsWanted += 1
            return state.rowsWanted
        }
        monitor.signal()
        _ = served.wait(until: .never) { $0 >= ticket ? () : nil }
    }

    func rowsWritten(_ ticket: UInt64) {
        monitor.withLock { $0.rowsServed = ticket }
        served.withLock { $0 = max($0, ticket) }
        served.broadcast()
    }

    /// Called when the writer has ended: nobody waits for it any more.
    func ended() {
        served.withLock { $0 = .max }
        served.broadcast()
    }

    /// Lets the writer finish; what was handed over before is still taken.
    func close() {
        monitor.withLock { $0.isClosing = true }
        monitor.signal()
    }
}
