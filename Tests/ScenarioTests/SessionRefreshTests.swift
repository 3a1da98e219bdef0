import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Refreshes with peers that are less able, or less honest, than their Allow says: by which method the switch refreshes,
/// and with which session description.
@Suite struct SessionRefreshTests {
    private static let timer = ["Session-Expires: 90;refresher=uac", "Require: timer"]
    private static let allowsUpdate = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE"
    private static let parameters: [String: ParameterValue] = [
        "SS_SIP_SESSION_TTL": .integer(90), "SS_SIP_SESSION_UPDATE_SEGMENT": .integer(3),
    ]

    /// The answer of a peer that takes refreshes, and says with each that it allows UPDATE.
    private func accepts(_ call: PeerCall, allow: String = SessionRefreshTests.allowsUpdate) {
        call.sessionAnswer = { request in
            guard let asked = request.header("Session-Expires") else { return [allow] }
            return ["Session-Expires: \(asked)", "Require: timer", allow]
        }
    }

    /// An answered call; the vendor asks for refreshes every 30 s.
    private func call(
        _ scenario: Scenario, offers: Bool = true, asks: [String] = [], answers: [String] = SessionRefreshTests.timer
    ) throws -> (caller: PeerCall, callee: PeerCall) {
        let caller = scenario.makeCall()
        caller.invite(offers: offers, fields: asks)
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(200, hasMedia: true, fields: answers)
        scenario.pass()
        try #require(caller.wasAnswered)
        return (caller, callee)
    }

    @Test("a vendor that lists UPDATE and refuses it gets one, then re-INVITEs with the session as it stands", arguments: [405, 501])
    func updateRefused(status: Int) throws {
        let scenario = Scenario(parameters: Self.parameters)
        let (caller, callee) = try call(scenario, answers: Self.timer + [Self.allowsUpdate])
        accepts(callee)
        callee.answers[.update] = status
        scenario.pass(.seconds(200))
        #expect(callee.requests(.update).count == 1)
        let invites = callee.requests(.invite)
        #expect((6...8).contains(invites.count))
        #expect(Set(invites.map(\.body)).count == 1)
        #expect(invites.allSatisfy { $0.hasBody })
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("a vendor that refuses every refresh gets a few, and is hung up when its session expires")
    func everythingRefused() throws {
        let scenario = Scenario(parameters: Self.parameters)
        let (caller, callee) = try call(scenario, answers: Self.timer + [Self.allowsUpdate])
        callee.answers[.update] = 405
        callee.answers[.invite] = 501
        scenario.pass(.seconds(100))
        #expect(callee.requests(.update).count == 1)
        #expect(callee.requests(.invite).count <= 5)
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .sessionExpired)
    }

    @Test("a caller that refuses UPDATE is refreshed by a re-INVITE that repeats what the 200 told him")
    func callerRefusesUpdate() throws {
        let scenario = Scenario(parameters: Self.parameters)
        let (caller, _) = try call(scenario, asks: ["Supported: timer", "Session-Expires: 90;refresher=uas"], answers: [])
        accepts(caller)
        caller.answers[.update] = 501
        let told = try #require(caller.responses(.invite).last?.body)
        scenario.pass(.seconds(130))
        #expect(caller.requests(.update).count == 1)
        #expect(caller.requests(.invite).count >= 3)
        #expect(caller.requests(.invite).allSatisfy { $0.body == told })
        scenario.finish(caller)
    }

    @Test("after a late offer a refresh repeats the answer that the ACK carried, also after a crash")
    func lateOffer() throws {
        let scenario = Scenario(parameters: Self.parameters)
        let (caller, callee) = try call(scenario, offers: false)
        accepts(callee, allow: "Allow: INVITE, ACK, BYE")
        let answer = try #require(callee.requests(.ack).first?.body)
        #expect(answer.contains("m=audio"))
        scenario.pass(.seconds(35))
        #expect(callee.requests(.invite).count == 2)
        #expect(callee.requests(.invite).last?.body == answer)
        #expect(callee.requests(.ack).count == 2)
        #expect(scenario.world.restart() == [])
        scenario.pass(.seconds(40))
        #expect(callee.requests(.invite).count >= 3)
        #expect(callee.requests(.invite).last?.body == answer)
        #expect(callee.requests(.update).isEmpty)
        scenario.finish(caller)
    }

    @Test("a re-INVITE that was accepted is what refreshes repeat; one that was refused is not", arguments: [200, 488])
    func reinvited(status: Int) throws {
        let scenario = Scenario(parameters: Self.parameters)
        let (caller, callee) = try call(scenario)
        accepts(callee, allow: "Allow: INVITE, ACK, BYE")
        if status != 200 { callee.answers[.invite] = status }
        let hold = caller.reinvite(holds: true)
        scenario.pass()
        #expect(hold.finals == [status])
        callee.answers[.invite] = nil
        scenario.pass(.seconds(40))
        let invites = callee.requests(.invite)
        #expect(invites.count >= 3)
        #expect(invites.last?.body == invites[status == 200 ? 1 : 0].body)
        scenario.finish(caller)
    }

    @Test("after a re-INVITE with a late offer each side's refresh repeats what that side was told: the offer, or the answer in the ACK")
    func lateReinvite() throws {
        let scenario = Scenario(parameters: Self.parameters)
        let (caller, callee) = try call(scenario, asks: ["Supported: timer", "Session-Expires: 90;refresher=uas"])
        for peer in [caller, callee] {
            accepts(peer, allow: "Allow: INVITE, ACK, BYE")
            peer.answers[.update] = 405
        }
        let late = caller.request(
            .invite, fields: ["Contact: <sip:a@192.0.2.10:5060>", "Supported: timer", "Session-Expires: 90;refresher=uas", "Allow: INVITE, ACK, BYE"])
        scenario.pass()
        #expect(late.finals == [200])
        let offer = try #require(caller.responses(.invite).last?.body)
        let answer = try #require(callee.requests(.ack).last?.body)
        #expect(offer.contains("m=audio") && answer.contains("m=audio"))
        scenario.pass(.seconds(70))
        #expect(caller.requests(.invite).last?.body == offer)
        #expect(callee.requests(.invite).last?.body == answer)
        scenario.finish(caller)
    }

    @Test("the body of an INFO is no session description")
    func infoBody() throws {
        let scenario = Scenario(parameters: Self.parameters)
        let (caller, callee) = try call(scenario)
        accepts(callee, allow: "Allow: INVITE, ACK, BYE")
        caller.request(.info, fields: ["Content-Type: application/dtmf-relay"], body: "Signal=1\r\n")
        scenario.pass(.seconds(40))
        let invites = callee.requests(.invite)
        #expect(invites.count == 2)
        #expect(invites.last?.body == invites.first?.body)
        scenario.finish(caller)
    }

    @Test("an UPDATE in the early dialog that was accepted goes before the INVITE's offer")
    func earlyUpdate() throws {
        let scenario = Scenario(parameters: Self.parameters)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(183, hasMedia: true)
        scenario.pass()
        let update = caller.update()
        scenario.pass()
        #expect(update.finals == [200])
        callee.respond(200, hasMedia: true, fields: Self.timer)
        scenario.pass()
        accepts(callee, allow: "Allow: INVITE, ACK, BYE")
        scenario.pass(.seconds(35))
        #expect(callee.requests(.invite).count == 2)
        #expect(callee.requests(.invite).last?.body == callee.requests(.update).first?.body)
        scenario.finish(caller)
    }
}
