import Routing
import Testing
import Vocabulary

/// Which uses of a nonce are accepted.
@Suite("Nonce counts")
struct NonceCountsTests {
    let start = WallTime(microseconds: 1_767_225_600_000_000)

    private func use(_ counts: NonceCounts, salt: UInt64 = 8, count: UInt32, given: WallTime? = nil, after: Interval = .seconds(1)) -> NonceCounts.Use
    {
        counts.use(
            time: given ?? start, salt: salt, count: count, answerTime: .seconds(30), lifetime: .seconds(300), now: start + after)
    }

    @Test("each count is good once; counts that overtook each other are good within a window")
    func window() {
        let counts = NonceCounts()
        #expect(use(counts, count: 1) == .fresh)
        #expect(use(counts, count: 1) == .repeated)
        #expect(use(counts, count: 3) == .fresh)
        #expect(use(counts, count: 2) == .fresh)
        #expect(use(counts, count: 2) == .repeated)
        #expect(use(counts, count: 3) == .repeated)
        #expect(use(counts, count: 35) == .fresh)
        // 3 stands at the window's edge and was used, 4 is in it and new.
        #expect(use(counts, count: 3) == .repeated)
        #expect(use(counts, count: 4) == .fresh)
        #expect(use(counts, count: 1_000) == .fresh)
        #expect(use(counts, count: 4) == .repeated)
        #expect(use(counts, count: 967) == .repeated)
        #expect(use(counts, count: 968) == .fresh)
    }

    @Test("a client that does not count may use a nonce once, and a counting one not after it")
    func uncounted() {
        let counts = NonceCounts()
        #expect(use(counts, count: 0) == .fresh)
        #expect(use(counts, count: 0) == .repeated)
        #expect(use(counts, count: 1) == .repeated)
        #expect(use(counts, salt: 16, count: 1) == .fresh)
        #expect(use(counts, salt: 16, count: 0) == .repeated)
    }

    @Test("the first use must come within the time of an answer, later ones need not")
    func late() {
        let counts = NonceCounts()
        #expect(use(counts, count: 1, after: .seconds(31)) == .late)
        #expect(use(counts, count: 1, after: .seconds(30)) == .fresh)
        #expect(use(counts, count: 2, after: .seconds(200)) == .fresh)
    }

    @Test("a full table forgets the oldest nonces, and none that is forgotten is ever good again")
    func bounded() {
        let counts = NonceCounts(maximum: 64)
        for number in 0..<1_000 {
            let time = start + .milliseconds(Int64(number))
            #expect(use(counts, salt: UInt64(number) * 8, count: 1, given: time) == .fresh)
            #expect(counts.count <= 64)
        }
        for number in 0..<1_000 {
            let again = use(counts, salt: UInt64(number) * 8, count: 1, given: start + .milliseconds(Int64(number)))
            #expect(again != .fresh, "\(number)")
        }
    }

    @Test("a clock that is set back after the table was full does not keep new nonces from being good")
    func setBackWithFloor() {
        let counts = NonceCounts(maximum: 64)
        for number in 0..<20 {
            let time = Interval.seconds(3_600 + Int64(number))
            #expect(use(counts, salt: UInt64(number) * 8, count: 1, given: start + time, after: time) == .fresh)
        }
        // What was given until the moment that the new time is seen may have been used and forgotten.
        #expect(use(counts, salt: 800, count: 1, given: start, after: .seconds(1)) == .late)
        for number in 1..<60 {
            let time = Interval.seconds(Int64(number) * 2)
            let salt = 800 + UInt64(number) * 8
            #expect(use(counts, salt: salt, count: 1, given: start + time, after: time + .seconds(1)) == .fresh, "\(number)")
            #expect(use(counts, salt: salt, count: 1, given: start + time, after: time + .seconds(1)) == .repeated, "\(number)")
            #expect(counts.count <= 64)
        }
    }

    @Test("nonces of a time still to come make room when the clock is set back while the table is full")
    func setBackWhenFull() {
        let counts = NonceCounts(maximum: 64)
        for number in 0..<8 {
            #expect(use(counts, salt: UInt64(number) * 8, count: 1, given: start + .seconds(3_600), after: .seconds(3_600)) == .fresh)
        }
        for number in 0..<60 {
            let time = Interval.milliseconds(Int64(number) * 100)
            let salt = 800 + UInt64(number) * 8
            #expect(use(counts, salt: salt, count: 1, given: start + time, after: time + .milliseconds(10)) == .fresh, "\(number)")
            #expect(counts.count <= 64)
        }
    }

    @Test("a nonce is not good twice because a shard whose clock lies a little behind made room")
    func skew() {
        let counts = NonceCounts(maximum: 64)
        for number in 0..<8 {
            #expect(use(counts, salt: UInt64(number) * 8, count: 1, given: start + .milliseconds(500)) == .fresh)
        }
        #expect(use(counts, salt: 800, count: 1, given: start + .milliseconds(300), after: .milliseconds(400)) == .fresh)
        for number in 0..<8 {
            #expect(use(counts, salt: UInt64(number) * 8, count: 1, given: start + .milliseconds(500)) != .fresh, "\(number)")
        }
    }

    @Test("a used nonce is remembered while it may be answered, though its lifetime is shorter")
    func shortLifetime() {
        let counts = NonceCounts(maximum: 64)
        func use(_ number: UInt64, given: WallTime, after: Interval) -> NonceCounts.Use {
            counts.use(
                time: given, salt: number * 8, count: 1, answerTime: .seconds(300), lifetime: .seconds(5), now: start + after)
        }
        for number: UInt64 in 0..<8 { #expect(use(number, given: start, after: .seconds(1)) == .fresh) }
        #expect(use(8, given: start + .seconds(10), after: .seconds(11)) == .fresh)
        #expect(use(0, given: start, after: .seconds(12)) != .fresh)
    }
}
