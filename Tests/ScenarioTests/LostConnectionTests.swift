import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// A caller that came by a stream connection, from a port at which it does not listen, and whose connection ends in
/// mid-call: what the switch asks it goes over another one, to its Contact.
@Suite struct LostConnectionTests {
    private static let source = NetworkAddress(ipv4: 0xC000_020A, port: 40_001)

    private func scenario(parameters: [String: ParameterValue] = [:], probeInterval: Int? = nil) -> Scenario {
        let scenario = Scenario(transport: .tcp, parameters: parameters, probeInterval: probeInterval)
        scenario.customer.connect(fromPort: Self.source.port, number: 77)
        return scenario
    }

    private func endConnection(_ scenario: Scenario) {
        scenario.world.endConnection(of: Scenario.customerAddress, transport: .tcp)
        scenario.pass()
    }

    @Test("the BYE that meets the end of the connection is sent again over another one, with its reason")
    func bye() throws {
        let scenario = scenario()
        let (caller, callee) = try scenario.answeredCall()
        #expect(scenario.sent("SIP/2.0 200", from: Scenario.switchAddress, to: Self.source) == 1)
        endConnection(scenario)
        callee.hangUp()
        scenario.pass()
        #expect(scenario.sent("BYE", from: Scenario.switchAddress, to: Self.source) == 1)
        #expect(scenario.sent("BYE", from: Scenario.switchAddress, to: Scenario.customerAddress) == 1)
        let bye = try #require(caller.requests(.bye).first)
        #expect(bye.header("Reason")?.contains("cause=16") == true)
        scenario.finish()
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("a limit's BYE says after a lost connection what it would have said before")
    func reasonKept() throws {
        let scenario = scenario(parameters: ["SS_MAX_CALL_DURATION": .integer(60)])
        let (caller, _) = try scenario.answeredCall()
        endConnection(scenario)
        scenario.pass(.seconds(61))
        let bye = try #require(caller.requests(.bye).first)
        #expect(bye.header("Reason")?.contains("Call duration limit") == true)
        scenario.finish()
        #expect(try scenario.record().endReason == .maximumDuration)
    }

    @Test("a refresh goes to the Contact, and the call goes on", arguments: [true, false])
    func refresh(byUpdate: Bool) throws {
        let scenario = scenario(parameters: ["SS_SIP_SESSION_TTL": .integer(90), "SS_SIP_SESSION_UPDATE_SEGMENT": .integer(3)])
        let caller = scenario.makeCall()
        let allow = byUpdate ? "Allow: INVITE, ACK, BYE, UPDATE" : "Allow: INVITE, ACK, BYE"
        caller.invite(fields: ["Supported: timer", "Session-Expires: 90;refresher=uas", allow])
        scenario.pass()
        try scenario.callAtVendor().answer()
        scenario.pass()
        try #require(caller.wasAnswered)
        caller.sessionAnswer = { request in
            request.header("Session-Expires").map { ["Session-Expires: \($0)", "Require: timer", allow] } ?? [allow]
        }
        // The answer to the first one says which method the next ones may use.
        scenario.pass(.seconds(40))
        try #require(caller.requests(.update).count == 1)
        endConnection(scenario)
        scenario.pass(.seconds(160))
        let method: SIPMessages.Method = byUpdate ? .update : .invite
        #expect((5...6).contains(caller.requests(method).count))
        #expect(scenario.sent(byUpdate ? "UPDATE" : "INVITE", from: Scenario.switchAddress, to: Self.source) == (byUpdate ? 2 : 1))
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("a probe goes to the Contact: a lost connection is no evidence of death")
    func probe() throws {
        let scenario = scenario(probeInterval: 60)
        let (caller, _) = try scenario.answeredCall()
        endConnection(scenario)
        scenario.pass(.seconds(600))
        #expect(caller.requests(.options).count >= 6)
        #expect(scenario.sent("OPTIONS", from: Scenario.switchAddress, to: Self.source) == 1)
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("where no connection can be opened to the Contact either, the leg ends with its second BYE")
    func unreachable() throws {
        let scenario = scenario()
        let (caller, callee) = try scenario.answeredCall()
        endConnection(scenario)
        scenario.customer.isDead = true
        callee.hangUp()
        scenario.pass(.milliseconds(25))
        scenario.world.failTransport(to: Scenario.customerAddress, transport: .tcp)
        scenario.pass()
        #expect(caller.requests(.bye).isEmpty)
        #expect(scenario.sent("BYE", from: Scenario.switchAddress, to: Scenario.customerAddress) == 1)
        #expect(scenario.world.softswitch.legCount == 0)
        scenario.finish()
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("a request that is passed on fails with the connection, and the next one arrives")
    func relayed() throws {
        let scenario = scenario()
        let (caller, callee) = try scenario.answeredCall()
        endConnection(scenario)
        callee.reinvite()
        scenario.pass()
        #expect(callee.statuses(.invite).last == 503)
        callee.reinvite()
        scenario.pass()
        #expect(callee.statuses(.invite).last == 200)
        #expect(caller.requests(.invite).count == 1)
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }
}
