import CSys
import Vocabulary

/// Reads the machine's two clocks: the only place where the switch learns the time.
public enum SystemClock {
    public static var moment: Moment { Moment(instant: instant, wall: wall) }
    public static var instant: Instant { Instant(nanoseconds: csys_monotonic()) }
    public static var wall: WallTime { WallTime(microseconds: csys_wall()) }
}
