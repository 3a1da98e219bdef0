import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Messages that wait while a shard is behind.
@Suite("Backlog")
struct BacklogTests {
    private let flow = Flow(transport: .udp, listener: 0, remote: NetworkAddress(ipv4: 0x7F00_0002, port: 5060))

    private func append(_ text: String, at time: Int64, _ backlog: inout Backlog) -> Bool {
        text.withBytes { backlog.append($0, from: flow, arrived: Instant(nanoseconds: time)) }
    }

    private func next(_ backlog: inout Backlog) -> String? {
        guard let waiting = backlog.next() else { return nil }
        return "\(Bytes(UnsafeRawBufferPointer(waiting.message)).string) \(waiting.arrived.nanoseconds)"
    }

    @Test("messages leave in the order in which they came, also when some come while others leave")
    func order() {
        var backlog = Backlog()
        let isTaken = append("a", at: 1, &backlog) && append("b", at: 2, &backlog)
        #expect(isTaken)
        let first = next(&backlog)
        #expect(first == "a 1")
        _ = append("c", at: 3, &backlog)
        let left = backlog.count
        #expect(left == 2)
        let rest = [next(&backlog), next(&backlog), next(&backlog)]
        #expect(rest == ["b 2", "c 3", nil])
        let isEmpty = backlog.isEmpty
        #expect(isEmpty)
    }

    @Test("a full backlog refuses, and has room again for each that left")
    func full() {
        var backlog = Backlog(bound: .init(messages: 3, bytes: 1_000))
        for number in 0..<3 { _ = append("\(number)", at: 0, &backlog) }
        let fourth = append("3", at: 0, &backlog)
        #expect(!fourth)
        _ = next(&backlog)
        let again = append("4", at: 0, &backlog)
        #expect(again)
        let rest = [next(&backlog), next(&backlog), next(&backlog), next(&backlog)]
        #expect(rest == ["1 0", "2 0", "4 0", nil])
        let large = append(String(repeating: "x", count: 1_001), at: 0, &backlog)
        #expect(!large, "bytes are bounded too")
    }
}

/// A loop that has fallen behind, over real sockets.
@Suite("A loop that is behind", .timeLimit(.minutes(1)))
struct BehindTests {
    @Test("what belongs to calls that are up overtakes what would begin others, which keeps its order")
    func urgentFirst() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, probe in
            let peer = try LoopbackUDP()
            let target = runtime.listeners[0].local
            peer.send("block", to: target)
            await probe.first { if case .message(_, "block", _) = $0 { true } else { false } }
            for number in 0..<300 { peer.send("INVITE sip:\(number) silent", to: target) }
            peer.send("BYE sip:urgent silent", to: target)
            let begin = SystemClock.instant
            await until { SystemClock.instant - begin > .milliseconds(60) }
            probe.release()
            await probe.first { if case .message(_, "INVITE sip:299 silent", _) = $0 { true } else { false } }
            let texts = probe.events.compactMap { if case .message(_, let text, _) = $0 { text } else { nil } }
            #expect(texts.count == 302)
            #expect(texts.dropFirst().first == "BYE sip:urgent silent")
            #expect(texts.dropFirst(2).elementsEqual((0..<300).map { "INVITE sip:\($0) silent" }))
            _ = try await runtime.datagramStatistics()
            #expect(probe.lag >= .milliseconds(50), "the time that they waited is measured")
        }
    }

    @Test("a loop that keeps up measures short waiting times")
    func keepsUp() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, probe in
            let peer = try LoopbackUDP()
            for number in 0..<10 {
                peer.send("one \(number)", to: runtime.listeners[0].local)
                #expect(peer.receiveText() == "one \(number)")
            }
            #expect(probe.lag < .seconds(2))
        }
    }

    @Test("what is not let in goes to no shard, by datagram or by stream, and with several shards neither", arguments: [1, 2])
    func unwanted(shards: Int) async throws {
        try await withSwitch([loopback(.udp), loopback(.tcp)], shards: shards) { runtime, probe in
            let peer = try LoopbackUDP()
            peer.send("unwanted owner=\(shards - 1)", to: runtime.listeners[0].local)
            peer.send("wanted owner=\(shards - 1)", to: runtime.listeners[0].local)
            #expect(peer.receiveText() == "wanted owner=\(shards - 1)")
            let stream = try LoopbackTCP(to: runtime.listeners[1].local)
            let wanted = framed("wanted")
            stream.send(framed("unwanted") + wanted)
            #expect(stream.receive(wanted.utf8.count) == wanted)
            let refused = probe.events.count { if case .refused = $0 { true } else { false } }
            #expect(refused == 2)
            #expect(!probe.events.contains { if case .message(_, let text, _) = $0 { text.contains("unwanted") } else { false } })
        }
    }

    @Test("what is only for a call of another shard is let in by that shard alone, whichever socket it came in by")
    func doubtful() async throws {
        try await withSwitch([loopback(.udp)], shards: 2) { runtime, probe in
            let target = runtime.listeners[0].local
            // The kernel chooses the socket by the sender's port: of so many, some come in by either.
            let peers = try (0..<16).map { _ in try LoopbackUDP() }
            for peer in peers {
                peer.send("doubtful stray owner=1", to: target)
                peer.send("doubtful own owner=1", to: target)
            }
            for peer in peers where peer.receiveText() == "doubtful stray owner=1" { #expect(peer.receiveText() == "doubtful own owner=1") }
            let steered = probe.events.filter { if case .refused(1) = $0 { true } else { false } }
            #expect((1..<16).contains(steered.count))
            let taken = probe.events.compactMap { if case .message(1, let text, _) = $0 { text } else { nil } }
            #expect(taken.count { $0 == "doubtful own owner=1" } == 16)
            #expect(taken.count { $0 == "doubtful stray owner=1" } == 16 - steered.count)
        }
    }
}
