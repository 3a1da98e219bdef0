import Vocabulary

/// The last admissions of an object: at most `limit` within any second, exactly.
struct RateWindow: Sendable {
    /// Times of admission in nanoseconds, as a ring that holds as many as the highest limit seen.
    private var ring: [Int64] = []
    private var next = 0
    private var count = 0

    static let second = Interval.seconds(1)
    /// Limits beyond this hold as this: it bounds what one object keeps.
    static let highestLimit = 1 << 20

    func wouldAdmit(limit: Int, now: Instant) -> Bool {
        let limit = min(limit, RateWindow.highestLimit)
        guard limit > 0 else { return false }
        guard count >= limit else { return true }
        // As many admissions ago as the limit allows within a second.
        let first = ring[(next - limit + ring.count) % ring.count]
        return now.nanoseconds - first >= RateWindow.second.nanoseconds
    }

    mutating func admit(limit: Int, now: Instant) -> Bool {
        guard wouldAdmit(limit: limit, now: now) else { return false }
        grow(to: min(limit, RateWindow.highestLimit))
        // Shards read the clock one after the other: the times are kept in order.
        let last = count == 0 ? Int64.min : ring[(next - 1 + ring.count) % ring.count]
        ring[next] = max(now.nanoseconds, last)
        next = (next + 1) % ring.count
        count = min(count + 1, ring.count)
        return true
    }

    /// How many were admitted within the last second: the times are in order.
    func recent(now: Instant) -> Int {
        let start = now.nanoseconds - RateWindow.second.nanoseconds
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if ring[(next - 1 - middle + ring.count) % ring.count] > start { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func grow(to capacity: Int) {
        guard ring.count < capacity else { return }
        var wider: [Int64] = []
        wider.reserveCapacity(capacity)
        for i in 0..<count { wider.append(ring[(next - count + i + ring.count) % ring.count]) }
        wider.append(contentsOf: repeatElement(0, count: capacity - count))
        ring = wider
        next = count % capacity
    }
}
