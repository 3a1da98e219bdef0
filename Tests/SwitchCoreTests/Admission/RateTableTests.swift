import Testing
import Vocabulary

@testable import SwitchCore

/// A table that lives in a box, so that expectations can ask it.
private final class Sources {
    private var table: RateTable
    init(capacity: Int) { table = RateTable(capacity: capacity) }

    var capacity: Int { table.capacity }
    var byteCount: Int { table.byteCount }
    func remembers(_ source: UInt64) -> Bool { table.find(source) != nil }

    func take(_ source: UInt64, _ limit: RateLimit, at now: Instant, whenFull: Bool = false) -> Bool {
        table.take(source, limit, at: now, whenFull: whenFull)
    }
}

/// Rates of sources in a fixed table, in virtual time.
@Suite("Rate table")
struct RateTableTests {
    private func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test("a source may send its burst at once, then its rate, and has its burst again after a rest")
    func rate() {
        let table = Sources(capacity: 64)
        let limit = RateLimit(perSecond: 10)
        let atOnce = (0..<100).count { _ in table.take(7, limit, at: instant(1_000)) }
        #expect(atOnce == 20)
        let inTenSeconds = (0..<10_000).count { table.take(7, limit, at: instant(1_001 + Int64($0))) }
        #expect((99...101).contains(inTenSeconds))
        let later = (0..<100).count { _ in table.take(7, limit, at: instant(20_000)) }
        #expect(later == 20)
    }

    @Test("a slow rate lets at least one pass")
    func slow() {
        var clock = RateClock()
        let limit = RateLimit(perSecond: 1)
        var passed = 0
        for _ in 0..<10 where clock.take(limit, at: instant(5)) { passed += 1 }
        #expect(passed == 2)
    }

    @Test("a million other sources neither grow the table nor free one that is being limited")
    func flood() {
        let table = Sources(capacity: 8_192)
        let limit = RateLimit(perSecond: 20)
        #expect(table.capacity == 8_192)
        #expect(table.byteCount == 8_192 * 16)
        let offender: UInt64 = 0x1234_5678_9ABC_DEF1
        var passed = 0
        var generator = SystemRandomNumberGenerator()
        // 50,000 others a second for twenty seconds, and the offender with a thousand.
        for step in 0..<1_000_000 {
            let now = instant(1_000 + Int64(step / 50))
            _ = table.take(generator.next(), limit, at: now)
            if step % 50 == 0, table.take(offender, limit, at: now) { passed += 1 }
        }
        #expect((400...450).contains(passed), "20 a second and the burst: \(passed)")
        #expect(table.capacity == 8_192)
    }

    @Test("a full table says so, and has room again when its sources have rested")
    func full() {
        let table = Sources(capacity: 8)
        let limit = RateLimit(perSecond: 1)
        var key: UInt64 = 0
        let placed = (0..<1_000).count { _ in
            key &+= 0x9E37_79B9_7F4A_7C15
            return table.take(key, limit, at: instant(1))
        }
        #expect(placed == 8)
        #expect(table.take(42, limit, at: instant(1), whenFull: true))
        #expect(!table.remembers(42))
        #expect(table.take(42, limit, at: instant(5_000)))
        #expect(table.remembers(42))
    }
}
