import ManagementAPI
import Synchronization

/// Where a stop is asked for, and where everybody sees how far it has come.
final class StopBoard: Sendable {
    private struct State {
        var requests = 0
        var progress = StopProgress(.serving)
        /// Whether somebody who asked over the management interface has not seen the end yet.
        var isEndAwaited = false
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    /// Yields when the management interface asks for a stop.
    let requests: AsyncStream<Void>
    private let asked: AsyncStream<Void>.Continuation

    init() { (requests, asked) = AsyncStream.makeStream() }

    /// Asks for a stop; from the second time on, for no more waiting.
    func request() {
        state.withLock {
            $0.requests += 1
            $0.isEndAwaited = true
        }
        asked.yield()
    }

    /// Ends the wait for upstreams.
    func hurry() { state.withLock { $0.requests += 2 } }

    /// Whether a stop was asked for twice.
    var isHurried: Bool { state.withLock { $0.requests > 1 } }

    func report(_ progress: StopProgress) { state.withLock { $0.progress = progress } }

    /// The progress, for the management interface: who asked for the stop over it sees the end before it is closed.
    func progressForReader() -> StopProgress {
        let (progress, reader) = state.withLock { state -> (StopProgress, CheckedContinuation<Void, Never>?) in
            guard state.progress.phase == .ending else { return (state.progress, nil) }
            state.isEndAwaited = false
            let reader = state.reader
            state.reader = nil
            return (state.progress, reader)
        }
        reader?.resume()
        return progress
    }

    /// Returns when the one who asked for the stop has seen its end, at once when nobody asked over the
    /// management interface, and after `bound` at the latest.
    func waitUntilSeen(atMost bound: Duration) async {
        let timer = Task {
            try? await Task.sleep(for: bound)
            release()
        }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let waits = state.withLock { state -> Bool in
                guard state.isEndAwaited else { return false }
                state.reader = continuation
                return true
            }
            if !waits { continuation.resume() }
        }
        timer.cancel()
    }

    private func release() {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state.reader = nil }
            state.isEndAwaited = false
            return state.reader
        }
        reader?.resume()
    }
}
