/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// Every timer is set from it. It never jumps, and it means nothing after a restart: what must
/// outlive the process is kept as `WallTime` as well.
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = Instant(nanoseconds: 0)
    /// Later than every deadline that is ever set.
    public static let never = Instant(nanoseconds: .max)

    public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (a: Instant, b: Interval) -> Instant {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
        return overflow ? .never : Instant(nanoseconds: sum)
    }
    public static func - (a: Instant, b: Instant) -> Interval {
        Interval(nanoseconds: a.nanoseconds - b.nanoseconds)
    }
}

/// A length of time in nanoseconds. It may be negative when it is a difference.
public struct Interval: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = Interval(nanoseconds: 0)
    public static func microseconds(_ n: Int64) -> Interval { Interval(nanoseconds: n * 1_000) }
    public static func milliseconds(_ n: Int64) -> Interval { Interval(nanoseconds: n * 1_000_000) }
    public static func seconds(_ n: Int64) -> Interval { Interval(nanoseconds: n * 1_000_000_000) }

    /// Whole milliseconds, rounded towards zero.
    public var inMilliseconds: Int64 { nanoseconds / 1_000_000 }
    /// Whole seconds, rounded towards zero.
    public var inSeconds: Int64 { nanoseconds / 1_000_000_000 }

    public static func < (a: Interval, b: Interval) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (a: Interval, b: Interval) -> Interval { Interval(nanoseconds: a.nanoseconds + b.nanoseconds) }
    public static func - (a: Interval, b: Interval) -> Interval { Interval(nanoseconds: a.nanoseconds - b.nanoseconds) }
    public static func * (a: Interval, b: Int64) -> Interval { Interval(nanoseconds: a.nanoseconds * b) }
}

/// Wall-clock time in microseconds since 1970-01-01 UTC, stamped by a shell once per event.
/// It is written into records and never used to measure a duration.
public struct WallTime: Hashable, Comparable, Sendable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static let unset = WallTime(microseconds: 0)
    public var isSet: Bool { microseconds != 0 }

    public static func < (a: WallTime, b: WallTime) -> Bool { a.microseconds < b.microseconds }
    public static func + (a: WallTime, b: Interval) -> WallTime { WallTime(microseconds: a.microseconds + b.nanoseconds / 1_000) }
}

/// When an event happened, on both clocks. It arrives with every input of the pure core.
public struct Moment: Hashable, Sendable {
    /// For timers and durations.
    public var instant: Instant
    /// For records.
    public var wall: WallTime

    public init(instant: Instant, wall: WallTime) {
        self.instant = instant
        self.wall = wall
    }
}
