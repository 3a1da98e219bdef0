import Glibc
import NIOCore
import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers TCP over real loopback connections: framing, reuse, bounds, time-outs, failures.
@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("a message is answered on its connection, split or joined", arguments: ["127.0.0.1:0", "[::1]:0"])
    func echo(_ address: String) async throws {
        try await withSwitch([loopback(.udp, address), loopback(.tcp, address)]) { runtime, probe in
            let peer = try LoopbackTCP(to: runtime.listeners[1].local)
            let first = framed("one", body: "hello")
            for byte in first.utf8 { peer.send([byte]) }
            #expect(peer.receive(first.utf8.count) == first)
            let joined = framed("two") + framed("three", body: "x") + framed("four")
            peer.send(joined)
            #expect(peer.receive(joined.utf8.count) == joined)
            guard case .message(_, let text, let flow)? = probe.events.first else {
                Issue.record("no message")
                return
            }
            #expect(text == first)
            #expect(flow.remote == peer.local && flow.transport == .tcp && flow.listener == 1 && flow.connection != 0)
            #expect(runtime.streamStatistics.messagesReceived == 4)
        }
    }

    @Test("a double CRLF is answered with one CRLF")
    func keepalive() async throws {
        try await withSwitch([loopback(.tcp)]) { runtime, probe in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local)
            peer.send("\r\n\r\n")
            #expect(peer.receive(2) == "\r\n")
            #expect(probe.events.isEmpty)
        }
    }

    @Test("a request without Content-Length is answered 400 and the connection ends")
    func violation() async throws {
        try await withSwitch([loopback(.tcp)]) { runtime, _ in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local)
            peer.send(
                "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\n"
                    + "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n")
            let answer = try #require(peer.receiveUntilEnd())
            #expect(answer.hasPrefix("SIP/2.0 400 Missing Content-Length\r\n"))
            #expect(runtime.streamStatistics.framingViolations == 1)
        }
    }

    @Test("a message that stays incomplete ends its connection, a quiet connection after the idle time")
    func timeouts() async throws {
        var settings = TransportSettings()
        settings.streams.messageTimeout = .milliseconds(50)
        settings.streams.idleTimeout = .milliseconds(400)
        try await withSwitch([loopback(.tcp)], settings: settings) { runtime, _ in
            let quiet = try LoopbackTCP(to: runtime.listeners[0].local)
            let slow = try LoopbackTCP(to: runtime.listeners[0].local)
            let begin = SystemClock.instant
            slow.send("OPTIONS sip:a SIP/2.0\r\n")
            #expect(slow.receiveUntilEnd() == "")
            #expect(SystemClock.instant - begin >= .milliseconds(50))
            #expect(quiet.receiveUntilEnd() == "")
            let counts = runtime.streamStatistics
            #expect(counts.messageTimeouts == 1)
            #expect(counts.idleTimeouts == 1)
            await until { runtime.streamStatistics.connections == 0 }
        }
    }

    @Test("bytes that keep coming do not save a message that is too slow")
    func trickle() async throws {
        var settings = TransportSettings()
        settings.streams.messageTimeout = .milliseconds(60)
        try await withSwitch([loopback(.tcp)], settings: settings) { runtime, _ in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local)
            peer.send("OPTIONS sip:a SIP/2.0\r\nSubject: ")
            while runtime.streamStatistics.messageTimeouts == 0 {
                peer.send("x")
                await Task.yield()
            }
            await until { runtime.streamStatistics.connections == 0 }
        }
    }

    @Test("one source cannot hold more connections than its bound, and gets one back when it ends one")
    func sourceBound() async throws {
        var settings = TransportSettings()
        settings.streams.maximumConnectionsPerSource = 2
        try await withSwitch([loopback(.tcp)], settings: settings) { runtime, _ in
            let local = runtime.listeners[0].local
            let peers = try (0..<2).map { _ in try LoopbackTCP(to: local) }
            for peer in peers { exchange(peer) }
            #expect(try LoopbackTCP(to: local).receiveUntilEnd() == "")
            #expect(runtime.streamStatistics.refusedForSource == 1)
            peers[0].close()
            await until { runtime.streamStatistics.connections == 1 }
            exchange(try LoopbackTCP(to: local))
        }
    }

    @Test("all sources together cannot hold more connections than the bound")
    func totalBound() async throws {
        var settings = TransportSettings()
        settings.streams.maximumConnections = 1
        try await withSwitch([loopback(.tcp)], settings: settings) { runtime, _ in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local)
            exchange(peer)
            #expect(try LoopbackTCP(to: runtime.listeners[0].local).receiveUntilEnd() == "")
            #expect(runtime.streamStatistics.refusedForTotal == 1)
            exchange(peer)
        }
    }

    @Test("messages for a peer open one connection and share it; its answers come in by it")
    func outgoing() async throws {
        try await withSwitch([loopback(.udp), loopback(.tcp)]) { runtime, probe in
            let gateway = try LoopbackTCPListener()
            let trigger = try LoopbackUDP()
            let first = framed("to=tcp,\(gateway.address) 1")
            let second = framed("to=tcp,\(gateway.address) 2")
            trigger.send(first, to: runtime.listeners[0].local)
            trigger.send(second, to: runtime.listeners[0].local)
            let connection = try #require(gateway.accept())
            #expect(connection.receive(first.utf8.count + second.utf8.count) == first + second)
            connection.send(framed("silent answer"))
            let event = await probe.first { if case .message(_, let text, _) = $0 { text.contains("silent answer") } else { false } }
            guard case .message(_, _, let flow) = event else { return }
            #expect(flow.remote == gateway.address && flow.transport == .tcp && flow.listener == 1)
            #expect(runtime.streamStatistics.connectionsOpened == 1)
        }
    }

    @Test("a lost connection is reported to the shard that sent on it, and the next message opens another")
    func reconnect() async throws {
        try await withSwitch([loopback(.udp), loopback(.tcp)]) { runtime, probe in
            let gateway = try LoopbackTCPListener()
            let trigger = try LoopbackUDP()
            let message = framed("to=tcp,\(gateway.address)")
            trigger.send(message, to: runtime.listeners[0].local)
            let first = try #require(gateway.accept())
            #expect(first.receive(message.utf8.count) == message)
            first.send(framed("silent"))
            await probe.first { if case .message(_, framed("silent"), _) = $0 { true } else { false } }
            first.close()
            let address = gateway.address
            await probe.first { $0 == .failed(shard: 0, Flow(transport: .tcp, listener: 1, remote: address)) }
            trigger.send(message, to: runtime.listeners[0].local)
            let second = try #require(gateway.accept())
            #expect(second.receive(message.utf8.count) == message)
        }
    }

    @Test("an answer whose connection is gone goes by another connection to the same peer")
    func answerAfterLoss() async throws {
        let gateway = try LoopbackTCPListener()
        let mailbox = try Mailbox()
        let hub = try await StreamHub(
            settings: StreamSettings(), listeners: [loopback(.tcp)], mailboxes: [mailbox], tls: nil,
            problems: ConnectionProblems(logger: LogLines().logger), owner: { _, _ in 0 })
        let sender = StreamSender(shard: 0, hub: hub)
        #expect(sender.append(Bytes("answer"), to: Flow(transport: .tcp, listener: 0, remote: gateway.address, connection: 99)))
        sender.flush()
        let connection = try #require(gateway.accept())
        #expect(connection.receive(6) == "answer")
        await hub.stop()
    }

    @Test("a refused connection is reported with the flow that the shard used")
    func refused() async throws {
        try await withSwitch([loopback(.udp), loopback(.tcp)]) { runtime, probe in
            let closed = try LoopbackTCPListener().address
            let trigger = try LoopbackUDP()
            trigger.send(framed("to=tcp,\(closed)"), to: runtime.listeners[0].local)
            await probe.first { $0 == .failed(shard: 0, Flow(transport: .tcp, listener: 1, remote: closed)) }
            #expect(runtime.streamStatistics.connectFailures == 1)
            await until { runtime.streamStatistics.connections == 0 }
        }
    }

    @Test("without a stream listener a stream message fails at once")
    func noListener() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, probe in
            let trigger = try LoopbackUDP()
            trigger.send("to=tcp,127.0.0.1:9", to: runtime.listeners[0].local)
            let flow = Flow(transport: .tcp, listener: 0, remote: NetworkAddress(ipv4: 0x7F00_0001, port: 9))
            await probe.first { $0 == .failed(shard: 0, flow) }
            #expect(try await runtime.datagramStatistics()[0].unroutableStreamMessages == 1)
        }
    }

    @Test("a listener of another transport cannot send a stream message")
    func wrongListener() async throws {
        try await withSwitch([loopback(.udp), loopback(.tcp)]) { runtime, _ in
            let mailbox = try Mailbox()
            let hub = try await StreamHub(
                settings: StreamSettings(), listeners: runtime.listeners, mailboxes: [mailbox], tls: nil,
                problems: ConnectionProblems(logger: LogLines().logger), owner: { _, _ in 0 })
            let sender = StreamSender(shard: 0, hub: hub)
            let flow = Flow(transport: .tcp, listener: 0, remote: NetworkAddress(ipv4: 0x7F00_0001, port: 9))
            #expect(sender.append(Bytes("x"), to: flow))
            sender.flush()
            await hub.stop()
            #expect(hub.statistics.messagesUndelivered == 1)
            var contents = Mailbox.Contents(bounds: mailbox.bounds)
            _ = mailbox.take(into: &contents)
            #expect(contents.failures == [flow])
        }
    }

    @Test("a peer that does not read is cut when too much waits for it")
    func slowReader() async throws {
        var settings = TransportSettings()
        settings.streams.maximumUnsentBytes = 64 * 1024
        try await withSwitch([loopback(.tcp)], settings: settings) { runtime, _ in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local, receiveBuffer: 4_096)
            let message = Array(framed("flood", body: String(repeating: "x", count: 60_000)).utf8)
            var rest = message[...]
            while runtime.streamStatistics.slowReadersCut == 0 {
                let sent = peer.sendWithoutWaiting(Array(rest))
                if sent > 0 { rest = rest.dropFirst(sent) }
                if rest.isEmpty { rest = message[...] }
            }
            await until { runtime.streamStatistics.connections == 0 }
        }
    }

    @Test("a full mailbox stops the reading, and nothing is lost when there is room again")
    func backPressure() async throws {
        var bounds = Mailbox.Bounds()
        bounds.messages = .init(messages: 2, bytes: 1 << 20)
        let mailbox = try Mailbox(bounds: bounds)
        let hub = try await StreamHub(
            settings: StreamSettings(), listeners: [loopback(.tcp)], mailboxes: [mailbox], tls: nil,
            problems: ConnectionProblems(logger: LogLines().logger), owner: { _, _ in 0 })
        let port = try await hub.listen(loopback(.tcp), number: 0)
        let peer = try LoopbackTCP(to: NetworkAddress(ipv4: 0x7F00_0001, port: port))
        for number in 0..<20 { peer.send(framed("\(number) ")) }
        await until { hub.statistics.readPauses > 0 }
        #expect(hub.statistics.messagesReceived == 2)
        var received: [String] = []
        var contents = Mailbox.Contents(bounds: bounds)
        while received.count < 20 {
            _ = mailbox.take(into: &contents)
            #expect(contents.messages.count <= 2)
            for index in 0..<contents.messages.count { received.append(Bytes(UnsafeRawBufferPointer(contents.messages.message(at: index))).string) }
            contents.removeAll()
            await Task.yield()
        }
        #expect(received == (0..<20).map { framed("\($0) ") })
        await hub.stop()
    }

    @Test("messages go to the shard that owns them")
    func steering() async throws {
        try await withSwitch([loopback(.tcp)], shards: 2) { runtime, probe in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local)
            for number in 0..<10 {
                let message = framed("owner=\(number % 2) \(number)")
                peer.send(message)
                #expect(peer.receive(message.utf8.count) == message)
            }
            for case .message(let shard, let text, _) in probe.events { #expect(text.contains("owner=\(shard) ")) }
        }
    }

    @Test("a taken TCP port is named, with what helps")
    func portTaken() async throws {
        let taken = try LoopbackTCPListener()
        let listener = loopback(.tcp, "\(taken.address)")
        await #expect(throws: TransportError.cannotListen(listener, errorNumber: EADDRINUSE)) {
            try await withSwitch([loopback(.udp), listener]) { _, _ in }
        }
        #expect("\(TransportError.cannotListen(listener, errorNumber: EADDRINUSE))".contains("ss -ltnp"))
    }

    /// Sends a message and expects it back.
    private func exchange(_ peer: LoopbackTCP) {
        let message = framed("ping")
        peer.send(message)
        #expect(peer.receive(message.utf8.count) == message)
    }
}
