import Testing
import Vocabulary

@testable import SIPTransport

/// Covers the keepalive of opened connections in virtual time, and its answer in the byte stream.
@Suite("Stream keepalive")
struct StreamKeepaliveTests {
    private func keepalive(requiresFirstPong: Bool = false, random: Double = 1) -> StreamKeepalive {
        StreamKeepalive(interval: .seconds(100), pongTimeout: .seconds(10), requiresFirstPong: requiresFirstPong, now: .zero, random: random)
    }

    private func at(_ seconds: Int64) -> Instant { .zero + .seconds(seconds) }

    @Test("a ping is due after 80 to 100 % of the interval without a byte")
    func due() {
        var shortest = keepalive(random: 0)
        #expect(shortest.action(at: at(79), random: 0) == nil)
        #expect(shortest.action(at: at(80), random: 0) == .sendPing)
        var longest = keepalive()
        longest.bytesReceived(at: at(50))
        #expect(longest.action(at: at(149), random: 0) == nil)
        #expect(longest.action(at: at(150), random: 0) == .sendPing)
    }

    @Test("a pong begins the next quiet; a peer that answered once must answer again")
    func pong() {
        var keepalive = keepalive()
        #expect(keepalive.action(at: at(100), random: 0) == .sendPing)
        keepalive.pongReceived(at: at(101))
        #expect(keepalive.action(at: at(180), random: 1) == nil)
        #expect(keepalive.action(at: at(181), random: 1) == .sendPing)
        #expect(keepalive.action(at: at(190), random: 1) == nil)
        #expect(keepalive.action(at: at(191), random: 1) == .fail)
    }

    @Test("a peer that never answered is pinged on and not cut, unless that is asked for")
    func silentPeer() {
        var tolerant = keepalive()
        #expect(tolerant.action(at: at(100), random: 1) == .sendPing)
        #expect(tolerant.action(at: at(110), random: 1) == .stopWaiting)
        #expect(tolerant.action(at: at(209), random: 1) == nil)
        #expect(tolerant.action(at: at(210), random: 1) == .sendPing)
        var strict = keepalive(requiresFirstPong: true)
        #expect(strict.action(at: at(100), random: 1) == .sendPing)
        #expect(strict.action(at: at(110), random: 1) == .fail)
    }

    @Test("a peer that sends something else while its pong is owed is alive")
    func busyPeer() {
        var keepalive = keepalive(requiresFirstPong: true)
        #expect(keepalive.action(at: at(100), random: 1) == .sendPing)
        keepalive.bytesReceived(at: at(109))
        #expect(keepalive.action(at: at(118), random: 1) == nil)
        #expect(keepalive.action(at: at(119), random: 1) == .fail)
    }

    @Test(
        "a single CRLF is the pong only where one is expected, and a double one is the peer's own ping",
        arguments: [
            (expects: true, text: "\r\n", events: [.pong]),
            (expects: true, text: "\r\n\r\n", events: [.keepalive]),
            (expects: true, text: "\r\n\r\n\r\n", events: [.keepalive, .pong]),
            (expects: true, text: "\r\n\r", events: []),
            (expects: true, text: "\r\nM\r\nl:0\r\n\r\n", events: [.pong, .message(length: 10)]),
            (expects: false, text: "\r\n", events: []),
            (expects: false, text: "\r\n\r\n", events: [.keepalive]),
        ] as [(expects: Bool, text: String, events: [StreamFramer.Event])])
    func framing(expects: Bool, text: String, events: [StreamFramer.Event]) {
        var framer = StreamFramer(limits: .init(headerBytes: 100, bodyBytes: 100))
        framer.expectPong(expects)
        text.withBytes { framer.append($0) }
        var met: [StreamFramer.Event] = []
        while true {
            let event = framer.next()
            if event == .incomplete { break }
            met.append(event)
            framer.consumeMessage()
        }
        #expect(met == events)
    }

    @Test("a pong that comes in two pieces, and one after a stray CRLF, are pongs")
    func pieces() {
        var framer = StreamFramer(limits: .init(headerBytes: 100, bodyBytes: 100))
        framer.append(Bytes("\r\n"))
        #expect(framer.next() == .incomplete)
        framer.expectPong(true)
        framer.append(Bytes("\r"))
        #expect(framer.next() == .incomplete)
        framer.append(Bytes("\n"))
        #expect(framer.next() == .pong)
        framer.append(Bytes("\r\n"))
        #expect(framer.next() == .incomplete)
    }
}
