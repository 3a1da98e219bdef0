import CSys
import Glibc
import Vocabulary

/// The machine's two clocks: the only place where the switch learns the time.
public enum SystemClock {
    public static var moment: Moment { Moment(instant: instant, wall: wall) }
    public static var instant: Instant { Instant(nanoseconds: csys_monotonic()) }
    public static var wall: WallTime { WallTime(microseconds: csys_wall()) }

    /// Sleeps until `end`, or until a signal.
    static func sleep(until end: Instant) {
        var time = timespec(tv_sec: Int(end.nanoseconds / 1_000_000_000), tv_nsec: Int(end.nanoseconds % 1_000_000_000))
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
    }

    /// Names the monotonic clock: the same for every process until the machine is booted again; 0 when the
    /// system does not say which boot this is.
    public static let name: UInt64 = {
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 64)
        let length = read(descriptor, &text, text.count)
        guard length >= 32 else { return 0 }
        return text.withBytes { $0.upTo(length).hash(seed: 0) } | 1
    }()
}
