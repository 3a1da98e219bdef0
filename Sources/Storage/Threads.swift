import Glibc
import Vocabulary

/// A point on the kernel's monotonic clock, in nanoseconds.
struct MonotonicTime: Comparable {
    var nanoseconds: Int64

    static let never = MonotonicTime(nanoseconds: .max)

    static var now: MonotonicTime {
        var time = Glibc.timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    var timespec: Glibc.timespec {
        Glibc.timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }

    static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.nanoseconds < b.nanoseconds }
    static func + (a: MonotonicTime, b: Interval) -> MonotonicTime { MonotonicTime(nanoseconds: a.nanoseconds + b.nanoseconds) }
}

/// A thread of its own for work that waits on the disk; it never takes one from the cooperative pool.
struct OwnThread: Sendable {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let handle: pthread_t

    /// Starts a thread; `name` (at most 15 characters) is what `top -H` shows.
    init(name: String, _ run: @escaping @Sendable () -> Void) {
        precondition(name.utf8.count <= 15, "a thread's name has at most 15 characters")
        var handle = pthread_t()
        let body = Unmanaged.passRetained(
            Body {
                OwnThread.setName(name)
                run()
            })
        let code = pthread_create(
            &handle, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        precondition(code == 0, "the system refused a thread (\(code)); raise the process's limit of tasks")
        self.handle = handle
    }

    /// Waits for the thread's end. At most once.
    func join() { pthread_join(handle, nil) }

    private static func setName(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY)
        guard file >= 0 else { return }
        // Without a name the thread works as well.
        _ = name.withCString { write(file, $0, strlen($0)) }
        close(file)
    }

    /// Sleeps for a whole interval.
    static func pause(_ interval: Interval) {
        var asked = MonotonicTime(nanoseconds: interval.nanoseconds).timespec
        var left = asked
        while nanosleep(&asked, &left) != 0, errno == EINTR { asked = left }
    }
}
