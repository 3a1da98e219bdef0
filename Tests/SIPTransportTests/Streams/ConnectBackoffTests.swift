import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers pauses between connection requests in virtual time, the table of problems, and counts by source.
@Suite("Connect back-off")
struct ConnectBackoffTests {
    private let peer = StreamTable.Peer(remote: NetworkAddress(ipv4: 0xC000_0201, port: 5060), transport: .tcp)

    private func other(_ number: Int) -> StreamTable.Peer {
        StreamTable.Peer(remote: NetworkAddress(ipv4: 0x0A00_0000 + UInt32(number), port: 5060), transport: .tcp)
    }

    @Test("pauses double from 1 s to 30 s; a success ends them")
    func doubling() {
        var backoff = ConnectBackoff(firstPause: .seconds(1), longestPause: .seconds(30))
        var now = Instant.zero
        for pause in [1, 2, 4, 8, 16, 30, 30] as [Int64] {
            backoff.failed(peer, at: now, random: 0)
            #expect(backoff.holds(peer, at: now + .milliseconds(1_000 * pause - 1)))
            #expect(!backoff.holds(peer, at: now + .seconds(pause)))
            now = now + .seconds(pause)
        }
        backoff.succeeded(peer)
        #expect(backoff.peers == 0)
        backoff.failed(peer, at: now, random: 0)
        #expect(!backoff.holds(peer, at: now + .seconds(1)))
    }

    @Test("chance shortens a pause by up to a quarter, and a long time without failures counts as none")
    func jitterAndMemory() {
        var backoff = ConnectBackoff(firstPause: .seconds(1), longestPause: .seconds(30))
        backoff.failed(peer, at: .zero, random: 1)
        #expect(backoff.holds(peer, at: .zero + .milliseconds(749)))
        #expect(!backoff.holds(peer, at: .zero + .milliseconds(750)))
        let later = Instant.zero + .seconds(302)
        backoff.failed(peer, at: later, random: 0)
        #expect(!backoff.holds(peer, at: later + .seconds(1)))
        #expect(!backoff.holds(StreamTable.Peer(remote: peer.remote, transport: .tls), at: later))
    }

    @Test("a full table forgets the peer whose pause ends first")
    func bound() {
        var backoff = ConnectBackoff(firstPause: .seconds(1), longestPause: .seconds(30))
        for number in 0...ConnectBackoff.maximumPeers {
            backoff.failed(other(number), at: .zero + .milliseconds(Int64(number)), random: 0)
        }
        #expect(backoff.peers == ConnectBackoff.maximumPeers)
        #expect(!backoff.holds(other(0), at: .zero + .milliseconds(1)))
        #expect(backoff.holds(other(1), at: .zero + .milliseconds(2)))
    }

    @Test("a problem is logged once per change of its reason, and counted each time")
    func problems() {
        let log = LogLines()
        let problems = ConnectionProblems(logger: log.logger)
        for second in 1...3 as ClosedRange<Int64> {
            problems.failed(peer, .outgoing, reason: "connection refused", at: WallTime(microseconds: second))
        }
        #expect(problems.all.map(\.count) == [3] && problems.all.map(\.since.microseconds) == [1] && problems.all.map(\.last.microseconds) == [3])
        problems.failed(peer, .outgoing, reason: "no answer", at: WallTime(microseconds: 4))
        problems.failed(peer, .incoming, reason: "no TLS", at: WallTime(microseconds: 5))
        #expect(problems.all.map(\.reason) == ["no TLS", "no answer"])
        #expect(problems.all.map(\.address) == [peer.remote.host, peer.remote])
        problems.succeeded(peer, .outgoing)
        problems.succeeded(peer, .outgoing)
        #expect(problems.all.map(\.reason) == ["no TLS"])
        #expect(
            log.all == [
                "warning connection failed: connection refused", "warning connection failed: no answer",
                "debug incoming connection failed: no TLS", "notice connection works again",
            ])
    }

    @Test("a full table of problems gives up incoming ones first, the oldest")
    func problemBound() {
        let problems = ConnectionProblems(logger: LogLines().logger)
        problems.failed(peer, .outgoing, reason: "r", at: WallTime(microseconds: 1))
        for number in 1..<ConnectionProblems.maximumEntries {
            problems.failed(other(number), .incoming, reason: "r", at: WallTime(microseconds: 1 + Int64(number)))
        }
        problems.failed(other(0), .outgoing, reason: "r", at: WallTime(microseconds: 1_000_000))
        let all = problems.all
        #expect(all.count == ConnectionProblems.maximumEntries)
        #expect(all.contains { $0.address == peer.remote } && all.first?.address == other(0).remote)
        #expect(!all.contains { $0.address == other(1).remote.host } && all.contains { $0.address == other(2).remote.host })
    }

    @Test("a source holds up to its bound, whatever its ports")
    func sources() {
        var counts = SourceCounts()
        let source = NetworkAddress(ipv4: 0xC000_0201, port: 1)
        let again = NetworkAddress(ipv4: 0xC000_0201, port: 2)
        let both = counts.take(source, bound: 2) && counts.take(again, bound: 2)
        #expect(both)
        let third = counts.take(source, bound: 2)
        #expect(!third)
        counts.giveBack(again)
        let afterwards = counts.take(source, bound: 2)
        #expect(afterwards)
    }
}
