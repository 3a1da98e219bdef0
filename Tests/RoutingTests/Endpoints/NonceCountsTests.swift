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
}
