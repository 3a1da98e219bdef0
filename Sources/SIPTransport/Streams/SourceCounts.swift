import Vocabulary

/// How many of something each source address holds, and a bound on it.
struct SourceCounts {
    private var counts: [NetworkAddress: Int] = [:]

    /// Counts one more; false when the source has reached `bound`.
    mutating func take(_ source: NetworkAddress, bound: Int) -> Bool {
        let held = counts[source.host, default: 0]
        guard held < bound else { return false }
        counts[source.host] = held + 1
        return true
    }

    mutating func giveBack(_ source: NetworkAddress) {
        guard let held = counts[source.host] else { return }
        counts[source.host] = held > 1 ? held - 1 : nil
    }
}
