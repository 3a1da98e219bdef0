import Synchronization
import Vocabulary

/// The numbers of a caller number pool, made ready once per snapshot. What is no number is left out.
public final class CallerNumbers: Sendable {
    private let numbers: [PackedNumber]

    public init(_ group: NumberGroup) { numbers = group.numbers.compactMap { PackedNumber($0) }.filter { !$0.isEmpty } }

    public var count: Int { numbers.count }
    public subscript(index: Int) -> PackedNumber { numbers[index] }
}

/// Which numbers of the caller number pools are in use, shared by all shards.
///
/// A number's calls are counted from the seats that live calls hold, whichever gateway they go out
/// through, and stay counted while the pool's numbers change. A mutex protects it; it is held for one
/// look at a number per busy number that is passed over.
public final class CallerPoolState: Sendable {
    private struct Pool {
        /// Seats by number; only numbers in use.
        var seats: [PackedNumber: Int] = [:]
        /// Where the search in turn goes on.
        var next = 0
        /// What a search that found nothing asked for; nil once a seat came back.
        var exhausted: (numbers: CallerNumbers, reuse: Int)?

        /// The first number from `start` on, else from the next in turn, that has less than `reuse` calls.
        mutating func choose(_ numbers: CallerNumbers, reuse: Int?, start: Int?) -> Int? {
            let count = numbers.count
            var index = (start ?? next) % count
            guard let reuse else { return index }
            if let exhausted, exhausted.numbers === numbers, exhausted.reuse == reuse { return nil }
            for _ in 0..<count {
                if seats[numbers[index], default: 0] < reuse { return index }
                index = index + 1 == count ? 0 : index + 1
            }
            exhausted = (numbers, reuse)
            return nil
        }

        mutating func giveBack(_ number: PackedNumber, index: Int) {
            guard let count = seats[number] else { return }
            seats[number] = count > 1 ? count - 1 : nil
            // Where every number was busy, the search goes on with the one that came back.
            if exhausted != nil { next = index }
            exhausted = nil
        }
    }

    private struct State {
        var places: [String: Int] = [:]
        var pools: [Pool] = []

        mutating func place(of group: String) -> Int {
            if let place = places[group] { return place }
            places[group] = pools.count
            pools.append(Pool())
            return pools.count - 1
        }
    }

    private let state = Mutex(State())

    public init() {}

    /// Takes the next number of the pool; nil when it has none, or every one has as many calls as may be.
    /// - Parameters:
    ///   - numbers: those of the group that `pool` names.
    ///   - random: drawn from where the pool is used at random.
    public func take(_ pool: CallerPool, of numbers: CallerNumbers, random: inout NumberRandom) -> CallerPoolSeat? {
        guard numbers.count > 0 else { return nil }
        let start = pool.order == .random ? random.below(numbers.count) : nil
        let taken: (index: Int, place: Int)? = state.withLock { state in
            let place = state.place(of: pool.group)
            guard let index = state.pools[place].choose(numbers, reuse: pool.reuse, start: start) else { return nil }
            state.pools[place].seats[numbers[index], default: 0] += 1
            if start == nil { state.pools[place].next = index + 1 }
            return (index, place)
        }
        guard let taken else { return nil }
        return CallerPoolSeat(state: self, place: taken.place, number: numbers[taken.index], index: taken.index)
    }

    /// The index of the number that `take` would take now, for explanations: nothing is taken.
    public func preview(_ pool: CallerPool, of numbers: CallerNumbers, random: inout NumberRandom) -> Int? {
        guard numbers.count > 0 else { return nil }
        let start = pool.order == .random ? random.below(numbers.count) : nil
        return state.withLock { state in
            guard let place = state.places[pool.group] else {
                var unused = Pool()
                return unused.choose(numbers, reuse: pool.reuse, start: start)
            }
            return state.pools[place].choose(numbers, reuse: pool.reuse, start: start)
        }
    }

    /// Calls that hold the number of the group now.
    public func liveCalls(_ number: PackedNumber, ofGroup group: String) -> Int {
        state.withLock { state in state.places[group].flatMap { state.pools[$0].seats[number] } ?? 0 }
    }

    fileprivate func giveBack(_ number: PackedNumber, index: Int, place: Int) {
        state.withLock { state in state.pools[place].giveBack(number, index: index) }
    }
}

/// A number of a pool in use by one call, counted until the seat is gone.
public struct CallerPoolSeat: ~Copyable, Sendable {
    private let state: CallerPoolState
    private let place: Int
    public let number: PackedNumber
    /// Index among the `CallerNumbers` that it was taken from.
    public let index: Int

    fileprivate init(state: CallerPoolState, place: Int, number: PackedNumber, index: Int) {
        self.state = state
        self.place = place
        self.number = number
        self.index = index
    }

    deinit { state.giveBack(number, index: index, place: place) }
}
