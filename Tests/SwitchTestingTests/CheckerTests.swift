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
        Set(CallChecker.judge(evidence, now: bench.world.now).violations.map(\.rule))
    }

    @Test("a sound call breaks no rule")
    func sound() throws {
        #expect(rules(try soundEvidence()) == [])
    }

    @Test("no record, or two")
    func recordCount() throws {
        var evidence = try soundEvidence()
        evidence.records += evidence.records
        evidence.records[1].id = CallIdentifier(rawValue: 9)
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

    @Test("a billed time that is not the duration, or not the time until a dead party was last heard")
    func billedTime() throws {
        var evidence = try soundEvidence()
        let duration = evidence.records[0].durationMilliseconds
        evidence.records[0].billedMilliseconds = duration - 1
        #expect(rules(evidence) == [.billedAsModel])
        evidence.records[0].billedMilliseconds = duration + 1
        #expect(rules(evidence) == [.billedAsModel, .lengthsPossible])
        evidence.records[0].billedMilliseconds = -1
        #expect(rules(evidence) == [.billedAsModel, .lengthsPossible])
        // The caller was heard after three seconds, and accepted nothing after the answer.
        evidence.plan.behaviour = .partyDies
        evidence.records[0].endReason = .peerSilent
        evidence.records[0].decision = #"{"takenFor":"a","evidence":"caller: silent"}"#
        evidence.records[0].billedMilliseconds = duration
        #expect(rules(evidence) == [], "the operator has it so that a call is billed to the detection")
        evidence.deathBilling = [.lastProofOfLife]
        #expect(rules(evidence) == [.billedAsModel])
        for milliseconds in [0, 3_000] as [Int64] {
            evidence.records[0].billedMilliseconds = milliseconds
            #expect(rules(evidence) == [])
        }
        evidence.records[0].billedMilliseconds = 3_200
        #expect(rules(evidence) == [.billedAsModel])
    }

    @Test("a duration that is not that of the end which the switch decided, and an end that was carried out too late")
    func decidedEnd() throws {
        var evidence = try soundEvidence()
        let record = evidence.records[0]
        let end = try #require(evidence.facts.ends.first).at
        evidence.endDecidedAt[record.id] = end + .milliseconds(-400)
        #expect(rules(evidence) == [.durationTrue])
        evidence.records[0].durationMilliseconds -= 400
        evidence.records[0].billedMilliseconds = evidence.records[0].durationMilliseconds
        #expect(rules(evidence) == [])
        evidence.endDecidedAt[record.id] = end + .milliseconds(-1_400)
        evidence.records[0].durationMilliseconds -= 1_000
        evidence.records[0].billedMilliseconds = evidence.records[0].durationMilliseconds
        #expect(rules(evidence) == [.endRecorded])
    }

    @Test("a duration that the wire did not see", arguments: [-2, 2, 60_000])
    func wrongDuration(_ error: Int64) throws {
        var evidence = try soundEvidence()
        evidence.records[0].durationMilliseconds += error
        evidence.records[0].billedMilliseconds = evidence.records[0].durationMilliseconds
        #expect(rules(evidence).subtracting([.lengthsPossible]) == [.durationTrue])
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

    @Test("a record that was committed twice, and one of a call that never came in")
    func strangeRecord() throws {
        let sound = try soundEvidence()
        var evidence = sound
        evidence.records += evidence.records
        #expect(rules(evidence).contains(.recordOfBegunCall))
        evidence = sound
        evidence.facts.firstInviteAt = nil
        #expect(rules(evidence) == [.recordOfBegunCall])
    }

    @Test("a call that goes on after its limit, unless no process ran then")
    func outlivedLimit() throws {
        var evidence = try soundEvidence()
        evidence.limits = [.seconds(5)]
        #expect(rules(evidence) == [])
        evidence.limits = [.seconds(2)]
        #expect(rules(evidence) == [.limitKept])
        let answered = try #require(evidence.facts.answerSentAt)
        evidence.switchRestarted = true
        evidence.outages = [Outage(from: answered + .seconds(1), to: answered + .milliseconds(4_100))]
        #expect(rules(evidence) == [])
        evidence.outages = [Outage(from: answered + .seconds(1), to: answered + .milliseconds(3_900))]
        #expect(rules(evidence) == [.limitKept])
        evidence.clockError = .milliseconds(2_200)
        #expect(rules(evidence) == [])
        evidence.clockError = .zero
        // The record of an end in time went with its process.
        evidence.lostAt = [answered + .milliseconds(4_000)]
        evidence.outages.append(Outage(from: answered + .milliseconds(4_000), to: answered + .milliseconds(4_500)))
        #expect(rules(evidence) == [])
    }

    @Test("a call that is cut before its limit", arguments: [EndReason.noTimerLimit, .maximumDuration])
    func cutBeforeLimit(_ reason: EndReason) throws {
        var evidence = try soundEvidence()
        evidence.records[0].endReason = reason
        evidence.limits = [.seconds(5)]
        #expect(rules(evidence) == [])
        evidence.limits = [.seconds(60)]
        #expect(rules(evidence) == [.limitKept])
    }

    @Test("a call that outlives the session of either leg")
    func outlivedSession() throws {
        var evidence = try soundEvidence()
        let answered = try #require(evidence.facts.answerSentAt)
        for callID in [evidence.records[0].callerCallID, evidence.records[0].calleeCallID] {
            let before = evidence.facts.sessions[callID]
            evidence.facts.sessions[callID] = WireTap.Session(renewedAt: answered, seconds: 3)
            #expect(rules(evidence) == [.sessionKept])
            evidence.facts.sessions[callID]?.renewedAt = answered + .seconds(2)
            #expect(rules(evidence) == [])
            evidence.facts.sessions[callID] = before
        }
    }

    @Test("a call that ends by itself although both parties keep it", arguments: [EndReason.sessionExpired, .peerSilent, .dialogLost])
    func endedForNothing(_ reason: EndReason) throws {
        var evidence = try soundEvidence()
        evidence.records[0].endReason = reason
        #expect(rules(evidence) == [.endedForCause])
        evidence.switchRestarted = true
        #expect(rules(evidence) == [])
    }

    @Test("lengths of time that cannot be")
    func impossibleLengths() throws {
        let sound = try soundEvidence()
        var evidence = sound
        evidence.records[0].setupMilliseconds = -1
        #expect(rules(evidence) == [.lengthsPossible])
        evidence = sound
        evidence.records[0].setupMilliseconds = 3_600_000
        #expect(rules(evidence) == [.lengthsPossible])
        evidence = sound
        evidence.records[0].postDialDelayMilliseconds = evidence.records[0].setupMilliseconds + 1_000
        #expect(rules(evidence) == [.lengthsPossible])
        evidence = sound
        evidence.records[0].durationMilliseconds = -5
        evidence.records[0].billedMilliseconds = evidence.records[0].durationMilliseconds
        #expect(rules(evidence) == [.lengthsPossible, .durationTrue])
    }

    @Test("after a restart a duration may differ by what no clock could know, and by no more")
    func restoredDuration() throws {
        var evidence = try soundEvidence()
        evidence.switchRestarted = true
        evidence.records[0].durationMilliseconds += 5
        evidence.records[0].billedMilliseconds = evidence.records[0].durationMilliseconds
        #expect(rules(evidence) == [])
        evidence.records[0].durationMilliseconds += 2_000
        evidence.records[0].billedMilliseconds = evidence.records[0].durationMilliseconds
        #expect(rules(evidence) == [.durationTrue])
        evidence.clockError = .seconds(2)
        #expect(rules(evidence) == [])
    }

    @Test("sums of records that are not the model's")
    func billing() {
        var billing = SimulatedBilling()
        billing.add(recorded: 4_001, model: 4_999, tolerance: nil)
        billing.add(recorded: 4_000, model: 4_010, tolerance: 10)
        #expect(billing.fault == nil)
        var one = billing
        one.add(recorded: 1_001, model: 1_000, tolerance: nil)
        #expect(one.fault != nil)
        billing.add(recorded: 1_050, model: 1_000, tolerance: 0)
        #expect(billing.fault != nil)
    }

    @Test("a BYE with a wrong tag ends no call in the witness's eyes")
    func forgedBye() throws {
        var script = CallerScript()
        script.inDialog = [
            TimedAction(after: .seconds(1), .forgedBye(.fromTag)), TimedAction(after: .seconds(2), .forgedBye(.toTag)),
            TimedAction(after: .seconds(3), .info), TimedAction(after: .seconds(5), .bye),
        ]
        let evidence = try soundEvidence(script)
        #expect(rules(evidence) == [])
        #expect(evidence.caller.clients.filter { $0.method == .bye }.map(\.finals) == [[481], [481], [200]])
        #expect(evidence.records[0].durationMilliseconds >= 5_000)
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
