import CallControl
import CallRecords
import Containers
import Routing
import Testing
import Vocabulary

/// Every way a call ends, in every phase: who is told what, who is named in the record, and that nothing
/// follows an end.
@Suite("Ending a call")
struct CallEndTests {
    // MARK: - The caller gives up

    @Test("CANCEL while a gateway is tried: the attempt is given up, the caller gets 487")
    func cancelledWhileTrying() {
        let bench = CallBench.inPhase(.trying)
        _ = bench.provisional(180, on: leg(0))
        bench.time = 2_500
        #expect(bench.cancelled() == [.abandonAttempt(leg: leg(0), reason: .callerCancelled), .refuseCaller(status: 487), .close])
        #expect(bench.end == (.callerCancelled, .caller, 487))
        #expect(bench.outcomes == [.cancelledByCaller])
        #expect(bench.call.attempts[0].endedAt == wall(2_500))
        #expect(bench.call.endedAt == moment(2_500))
        #expect(bench.verdicts == [.tried, .notNeeded])
    }

    @Test("CANCEL that crosses the answer: the callee is hung up, the caller gets 487, the attempt counts as answered")
    func cancelledWhileRecording() {
        let bench = CallBench.inPhase(.recording)
        #expect(bench.cancelled() == [.hangUpCallee(leg: leg(0), .callerCancelled), .refuseCaller(status: 487), .close])
        #expect(bench.end == (.callerCancelled, .caller, 487))
        #expect(bench.outcomes == [.answered])
        #expect(bench.call.answeredAt == nil, "an answer that was not passed is not charged")
        // The store's commit comes too late and changes nothing.
        #expect(bench.recorded() == [])
        #expect(bench.phase == .over)
    }

    @Test("CANCEL after the answer was passed changes nothing", arguments: [Call.Phase.answered, .connected, .over])
    func cancelledTooLate(phase: Call.Phase) {
        let bench = CallBench.inPhase(phase)
        #expect(bench.cancelled() == [])
        #expect(bench.phase == phase)
    }

    // MARK: - BYE

    @Test("the other side is hung up, and who hung up is named", arguments: [Call.Phase.answered, .connected])
    func hungUp(phase: Call.Phase) {
        let byCaller = CallBench.inPhase(phase)
        byCaller.time = 61_000
        #expect(byCaller.hungUp(by: .caller) == [.hangUpCallee(leg: leg(0), .normalClearing), .close])
        #expect(byCaller.end == (.normalClearing, .caller, 200))
        #expect(byCaller.call.attempts[0].endedAt == wall(61_000))
        let byCallee = CallBench.inPhase(phase)
        #expect(byCallee.hungUp(by: .callee) == [.hangUpCaller(.normalClearing), .close])
        #expect(byCallee.end == (.normalClearing, .callee, 200))
    }

    @Test("a vendor that hangs up before its answer was passed: the caller is refused, nobody is charged")
    func calleeHungUpWhileRecording() {
        let bench = CallBench.inPhase(.recording)
        let actions = bench.hungUp(by: .callee)
        #expect(actions.contains(.refuseCaller(status: 480)))
        #expect(actions.last == .close)
        #expect(bench.end == (.calleeUnavailable, .callee, 480))
        #expect(bench.call.answeredAt == nil)
        #expect(bench.recorded() == [])
    }

    @Test("BYE where there is nothing to hang up", arguments: [Call.Phase.trying, .over], [CallParty.caller, .callee])
    func hungUpOutOfPlace(phase: Call.Phase, party: CallParty) {
        let bench = CallBench.inPhase(phase)
        #expect(bench.hungUp(by: party) == [])
        #expect(bench.phase == phase)
    }

    // MARK: - Recording

    @Test("an answer that cannot be recorded is not passed: 503, and the callee is hung up")
    func recordingFailed() {
        let bench = CallBench.inPhase(.recording)
        #expect(
            bench.event { $0.recordingFailed(&$1, now: $2) }
                == [.hangUpCallee(leg: leg(0), .recordStoreFailing), .refuseCaller(status: 503), .close])
        #expect(bench.end == (.recordStoreFailing, .server, 503))
        #expect(bench.call.answeredAt == nil)
        #expect(bench.recorded() == [])
    }

    @Test("a report of the store that does not concern the call changes nothing", arguments: [Call.Phase.trying, .answered, .connected, .over])
    func otherReports(phase: Call.Phase) {
        let bench = CallBench.inPhase(phase)
        #expect(bench.recorded() == [])
        #expect(bench.event { $0.recordingFailed(&$1, now: $2) } == [])
        #expect(bench.phase == phase)
    }

    // MARK: - Ended by the switch

    @Test(
        "an operator or a limit ends an answered call with BYE to both sides",
        arguments: [
            EndReason.hungUpByOperator, .maximumDuration, .noTimerLimit, .sessionExpired, .stopping, .internalFault,
        ])
    func endedAnswered(reason: EndReason) {
        for phase in [Call.Phase.answered, .connected] {
            let bench = CallBench.inPhase(phase)
            #expect(bench.end(reason) == [.recordEnd])
            #expect(bench.phase == .ending)
            #expect(bench.endRecorded() == [.hangUpCaller(reason), .hangUpCallee(leg: leg(0), reason), .close])
            #expect(bench.end == (reason, .server, 200))
        }
    }

    @Test("before the answer the caller is refused", arguments: [(EndReason.stopping, 503), (.hungUpByOperator, 480)])
    func endedBefore(reason: EndReason, status: Int) {
        let trying = CallBench.inPhase(.trying)
        #expect(trying.end(reason) == [.abandonAttempt(leg: leg(0), reason: reason), .refuseCaller(status: status), .close])
        #expect(trying.end == (reason, .server, status))
        #expect(trying.outcomes == [.abandoned])
        let recording = CallBench.inPhase(.recording)
        #expect(recording.end(reason) == [.hangUpCallee(leg: leg(0), reason), .refuseCaller(status: status), .close])
        let over = CallBench.inPhase(.over)
        #expect(over.end(reason) == [])
    }

    @Test("no ACK: both sides are hung up", arguments: [Call.Phase.answered, .connected])
    func acknowledgementMissing(phase: Call.Phase) {
        let bench = CallBench.inPhase(phase)
        #expect(bench.event { $0.acknowledgementMissing(&$1, now: $2) } == [.recordEnd])
        #expect(bench.endRecorded() == [.hangUpCaller(.acknowledgementMissing), .hangUpCallee(leg: leg(0), .acknowledgementMissing), .close])
        #expect(bench.end == (.acknowledgementMissing, .server, 200))
    }

    @Test("no PRACK: the caller gets 504", arguments: [Call.Phase.trying, .recording])
    func provisionalUnacknowledged(phase: Call.Phase) {
        let bench = CallBench.inPhase(phase)
        let actions = bench.event { $0.provisionalUnacknowledged(&$1, now: $2) }
        #expect(actions.suffix(2) == [.refuseCaller(status: 504), .close])
        #expect(actions.count == 3)
        #expect(bench.end == (.reliableProvisionalUnacknowledged, .server, 504))
    }

    @Test("a side that lost the dialog is not hung up, the other is (RFC 5057)", arguments: [Call.Phase.answered, .connected])
    func dialogLost(phase: Call.Phase) {
        let caller = CallBench.inPhase(phase)
        #expect(caller.event { $0.dialogLost(by: .caller, &$1, now: $2) } == [.recordEnd])
        #expect(caller.endRecorded() == [.hangUpCallee(leg: leg(0), .dialogLost), .close, .dropLeg(SlabKey(index: 1, generation: 1))])
        #expect(caller.end == (.dialogLost, .caller, 200))
        let callee = CallBench.inPhase(phase)
        #expect(callee.event { $0.dialogLost(by: .callee, &$1, now: $2) } == [.recordEnd])
        #expect(callee.endRecorded() == [.hangUpCaller(.dialogLost), .close, .dropLeg(leg(0))])
    }

    @Test("a side whose refresh was answered with 408 or 481 is hung up as well (RFC 4028, section 10)")
    func dialogLostByRefresh() {
        let bench = CallBench.inPhase(.connected)
        _ = bench.event { $0.dialogLost(by: .callee, isHungUp: true, &$1, now: $2) }
        #expect(bench.endRecorded() == [.hangUpCaller(.dialogLost), .hangUpCallee(leg: leg(0), .dialogLost), .close])
        #expect(bench.end == (.dialogLost, .callee, 200))
    }

    @Test("what only an answered call can suffer does nothing before", arguments: [Call.Phase.trying, .recording, .over])
    func onlyAnswered(phase: Call.Phase) {
        let bench = CallBench.inPhase(phase)
        #expect(bench.event { $0.acknowledgementMissing(&$1, now: $2) } == [])
        #expect(bench.event { $0.dialogLost(by: .callee, &$1, now: $2) } == [])
        bench.call.acknowledged()
        #expect(bench.phase == phase)
    }

    @Test("what only a set-up can suffer does nothing after", arguments: [Call.Phase.answered, .connected, .over])
    func onlySetup(phase: Call.Phase) {
        let bench = CallBench.inPhase(phase)
        #expect(bench.event { $0.provisionalUnacknowledged(&$1, now: $2) } == [])
        #expect(bench.provisional(180, on: leg(0)) == [])
        #expect(bench.answer(on: leg(0)) == [])
        #expect(bench.refusal(486, on: leg(0)) == [])
        #expect(bench.failure(.inviteTimeout, on: leg(0)) == [])
        bench.time = 1_000_000
        #expect(bench.event { $0.handleTimeout(&$1, now: $2) } == [])
        #expect(bench.call.nextDeadline == .never)
        #expect(bench.phase == phase)
    }

    // MARK: - Always

    @Test("in any order of events a call closes exactly once, as its last word, and names every gateway's fate")
    func closesOnce() {
        var generator = Generator(state: 23)
        for _ in 0..<3_000 {
            let bench = CallBench(gateways: 1 + Int(generator.next() % 3), setupLimit: generator.next() % 4 == 0 ? .seconds(30) : nil)
            var all = bench.begin()
            for _ in 0..<40 {
                bench.time += Int64(generator.next() % 3_000)
                let on = leg(Int(generator.next() % 4))
                switch generator.next() % 15 {
                case 0...2: all += bench.provisional([100, 180, 183][Int(generator.next() % 3)], media: generator.next() % 2 == 0, on: on)
                case 3: all += bench.answer(on: on)
                case 4: all += bench.refusal([486, 503, 603][Int(generator.next() % 3)], on: on)
                case 5: all += bench.failure(.inviteTimeout, on: on)
                case 6: all += bench.recorded()
                case 7: all += generator.next() % 4 == 0 ? bench.cancelled() : []
                case 8: all += generator.next() % 4 == 0 ? bench.hungUp(by: .callee) : []
                case 9: all += generator.next() % 4 == 0 ? bench.hungUp(by: .caller) : []
                case 10: all += bench.timeout()
                case 11: all += generator.next() % 8 == 0 ? bench.event { $0.recordingFailed(&$1, now: $2) } : []
                case 12: all += generator.next() % 8 == 0 ? bench.event { $0.acknowledgementMissing(&$1, now: $2) } : []
                case 13: all += generator.next() % 8 == 0 ? bench.endRecorded() : []
                default: bench.call.acknowledged()
                }
                #expect(bench.call.isOver == all.contains(.close))
            }
            all += bench.end(.hungUpByOperator)
            all += bench.endRecorded()
            #expect(bench.phase == .over)
            #expect(all.count(where: { $0 == .close }) == 1)
            let last = all.drop { $0 != .close }.dropFirst()
            #expect(last.allSatisfy { if case .dropLeg = $0 { true } else { false } })
            #expect(bench.call.endedAt != nil)
            #expect(!bench.verdicts.contains(.waiting))
            #expect(bench.outcomes.allSatisfy { $0 != nil })
            #expect(bench.call.attempts.allSatisfy { $0.endedAt.isSet })
            #expect(bench.call.callerStatus >= 200)
            // The caller hears exactly one final answer.
            let finals = all.count { action in
                switch action {
                case .passAnswer, .passRefusal, .refuseCaller: true
                default: false
                }
            }
            #expect(finals == 1)
        }
    }

    // MARK: - After a restart

    @Test("a call that was up when the process ended goes on: hung up by either side, with its names and stamps")
    func restored() {
        func restore() -> CallBench {
            let bench = CallBench()
            let stored = RestoredCall(
                id: CallIdentifier(rawValue: 77), source: NetworkAddress(ipv4: 0xC000_0202, port: 5060), gatewayAddress: CallBench.gatewayAddress,
                receivedAt: moment(-9_000), firstProvisionalAt: wall(-8_500), ringingAt: moment(-8_000), answeredAt: moment(-5_000),
                attemptStartedAt: wall(-9_000), callerNumber: Bytes("+14155550101"), calleeNumber: Bytes("+14155550100"),
                calleeSent: Bytes("+14155550100"), callerCallID: Bytes("a"), calleeCallID: Bytes("b"), mappingGatewayName: Bytes("customer"),
                routingGatewayName: Bytes("carrier"), decision: Bytes("{}"))
            bench.call = Call(restoring: stored, configuration: SwitchConfiguration(), callerLeg: SlabKey(index: 1, generation: 1), calleeLeg: leg(0))
            return bench
        }
        let bench = restore()
        #expect(bench.phase == .connected)
        #expect(bench.call.calleeLeg == leg(0))
        #expect(bench.call.nextDeadline == .never)
        #expect(bench.call.answeredAt == moment(-5_000))
        #expect(bench.call.attempts.map(\.outcome) == [.answered])
        if let names = bench.call.stored {
            #expect(bench.call.texts[names.mappingGateway].string == "customer")
            #expect(bench.call.texts[names.routingGateway].string == "carrier")
            #expect(bench.call.texts[names.decision].string == "{}")
        } else {
            Issue.record("no names")
        }
        bench.time = 1_000
        #expect(bench.hungUp(by: .callee) == [.hangUpCaller(.normalClearing), .close])
        #expect(bench.end == (.normalClearing, .callee, 200))
        #expect(bench.call.id == CallIdentifier(rawValue: 77))
        #expect(restore().hungUp(by: .caller) == [.hangUpCallee(leg: leg(0), .normalClearing), .close])
        let limited = restore()
        #expect(limited.end(.maximumDuration) == [.recordEnd])
        #expect(limited.endRecorded().count == 3)
    }
}

/// A small repeatable source of numbers (SplitMix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
