import CallControl
import Testing
import Vocabulary

/// The age of a call over restarts, with clocks that begin anew, jump and lie.
@Suite("The clock of a restored call")
struct CallClockTests {
    /// Answered at 100 s of the old process's clock, which is clock 7.
    static let clock = CallClock(
        answeredAt: wall(0), answeredInstant: Instant(nanoseconds: 100_000_000_000), clockName: 7, knownAge: .seconds(300))

    static func now(instant: Int64, wallSeconds: Int64) -> Moment {
        Moment(instant: Instant(nanoseconds: instant * 1_000_000_000), wall: wall(wallSeconds * 1_000))
    }

    @Test("the same monotonic clock measures on, whatever the wall clock says", arguments: [-1_000_000, 0, 500, 1_000_000] as [Int64])
    func sameClock(wallSeconds: Int64) {
        #expect(Self.clock.age(now: Self.now(instant: 600, wallSeconds: wallSeconds), clockName: 7) == .seconds(500))
    }

    @Test(
        "with another clock the wall clock counts, and never less than what had been measured",
        arguments: [(500, 500), (301, 301), (300, 300), (299, 300), (0, 300), (-86_400, 300)] as [(Int64, Int64)])
    func otherClock(wallSeconds: Int64, age: Int64) {
        #expect(Self.clock.age(now: Self.now(instant: 3, wallSeconds: wallSeconds), clockName: 8) == .seconds(age))
        // A clock without a name is not the same.
        var nameless = Self.clock
        nameless.clockName = 0
        #expect(nameless.age(now: Self.now(instant: 3, wallSeconds: wallSeconds), clockName: 0) == .seconds(age))
    }

    @Test("an age is never below zero and never beyond ten years, whatever stands in a damaged stamp")
    func bounded() {
        for stamp in [Int64.min, -1, 0, .max] {
            for known in [Int64.min, 0, .max] {
                let clock = CallClock(
                    answeredAt: WallTime(microseconds: stamp), answeredInstant: Instant(nanoseconds: stamp), clockName: 1,
                    knownAge: Interval(nanoseconds: known))
                for name in [UInt64(1), 2] {
                    let age = clock.age(now: Self.now(instant: 5, wallSeconds: 5), clockName: name)
                    #expect(age >= .zero && age <= CallClock.oldest)
                }
            }
        }
    }

    @Test("a limit ends the restored call at the right second")
    func limit() {
        let now = Self.now(instant: 4, wallSeconds: 7190)
        let answered = Self.clock.restoredAnswer(now: now, clockName: 9)
        #expect(answered.wall == wall(0))
        let limits = CallLimits(
            CallRuleDecision(.noTimerLimit, .sessionExpiresNotSeen), bounds: CallBounds(noTimerLimit: 7200), answeredAt: answered.instant)
        #expect(limits.nextDeadline == now.instant + .seconds(10))
    }

    @Test("a limit that passed while the process was away ends the call at once")
    func passed() {
        let now = Self.now(instant: 4, wallSeconds: 9000)
        let answered = Self.clock.restoredAnswer(now: now, clockName: 9)
        let limits = CallLimits(
            CallRuleDecision(.noTimerLimit, .sessionExpiresNotSeen), bounds: CallBounds(noTimerLimit: 7200), answeredAt: answered.instant)
        #expect(limits.handleTimeout(now: now.instant) == .noTimerLimit)
        #expect(limits.limit?.timeLeft(now: now.instant) == .zero)
    }
}
