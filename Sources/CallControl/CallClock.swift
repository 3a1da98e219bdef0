import Vocabulary

/// How old an answered call is, after a restart too, by the better of the two clocks.
///
/// Within one run of the process the monotonic clock measures. After a restart it goes on if it is the same
/// clock (the machine stayed up); else the wall clock tells the time between, and what had been measured
/// before the restart is the least. An age is never below zero, whatever a clock did.
public struct CallClock: Hashable, Sendable {
    /// When the call was answered.
    public var answeredAt: WallTime
    /// The same on the monotonic clock of the process that stored it, with that clock's name (0: unknown); the
    /// name changes when the clock begins anew.
    public var answeredInstant: Instant
    public var clockName: UInt64
    /// The age last stored, from the monotonic clock.
    public var knownAge: Interval

    public init(answeredAt: WallTime, answeredInstant: Instant, clockName: UInt64 = 0, knownAge: Interval = .zero) {
        self.answeredAt = answeredAt
        self.answeredInstant = answeredInstant
        self.clockName = clockName
        self.knownAge = knownAge
    }

    /// No call is up longer: ten years. Bounds what a damaged stamp can say.
    public static let oldest = Interval.seconds(10 * 365 * 86_400)

    /// The call's age on the clock named `clockName`.
    public func age(now: Moment, clockName: UInt64) -> Interval {
        let floor = min(max(knownAge, .zero), CallClock.oldest)
        if clockName != 0, clockName == self.clockName {
            let (difference, overflow) = now.instant.nanoseconds.subtractingReportingOverflow(answeredInstant.nanoseconds)
            return min(max(Interval(nanoseconds: overflow ? 0 : difference), floor), CallClock.oldest)
        }
        let (difference, overflow) = now.wall.microseconds.subtractingReportingOverflow(answeredAt.microseconds)
        let bounded = min(max(overflow ? 0 : difference, 0), CallClock.oldest.nanoseconds / 1_000)
        return max(.microseconds(bounded), floor)
    }

    /// The answer placed on the monotonic clock of this process: limits and durations count from it.
    public func restoredAnswer(now: Moment, clockName: UInt64) -> Moment {
        Moment(instant: Instant(nanoseconds: now.instant.nanoseconds - age(now: now, clockName: clockName).nanoseconds), wall: answeredAt)
    }
}
