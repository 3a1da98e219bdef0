import CSys
import Glibc
import Synchronization

/// One POSIX thread that runs a body once; others await its beginning and its end.
final class ShardThread: Sendable {
    /// A fact that becomes true once and that any number of tasks await.
    private final class Milestone: Sendable {
        private enum State {
            case waiting([CheckedContinuation<TransportError?, Never>])
            case reached(TransportError?)
        }

        private let state = Mutex(State.waiting([]))

        /// Later calls change nothing.
        func reach(_ error: TransportError?) {
            let waiters = state.withLock { state -> [CheckedContinuation<TransportError?, Never>] in
                guard case .waiting(let waiters) = state else { return [] }
                state = .reached(error)
                return waiters
            }
            for waiter in waiters { waiter.resume(returning: error) }
        }

        func value() async -> TransportError? {
            await withCheckedContinuation { continuation in
                let reached = state.withLock { state -> TransportError?? in
                    switch state {
                    case .reached(let error): return .some(error)
                    case .waiting(let waiters):
                        state = .waiting(waiters + [continuation])
                        return nil
                    }
                }
                if let reached { continuation.resume(returning: reached) }
            }
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let thread: pthread_t
    private let started: Milestone
    private let finished: Milestone
    private let isJoined = Atomic(false)

    /// Starts a thread named `name` (at most 15 bytes), bound to `processor` unless that is nil. The
    /// body calls its argument once it is set up; an error that it throws before is the start's answer.
    init(
        name: String, processor: Int?, _ body: @escaping @Sendable (_ isSetUp: () -> Void) throws(TransportError) -> Void
    ) throws(TransportError) {
        let started = Milestone()
        let finished = Milestone()
        let boxed = Body {
            csys_name_thread(name)
            if let processor { _ = csys_pin_thread(Int32(processor)) }
            do throws(TransportError) {
                try body { started.reach(nil) }
                started.reach(nil)
            } catch {
                started.reach(error)
            }
            finished.reach(nil)
        }
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(boxed).toOpaque())
        guard result == 0 else { throw .system("pthread_create", errorNumber: result) }
        self.thread = thread
        self.started = started
        self.finished = finished
    }

    /// Returns when the body is set up; throws what stopped it before that.
    func waitUntilStarted() async throws(TransportError) {
        if let error = await started.value() { throw error }
    }

    /// Returns when the body is done and the thread is gone.
    func join() async {
        _ = await finished.value()
        // The thread has nothing left to do but to return, so this does not hold up the caller's executor.
        if !isJoined.exchange(true, ordering: .relaxed) { pthread_join(thread, nil) }
    }
}
