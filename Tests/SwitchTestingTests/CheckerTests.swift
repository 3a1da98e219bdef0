import CallRecords
import Routing
import SIPMessages
import Testing
import Vocabulary

@testable import SwitchTesting

/// The checkers find what is planted: each rule is broken once and must be reported, and a sound call
/// must not be.
@Suite struct CheckerTests {
    private let bench = Bench()

    /// A call that went well through a whole switch, with what the checker looks at.
    private func soundEvidence(_ script: CallerScript? = nil) throws -> CallEvidence {
        var caller = CallerScript()
        caller.inDialog = [TimedAction(after: .seconds(3), .info), TimedAction(after: .seconds(5), .bye)]
        let call = bench.customer.makeCall(index: 1, to: SimulatedNumber.of(1))
        call.begin(script ?? caller)
        #expect(bench.world.runUntilQuiet())
        let callee = try #require(bench.vendor.callList.first)
        var generator = SeededGenerator(seed: 1)
        return CallEvidence(
            index: 1, plan: CallPlan(.callerHangsUp, &generator), caller: call, callees: [callee], records: bench.world.store.records,
            facts: bench.tap[1], openedAt: bench.world.store.openedAt, networkIsPerfect: true, storeFailed: false)
    }

    private func rules(_ evidence: CallEvidence) -> Set<Violation.Rule> {
        Set(CallChecker.judge(evidence, now: .zero).map(\.rule))
    }

    @Test("a sound call breaks no rule")
    func sound() throws {
        #expect(rules(try soundEvidence()) == [])
    }

    @Test("no record, or two")
    func recordCount() throws {
        var evidence = try soundEvidence()
        evidence.records += evidence.records
        #expect(rules(evidence) == [.oneRecordPerCall])
        evidence.records = []
        #expect(rules(evidence) == [.oneRecordPerCall])
        evidence.storeFailed = true
        #expect(rules(evidence) == [.oneRecordPerCall], "an answered call is not excused by a failing store")
    }

    @Test("an answer that is not recorded")
    func answerNotRecorded() throws {
        var evidence = try soundEvidence()
        evidence.records[0].answeredAt = .unset
        #expect(rules(evidence) == [.answerRecorded])
    }

    @Test("an answer that is recorded and was never passed")
    func answerNotPassed() throws {
        var evidence = try soundEvidence()
        evidence.facts.answerSentAt = nil
        #expect(rules(evidence) == [.answerRecorded])
    }

    @Test("an answer that left before its commit")
    func answerBeforeCommit() throws {
        var evidence = try soundEvidence()
        let id = evidence.records[0].id
        evidence.openedAt[id] = evidence.facts.answerSentAt.map { $0 + .milliseconds(1) }
        #expect(rules(evidence) == [.answerAfterCommit])
        evidence.openedAt = [:]
        #expect(rules(evidence) == [.answerAfterCommit])
    }

    @Test("a duration that the wire did not see", arguments: [-2, 2, 60_000])
    func wrongDuration(_ error: Int64) throws {
        var evidence = try soundEvidence()
        evidence.records[0].durationMilliseconds += error
        #expect(rules(evidence) == [.durationTrue])
    }

    @Test("an attempt that is not recorded")
    func missingAttempt() throws {
        var evidence = try soundEvidence()
        evidence.records[0].attempts = []
        #expect(rules(evidence) == [.attemptsTrue])
    }

    @Test("a leg that did not end")
    func openLeg() throws {
        let evidence = try soundEvidence()
        evidence.callees[0].forks[0].isEnded = false
        #expect(rules(evidence) == [.bothLegsEnd])
    }

    @Test("a request without an answer, unless the network lost it or its answers")
    func unansweredRequest() throws {
        let evidence = try soundEvidence()
        let info = try #require(evidence.caller.clients.first { $0.method == .info })
        info.finals = []
        #expect(rules(evidence) == [.oneFinalAnswer])
        info.lostFinals = 1
        #expect(rules(evidence) == [])
    }

    @Test("a request with two different answers")
    func twoAnswers() throws {
        let evidence = try soundEvidence()
        evidence.caller.clients[0].finals = [200, 486]
        #expect(rules(evidence) == [.oneFinalAnswer])
    }

    @Test("the same tag or Call-ID on both legs")
    func sharedIdentifiers() throws {
        var evidence = try soundEvidence()
        evidence.facts.calleeLegTags = evidence.facts.callerLegTags
        #expect(rules(evidence) == [.topologyHidden])
    }

    @Test("endless repetition")
    func repetition() throws {
        let evidence = try soundEvidence()
        evidence.caller.messagesReceived = CallChecker.mostMessages + 1
        #expect(rules(evidence) == [.boundedRepetition])
    }

    @Test("the other side's identifiers in a message are seen by the peer that gets it")
    func leak() {
        bench.vendor.forbid("~A", "192.0.2.")
        bench.vendor.receive(
            Array("OPTIONS sip:a@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.10;branch=z9hG4bKx\r\nFrom: <sip:a@192.0.2.10>;tag=1\r\n".utf8)
                + Array("To: <sip:b@example.net>\r\nCall-ID: 1~A@x\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n".utf8),
            from: Bench.switchAddress)
        #expect(bench.world.violations.map(\.rule) == [.topologyHidden, .topologyHidden])
    }

    @Test("a message that cannot be read is reported")
    func unreadable() {
        bench.customer.receive(Array("SIP/2.0 200 OK\r\n\r\n".utf8), from: Bench.switchAddress)
        #expect(bench.world.violations.map(\.rule) == [.soundMessages])
    }

    @Test("a call that had to be answered and was not")
    func notAnswered() throws {
        var script = CallerScript()
        script.cancelsAfter = .milliseconds(50)
        #expect(rules(try soundEvidence(script)) == [.answerRecorded])
    }
}

/// A switch with one customer and one vendor that answers after 300 ms.
private final class Bench {
    static let switchAddress = NetworkAddress(ipv4: 0xCB00_710A, port: 5060)
    let world: VirtualWorld
    let tap = WireTap()
    let customer: Peer
    let vendor: Peer

    init() {
        let (here, there) = (NetworkAddress(ipv4: 0xC000_020A, port: 5060), NetworkAddress(ipv4: 0xC633_6401, port: 5060))
        let configuration = SwitchConfiguration(
            mappingGateways: [MappingGateway(name: "a", addresses: [here])], routingGateways: [RoutingGateway(name: "b", addresses: [there])])
        world = VirtualWorld(
            VirtualWorld.Setup(configuration: configuration, listeners: [ListenerDescription(transport: .udp, local: Bench.switchAddress)]))
        world.tap = tap
        customer = Peer("customer", at: here, marker: "~A", in: world, towards: Bench.switchAddress)
        vendor = Peer("vendor", at: there, marker: "~B", in: world, towards: Bench.switchAddress)
        var script = CalleeScript()
        script.finals = [ScriptedFinal(after: .milliseconds(300), status: 200)]
        vendor.callArrived = { call in call.behave(script) }
    }
}
