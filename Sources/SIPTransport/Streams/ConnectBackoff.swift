import Vocabulary

/// How long a peer that could not be reached is left alone: the first time `firstPause`, then twice as long
/// after each further failure up to `longestPause`, shortened at random by up to a quarter. A success
/// forgets it all.
///
/// A flood of messages for a peer that is down so costs one connection request per pause. The table is
/// bounded: beyond `maximumPeers` the peer whose pause ends first is forgotten.
struct ConnectBackoff {
    static let maximumPeers = 4_096
    /// A failure this long after the last pause counts as the first.
    static let memory = Interval.seconds(300)

    private struct Entry {
        var failures: Int
        var until: Instant
    }

    private let firstPause: Interval
    private let longestPause: Interval
    private var entries: [StreamTable.Peer: Entry] = [:]

    init(firstPause: Interval, longestPause: Interval) {
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    var peers: Int { entries.count }

    /// Whether the peer is to be left alone.
    func holds(_ peer: StreamTable.Peer, at now: Instant) -> Bool { entries[peer].map { now < $0.until } ?? false }

    /// `random` is 0 to 1.
    mutating func failed(_ peer: StreamTable.Peer, at now: Instant, random: Double) {
        var entry = entries[peer] ?? Entry(failures: 0, until: now)
        if now - entry.until > ConnectBackoff.memory { entry.failures = 0 }
        entry.failures = min(entry.failures + 1, 16)
        let pause = min(firstPause * (1 << Int64(entry.failures - 1)), longestPause)
        entry.until = now + Interval(nanoseconds: Int64(Double(pause.nanoseconds) * (1 - random / 4)))
        if entries[peer] == nil, entries.count >= ConnectBackoff.maximumPeers { forgetOne() }
        entries[peer] = entry
    }

    mutating func succeeded(_ peer: StreamTable.Peer) { entries[peer] = nil }

    private mutating func forgetOne() {
        if let first = entries.min(by: { $0.value.until < $1.value.until })?.key { entries[first] = nil }
    }
}
