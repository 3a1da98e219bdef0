import CallRecords
import Routing
import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers what tasks and the store ask of running shards.
@Suite("Switch runtime", .timeLimit(.minutes(1)))
struct RuntimeTests {
    @Test("questions are answered by every shard, in order")
    func questions() async throws {
        try await withSwitch([loopback(.udp)], shards: 3) { runtime, _ in
            let statistics = try await runtime.statistics()
            #expect(statistics.map(\.calls) == [1, 2, 3])
            let calls = try await runtime.liveCalls()
            #expect(calls.isEmpty)
            let known = try await runtime.hangUp(CallIdentifier(rawValue: 2))
            let unknown = try await runtime.hangUp(CallIdentifier(rawValue: 9))
            #expect(known && !unknown)
        }
    }

    @Test("orders reach the shard")
    func orders() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, probe in
            try runtime.configure(SwitchConfiguration(revision: 7))
            try runtime.refuseNewCalls(true)
            try runtime.endUnansweredCalls(.stopping)
            try runtime.endAllCalls(.normalClearing)
            await probe.first { $0 == .ending }
            #expect(probe.events == [.configured(7), .refusing(true), .endingUnanswered, .ending])
        }
    }

    @Test("records go to the store before anything else happens, and its answer comes back")
    func records() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, probe in
            let peer = try LoopbackUDP()
            for last in 1...2 as ClosedRange<UInt64> {
                peer.send("record", to: runtime.listeners[0].local)
                #expect(peer.receiveText() == "record")
                await probe.first { $0 == .records(shard: 0, bytes: [2, 42, 0, 0, 0, 0, 0, 0, 0], last: last) }
                runtime.deliver(.committed(through: last), toShard: 0)
                await probe.first { $0 == .committed(.committed(through: last)) }
            }
        }
    }

    @Test("a stopped switch says so, frees its port, and can be stopped again")
    func stop() async throws {
        var runtime: SwitchRuntime?
        try await withSwitch([loopback(.udp), loopback(.tcp)]) { started, _ in runtime = started }
        let stopped = try #require(runtime)
        await #expect(throws: SwitchRuntime.Failure.stopped) { try await stopped.statistics() }
        #expect(throws: SwitchRuntime.Failure.stopped) { try stopped.refuseNewCalls(true) }
        stopped.deliver(.committed(through: 1), toShard: 0)
        await stopped.stop()
        _ = try LoopbackUDP("\(stopped.listeners[0].local)")
        _ = try LoopbackTCPListener("\(stopped.listeners[1].local)")
    }

    @Test("a number of shards outside 1 to 32 is refused", arguments: [0, 33])
    func shardCount(_ count: Int) async {
        await #expect(throws: TransportError.self) { try await withSwitch([loopback(.udp)], shards: count) { _, _ in } }
    }

    @Test("the advertised address follows the port that the system chose, unless it is configured")
    func advertised() async throws {
        var configured = loopback(.udp)
        configured.advertised = NetworkAddress(ipv4: 0xC000_0201, port: 5060)
        try await withSwitch([loopback(.udp), configured, loopback(.tcp)]) { runtime, _ in
            #expect(runtime.listeners[0].advertised == runtime.listeners[0].local)
            #expect(runtime.listeners[1].advertised == configured.advertised)
            #expect(runtime.listeners[2].advertised == runtime.listeners[2].local)
            #expect(runtime.listeners.allSatisfy { $0.local.port != 0 })
        }
    }
}
