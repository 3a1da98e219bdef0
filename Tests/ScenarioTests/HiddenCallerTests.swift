import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Numbers and names of the caller that a vendor must not see, wherever in the message they might stand.
@Suite struct HiddenCallerTests {
    private static let caller = "+14155550100"

    /// An INVITE of a caller who hides in From, and is named in P-Asserted-Identity.
    private static func anonymousInvite(from address: NetworkAddress, to number: String = SimulatedNumber.of(1)) -> String {
        "INVITE sip:\(number)@203.0.113.10:5060 SIP/2.0\r\nVia: SIP/2.0/UDP \(address);branch=z9hG4bKhidden;rport\r\n"
            + "Max-Forwards: 70\r\nFrom: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=h1\r\nTo: <sip:\(number)@example.net>\r\n"
            + "Call-ID: hidden\r\nCSeq: 1 INVITE\r\nContact: <sip:\(address)>\r\nPrivacy: id\r\n"
            + "P-Asserted-Identity: \"Ann Example\" <sip:\(caller)@example.net>\r\nContent-Length: 0\r\n\r\n"
    }

    // MARK: - Contact

    @Test("Contact has the number that From has, from the INVITE on")
    func contact() throws {
        let scenario = Scenario(vendors: 1, vendor: { $1.callerRewrite = RewriteRules([.init("*", ["4155550199"])]) })
        let (caller, callee) = try scenario.answeredCall()
        caller.reinvite()
        scenario.pass()
        let invites = callee.requests(.invite)
        try #require(invites.count == 2)
        for invite in invites {
            #expect(invite.header("From")?.contains("<sip:4155550199@203.0.113.10:5060>") == true)
            #expect(invite.contact == "sip:4155550199@203.0.113.10:5060")
            #expect(!invite.text.contains(Self.caller))
        }
        scenario.finish(caller)
    }

    @Test("a number of the caller pool stands in Contact too")
    func contactOfPool() throws {
        let scenario = Scenario(
            vendors: 1, numberGroups: [NumberGroup(name: "pool", numbers: ["4155550177"])], vendor: { $1.callerPool = CallerPool(group: "pool") })
        let (caller, callee) = try scenario.answeredCall()
        let invite = try #require(callee.requests(.invite).first)
        #expect(invite.contact == "sip:4155550177@203.0.113.10:5060")
        #expect(!invite.text.contains(Self.caller))
        scenario.finish(caller)
    }

    // MARK: - Caller pool

    @Test("a pool whose last number was taken since the decision: the gateway is passed over, and the caller's own number is not shown")
    func poolTakenMeanwhile() throws {
        var pool = CallerPool(group: "pool")
        pool.reuse = 1
        let scenario = Scenario(
            vendors: 3, numberGroups: [NumberGroup(name: "pool", numbers: ["4155550177"])], vendor: { if $0 == 1 { $1.callerPool = pool } })
        // Both are decided while the number is free; then one takes it.
        let (first, second) = (scenario.makeCall(1), scenario.makeCall(2))
        first.invite()
        second.invite()
        scenario.pass()
        try #require(scenario.vendors[0].callList.count == 2)
        scenario.vendors[0].callList[0].respond(503)
        scenario.pass()
        try #require(scenario.vendors[1].callList.count == 1)
        scenario.vendors[0].callList[1].respond(503)
        scenario.pass()
        #expect(scenario.vendors[1].callList.count == 1)
        #expect(scenario.vendors[1].seen.allSatisfy { !$0.text.contains(Self.caller) })
        scenario.vendors[1].callList[0].answer()
        let other = try scenario.callAtVendor(2)
        #expect(other.requests(.invite).first?.header("From")?.contains(Self.caller) == true)
        other.answer()
        scenario.pass()
        // The number comes back with its call.
        first.hangUp()
        scenario.pass()
        let third = scenario.makeCall(3)
        third.invite()
        scenario.pass()
        scenario.vendors[0].callList[2].respond(503)
        scenario.pass()
        #expect(scenario.vendors[1].callList.last?.requests(.invite).first?.header("From")?.contains("<sip:4155550177@") == true)
        scenario.vendors[1].callList.last?.answer()
        scenario.pass()
        scenario.finish(second, third)
        let records = scenario.records()
        #expect(records.map { $0.decision.contains(#""verdict":"noPoolNumber""#) } == [false, true, false])
        #expect(records.map(\.routingGateway) == ["carrier-1", "carrier-2", "carrier-1"])
        #expect(records[1].attempts.count == 2)
    }

    @Test("where no other gateway is left, the call fails as the last one that was tried said")
    func poolTakenAtTheEnd() throws {
        var pool = CallerPool(group: "pool")
        pool.reuse = 1
        let scenario = Scenario(
            vendors: 2, numberGroups: [NumberGroup(name: "pool", numbers: ["4155550177"])], vendor: { if $0 == 1 { $1.callerPool = pool } })
        let (first, second) = (scenario.makeCall(1), scenario.makeCall(2))
        first.invite()
        second.invite()
        scenario.pass()
        scenario.vendors[0].callList[0].respond(503)
        scenario.pass()
        scenario.vendors[0].callList[1].respond(500)
        scenario.pass()
        #expect(second.statuses(.invite).last == 500)
        #expect(scenario.vendors[1].callList.count == 1)
        try scenario.callAtVendor(1).answer()
        scenario.pass()
        scenario.finish(first)
    }

    // MARK: - Anonymous callers

    @Test(
        "an anonymous caller's number is nowhere in what the vendor gets, whatever SS_SIP_E164_DISPLAY_FROM says",
        arguments: [("Caller", ""), ("Ignore", "\"Anonymous\" "), ("None", "")])
    func anonymous(option: String, display: String) throws {
        let scenario = Scenario(
            vendors: 1, parameters: ["SS_SIP_E164_DISPLAY_FROM": .option(option)], customer: { $0.callerSource = .pAssertedIdentity })
        scenario.customer.send(raw: Self.anonymousInvite(from: Scenario.customerAddress))
        scenario.pass()
        let callee = try scenario.callAtVendor()
        let invite = try #require(callee.requests(.invite).first)
        #expect(invite.header("From")?.hasPrefix("\(display)<sip:anonymous@anonymous.invalid>;tag=") == true)
        #expect(invite.contact == "sip:anonymous@203.0.113.10:5060")
        #expect(!invite.text.contains("14155550100"))
        callee.respond(404)
        scenario.finish()
        #expect(try scenario.record().caller.received == Self.caller)
    }

    @Test("the name of a phone that hides is not shown", arguments: [true, false])
    func anonymousPhone(hides: Bool) throws {
        var phone = Phone(name: "1001")
        (phone.address, phone.displayName) = (InboundScenario.address(50), "Ann Example")
        let scenario = Scenario(vendors: 1, phones: [phone])
        let peer = Peer("phone", at: InboundScenario.address(50), marker: "~A", in: scenario.world, towards: Scenario.switchAddress)
        let parts = Self.anonymousInvite(from: InboundScenario.address(50)).split(separator: "\"Anonymous\" <sip:anonymous@anonymous.invalid>")
        peer.send(raw: parts.joined(separator: hides ? "<sip:anonymous@anonymous.invalid>" : "<sip:1001@example.net>"))
        scenario.pass()
        let callee = try scenario.callAtVendor()
        let from = try #require(callee.requests(.invite).first?.header("From"))
        #expect(from.contains("Ann Example") == !hides)
        callee.respond(404)
        scenario.finish()
    }

    @Test("towards an account's upstream an anonymous caller's number is no display name")
    func anonymousThroughAccount() throws {
        var upstream = RoutingGateway(name: "through-upstream", addresses: [], priority: 0)
        upstream.registration = "upstream-1"
        var customer = MappingGateway(name: "customer-a", addresses: [Scenario.customerAddress.host])
        customer.callerSource = .pAssertedIdentity
        let scenario = RegistrationScenario(mappingGateways: [customer], routingGateways: [upstream])
        scenario.registered()
        let peer = Peer(
            "customer", at: Scenario.customerAddress, marker: "~A", in: scenario.world, towards: RegistrationScenario.switchAddress)
        let invite = Self.anonymousInvite(from: Scenario.customerAddress).split(separator: "\"Anonymous\" ").joined()
        peer.send(raw: invite)
        scenario.pass()
        let callee = try #require(scenario.registrar.peer.callList.first)
        let sent = try #require(callee.requests(.invite).first)
        #expect(sent.header("From")?.hasPrefix("<sip:acme@sw.example.net>;tag=") == true)
        #expect(!sent.text.contains("14155550100"))
        callee.respond(404)
        scenario.pass(.seconds(60))
        #expect(scenario.world.softswitch.statistics.calls == 0)
    }

    // MARK: - Privacy

    @Test(
        "Remote-Party-ID says privacy=full for who asks for any, and off for `Privacy: none` or nothing",
        arguments: [("none", "off"), ("None", "off"), ("", "off"), ("id", "full"), ("user;id", "full"), ("header", "full")])
    func remotePartyPrivacy(wish: String, shown: String) throws {
        let scenario = Scenario(vendors: 1, vendor: { $1.identity.sendsRemotePartyID = true })
        let call = scenario.makeCall()
        call.invite(fields: wish.isEmpty ? [] : ["Privacy: \(wish)"])
        scenario.pass()
        let invite = try #require(try scenario.callAtVendor().requests(.invite).first)
        #expect(invite.header("Remote-Party-ID")?.hasSuffix(";privacy=\(shown)") == true)
        #expect(invite.header("Privacy") == (wish.isEmpty ? nil : wish))
        try scenario.callAtVendor().respond(404)
        scenario.finish()
    }
}
