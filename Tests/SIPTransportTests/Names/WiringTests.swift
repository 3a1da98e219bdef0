import CallRecords
import Logging
import Routing
import SIPMessages
import SIPUserAgent
import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// A shard that takes each message for a host name, looks it up at port 5060, and answers with what came of it.
private struct AskingShard: ~Copyable, ShardDriving {
    var outbox = Outbox()
    var records = RecordStream()
    var questions: [NextHop] = []
    private var askers: [String: [Flow]] = [:]
    private let index: Int

    init(_ configuration: ShardConfiguration) { index = configuration.index }

    var nextDeadline: Instant { .never }

    mutating func messageReceived(_ bytes: UnsafeMutableRawBufferPointer, from flow: Flow, at now: Moment) {
        let host = Bytes(UnsafeRawBufferPointer(bytes)).string
        if askers[host] == nil { questions.append(NextHop(host: host, port: 5060)) }
        askers[host, default: []].append(flow)
    }

    mutating func commandReceived(_ command: ShardCommand, at now: Moment) {
        guard case .resolved(let hop, let resolution) = command else { return }
        var text = "shard \(index):"
        switch resolution {
        case .targets(let targets, _): for target in targets { text += " \(target.transport.name) \(target.address)" }
        case .failed(let reason, _): text += " \(reason)"
        }
        for flow in askers.removeValue(forKey: hop.host) ?? [] { text.withBytes { outbox.send($0, to: flow) } }
    }

    mutating func handleTimeouts(at now: Moment) {}
    mutating func recordsCommitted(_ commit: RecordCommit, at now: Moment) {}
    mutating func transportFailed(_ flow: Flow, at now: Moment) {}

    /// The second byte of "s0.example.net" is the shard.
    static func owner(of message: Bytes, count: Int) -> Int { message.count > 1 ? Int(message[1] & 1) : 0 }
}

/// Covers the way of a question from a shard to the name servers and back.
@Suite("Name service behind the shards", .timeLimit(.minutes(1)))
struct WiringTests {
    private func withAskingShards(
        _ settings: TransportSettings, _ body: (SwitchRuntime, LoopbackUDP) async throws -> Void
    ) async throws {
        let configuration = ShardConfiguration(
            count: 2, seed: 1, listeners: [loopback(.udp)], switchConfiguration: SwitchConfiguration())
        let runtime = try await SwitchRuntime.start(
            AskingShard.self, configuration: configuration, settings: settings, sink: Probe(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await body(runtime, try LoopbackUDP())
        } catch {
            await runtime.stop()
            throw error
        }
        await runtime.stop()
    }

    @Test("what a shard asks comes back to it, from the name servers and from the cache")
    func questions() async throws {
        try await withNameServer { server in
            server["s0.example.net", .a] = .records(record("192.0.2.10"))
            server["s1.example.net", .a] = .records(record("192.0.2.11"))
            var settings = TransportSettings()
            settings.nameServers = [server.address]
            try await withAskingShards(settings) { runtime, peer in
                for _ in 0..<2 {
                    for shard in 0...1 {
                        peer.send("s\(shard).example.net", to: runtime.listeners[0].local)
                        #expect(peer.receiveText() == "shard \(shard): udp 192.0.2.1\(shard):5060")
                    }
                }
                peer.send("s0-gone.example.net", to: runtime.listeners[0].local)
                #expect(peer.receiveText() == "shard 0: s0-gone.example.net does not exist")
                #expect(server.asked.count == 3)
                #expect(runtime.nameStatistics.cacheHits == 2)
            }
        }
    }

    @Test("more name servers than the library uses are refused")
    func tooManyNameServers() async {
        var settings = TransportSettings()
        settings.nameServers = (1...4).map { NetworkAddress(ipv4: 0x7F00_0000 + $0, port: 53) }
        await #expect(throws: TransportError.outOfRange("there can be at most 3 name servers, not 4")) {
            try await withAskingShards(settings) { _, _ in }
        }
    }
}
