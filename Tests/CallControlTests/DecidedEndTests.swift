import CallControl
import CallRecords
import Containers
import Routing
import Testing
import Vocabulary

/// Ends that the switch decides itself: stored before anybody is hung up, and standing whatever comes meanwhile.
@Suite("Ends that the switch decides")
struct DecidedEndTests {
    private let callerLeg = SlabKey(index: 1, generation: 1)

    @Test("reason, party and instant are those of the decision, not of the commit")
    func instant() {
        let bench = CallBench.inPhase(.connected)
        bench.time = 60_000
        #expect(bench.end(.noTimerLimit) == [.recordEnd])
        bench.time = 60_400
        _ = bench.endRecorded()
        #expect(bench.call.endedAt == moment(60_000))
        #expect(bench.call.attempts[0].endedAt == wall(60_000))
        #expect(bench.end == (.noTimerLimit, .server, 200))
    }

    @Test("a store that says nothing is waited for half a second")
    func bounded() {
        let bench = CallBench.inPhase(.connected)
        bench.time = 60_000
        _ = bench.end(.hungUpByOperator)
        #expect(bench.deadline == 60_500)
        bench.time = 60_499
        #expect(bench.event { $0.handleTimeout(&$1, now: $2) } == [])
        #expect(bench.timeout() == [.hangUpCaller(.hungUpByOperator), .hangUpCallee(leg: leg(0), .hungUpByOperator), .close])
        #expect(bench.call.endedAt == moment(60_000))
        #expect(bench.endRecorded() == [], "the commit that comes after all changes nothing")
    }

    @Test("a party that hangs up meanwhile gets no BYE, and the switch's reason stands", arguments: [CallParty.caller, .callee])
    func hungUpMeanwhile(party: CallParty) {
        let bench = CallBench.inPhase(.connected)
        bench.time = 60_000
        _ = bench.end(.maximumDuration)
        bench.time = 60_010
        #expect(bench.hungUp(by: party) == [])
        #expect(bench.phase == .ending)
        let expected: [CallAction] =
            party == .caller
            ? [.hangUpCallee(leg: leg(0), .maximumDuration), .close, .dropLeg(callerLeg)]
            : [.hangUpCaller(.maximumDuration), .close, .dropLeg(leg(0))]
        #expect(bench.endRecorded() == expected)
        #expect(bench.end == (.maximumDuration, .server, 200))
        #expect(bench.call.endedAt == moment(60_000))
    }

    @Test("when both hang up meanwhile nobody gets a BYE")
    func bothHungUp() {
        let bench = CallBench.inPhase(.connected)
        _ = bench.end(.sessionExpired)
        _ = bench.hungUp(by: .callee)
        _ = bench.event { $0.dialogLost(by: .caller, &$1, now: $2) }
        #expect(bench.endRecorded() == [.close, .dropLeg(callerLeg), .dropLeg(leg(0))])
        #expect(bench.end == (.sessionExpired, .server, 200))
    }

    @Test("a second verdict changes nothing")
    func decidedOnce() {
        let bench = CallBench.inPhase(.connected)
        bench.time = 60_000
        _ = bench.end(.maximumDuration)
        bench.time = 60_100
        #expect(bench.end(.hungUpByOperator) == [])
        #expect(bench.event { $0.acknowledgementMissing(&$1, now: $2) } == [])
        bench.call.acknowledged()
        #expect(bench.phase == .ending)
        #expect(bench.end.reason == .maximumDuration)
        #expect(bench.call.endedAt == moment(60_000))
    }

    @Test("a process that finds the decision in its store carries it out at once, as it was decided")
    func restored() {
        let bench = CallBench()
        var stored = RestoredCall(
            id: CallIdentifier(rawValue: 77), source: CallBench.gatewayAddress, gatewayAddress: CallBench.gatewayAddress,
            receivedAt: moment(-9_000), firstProvisionalAt: wall(-8_500), ringingAt: nil, answeredAt: moment(-5_000),
            attemptStartedAt: wall(-9_000), callerNumber: Bytes("1"), calleeNumber: Bytes("2"), calleeSent: Bytes("2"),
            callerCallID: Bytes("a"), calleeCallID: Bytes("b"), mappingGatewayName: Bytes("customer"), routingGatewayName: Bytes("carrier"),
            decision: Bytes("{}"))
        stored.ending = StoredEnding(
            reason: .dialogLost, party: .callee, endedAt: moment(-1_000), billedUntil: moment(-1_500), reportedCause: 17, note: Bytes("callee: gone"))
        bench.call = Call(restoring: stored, configuration: SwitchConfiguration(), callerLeg: callerLeg, calleeLeg: leg(0))
        #expect(bench.phase == .ending)
        #expect(bench.deadline == -1_000)
        bench.time = 5
        #expect(
            bench.event { $0.handleTimeout(&$1, now: $2) }
                == [.hangUpCaller(.dialogLost), .hangUpCallee(leg: leg(0), .dialogLost), .close])
        #expect(bench.end == (.dialogLost, .callee, 200))
        #expect(bench.call.endedAt == moment(-1_000))
        #expect(bench.call.billedUntil == moment(-1_500))
        #expect(bench.call.reportedCause == 17)
        #expect(bench.call.texts[bench.call.endNote].string == "callee: gone")
    }
}
