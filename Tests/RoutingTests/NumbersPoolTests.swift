import Routing
import Testing
import Vocabulary

/// Caller number pools: in turn, at random, and how often a number may be used at once.
@Suite("Caller number pools")
struct NumbersPoolTests {
    static func numbers(_ count: Int, from first: Int = 0) -> CallerNumbers {
        CallerNumbers(NumberGroup(name: "pool", numbers: (first..<first + count).map { String(442_070_000_000 + $0) }))
    }

    static func pool(_ order: CallerPool.Order = .inTurn, reuse: Int? = nil, group: String = "pool") -> CallerPool {
        var pool = CallerPool(group: group)
        pool.order = order
        pool.reuse = reuse
        return pool
    }

    /// Live calls with a number each.
    final class Calls {
        private var seats: [Seat] = []
        private final class Seat {
            let seat: CallerPoolSeat
            init(_ seat: consuming CallerPoolSeat) { self.seat = seat }
        }

        func add(_ seat: consuming CallerPoolSeat?) -> Int? {
            guard let seat else { return nil }
            let index = seat.index
            seats.append(Seat(seat))
            return index
        }

        func end(_ call: Int) { seats.remove(at: call) }
        var count: Int { seats.count }
        func index(_ call: Int) -> Int { seats[call].seat.index }
    }

    @Test("in turn: every number once before the first comes again")
    func inTurn() {
        let state = CallerPoolState()
        let numbers = Self.numbers(3)
        var random = NumberRandom(seed: 1)
        let calls = Calls()
        #expect((0..<7).map { _ in calls.add(state.take(Self.pool(), of: numbers, random: &random)) } == [0, 1, 2, 0, 1, 2, 0])
        var untouched = NumberRandom(seed: 1)
        #expect(random.next() == untouched.next())
        #expect(state.liveCalls(numbers[0], ofGroup: "pool") == 3)
        #expect(state.liveCalls(numbers[0], ofGroup: "other") == 0)
    }

    @Test("at random: every number comes, and chance repeats from the seed")
    func random() {
        let numbers = Self.numbers(5)
        func draws() -> [Int?] {
            let state = CallerPoolState()
            let calls = Calls()
            var random = NumberRandom(seed: 7)
            return (0..<1_000).map { _ in calls.add(state.take(Self.pool(.random), of: numbers, random: &random)) }
        }
        let first = draws()
        #expect(first == draws())
        for index in 0..<5 { #expect((140...260).contains(first.count { $0 == index })) }
    }

    @Test("a seat tells its number, and gives it back when the call is gone", arguments: CallerPool.Order.allCases)
    func reuse(order: CallerPool.Order) {
        let state = CallerPoolState()
        let numbers = Self.numbers(2)
        let pool = Self.pool(order, reuse: 2)
        var random = NumberRandom(seed: 1)
        let calls = Calls()
        #expect((0..<4).compactMap { _ in calls.add(state.take(pool, of: numbers, random: &random)) }.sorted() == [0, 0, 1, 1])
        #expect(calls.add(state.take(pool, of: numbers, random: &random)) == nil)
        #expect(state.preview(pool, of: numbers, random: &random) == nil)
        let freed = calls.index(2)
        calls.end(2)
        #expect(state.liveCalls(numbers[freed], ofGroup: "pool") == 1)
        #expect(calls.add(state.take(pool, of: numbers, random: &random)) == freed)
        #expect(calls.add(state.take(pool, of: numbers, random: &random)) == nil)
        guard let seat = state.take(Self.pool(order), of: numbers, random: &random) else {
            Issue.record("a pool without limit has a number")
            return
        }
        #expect(seat.number == numbers[seat.index])
    }

    @Test("a pool without numbers gives none, and what is no number is left out")
    func empty() {
        let state = CallerPoolState()
        var random = NumberRandom(seed: 1)
        let none = CallerNumbers(NumberGroup(name: "pool", numbers: ["alice", ""]))
        #expect(none.count == 0)
        let isTaken = state.take(Self.pool(), of: none, random: &random) != nil
        #expect(!isTaken)
        #expect(state.preview(Self.pool(), of: none, random: &random) == nil)
        #expect(CallerNumbers(NumberGroup(name: "pool", numbers: ["x", "1"]))[0].description == "1")
    }

    @Test("calls keep their numbers counted while the pool's numbers change")
    func changed() {
        let state = CallerPoolState()
        let pool = Self.pool(reuse: 1)
        var random = NumberRandom(seed: 1)
        let calls = Calls()
        let before = Self.numbers(2)
        #expect(calls.add(state.take(pool, of: before, random: &random)) == 0)
        #expect(calls.add(state.take(pool, of: before, random: &random)) == 1)
        #expect(calls.add(state.take(pool, of: before, random: &random)) == nil)
        // The second number of before is the first now; a third is new.
        let after = Self.numbers(2, from: 1)
        #expect(calls.add(state.take(pool, of: after, random: &random)) == 1)
        #expect(calls.add(state.take(pool, of: after, random: &random)) == nil)
        calls.end(1)
        #expect(calls.add(state.take(pool, of: after, random: &random)) == 0)
    }

    @Test("gateways that use the same group share its counts, each with its own limit; other groups have their own")
    func groups() {
        let state = CallerPoolState()
        let numbers = Self.numbers(1)
        var random = NumberRandom(seed: 1)
        let calls = Calls()
        #expect(calls.add(state.take(Self.pool(reuse: 1), of: numbers, random: &random)) == 0)
        #expect(calls.add(state.take(Self.pool(reuse: 1), of: numbers, random: &random)) == nil)
        #expect(calls.add(state.take(Self.pool(reuse: 2), of: numbers, random: &random)) == 0)
        #expect(calls.add(state.take(Self.pool(reuse: 2), of: numbers, random: &random)) == nil)
        #expect(calls.add(state.take(Self.pool(reuse: 1, group: "other"), of: numbers, random: &random)) == 0)
    }

    @Test("a preview tells what would be taken, and takes nothing", arguments: CallerPool.Order.allCases)
    func preview(order: CallerPool.Order) {
        let state = CallerPoolState()
        let numbers = Self.numbers(5)
        let pool = Self.pool(order, reuse: 3)
        var random = NumberRandom(seed: 9)
        let calls = Calls()
        for _ in 0..<16 {
            var copy = random
            let expected = state.preview(pool, of: numbers, random: &copy)
            #expect(calls.add(state.take(pool, of: numbers, random: &random)) == expected)
        }
        #expect(calls.count == 15)
    }

    @Test("no number has more calls than may be, and a free one is always found", arguments: 0..<8)
    func model(seed: Int) {
        var random = NumberRandom(seed: UInt64(seed))
        let state = CallerPoolState()
        let numbers = Self.numbers(1 + random.below(12))
        let reuse = 1 + random.below(3)
        let pool = Self.pool(seed % 2 == 0 ? .inTurn : .random, reuse: reuse)
        let calls = Calls()
        for _ in 0..<3_000 {
            if random.below(5) < 2, calls.count > 0 { calls.end(random.below(calls.count)) }
            let before = calls.count
            let index = calls.add(state.take(pool, of: numbers, random: &random))
            #expect((index == nil) == (before == numbers.count * reuse))
            var used = [Int](repeating: 0, count: numbers.count)
            for call in 0..<calls.count { used[calls.index(call)] += 1 }
            #expect(used.allSatisfy { $0 <= reuse })
            #expect(numbers.count == 0 || state.liveCalls(numbers[0], ofGroup: "pool") == used[0])
        }
    }
}
