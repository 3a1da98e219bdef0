import Routing
import Testing
import Vocabulary

/// Weekday and time of day from the wall clock, over a change to summer time.
@Suite("Local time")
struct LocalTimeTests {
    static func wall(_ seconds: Int64) -> WallTime { WallTime(microseconds: seconds * 1_000_000) }

    @Test(
        "UTC: day and second",
        arguments: [
            // 1970-01-01 was a Thursday; 2026-07-01 12:00:01 is a Wednesday; 2000-02-29 23:59:59 was a Tuesday.
            (0, 3, 0), (86_399, 3, 86_399), (86_400, 4, 0), (1_782_907_201, 2, 43_201), (951_868_799, 1, 86_399), (-1, 2, 86_399),
        ] as [(Int64, Int, Int)])
    func utc(seconds: Int64, weekday: Int, second: Int) {
        #expect(ZoneTable.utc.local(Self.wall(seconds)) == LocalTime(weekday: weekday, secondOfDay: second))
    }

    /// Central Europe in 2026: summer time from March 29, 01:00 UTC, to October 25, 01:00 UTC.
    static let zone = ZoneTable([
        .init(from: wall(1_792_890_000), offsetSeconds: 3_600), .init(from: wall(1_761_440_400), offsetSeconds: 3_600),
        .init(from: wall(1_774_746_000), offsetSeconds: 7_200),
    ])

    @Test(
        "a change to summer time and back: the clock jumps, the day goes on",
        arguments: [
            (1_774_745_999, 6, 7_199), (1_774_746_000, 6, 10_800), (1_792_889_999, 6, 10_799), (1_792_890_000, 6, 7_200),
            // 23:30 UTC on a Saturday in summer is Sunday there.
            (1_774_740_600, 6, 1_800), (1_783_812_600, 6, 5_400),
        ] as [(Int64, Int, Int)])
    func summerTime(seconds: Int64, weekday: Int, second: Int) {
        #expect(Self.zone.local(Self.wall(seconds)) == LocalTime(weekday: weekday, secondOfDay: second))
    }

    @Test("before the first entry the first one holds, whatever order they came in")
    func before() {
        #expect(Self.zone.offset(at: Self.wall(0)) == 3_600)
        #expect(Self.zone.entries.map(\.offsetSeconds) == [3_600, 7_200, 3_600])
        #expect(ZoneTable.utc.offset(at: Self.wall(0)) == 0)
    }

    @Test("a period that begins at two o'clock begins when the clock passes two")
    func period() {
        let gateway = Decide.gateway("x") {
            $0.periods = [Period(weekdays: 1 << 6, begin: 7_200, end: 86_400)]
            $0.periods[0].isBarred = true
        }
        let configuration = SwitchConfiguration(mappingGateways: [Decide.mapping()], routingGateways: [gateway], zone: Self.zone)
        func verdict(_ seconds: Int64) -> Candidate.Verdict? {
            Decide.decision(configuration, callee: "4420", at: Decide.moment(wall: seconds)).candidates.first?.verdict
        }
        #expect(verdict(1_774_745_999) == .waiting)
        #expect(verdict(1_774_746_000) == .periodBarred)
    }
}
