import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Session timers (RFC 4028) on whole shards: each leg by itself.
@Suite struct SessionTimerScenarioTests {
    /// The answer of a peer that refreshes as it is asked to.
    private func accepts(_ call: PeerCall) {
        call.sessionAnswer = { request in
            guard let asked = request.header("Session-Expires") else { return [] }
            return ["Session-Expires: \(asked)", "Require: timer"]
        }
    }

    /// An answered call. `asks`: fields of the caller's INVITE, `answers`: fields of the vendor's 200.
    private func call(_ scenario: Scenario, asks: [String] = [], answers: [String] = []) throws -> (caller: PeerCall, callee: PeerCall) {
        let caller = scenario.makeCall()
        caller.invite(fields: asks)
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(200, hasMedia: true, fields: answers)
        scenario.pass()
        try #require(caller.wasAnswered)
        return (caller, callee)
    }

    @Test("the INVITE to a vendor offers a timer of SS_SIP_SESSION_TTL, and leaves the refresher open")
    func offer() throws {
        let scenario = Scenario(parameters: ["SS_SIP_SESSION_TTL": .integer(900)])
        let (caller, callee) = try call(scenario)
        let invite = try #require(callee.requests(.invite).first)
        #expect(invite.header("Session-Expires") == "900")
        #expect(invite.elements("Supported").contains("timer"))
        scenario.finish(caller)
    }

    @Test("a caller that asks for a timer gets it in the 200, with Require when he refreshes")
    func callerAsks() throws {
        let scenario = Scenario()
        let (caller, _) = try call(scenario, asks: ["Supported: timer", "Session-Expires: 300;refresher=uac"])
        let answer = try #require(caller.responses(.invite).last)
        #expect(answer.header("Session-Expires") == "300;refresher=uac")
        #expect(answer.elements("Require") == ["timer"])
        scenario.finish(caller)
    }

    @Test("too small an interval: 422 with Min-SE, and no attempt at a vendor")
    func tooSmall() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(fields: ["Supported: timer", "Session-Expires: 60"])
        scenario.pass()
        let answer = try #require(caller.responses(.invite).last)
        #expect(answer.status == 422)
        #expect(answer.header("Min-SE") == "90")
        #expect(scenario.vendors[0].callList.isEmpty)
        scenario.finish()
    }

    @Test("a malformed Session-Expires: 400 that names it")
    func malformed() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(fields: ["Supported: timer", "Session-Expires: soon"])
        scenario.pass()
        let answer = try #require(caller.responses(.invite).last)
        #expect(answer.status == 400)
        #expect(answer.reasonPhrase.contains("Session-Expires"))
        scenario.finish()
    }

    @Test("a vendor's 422 is met with its Min-SE on the same attempt")
    func vendorRefusesInterval() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(422, fields: ["Min-SE: 1800"])
        scenario.pass()
        let second = try #require(callee.requests(.invite).last)
        #expect(second.header("Session-Expires") == "1800")
        #expect(second.header("Min-SE") == "1800")
        #expect(second.cseq == 2)
        #expect(scenario.vendors[1].callList.isEmpty)
        caller.cancel()
        scenario.pass(.seconds(1))
        scenario.finish()
    }

    @Test("as refresher the switch refreshes each TTL / segment: UPDATE where the peer allows it, a re-INVITE with the same session elsewhere")
    func refreshes() throws {
        let scenario = Scenario(parameters: ["SS_SIP_SESSION_TTL": .integer(600), "SS_SIP_SESSION_UPDATE_SEGMENT": .integer(3)])
        let (caller, callee) = try call(
            scenario, asks: ["Supported: timer", "Session-Expires: 600;refresher=uas"],
            answers: ["Session-Expires: 600;refresher=uac", "Require: timer"])
        accepts(caller)
        accepts(callee)
        scenario.pass(.seconds(190))
        #expect(caller.requests(.update).isEmpty)
        #expect(callee.requests(.invite).count == 1)
        scenario.pass(.seconds(11))
        let update = try #require(caller.requests(.update).first)
        #expect(!update.hasBody)
        #expect(update.header("Session-Expires") == "600;refresher=uac")
        let invites = callee.requests(.invite)
        #expect(invites.count == 2)
        #expect(invites[1].body == invites[0].body)
        #expect(callee.requests(.ack).count == 2)
        // It goes on for hours.
        scenario.pass(.seconds(7_300))
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        #expect(caller.requests(.update).count >= 36)
        scenario.finish(caller)
        let record = try scenario.record()
        #expect(record.endReason == .normalClearing)
        #expect(record.decision.contains(#""rule":{"name":"sessionTimer""#))
    }

    @Test("a peer that was to refresh and does not is hung up before the session expires, and so is the other side")
    func peerForgets() throws {
        let scenario = Scenario()
        let (caller, callee) = try call(scenario, asks: ["Supported: timer", "Session-Expires: 300;refresher=uac"])
        scenario.pass(.seconds(266))
        #expect(callee.requests(.bye).isEmpty)
        scenario.pass(.seconds(4))
        #expect(callee.requests(.bye).count == 1)
        #expect(caller.requests(.bye).count == 1)
        #expect(callee.requests(.bye)[0].header("Reason")?.contains("Session expired") == true)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .sessionExpired)
        #expect((267_000...270_000).contains(record.durationMilliseconds))
        #expect(record.decision.contains("the peer was to refresh the session and did not"))
    }

    @Test("a peer that refreshes keeps the call up; other requests do not")
    func peerRefreshes() throws {
        let scenario = Scenario()
        let (caller, _) = try call(scenario, asks: ["Supported: timer", "Session-Expires: 300;refresher=uac"])
        for _ in 0..<30 {
            scenario.pass(.seconds(150))
            let refresh = caller.request(
                .update, fields: ["Contact: <sip:a@192.0.2.10:5060>", "Supported: timer", "Session-Expires: 300;refresher=uac"])
            scenario.pass(.seconds(1))
            #expect(refresh.finals == [200])
        }
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.finish(caller)
    }

    @Test("silence to our refresh ends the call: both sides BYE, one record", arguments: [0, 408, 481])
    func refreshUnanswered(status: Int) throws {
        let scenario = Scenario()
        let (caller, callee) = try call(scenario, asks: ["Supported: timer", "Session-Expires: 300;refresher=uas"])
        caller.answers[.update] = status
        scenario.pass(.seconds(200))
        #expect(callee.requests(.bye).count == 1)
        // Also a peer that says 481 (RFC 4028, section 10): it answers that with 481 as well.
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == (status == 0 ? .sessionExpired : .dialogLost))
    }

    @Test("a refusal other than 408 and 481 leaves the call until its session expires")
    func refreshRefused() throws {
        let scenario = Scenario()
        let (caller, callee) = try call(scenario, asks: ["Supported: timer", "Session-Expires: 300;refresher=uas"])
        caller.answers[.update] = 500
        scenario.pass(.seconds(290))
        #expect(callee.requests(.bye).isEmpty)
        scenario.pass(.seconds(12))
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .sessionExpired)
    }

    @Test("a gateway whose timer is switched off is offered none, and a caller that requires one is refused")
    func switchedOff() throws {
        let scenario = Scenario(sessionTimer: false)
        let (caller, callee) = try call(scenario, asks: ["Supported: timer", "Session-Expires: 300"])
        let invite = try #require(callee.requests(.invite).first)
        #expect(invite.header("Session-Expires") == nil)
        #expect(!invite.elements("Supported").contains("timer"))
        #expect(caller.responses(.invite).last?.header("Session-Expires") == nil)
        scenario.finish(caller)
        #expect(try scenario.record().decision.contains("switched off for the caller's gateway"))
        let second = scenario.makeCall(2)
        second.invite(fields: ["Require: timer", "Session-Expires: 300"])
        scenario.pass()
        #expect(second.responses(.invite).last?.status == 420)
    }

    @Test("after a crash the session goes on: we refresh soon, and a peer that is gone is found", arguments: [true, false])
    func restart(isThere: Bool) throws {
        let scenario = Scenario()
        let (caller, callee) = try call(
            scenario, asks: ["Supported: timer", "Session-Expires: 600;refresher=uas"],
            answers: ["Session-Expires: 600;refresher=uac", "Require: timer"])
        accepts(caller)
        accepts(callee)
        scenario.pass(.seconds(450))
        #expect(scenario.world.restart() == [])
        let before = (caller.requests(.update).count, callee.requests(.invite).count)
        if !isThere { scenario.customer.isDead = true }
        scenario.pass(.seconds(120))
        if isThere {
            #expect(caller.requests(.update).count > before.0)
            let invites = callee.requests(.invite)
            #expect(invites.count > before.1)
            #expect(invites.last?.body == invites.first?.body)
            #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
            scenario.finish(caller)
            #expect(try scenario.record().endReason == .normalClearing)
        } else {
            #expect(callee.requests(.bye).count == 1)
            scenario.world.runUntilQuiet()
            #expect(try scenario.record().endReason == .sessionExpired)
        }
    }
}
