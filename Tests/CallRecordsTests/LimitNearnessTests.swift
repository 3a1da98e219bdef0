import CallRecords
import Testing

@Suite("How near a call came to its limit")
struct LimitNearnessTests {
    @Test(
        "calls that came within N % of their limit",
        arguments: [
            (6_840_000, 7200, 5, true), (6_839_999, 7200, 5, false), (7_200_000, 7200, 0, true), (7_199_999, 7200, 0, false),
            (7_300_000, 7200, 1, true), (0, 7200, 100, true), (1, 0, 50, false), (899_000, 900, 200, true), (899_000, 900, -3, false),
            (.max, 1, 5, true),
        ] as [(Int64, Int64, Int, Bool)])
    func near(milliseconds: Int64, limit: Int64, within: Int, isNear: Bool) {
        #expect(LimitNearness.isNear(durationMilliseconds: milliseconds, limitSeconds: limit, within: within) == isNear)
    }

    @Test("how much of its limit a call used, in hundredths")
    func percent() {
        #expect(LimitNearness.percent(durationMilliseconds: 3_600_000, limitSeconds: 7200) == 50)
        #expect(LimitNearness.percent(durationMilliseconds: 7_199_999, limitSeconds: 7200) == 99)
        #expect(LimitNearness.percent(durationMilliseconds: 7_200_000, limitSeconds: 7200) == 100)
        #expect(LimitNearness.percent(durationMilliseconds: -5, limitSeconds: 7200) == 0)
        #expect(LimitNearness.percent(durationMilliseconds: 5, limitSeconds: 0) == 0)
    }
}
