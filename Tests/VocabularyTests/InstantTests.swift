import Testing
import Vocabulary

/// Arithmetic of the monotonic clock at its edges.
@Suite("Instant")
struct InstantTests {
    @Test("adding beyond the end of time is never, not a trap")
    func saturation() {
        #expect(Instant(nanoseconds: .max - 1) + .seconds(1) == .never)
        #expect(Instant.never + .seconds(1) == .never)
    }

    @Test("intervals round towards zero")
    func rounding() {
        #expect(Interval(nanoseconds: 1_999_999).inMilliseconds == 1)
        #expect(Interval(nanoseconds: -1_999_999).inMilliseconds == -1)
        #expect((Instant(nanoseconds: 5_000_000_000) - Instant(nanoseconds: 1)).inSeconds == 4)
    }
}
