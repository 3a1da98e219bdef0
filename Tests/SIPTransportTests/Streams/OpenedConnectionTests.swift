import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers the life of connections that the switch opens: keepalive, back-off, loss and what is said of
/// them. Real sockets on loopback.
@Suite("Opened connections", .timeLimit(.minutes(1)))
struct OpenedConnectionTests {
    @Test("a quiet connection is pinged; a pong keeps it, and its absence after one ends it visibly")
    func pongMissing() async throws {
        let gateway = try LoopbackTCPListener()
        let harness = try await HubHarness(.tcp, settings: quick())
        harness.send(framed("one"), to: gateway.address)
        let connection = try #require(gateway.accept())
        #expect(connection.receive(framed("one").utf8.count) == framed("one"))
        for _ in 0..<3 {
            #expect(connection.receive(4) == "\r\n\r\n")
            connection.send("\r\n")
        }
        #expect(connection.receiveUntilEnd() == "\r\n\r\n")
        #expect(await harness.nextFailure() == harness.flow(to: gateway.address))
        #expect(harness.problem(gateway.address) == "\(gateway.address) does not answer keepalives any more")
        #expect(harness.hub.statistics.keepalivesSent == 4 && harness.hub.statistics.keepalivesUnanswered == 1)
        #expect(harness.hub.statistics.keepalivesAnswered == 0)
        // The connection worked, so the next message opens another at once.
        harness.send(framed("two"), to: gateway.address)
        #expect(try #require(gateway.accept()).receive(framed("two").utf8.count) == framed("two"))
        await harness.stop()
    }

    @Test("a peer that never answers pings is pinged on, and served", arguments: [false, true])
    func neverPonged(_ requiresFirstPong: Bool) async throws {
        var settings = quick()
        settings.requiresFirstPong = requiresFirstPong
        let gateway = try LoopbackTCPListener()
        let harness = try await HubHarness(.tcp, settings: settings)
        harness.send(framed("one"), to: gateway.address)
        let connection = try #require(gateway.accept())
        #expect(connection.receive(framed("one").utf8.count) == framed("one"))
        guard !requiresFirstPong else {
            #expect(connection.receiveUntilEnd() == "\r\n\r\n")
            #expect(await harness.nextFailure() == harness.flow(to: gateway.address))
            await harness.stop()
            return
        }
        #expect(connection.receive(8) == "\r\n\r\n\r\n\r\n")
        connection.send(framed("two"))
        #expect(await harness.nextMessage() == framed("two"))
        // Its own ping is answered as ever.
        connection.send("\r\n\r\n")
        await until { harness.hub.statistics.keepalivesAnswered == 1 }
        await harness.stop()
    }

    @Test("an accepted connection is not pinged")
    func accepted() async throws {
        var settings = TransportSettings()
        settings.streams = quick()
        settings.streams.idleTimeout = .milliseconds(150)
        try await withSwitch([loopback(.tcp)], settings: settings) { runtime, _ in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local)
            #expect(peer.receiveUntilEnd() == "")
            #expect(runtime.streamStatistics.keepalivesSent == 0)
        }
    }

    @Test("a peer that refuses is left alone for a while: messages fail at once")
    func backoff() async throws {
        let address = try LoopbackTCPListener().address
        let harness = try await HubHarness(.tcp, settings: patient())
        for _ in 0..<20 {
            harness.send(framed("again"), to: address)
            #expect(await harness.nextFailure() == harness.flow(to: address))
        }
        #expect(harness.hub.statistics.connectFailures == 1 && harness.hub.statistics.messagesHeldBack == 19)
        #expect(harness.problem(address) == "connection refused")
        #expect(harness.log.all == ["warning connection failed: connection refused"])
        await harness.stop()
    }

    @Test("a peer that comes back is reached again, and its problem is gone when it has said something")
    func recovery() async throws {
        let address = try LoopbackTCPListener().address
        var settings = StreamSettings()
        settings.reconnectPause = .milliseconds(10)
        settings.longestReconnectPause = .milliseconds(10)
        let harness = try await HubHarness(.tcp, settings: settings)
        harness.send(framed("one"), to: address)
        #expect(await harness.nextFailure() == harness.flow(to: address))
        let gateway = try LoopbackTCPListener("\(address)")
        var failures: UInt64 = 1
        while harness.hub.statistics.connectionsOpened == 0 {
            harness.send(framed("later"), to: address)
            failures += 1
            await until {
                let counts = harness.hub.statistics
                return counts.connectionsOpened == 1 || counts.connectFailures + counts.messagesHeldBack == failures
            }
        }
        let connection = try #require(gateway.accept())
        #expect(connection.receive(framed("later").utf8.count) == framed("later"))
        #expect(harness.problem(address) == "connection refused")
        connection.send(framed("answer"))
        #expect(await harness.nextMessage() == framed("answer"))
        #expect(harness.hub.connectionProblems.isEmpty)
        #expect(harness.log.all.last == "notice connection works again")
        await harness.stop()
    }

    @Test("a peer that hangs up before it says anything counts as not reached")
    func unheard() async throws {
        let gateway = try LoopbackTCPListener()
        let harness = try await HubHarness(.tcp, settings: patient())
        harness.send(framed("one"), to: gateway.address)
        let connection = try #require(gateway.accept())
        #expect(connection.receive(framed("one").utf8.count) == framed("one"))
        connection.close()
        #expect(await harness.nextFailure() == harness.flow(to: gateway.address))
        #expect(harness.problem(gateway.address) == "\(gateway.address) ended the connection without an answer")
        harness.send(framed("two"), to: gateway.address)
        #expect(await harness.nextFailure() == harness.flow(to: gateway.address))
        #expect(harness.hub.statistics.messagesHeldBack == 1)
        await harness.stop()
    }

    @Test("a reset in the middle of a message is reported with its reason, and nothing of the message is delivered")
    func reset() async throws {
        let gateway = try LoopbackTCPListener()
        let harness = try await HubHarness(.tcp)
        harness.send(framed("one"), to: gateway.address)
        let connection = try #require(gateway.accept())
        #expect(connection.receive(framed("one").utf8.count) == framed("one"))
        connection.send("SIP/2.0 200 OK\r\nContent-Le")
        connection.reset()
        #expect(await harness.nextFailure() == harness.flow(to: gateway.address))
        #expect(harness.problem(gateway.address) == "connection reset by peer")
        #expect(harness.hub.statistics.messagesReceived == 0)
        await harness.stop()
    }

    @Test("a lost answer to a peer that had connected to us is no warning")
    func lostCaller() async throws {
        let gone = try LoopbackTCPListener().address
        let harness = try await HubHarness(.tcp)
        _ = harness.sender.append(Bytes("answer"), to: Flow(transport: .tcp, listener: 0, remote: gone, connection: 7))
        harness.sender.flush()
        _ = await harness.nextFailure()
        #expect(harness.log.all == ["debug incoming connection failed: connection refused"])
        await harness.stop()
    }

    /// Pauses longer than any test.
    private func patient() -> StreamSettings {
        var settings = StreamSettings()
        settings.reconnectPause = .seconds(3_600)
        settings.longestReconnectPause = .seconds(3_600)
        return settings
    }

    /// Keepalive within test time.
    private func quick() -> StreamSettings {
        var settings = StreamSettings()
        settings.keepaliveInterval = .milliseconds(40)
        settings.pongTimeout = .milliseconds(300)
        return settings
    }
}
