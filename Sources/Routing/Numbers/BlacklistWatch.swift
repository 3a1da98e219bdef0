import Vocabulary

/// Counts of numbers that may come onto the dynamic blacklist, in memory that is bounded from the start.
///
/// Eight places make a set, and a number has its place in the set of its hash. When all eight are taken
/// by others, the one that was seen longest ago is forgotten: a flood of invented numbers can hide a
/// caller's count, never list anybody or take more memory.
struct BlacklistWatch {
    private struct Place {
        /// 0 when free.
        var code: UInt128 = 0
        var seen = Instant.zero
        var count = SlicedCount()
    }

    private static let ways = 8
    private var places: [Place] = []
    private let sets: Int
    private let seed: UInt64

    /// - Parameter capacity: numbers watched at once, rounded up to a multiple of eight. Memory is taken with the first.
    init(capacity: Int, seed: UInt64) {
        sets = max(1, (capacity + Self.ways - 1) / Self.ways)
        self.seed = seed
    }

    /// Counts one more, and answers how many there were within `interval`.
    mutating func add(_ number: PackedNumber, now: Instant, interval: Interval) -> Int {
        if places.isEmpty { places = Array(repeating: Place(), count: sets * Self.ways) }
        let first = firstPlace(number)
        var chosen = first
        for i in first..<first + Self.ways {
            if places[i].code == number.code {
                places[i].seen = now
                return places[i].count.add(now: now, interval: interval)
            }
            if places[chosen].code != 0, places[i].code == 0 || places[i].seen < places[chosen].seen { chosen = i }
        }
        places[chosen] = Place(code: number.code, seen: now)
        return places[chosen].count.add(now: now, interval: interval)
    }

    /// Begins to count anew.
    mutating func forget(_ number: PackedNumber) {
        guard !places.isEmpty else { return }
        let first = firstPlace(number)
        for i in first..<first + Self.ways where places[i].code == number.code { places[i] = Place() }
    }

    private func firstPlace(_ number: PackedNumber) -> Int {
        Int(truncatingIfNeeded: codeHash(number.code, seed: seed).multipliedFullWidth(by: UInt64(sets)).high) * Self.ways
    }
}

/// A count over a sliding window, kept in eighths of it: what is counted stays in the sum for at least
/// seven eighths of the window, and never for longer than the window.
struct SlicedCount {
    private static let slices: Int64 = 8
    private var counts = InlineArray<8, UInt32>(repeating: 0)
    /// The eighth that was counted in last, since time zero.
    private var latest: Int64 = .min / 2

    /// Counts one more, and answers the sum.
    mutating func add(now: Instant, interval: Interval) -> Int {
        let slice = now.nanoseconds / max(1, interval.nanoseconds / Self.slices)
        // A time before the last one comes from another length of window: begin anew.
        let passed = slice < latest ? Self.slices : min(Self.slices, slice - latest)
        for step in 0..<passed { counts[Self.place(slice - step)] = 0 }
        latest = slice
        counts[Self.place(slice)] &+= 1
        var sum = 0
        for i in counts.indices { sum += Int(counts[i]) }
        return sum
    }

    private static func place(_ slice: Int64) -> Int { Int(slice & (slices - 1)) }
}
