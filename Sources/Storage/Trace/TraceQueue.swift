import CallRecords
import Vocabulary

/// Where shards leave what they traced and the writer finds it. A shard never waits here: when the lock
/// is held or too much waits for the disk, it keeps its messages and comes again.
final class TraceQueue: Sendable {
    /// What the writer found.
    struct Work {
        var batches: [TraceStream] = []
        /// Messages that shards dropped since the last time.
        var lost: UInt64 = 0
        /// The last flush asked for.
        var ticket: UInt64 = 0
        var isClosing = false
    }

    private struct State {
        var work = Work()
        var waitingBytes = 0
        /// Emptied streams whose memory shards use again.
        var spare: [TraceStream] = []
        var served: UInt64 = 0
        var isWriterWaiting = false
    }

    /// Emptied streams that are kept, one for each of a few shards.
    private static let mostSpare = 8

    private let bound: Int
    private let monitor = Monitor(State())
    /// The last flush served, for those who wait; `UInt64.max` once the writer has ended.
    private let served = Monitor<UInt64>(0)

    /// `bound`: bytes that may wait.
    init(bound: Int) { self.bound = bound }

    /// Takes the messages over and leaves an empty stream with room; false when that cannot be now.
    func submit(_ messages: inout TraceStream, lost: UInt64) -> Bool {
        let outcome = monitor.withLockIfFree { state -> (isAccepted: Bool, wakesWriter: Bool) in
            guard !state.work.isClosing else {
                messages.removeAll()
                return (true, false)
            }
            guard state.waitingBytes + messages.bytes.count <= bound else { return (false, false) }
            var batch = state.spare.popLast() ?? TraceStream()
            swap(&batch, &messages)
            state.waitingBytes += batch.bytes.count
            state.work.batches.append(batch)
            state.work.lost += lost
            defer { state.isWriterWaiting = false }
            return (true, state.isWriterWaiting)
        }
        guard let outcome else { return false }
        if outcome.wakesWriter { monitor.signal() }
        return outcome.isAccepted
    }

    /// The writer's wait: everything that came, or nothing when the deadline passes first.
    func take(until deadline: MonotonicTime) -> Work {
        monitor.wait(until: deadline) { state -> Work? in
            state.isWriterWaiting = false
            let hasWork = !state.work.batches.isEmpty || state.work.ticket > state.served || state.work.isClosing
            guard hasWork else {
                state.isWriterWaiting = true
                return nil
            }
            defer {
                state.work.batches.removeAll(keepingCapacity: true)
                state.work.lost = 0
                state.waitingBytes = 0
            }
            return state.work
        } ?? Work()
    }

    /// The writer is done with its work, and gives the streams back. Taken in place: a second holder would make every
    /// stream allocate anew when it is emptied.
    func finished(_ work: inout Work) {
        let ticket = work.ticket
        for position in work.batches.indices { work.batches[position].removeAll() }
        monitor.withLock { state in
            state.served = max(state.served, ticket)
            while state.spare.count < TraceQueue.mostSpare, let batch = work.batches.popLast() { state.spare.append(batch) }
        }
        served.withLock { $0 = max($0, ticket) }
        served.broadcast()
    }

    /// Waits until everything handed over before can be read.
    func flush() {
        let ticket = monitor.withLock { state in
            state.work.ticket += 1
            return state.work.ticket
        }
        monitor.signal()
        _ = served.wait(until: .never) { $0 >= ticket ? () : nil }
    }

    /// Lets the writer finish; what was handed over before is still written.
    func close() {
        monitor.withLock { $0.work.isClosing = true }
        monitor.signal()
    }

    /// Called when the writer has ended: nobody waits for it any more.
    func ended() {
        served.withLock { $0 = .max }
        served.broadcast()
    }
}
