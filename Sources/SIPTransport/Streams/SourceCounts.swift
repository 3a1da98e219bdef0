import Vocabulary

/// How many of something each source address holds, and all together, with bounds on both.
struct SourceCounts {
    private var counts: [NetworkAddress: Int] = [:]
    /// Held by all sources.
    private(set) var total = 0

    /// Counts one more; false when the source has reached `bound` or all of them `total`.
    mutating func take(_ source: NetworkAddress, bound: Int, total most: Int = .max) -> Bool {
        let held = counts[source.host, default: 0]
        guard held < bound, total < most else { return false }
        counts[source.host] = held + 1
        total += 1
        return true
    }

    mutating func giveBack(_ source: NetworkAddress) {
        guard let held = counts[source.host] else { return }
        counts[source.host] = held > 1 ? held - 1 : nil
        total -= 1
    }
}
