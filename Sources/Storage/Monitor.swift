import Glibc

/// State behind a lock, with threads that wait for it to change: a mutex and a condition on the
/// monotonic clock. Locking without contention and signalling nobody make no system call worth naming.
///
/// Unchecked: `state` is touched only with `lock` held; the pointers are constant and own their memory.
final class Monitor<State: Sendable>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    init(_ state: State) {
        self.state = state
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    func withLock<R>(_ body: (inout State) -> R) -> R {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body(&state)
    }

    /// The same when nobody holds the lock; nil when somebody does. Never waits.
    func withLockIfFree<R>(_ body: (inout State) -> R) -> R? {
        guard pthread_mutex_trylock(lock) == 0 else { return nil }
        defer { pthread_mutex_unlock(lock) }
        return body(&state)
    }

    /// Wakes the thread that waits, if one does.
    func signal() { pthread_cond_signal(changed) }

    /// Wakes all threads that wait.
    func broadcast() { pthread_cond_broadcast(changed) }

    /// Waits until `body`, called with the lock held, has an answer. Nil when the deadline passes first.
    func wait<R>(until deadline: MonotonicTime, _ body: (inout State) -> R?) -> R? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            if let answer = body(&state) { return answer }
            guard deadline != .never else {
                pthread_cond_wait(changed, lock)
                continue
            }
            var until = deadline.timespec
            if pthread_cond_timedwait(changed, lock, &until) == ETIMEDOUT { return body(&state) }
        }
    }
}
