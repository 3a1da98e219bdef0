import Vocabulary

/// A weekday and a time of the day, as a clock on the wall shows it.
public struct LocalTime: Sendable, Hashable {
    /// 0 is Monday, 6 Sunday.
    public var weekday: Int
    /// Seconds since midnight, 0 to 86,399.
    public var secondOfDay: Int

    public init(weekday: Int, secondOfDay: Int) {
        self.weekday = weekday
        self.secondOfDay = secondOfDay
    }

    /// The UTC time moved by so many seconds east.
    public init(_ time: WallTime, offsetSeconds: Int) {
        let seconds = LocalTime.floor(time.microseconds, by: 1_000_000).quotient + Int64(offsetSeconds)
        let (day, second) = LocalTime.floor(seconds, by: 86_400)
        // 1970-01-01 was a Thursday.
        weekday = Int(LocalTime.floor(day + 3, by: 7).remainder)
        secondOfDay = Int(second)
    }

    private static func floor(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// What a time zone's clocks show from when on: made by the shell from the system's zone files for the
/// years around now, so that the core needs no clock and no calendar.
public struct ZoneTable: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public var from: WallTime
        /// Seconds east of UTC.
        public var offsetSeconds: Int

        public init(from: WallTime, offsetSeconds: Int) {
            self.from = from
            self.offsetSeconds = offsetSeconds
        }
    }

    public static let utc = ZoneTable([])

    /// In order of time.
    public let entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries.sorted { $0.from < $1.from } }

    /// Seconds east of UTC; before the first entry the first one's, without any 0.
    public func offset(at time: WallTime) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].from <= time { low = middle + 1 } else { high = middle }
        }
        return entries.isEmpty ? 0 : entries[max(0, low - 1)].offsetSeconds
    }

    public func local(_ time: WallTime) -> LocalTime { LocalTime(time, offsetSeconds: offset(at: time)) }
}
