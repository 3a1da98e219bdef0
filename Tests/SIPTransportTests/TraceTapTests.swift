import CallRecords
import SIPMessages
import SwitchCore
import Synchronization
import Testing
import Vocabulary

@testable import SIPTransport

/// What a shard's loop keeps of the wire for the trace, and what it does when the trace takes nothing.
/// How the trace keeps it: `StorageTests`.
@Suite("The trace's tap", .timeLimit(.minutes(1)))
struct TraceTapTests {
    /// One message that reached the trace.
    struct Kept: Equatable {
        var direction: TraceEnvelope.Direction
        var text: String
        var transport = TransportKind.udp
        var local: NetworkAddress
        var remote: NetworkAddress
    }

    private static func long(_ text: String) -> String { text + String(repeating: ".", count: max(0, 16 - text.utf8.count)) }

    // MARK: - In a running loop

    @Test("a datagram and its answer are kept in order, with time, direction, transport and both addresses")
    func datagrams() async throws {
        let trace = TraceProbe()
        try await withSwitch([loopback(.udp)], trace: trace) { runtime, _ in
            let (peer, local) = (try LoopbackUDP(), runtime.listeners[0].local)
            let before = SystemClock.moment.wall
            for number in 1...2 {
                peer.send(Self.long("hello \(number)"), to: local)
                #expect(peer.receiveText() == Self.long("hello \(number)"))
            }
            try await runtime.handOverTrace()
            let expected = [1, 2].flatMap { number in
                [TraceEnvelope.Direction.received, .sent].map {
                    Kept(direction: $0, text: Self.long("hello \(number)"), local: local, remote: peer.address)
                }
            }
            #expect(trace.kept == expected)
            #expect(trace.times.allSatisfy { $0 >= before && $0 <= SystemClock.moment.wall })
        }
    }

    @Test("messages of streams are kept as those of datagrams are")
    func streams() async throws {
        let trace = TraceProbe()
        let message = "MESSAGE sip:a@example.net SIP/2.0\r\nContent-Length: 0\r\n\r\n"
        try await withSwitch([loopback(.tcp)], trace: trace) { runtime, _ in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local)
            peer.send(message)
            #expect(peer.receive(message.utf8.count) == message)
            try await runtime.handOverTrace()
            let expected = [TraceEnvelope.Direction.received, .sent].map {
                Kept(direction: $0, text: message, transport: .tcp, local: runtime.listeners[0].local, remote: peer.local)
            }
            #expect(trace.kept == expected)
        }
    }

    @Test("what a stranger sends, and what it is answered, is not kept")
    func strangers() async throws {
        let trace = TraceProbe()
        try await withSwitch([loopback(.udp)], trace: trace) { runtime, _ in
            let peer = try LoopbackUDP()
            for text in ["known, the first", "foreign, and echoed", "known, the second"] {
                peer.send(text, to: runtime.listeners[0].local)
                #expect(peer.receiveText() == text)
            }
            try await runtime.handOverTrace()
            #expect(trace.kept.map(\.text) == ["known, the first", "known, the first", "known, the second", "known, the second"])
        }
    }

    @Test("an idle shard hands over what it has without being asked")
    func idle() async throws {
        let trace = TraceProbe()
        try await withSwitch([loopback(.udp)], trace: trace) { runtime, _ in
            let peer = try LoopbackUDP()
            peer.send(Self.long("silent"), to: runtime.listeners[0].local)
            await trace.first()
            #expect(trace.kept.map(\.text) == [Self.long("silent")])
        }
    }

    @Test("a loop that ends hands over what it has")
    func end() async throws {
        let trace = TraceProbe()
        try await withSwitch([loopback(.udp)], trace: trace) { runtime, _ in
            let peer = try LoopbackUDP()
            peer.send(Self.long("last"), to: runtime.listeners[0].local)
            #expect(peer.receiveText() == Self.long("last"))
        }
        #expect(trace.kept.map(\.text) == [Self.long("last"), Self.long("last")])
    }

    // MARK: - The tap alone

    private static let listener = ListenerDescription(transport: .udp, local: NetworkAddress(ipv4: 0xC000_0201, port: 5060))
    private static let flow = Flow(transport: .udp, listener: 0, remote: NetworkAddress(ipv4: 0xC000_020A, port: 5060))

    private static func moment(_ milliseconds: Int64) -> Moment {
        Moment(instant: .zero + .milliseconds(milliseconds), wall: WallTime(microseconds: 1_750_000_000_000_000 + milliseconds * 1_000))
    }

    @Test("keepalives are not kept")
    func keepalives() {
        let trace = TraceProbe()
        var tap = TraceTap(trace, listeners: [Self.listener])
        for text in ["\r\n\r\n", "\r\n", "\0", "jaK"] { text.withBytes { tap.received($0, from: Self.flow, at: Self.moment(0)) } }
        var outbox = Outbox()
        outbox.send(Bytes("\r\n\r\n"), to: Self.flow)
        outbox.send(Bytes("OPTIONS sip:example.net SIP/2.0\r\n\r\n"), to: Self.flow)
        tap.sent(outbox, upTo: outbox.count, at: Self.moment(0))
        tap.handOver(at: Self.moment(0))
        #expect(trace.kept.map(\.text) == ["OPTIONS sip:example.net SIP/2.0\r\n\r\n"])
    }

    @Test("a buffer goes over when it is old or full, and not before")
    func due() {
        let trace = TraceProbe()
        var tap = TraceTap(trace, listeners: [Self.listener])
        #expect(tap.deadline == .never)
        let message = [UInt8](repeating: 0x61, count: 1_000)
        message.withBytes { tap.received($0, from: Self.flow, at: Self.moment(0)) }
        #expect(tap.deadline == Instant.zero + TraceTap.patience)
        tap.handOverIfDue(at: Self.moment(199))
        #expect(trace.kept.isEmpty)
        tap.handOverIfDue(at: Self.moment(200))
        #expect(trace.kept.count == 1)
        #expect(tap.deadline == .never)
        for _ in 0..<200 {
            message.withBytes { tap.received($0, from: Self.flow, at: Self.moment(300)) }
            tap.handOverIfDue(at: Self.moment(300))
        }
        #expect(trace.kept.count > 100)
    }

    @Test("while the trace takes nothing, messages wait up to a bound, then are dropped and counted, and the count goes over")
    func bound() {
        let trace = TraceProbe()
        trace.refuses = true
        var tap = TraceTap(trace, listeners: [Self.listener])
        let message = [UInt8](repeating: 0x61, count: 1_000)
        let sent = 2 * TraceTap.mostBytes / 1_000
        for number in 0..<sent {
            message.withBytes { tap.received($0, from: Self.flow, at: Self.moment(Int64(number))) }
            tap.handOverIfDue(at: Self.moment(Int64(number)))
        }
        #expect(trace.kept.isEmpty)
        trace.refuses = false
        tap.handOver(at: Self.moment(100_000))
        #expect(trace.kept.count > 900 && trace.kept.count < 1_100)
        #expect(trace.lost == UInt64(sent - trace.kept.count))
        message.withBytes { tap.received($0, from: Self.flow, at: Self.moment(100_001)) }
        tap.handOver(at: Self.moment(100_001))
        #expect(trace.lost == UInt64(sent + 1 - trace.kept.count))
    }

    @Test("a socket bound to every address is shown by the address that peers know")
    func unspecified() {
        let trace = TraceProbe()
        let everywhere = ListenerDescription(
            transport: .udp, local: NetworkAddress(ipv4: 0, port: 5060), advertised: NetworkAddress(ipv4: 0xC000_0201, port: 5080))
        var tap = TraceTap(trace, listeners: [everywhere])
        Self.long("x").withBytes { tap.received($0, from: Self.flow, at: Self.moment(0)) }
        tap.handOver(at: Self.moment(0))
        #expect(trace.kept.map(\.local) == [NetworkAddress(ipv4: 0xC000_0201, port: 5060)])
    }
}

/// A trace that keeps what it is given, or refuses.
final class TraceProbe: TraceSink {
    private struct State {
        var kept: [TraceTapTests.Kept] = []
        var times: [WallTime] = []
        var lost: UInt64 = 0
        var refuses = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var kept: [TraceTapTests.Kept] { state.withLock { $0.kept } }
    var times: [WallTime] { state.withLock { $0.times } }
    var lost: UInt64 { state.withLock { $0.lost } }
    var refuses: Bool {
        get { state.withLock { $0.refuses } }
        set { state.withLock { $0.refuses = newValue } }
    }

    /// Returns when something has been handed over.
    func first() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.kept.isEmpty { state.waiters.append(continuation) }
                return !state.kept.isEmpty
            }
            if isThere { continuation.resume() }
        }
    }

    func submit(_ messages: inout TraceStream, lost: UInt64) -> Bool {
        if refuses { return false }
        var kept: [TraceTapTests.Kept] = []
        var times: [WallTime] = []
        messages.seal { _, frame in
            let envelope = frame.envelope
            times.append(envelope.at)
            kept.append(
                TraceTapTests.Kept(
                    direction: envelope.direction, text: frame.message.string, transport: envelope.transport, local: envelope.local,
                    remote: envelope.remote))
        }
        messages.removeAll()
        let waiters = state.withLock { state in
            state.kept += kept
            state.times += times
            state.lost += lost
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
        return true
    }
}
