import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// What crosses from leg to leg and what does not, route sets, and address families.
@Suite struct HeaderTests {
    @Test("header fields of the INVITE: passed, dropped and written anew")
    func invitePolicy() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(fields: [
            "X-Customer: 42", "P-Asserted-Identity: <sip:+14155550100@example.net>", "Privacy: id", "Subject: hello", "Priority: urgent",
            "Authorization: Digest username=\"u\"", "Proxy-Authorization: Digest username=\"u\"", "Organization: secret",
            "Warning: 399 192.0.2.10 \"inner\"", "In-Reply-To: other@192.0.2.10", "Session-Expires: 1800", "Allow-Events: talk",
            "Timestamp: 54", "User-Agent: Caller/1.0",
        ])
        scenario.pass()
        let passed = try #require(try scenario.callAtVendor().requests(.invite).first)
        #expect(passed.header("X-Customer") == "42")
        // What an untrusted customer asserts is no assertion.
        #expect(passed.header("P-Asserted-Identity") == nil)
        #expect(passed.header("Privacy") == "id")
        #expect(passed.header("Subject") == "hello")
        let dropped = [
            "Authorization", "Proxy-Authorization", "Organization", "Warning", "In-Reply-To", "Allow-Events", "Timestamp",
        ]
        for name in dropped {
            #expect(passed.header(name) == nil, "\(name) must not cross")
        }
        // The session timer of each leg is its own.
        #expect(passed.header("Session-Expires") == "600")
        #expect(passed.header("User-Agent") == "Tandem")
        #expect(passed.headers("Via").count == 1)
        #expect(passed.header("Via")?.hasPrefix("SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bK") == true)
        #expect(passed.requestURI == "sip:\(SimulatedNumber.of(1))@198.51.100.1:5060")
        #expect(passed.contact == "sip:+14155550100@203.0.113.10:5060")
        #expect(passed.header("From")?.hasPrefix("<sip:+14155550100@203.0.113.10:5060>;tag=") == true)
        #expect(passed.header("CSeq") == "1 INVITE")
        #expect(caller.responses(.invite).first?.header("Timestamp") == "54")
        caller.cancel()
        try scenario.callAtVendor().respond(180)
        scenario.finish()
    }

    @Test("header fields of responses: passed, dropped and written anew; tags, Contact and Call-ID are the leg's own")
    func responsePolicy() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(180, fields: ["Alert-Info: <http://example.net/ring>", "X-Vendor: 7", "Server: Inner/1", "Warning: 399 h \"x\""])
        scenario.pass()
        let ringing = try #require(caller.responses(.invite).last)
        #expect(ringing.header("Alert-Info") == "<http://example.net/ring>")
        #expect(ringing.header("X-Vendor") == "7")
        #expect(ringing.header("Server") == "Tandem")
        #expect(ringing.header("Warning") == nil)
        #expect(ringing.toTag != callee.localTag)
        #expect(ringing.contact == "sip:\(SimulatedNumber.of(1))@203.0.113.10:5060")
        callee.answer()
        scenario.pass()
        scenario.finish(caller)
    }

    @Test("the display name and an anonymous caller cross")
    func callerIdentity() throws {
        let scenario = Scenario()
        let named = scenario.customer.makeCall(index: 1, to: SimulatedNumber.of(1), displayName: "Ann \\\"A\\\" B")
        named.invite()
        scenario.pass()
        let from = try #require(try scenario.callAtVendor().requests(.invite).first?.header("From"))
        #expect(from.hasPrefix("\"Ann \\\"A\\\" B\" <sip:+14155550100@203.0.113.10:5060>;tag="))
        named.cancel()
        try scenario.callAtVendor().respond(180)
        scenario.finish()
    }

    @Test("loose routes of both sides are kept and used, in each side's order")
    func looseRoutes() throws {
        let scenario = Scenario()
        let edge = NetworkAddress(ipv4: 0xC000_0232, port: 5060)
        let border = NetworkAddress(ipv4: 0xC633_6432, port: 5060)
        scenario.world.register(scenario.customer, at: edge)
        scenario.world.register(scenario.vendors[0], at: border)
        scenario.customer.recordRoutes = ["<sip:192.0.2.50;lr>", "<sip:192.0.2.51;lr>"]
        scenario.vendors[0].recordRoutes = ["<sip:198.51.100.51;lr>", "<sip:198.51.100.50;lr>"]
        let (caller, callee) = try scenario.answeredCall()
        let ack = try #require(callee.requests(.ack).first)
        #expect(ack.elements("Route") == ["<sip:198.51.100.50;lr>", "<sip:198.51.100.51;lr>"])
        #expect(ack.requestURI == "sip:Bcarrier0@198.51.100.1:5060")
        #expect(scenario.sent("ACK", from: Scenario.switchAddress, to: border) == 1)
        callee.hangUp()
        scenario.pass()
        let bye = try #require(caller.requests(.bye).first)
        #expect(bye.elements("Route") == ["<sip:192.0.2.50;lr>", "<sip:192.0.2.51;lr>"])
        #expect(scenario.sent("BYE", from: Scenario.switchAddress, to: edge) == 1)
        scenario.finish()
    }

    @Test("a strict router stands in the request line, the target ends the route set (RFC 3261, section 12.2.1.1)")
    func strictRoute() throws {
        let scenario = Scenario()
        let border = NetworkAddress(ipv4: 0xC633_6432, port: 5060)
        scenario.world.register(scenario.vendors[0], at: border)
        scenario.vendors[0].recordRoutes = ["<sip:198.51.100.51;lr>", "<sip:198.51.100.50>"]
        let (caller, callee) = try scenario.answeredCall()
        let ack = try #require(callee.requests(.ack).first)
        #expect(ack.requestURI == "sip:198.51.100.50")
        #expect(ack.elements("Route") == ["<sip:198.51.100.51;lr>", "<sip:Bcarrier0@198.51.100.1:5060>"])
        scenario.finish(caller)
    }

    @Test("a call over IPv6 on both legs")
    func ipv6() throws {
        let address = { (low: UInt64) in NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: low, port: 5060) }
        let configuration = SwitchConfiguration(
            mappingGateways: [MappingGateway(name: "six", addresses: [address(2).host])],
            routingGateways: [RoutingGateway(name: "sixer", addresses: [address(3)])])
        let world = VirtualWorld(
            VirtualWorld.Setup(configuration: configuration, listeners: [ListenerDescription(transport: .udp, local: address(1))]))
        let customer = Peer("c", at: address(2), marker: "~A", in: world, towards: address(1))
        let vendor = Peer("v", at: address(3), marker: "~B", in: world, towards: address(1))
        customer.forbid("2001:db8::3", "~B")
        vendor.forbid("2001:db8::2", "~A")
        let caller = customer.makeCall(index: 1, to: SimulatedNumber.of(1))
        caller.invite()
        world.run(for: .milliseconds(100))
        let callee = try #require(vendor.callList.first)
        #expect(callee.seen.first?.header("Via")?.hasPrefix("SIP/2.0/UDP [2001:db8::1]:5060;branch=") == true)
        #expect(callee.seen.first?.contact == "sip:+14155550100@[2001:db8::1]:5060")
        callee.answer()
        world.run(for: .milliseconds(100))
        #expect(caller.wasAnswered)
        let via = try #require(caller.responses(.invite).last?.header("Via"))
        #expect(via.contains(";received=2001:db8::2;rport=5060"))
        callee.hangUp()
        world.runUntilQuiet()
        #expect(caller.byeReceivedAt != nil)
        #expect(world.store.records.map(\.callerAddress) == ["[2001:db8::2]:5060"])
        #expect(world.softswitch.legCount == 0)
        #expect(world.violations == [])
    }

    @Test("the ACK and BYE go to the Contact of the answer, and follow a new Contact")
    func targetRefresh() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall()
        let moved = NetworkAddress(ipv4: 0xC000_0220, port: 5070)
        scenario.world.register(scenario.customer, at: moved)
        caller.request(.update, fields: ["Contact: <sip:a@192.0.2.32:5070>"])
        scenario.pass()
        try scenario.callAtVendor().hangUp()
        scenario.pass()
        #expect(caller.requests(.bye).first?.requestURI == "sip:a@192.0.2.32:5070")
        #expect(scenario.sent("BYE", from: Scenario.switchAddress, to: moved) == 1)
        scenario.finish()
    }
}
