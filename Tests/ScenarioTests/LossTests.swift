import CallRecords
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Calls over networks that lose, double and reorder, and parties that stop short: missing ACK,
/// unanswered BYE, answers that cross a CANCEL. And streams, where nothing is repeated.
@Suite struct LossTests {
    @Test("lost and doubled packets: calls are set up and ended, each with one record", arguments: 1...12)
    func lossyNetwork(_ seed: Int) throws {
        let conditions = NetworkConditions(
            delay: .milliseconds(5)...(.milliseconds(60)), loss: 0.2, duplication: 0.2, reordering: 0.2)
        let scenario = Scenario(conditions: conditions, seed: UInt64(seed))
        var callee = CalleeScript()
        callee.provisionals = [ScriptedProvisional(after: .milliseconds(100), status: 180)]
        callee.finals = [ScriptedFinal(after: .seconds(2), status: 200)]
        for vendor in scenario.vendors { vendor.callArrived = { $0.behave(callee) } }
        var script = CallerScript()
        script.inDialog = [TimedAction(after: .seconds(10), .bye)]
        let callers = (1...10).map { index in
            let call = scenario.makeCall(index)
            call.begin(script)
            return call
        }
        scenario.finish()
        #expect(scenario.world.store.records.count == 10)
        for caller in callers {
            let record = try #require(scenario.world.store.records.first { $0.callerCallID == caller.callID })
            #expect(record.answeredAt.isSet == caller.wasAnswered)
        }
    }

    @Test("a repeated INVITE gets the last provisional response again and makes no second call")
    func repeatedInvite() throws {
        let scenario = Scenario()
        scenario.world.loses = { message, _, to in message.hasPrefix("SIP/2.0 1") && to == Scenario.customerAddress }
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass(.seconds(4))
        #expect(scenario.vendors[0].callList.count == 1)
        #expect(scenario.sent("SIP/2.0 100", from: Scenario.switchAddress, to: Scenario.customerAddress) == 4)
        scenario.world.loses = nil
        try scenario.callAtVendor().answer()
        scenario.pass()
        scenario.finish(caller)
        _ = try scenario.record()
    }

    @Test("the 200 is repeated by the resend list until its ACK, which is repeated for every copy")
    func repeatedAnswer() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        scenario.world.loses = { message, _, to in message.hasPrefix("SIP/2.0 200") && to == Scenario.customerAddress }
        try scenario.callAtVendor().answer()
        scenario.pass(.seconds(3))
        #expect(!caller.wasAnswered)
        #expect(scenario.sent("SIP/2.0 200", from: Scenario.switchAddress, to: Scenario.customerAddress) == 3)
        scenario.world.loses = nil
        scenario.pass(.seconds(2))
        #expect(caller.wasAnswered)
        #expect(try scenario.callAtVendor().forks[0].isAcknowledged)
        scenario.finish(caller)
    }

    @Test("the callee's repeated 200 gets our ACK again")
    func lostAckToCallee() throws {
        let scenario = Scenario()
        var losses = 2
        scenario.world.loses = { message, _, to in
            guard message.hasPrefix("ACK"), to == Scenario.vendorAddress(1), losses > 0 else { return false }
            losses -= 1
            return true
        }
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(5))
        #expect(callee.forks[0].isAcknowledged)
        #expect(Set(callee.requests(.ack).map(\.branch)).count == 1)
        scenario.finish(caller)
    }

    @Test("missing ACK: both sides are hung up after 64*T1, the callee is acknowledged first")
    func missingAcknowledgement() throws {
        let scenario = Scenario()
        var script = CallerScript()
        script.acknowledges = .never
        let (caller, callee) = try scenario.answeredCall(1, script)
        scenario.pass(.seconds(31))
        #expect(caller.requests(.bye).isEmpty)
        scenario.pass(.seconds(2))
        #expect(caller.requests(.bye).count == 1)
        #expect(callee.byeSentAt != nil || callee.byeReceivedAt != nil)
        scenario.finish()
        #expect(try scenario.record().answeredAt.isSet)
        #expect((31_500...32_500).contains(try scenario.record().durationMilliseconds))
    }

    @Test("missing ACK at a callee that waits longer: the reason is recorded, ACK goes before BYE")
    func missingAcknowledgementReason() throws {
        // Our own resend list is short, so that the switch gives up first.
        let scenario = Scenario(parameters: ["SS_SIP_RESEND_INTERVAL": .intervals([.milliseconds(500), .seconds(1), .seconds(2)])])
        var script = CallerScript()
        script.acknowledges = .never
        let (caller, callee) = try scenario.answeredCall(1, script)
        scenario.pass(.seconds(5))
        #expect(caller.requests(.bye).count == 1)
        #expect(callee.requests(.ack).count == 1)
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .acknowledgementMissing)
        #expect(try scenario.record().endedBy == .server)
    }

    @Test("200 after CANCEL: the callee is acknowledged and hung up, the caller has its 487")
    func answerAfterCancel() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.ringingCall()
        caller.cancel()
        scenario.pass(.milliseconds(15))
        callee.answer()
        scenario.pass()
        #expect(caller.statuses(.invite) == [100, 180, 487])
        #expect(callee.requests(.ack).count == 1)
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .callerCancelled)
        #expect(try scenario.record().durationMilliseconds == 0)
    }

    @Test("CANCEL while the answer is being stored: 487 to the caller, BYE to the callee, one record")
    func cancelDuringCommit() throws {
        let scenario = Scenario()
        scenario.world.store.commitDelay = .milliseconds(500)
        let (caller, callee) = try scenario.ringingCall()
        callee.answer()
        scenario.pass()
        caller.cancel()
        scenario.pass()
        #expect(caller.statuses(.invite) == [100, 180, 487])
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .callerCancelled)
    }

    @Test("CANCEL that comes after our 200: 200 to the CANCEL and no more")
    func lateCancel() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.ringingCall()
        callee.answer()
        scenario.pass(.milliseconds(15))
        caller.cancel()
        scenario.pass()
        #expect(caller.statuses(.cancel) == [200])
        #expect(caller.wasAnswered)
        #expect(callee.byeReceivedAt != nil)
        scenario.finish()
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("BYE from both sides at once: both get 200")
    func crossingByes() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        caller.hangUp()
        callee.hangUp()
        scenario.pass()
        #expect(caller.statuses(.bye) == [200])
        #expect(callee.statuses(.bye) == [200])
        scenario.finish()
        _ = try scenario.record()
    }

    @Test("unanswered BYE: repeated by the list, then the leg is forgotten; the record was written at once")
    func unansweredBye() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        callee.answers[.bye] = nil
        scenario.vendors[0].isDead = true
        caller.hangUp()
        scenario.pass()
        #expect(scenario.world.store.records.count == 1)
        scenario.finish()
        #expect(scenario.sent("BYE", from: Scenario.switchAddress, to: Scenario.vendorAddress(1)) == 11)
    }

    @Test("the callee hangs up while its answer is being stored: the caller gets 480, no BYE goes back")
    func hangUpDuringCommit() throws {
        let scenario = Scenario()
        scenario.world.store.commitDelay = .milliseconds(500)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.answer()
        scenario.pass()
        callee.hangUp()
        scenario.pass()
        // The answer is perhaps stored already: who hangs up is told so when the end is.
        #expect(callee.statuses(.bye) == [])
        #expect(caller.statuses(.invite) == [100, 480])
        scenario.pass(.seconds(1))
        #expect(callee.statuses(.bye) == [200])
        #expect(callee.requests(.bye).isEmpty)
        scenario.finish()
        #expect(try scenario.record().endReason == .calleeUnavailable)
    }

    @Test("BYE on an attempt that was given up does not touch the call that goes on elsewhere")
    func byeOnAbandonedAttempt() throws {
        let scenario = Scenario(parameters: ["SS_SIP_TIMEOUT_RINGING": .integer(2), "SS_GATEWAY_SWITCH_UNTIL_CONNECT": .flag(true)])
        // The first vendor's answer to the INVITE is lost; it believes to have been answered and hangs up.
        var silent = CalleeScript()
        silent.onCancel = .staysSilent
        scenario.vendors[0].callArrived = { call in call.behave(silent) }
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let first = try scenario.callAtVendor(0)
        first.respond(180)
        scenario.pass(.milliseconds(2_200))
        let second = try scenario.callAtVendor(1)
        #expect(first.requests(.cancel).count == 1)
        second.answer()
        scenario.pass()
        try #require(caller.wasAnswered)
        let bye = first.request(.bye)
        scenario.pass()
        #expect(bye.finals == [200])
        #expect(caller.requests(.bye).isEmpty)
        #expect(second.requests(.bye).isEmpty)
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
        #expect(try scenario.record().endedBy == .caller)
    }

    @Test("over streams nothing is repeated", arguments: [TransportKind.tcp])
    func streams(_ transport: TransportKind) throws {
        let scenario = Scenario(transport: transport)
        scenario.vendors[0].isDead = true
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass(.seconds(9))
        #expect(scenario.sent("INVITE", from: Scenario.switchAddress, to: Scenario.vendorAddress(1)) == 1)
        scenario.pass(.seconds(2))
        let callee = try scenario.callAtVendor(1)
        #expect(callee.requests(.invite).first?.header("Via")?.hasPrefix("SIP/2.0/TCP 203.0.113.10:5060") == true)
        #expect(callee.requests(.invite).first?.contact?.hasSuffix(";transport=tcp") == true)
        callee.answer()
        scenario.pass()
        #expect(caller.wasAnswered)
        scenario.finish(caller)
        #expect(scenario.sent("BYE", from: Scenario.switchAddress, to: Scenario.vendorAddress(2)) == 1)
    }

    @Test("a re-INVITE that comes again after the call has ended gets 481 again, also from a vendor")
    func repeatedReinviteAfterEnd() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        caller.hangUp()
        scenario.pass(.milliseconds(12))
        var losses = 1
        scenario.world.loses = { message, _, _ in
            guard message.hasPrefix("SIP/2.0 481"), losses > 0 else { return false }
            losses -= 1
            return true
        }
        let reinvite = callee.reinvite()
        scenario.pass(.seconds(3))
        #expect(reinvite.finals == [481])
        scenario.finish()
    }

    @Test("a vendor's re-INVITE for a call that is long over gets 481, not the refusal of a new call")
    func reinviteAfterEnd() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        caller.hangUp()
        scenario.pass(.seconds(1))
        let reinvite = callee.reinvite()
        scenario.pass()
        #expect(reinvite.finals == [481])
        scenario.finish()
    }

    @Test("a request from a new address of the caller is answered again when it is repeated")
    func repetitionFromAnotherAddress() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall()
        let other = Peer(
            "moved", at: NetworkAddress(ipv4: 0xC000_0263, port: 5060), marker: "~A", in: scenario.world, towards: Scenario.switchAddress)
        let bye = Scenario.bye(of: caller, from: other.address, cseq: 2)
        other.send(raw: bye)
        scenario.pass()
        other.send(raw: bye)
        scenario.pass()
        #expect(other.seen.map(\.status) == [200, 200])
        scenario.finish()
        _ = try scenario.record()
    }
}

extension Scenario {
    /// BYE of a caller's dialog as another address of the same party sends it.
    static func bye(of caller: PeerCall, from address: NetworkAddress, cseq: Int) -> String {
        "BYE \(caller.remoteTarget) SIP/2.0\r\nVia: SIP/2.0/UDP \(address);branch=z9hG4bKmoved;rport\r\nMax-Forwards: 70\r\n"
            + "From: <sip:+14155550100@192.0.2.10>;tag=\(caller.localTag)\r\nTo: <sip:x@203.0.113.10>;tag=\(caller.remoteTag)\r\n"
            + "Call-ID: \(caller.callID)\r\nCSeq: \(cseq) BYE\r\nContent-Length: 0\r\n\r\n"
    }
}
