import CallRecords
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Calls as they usually go, and how they are refused. Not here: what happens inside an answered call.
@Suite struct CallFlowTests {
    @Test("a basic call: 100 at once, 180 and 200 passed, ACK passed, BYE passed, one record")
    func basicCall() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass(.milliseconds(25))
        #expect(caller.statuses(.invite) == [100])
        let callee = try scenario.callAtVendor()
        callee.respond(180)
        scenario.pass(.milliseconds(25))
        #expect(caller.statuses(.invite) == [100, 180])
        scenario.pass(.seconds(3))
        callee.answer()
        scenario.pass()
        #expect(caller.statuses(.invite) == [100, 180, 200])
        #expect(callee.requests(.ack).count == 1)
        let answer = try #require(caller.responses(.invite).last)
        #expect(answer.body.contains("m=audio 40000"))
        #expect(answer.header("Content-Type") == "application/sdp")
        scenario.pass(.seconds(10))
        caller.hangUp()
        scenario.pass()
        #expect(caller.statuses(.bye) == [200])
        #expect(callee.byeReceivedAt != nil)
        scenario.finish()

        let record = try scenario.record()
        #expect(record.answeredAt.isSet)
        #expect(record.ringingAt.isSet)
        #expect((10_000...10_120).contains(record.durationMilliseconds))
        #expect(record.endReason == .normalClearing)
        #expect(record.endedBy == .caller)
        #expect((record.callerStatus, record.calleeStatus) == (200, 200))
        #expect(record.caller.received == "+14155550100")
        #expect(record.callee.received == SimulatedNumber.of(1))
        #expect((record.mappingGateway, record.routingGateway) == ("customer-a", "carrier-0"))
        #expect((record.callerCallID, record.calleeCallID) == (caller.callID, callee.callID))
        #expect(record.callerAddress == "192.0.2.10:5060")
        #expect(record.calleeAddress == "198.51.100.1:5060")
        #expect(record.attempts.map(\.outcome) == [.answered])
        #expect(record.q850Cause == 16)
        #expect(record.decision.contains(#""origin":{"kind":"mappingGateway","name":"customer-a","rule":"address""#))
        #expect(record.decision.contains(#""verdict":"answered""#))
        #expect(record.decision.contains(#""verdict":"notNeeded""#))
    }

    @Test("the callee hangs up: the caller gets BYE with the callee's reason, the record says who")
    func calleeHangsUp() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        callee.request(.bye, fields: ["Reason: Q.850;cause=34;text=\"No circuit\""])
        scenario.pass()
        let bye = try #require(caller.requests(.bye).first)
        #expect(bye.header("Reason") == "Q.850;cause=34;text=\"No circuit\"")
        scenario.finish()
        #expect(try scenario.record().endedBy == .callee)
        #expect(try scenario.record().q850Cause == 34)
    }

    @Test("CANCEL while ringing: 200 to the CANCEL, 487 to the INVITE, CANCEL to the gateway, no other gateway tried")
    func cancelWhileRinging() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(180)
        scenario.pass(.seconds(2))
        caller.cancel()
        scenario.pass()
        #expect(caller.statuses(.cancel) == [200])
        #expect(caller.statuses(.invite) == [100, 180, 487])
        #expect(callee.requests(.cancel).count == 1)
        scenario.finish()
        #expect(scenario.vendors[1].callList.isEmpty)
        let record = try scenario.record()
        #expect(record.endReason == .callerCancelled)
        #expect(record.callerStatus == 487)
        #expect(!record.answeredAt.isSet)
        #expect(record.durationMilliseconds == 0)
        #expect(record.attempts.map(\.outcome) == [.cancelledByCaller])
    }

    @Test("CANCEL before the gateway said anything waits for its first provisional response")
    func cancelBeforeProvisional() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        caller.cancel()
        scenario.pass()
        #expect(caller.statuses(.invite).last == 487)
        #expect(callee.requests(.cancel).isEmpty)
        callee.respond(180)
        scenario.pass()
        #expect(callee.requests(.cancel).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .callerCancelled)
    }

    @Test("busy at the only gateway: 486 with the gateway's reason phrase is passed")
    func busy() throws {
        let scenario = Scenario(vendors: 1)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(try #require(callee.initialServer), 486, reason: "Occupied")
        scenario.pass()
        let refusal = try #require(caller.responses(.invite).last)
        #expect((refusal.status, refusal.reasonPhrase) == (486, "Occupied"))
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .calleeBusy)
        #expect(record.endedBy == .callee)
        #expect(record.q850Cause == 17)
    }

    @Test("503 of the first gateway: the second is tried, the caller hears nothing of it")
    func nextGateway() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        try scenario.callAtVendor(0).respond(503)
        scenario.pass()
        let second = try scenario.callAtVendor(1)
        #expect(second.callID != (try scenario.callAtVendor(0)).callID)
        #expect(caller.statuses(.invite) == [100])
        second.answer()
        scenario.pass()
        #expect(caller.wasAnswered)
        scenario.finish(caller)
        let record = try scenario.record()
        #expect(record.attempts.map(\.outcome) == [.refused, .answered])
        #expect(record.attempts.map(\.status) == [503, 200])
        #expect(record.attempts.map(\.gateway) == ["carrier-0", "carrier-1"])
        #expect(record.routingGateway == "carrier-1")
    }

    @Test("a silent gateway: the next one is tried after SS_SIP_TIMEOUT_INVITE")
    func nextGatewayAfterSilence() throws {
        let scenario = Scenario(parameters: ["SS_SIP_TIMEOUT_INVITE": .integer(3)])
        scenario.vendors[0].isDead = true
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass(.milliseconds(2_900))
        #expect(scenario.vendors[1].callList.isEmpty)
        scenario.pass(.milliseconds(200))
        let second = try scenario.callAtVendor(1)
        second.answer()
        scenario.pass()
        scenario.finish(caller)
        #expect(try scenario.record().attempts.map(\.outcome) == [.inviteTimeout, .answered])
    }

    @Test("an unreachable gateway (ICMP): the next one is tried at once")
    func nextGatewayAfterTransportError() throws {
        let scenario = Scenario()
        scenario.vendors[0].isDead = true
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        scenario.world.failTransport(to: Scenario.vendorAddress(1))
        scenario.pass()
        try scenario.callAtVendor(1).answer()
        scenario.pass()
        scenario.finish(caller)
        #expect(try scenario.record().attempts.map(\.outcome) == [.unreachable, .answered])
    }

    @Test("all gateways lost: the caller gets the last one's status, the record every attempt")
    func allGatewaysLost() throws {
        let scenario = Scenario(vendors: 3)
        let caller = scenario.makeCall()
        caller.invite()
        for (number, status) in [503, 480, 404].enumerated() {
            scenario.pass()
            try scenario.callAtVendor(number).respond(status)
        }
        scenario.pass()
        #expect(caller.statuses(.invite) == [100, 404])
        scenario.finish()
        let record = try scenario.record()
        #expect(record.attempts.map(\.status) == [503, 480, 404])
        #expect(record.endReason == .numberNotFound)
        #expect(record.calleeStatus == 404)
    }

    @Test("6xx speaks for every destination: no further gateway is tried")
    func globalFailure() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        try scenario.callAtVendor().respond(603)
        scenario.pass()
        #expect(caller.statuses(.invite) == [100, 603])
        scenario.finish()
        #expect(scenario.vendors[1].callList.isEmpty)
        #expect(try scenario.record().endReason == .calleeDeclined)
    }

    @Test("early media: 183 with SDP is passed with its body, the answer follows")
    func earlyMedia() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(183, hasMedia: true)
        scenario.pass()
        let progress = try #require(caller.responses(.invite).last)
        #expect(progress.status == 183)
        #expect(progress.body.contains("m=audio 40000"))
        callee.answer()
        scenario.pass()
        scenario.finish(caller)
        #expect(try scenario.record().postDialDelayMilliseconds >= 20)
    }

    @Test("a redirection is not followed: the next gateway is tried, at the end the caller gets 480")
    func redirectionNotFollowed() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        for number in 0..<2 {
            scenario.pass()
            try scenario.callAtVendor(number).respond(302, fields: ["Contact: <sip:+14155550199@198.51.100.2>"])
        }
        scenario.pass()
        #expect(caller.statuses(.invite) == [100, 480])
        scenario.finish()
        #expect(try scenario.record().endReason == .redirected)
        #expect(try scenario.record().attempts.map(\.status) == [302, 302])
    }

    @Test("a redirection is followed for a customer that allows it")
    func redirectionFollowed() throws {
        let scenario = Scenario(vendors: 1, followsRedirects: true)
        let target = Peer(
            "target", at: NetworkAddress(ipv4: 0xC633_6463, port: 5070), marker: "~B", in: scenario.world, towards: Scenario.switchAddress)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        try scenario.callAtVendor().respond(302, fields: ["Contact: <sip:+14155550199@198.51.100.99:5070>"])
        scenario.pass()
        let redirected = try #require(target.callList.first)
        #expect(redirected.seen.first?.requestURI == "sip:+14155550199@198.51.100.99:5070")
        redirected.answer()
        scenario.pass()
        scenario.finish(caller)
        #expect(try scenario.record().attempts.map(\.outcome) == [.refused, .answered])
    }

    @Test("no route: 404 and a record without attempts")
    func noRoute() throws {
        let scenario = Scenario(vendors: 0)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        #expect(caller.statuses(.invite).last == 404)
        scenario.finish()
        #expect(try scenario.record().endReason == .noRoute)
        #expect(try scenario.record().attempts.isEmpty)
    }

    @Test("the caller's own limit (Expires) ends the set-up with 487")
    func setupExpires() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(fields: ["Expires: 5"])
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(180)
        scenario.pass(.milliseconds(4_800))
        #expect(caller.statuses(.invite) == [100, 180])
        scenario.pass(.milliseconds(300))
        #expect(caller.statuses(.invite) == [100, 180, 487])
        #expect(callee.requests(.cancel).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .setupExpired)
    }

    @Test("BYE of the caller in the early dialog ends the set-up like CANCEL")
    func earlyBye() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.ringingCall()
        caller.request(.bye)
        scenario.pass()
        #expect(caller.statuses(.bye) == [200])
        #expect(caller.statuses(.invite).last == 487)
        #expect(callee.requests(.cancel).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .callerCancelled)
    }
}
