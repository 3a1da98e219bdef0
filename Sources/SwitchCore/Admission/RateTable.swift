import Vocabulary

/// The rate clocks of many sources in memory of a fixed size, which no number of sources makes grow.
///
/// A source is named by a seeded 64-bit hash and has two buckets of four places to stand in. It takes the
/// place of another only when that one's clock is idle, that is when it has nothing to remember; so nobody
/// can drive out the memory of a source that is being limited by inventing further ones. When all eight
/// places remember something, the table is full for this source.
struct RateTable: ~Copyable {
    private struct Entry {
        /// 0: nobody.
        var key: UInt64
        var clock: RateClock
    }

    private static var placesPerBucket: Int { 4 }

    private let entries: UnsafeMutablePointer<Entry>
    private let bucketMask: Int

    /// Places for `capacity` sources, rounded up to a power of two; at least 8.
    init(capacity: Int) {
        var buckets = 2
        while buckets * RateTable.placesPerBucket < capacity { buckets *= 2 }
        bucketMask = buckets - 1
        entries = .allocate(capacity: buckets * RateTable.placesPerBucket)
        entries.initialize(repeating: Entry(key: 0, clock: RateClock()), count: buckets * RateTable.placesPerBucket)
    }

    deinit { entries.deallocate() }

    var capacity: Int { (bucketMask + 1) * RateTable.placesPerBucket }

    /// Bytes that the table takes, however many sources there are.
    var byteCount: Int { capacity * MemoryLayout<Entry>.stride }

    /// The place of a source; nil when it is not remembered.
    func find(_ source: UInt64) -> Int? {
        let key = RateTable.key(source)
        for bucket in 0..<2 {
            let first = firstPlace(key, bucket)
            for place in first..<first + RateTable.placesPerBucket where entries[place].key == key { return place }
        }
        return nil
    }

    /// A new place for a source that has none, in place of one that has nothing to remember; nil when there is none.
    mutating func place(_ source: UInt64, at now: Instant) -> Int? {
        let key = RateTable.key(source)
        var longestIdle: Int?
        for bucket in 0..<2 {
            let first = firstPlace(key, bucket)
            for place in first..<first + RateTable.placesPerBucket where entries[place].clock.isIdle(at: now) {
                if let best = longestIdle, entries[best].clock.paidUntil <= entries[place].clock.paidUntil { continue }
                longestIdle = place
            }
        }
        guard let longestIdle else { return nil }
        entries[longestIdle] = Entry(key: key, clock: RateClock())
        return longestIdle
    }

    /// The clock of a place that `find` or `place` gave.
    subscript(place: Int) -> RateClock {
        get {
            precondition(place >= 0 && place < capacity)
            return entries[place].clock
        }
        set {
            precondition(place >= 0 && place < capacity)
            entries[place].clock = newValue
        }
    }

    /// Charges an event of a source that may pass; `whenFull` is the answer for one that finds no place.
    mutating func take(_ source: UInt64, _ limit: RateLimit, at now: Instant, whenFull: Bool) -> Bool {
        guard let place = find(source) ?? place(source, at: now) else { return whenFull }
        return self[place].take(limit, at: now)
    }

    private static func key(_ source: UInt64) -> UInt64 { source == 0 ? 1 : source }

    /// Where the first or the second bucket of a source begins; both may be the same.
    private func firstPlace(_ key: UInt64, _ bucket: Int) -> Int {
        (Int(truncatingIfNeeded: bucket == 0 ? key : key >> 32) & bucketMask) * RateTable.placesPerBucket
    }
}
