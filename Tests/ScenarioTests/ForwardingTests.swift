import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

extension Scenario {
    /// Other gateways, for calls that begin afterwards.
    func configure(_ change: (_ customers: inout [MappingGateway], _ vendors: inout [RoutingGateway]) -> Void) {
        let before = world.setup.configuration
        var (customers, vendors) = (before.mappingGateways, before.routingGateways)
        change(&customers, &vendors)
        world.configure(
            SwitchConfiguration(
                revision: before.revision + 1, mappingGateways: customers, routingGateways: vendors, phones: before.phones, groups: before.groups,
                numberGroups: before.numberGroups, parameters: before.parameters, live: before.live, previous: before))
    }
}

extension SeenMessage {
    /// A response to this request, written by hand.
    func response(_ start: String, tag: String, lines: [String], body: String = "") -> String {
        var text = "SIP/2.0 \(start)\r\n"
        for via in headers("Via") { text += "Via: \(via)\r\n" }
        text += "From: \(header("From") ?? "")\r\nTo: \(header("To") ?? "");tag=\(tag)\r\nCall-ID: \(callID)\r\nCSeq: \(cseq) INVITE\r\n"
        for line in lines { text += "\(line)\r\n" }
        return text + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// Calls that a 3xx sends elsewhere, and those that go on to the next gateway after a sign of life.
@Suite struct ForwardingTests {
    private static let targetAddress = NetworkAddress(ipv4: 0xC633_6463, port: 5070)
    private static let contact = "Contact: <sip:+14155550199@198.51.100.99:5070>"

    private static func target(of scenario: Scenario) -> Peer {
        Peer("target", at: targetAddress, marker: "~B", in: scenario.world, towards: Scenario.switchAddress)
    }

    // MARK: - Recognised forwarding

    enum Change: CaseIterable { case gatewaysInFront, otherOrder, removed }

    @Test("a forwarded call is decided with the configuration that it began with, whatever came since", arguments: Change.allCases)
    func forwardedAfterChange(change: Change) throws {
        let scenario = Scenario(
            parameters: ["SS_RECOGNIZE_CALL_FORWARD_SIGNAL": .flag(true)],
            vendor: { index, gateway in gateway.prefixes = index == 0 ? ["+1415"] : ["+1999"] })
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        let first = try scenario.callAtVendor(0)
        first.respond(100)
        scenario.configure { customers, vendors in
            switch change {
            case .gatewaysInFront:
                customers.insert(MappingGateway(name: "customer-0", addresses: [InboundScenario.address(99)]), at: 0)
                let new = (0..<3).map { RoutingGateway(name: "another-\($0)", addresses: [Scenario.vendorAddress(50 + $0)]) }
                vendors.insert(contentsOf: new, at: 0)
            case .otherOrder: vendors.reverse()
            case .removed: vendors.remove(at: 1)
            }
        }
        scenario.pass()
        first.respond(302, fields: ["Contact: <sip:+19995550123@elsewhere.example.net>"])
        scenario.pass()
        let callee = try scenario.callAtVendor(1)
        #expect(callee.requests(.invite).first?.requestURI.hasPrefix("sip:+19995550123@198.51.100.2") == true)
        #expect(scenario.vendors[0].callList.count == 1)
        callee.answer()
        scenario.pass()
        scenario.finish(call)
        let record = try scenario.record()
        #expect(record.routingGateway == "carrier-1")
        #expect(record.decision.contains(#""forwarded":true"#))
    }

    // MARK: - Redirections

    @Test("the redirection of a phone is followed to where it points, not to the phone again", arguments: [true, false])
    func phoneRedirects(registers: Bool) throws {
        let address = NetworkAddress(ipv4: 0xC633_6432, port: 5060)
        var phone = Phone(name: "1001", password: "secret")
        if !registers { phone.address = address }
        let scenario = Scenario(vendors: 0, followsRedirects: true, phones: [phone])
        let target = Self.target(of: scenario)
        let device = RegisteringPhone("1001", at: address, in: scenario.world, towards: Scenario.switchAddress)
        if registers {
            device.register()
            scenario.pass()
            try #require(device.answers.map(\.status) == [200])
        }
        let call = scenario.customer.makeCall(index: 1, to: "1001")
        call.invite()
        scenario.pass()
        let invite = try #require(device.requests.first { $0.method == .invite })
        device.peer.send(raw: invite.response("302 Moved Temporarily", tag: "p1", lines: [Self.contact]))
        scenario.pass()
        #expect(device.requests.count { $0.method == .invite } == 1)
        let callee = try #require(target.callList.first)
        #expect(callee.requests(.invite).first?.requestURI == "sip:+14155550199@198.51.100.99:5070")
        callee.answer()
        scenario.pass()
        scenario.finish(call)
        #expect(try scenario.record().attempts.map(\.status) == [302, 200])
    }

    @Test("a redirection back to where the call came from is followed only for a gateway whose calls may return", arguments: [true, false])
    func redirectedToSource(returnsCalls: Bool) throws {
        let scenario = Scenario(followsRedirects: true, vendor: { $1.returnsCalls = returnsCalls })
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        try scenario.callAtVendor(0).respond(302, fields: ["Contact: <sip:+14155550199@192.0.2.10:5060>"])
        scenario.pass()
        #expect(scenario.sent("INVITE", from: Scenario.switchAddress, to: Scenario.customerAddress) == (returnsCalls ? 1 : 0))
        if returnsCalls { scenario.customer.callList.last?.respond(404) }
        scenario.pass()
        try scenario.callAtVendor(1).respond(404)
        scenario.finish()
        #expect(try scenario.record().decision.contains(#""verdict":"sameAsSource""#) == !returnsCalls)
    }

    @Test("a redirected INVITE shows the caller as the gateway's rules say: rewritten, or of its pool", arguments: [true, false])
    func callerOfRedirected(hasPool: Bool) throws {
        let scenario = Scenario(
            vendors: 1, followsRedirects: true, numberGroups: [NumberGroup(name: "pool", numbers: ["4155550177"])],
            vendor: {
                $1.callerRewrite = RewriteRules([.init("*", ["4155550166"])])
                $1.calleeRewrite = RewriteRules([.init("+1", ["001"])])
                $1.callerPool = hasPool ? CallerPool(group: "pool") : nil
            })
        let target = Self.target(of: scenario)
        let shown = hasPool ? "4155550177" : "4155550166"
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        let first = try scenario.callAtVendor(0)
        #expect(first.requests(.invite).first?.header("From")?.hasPrefix("<sip:\(shown)@") == true)
        first.respond(302, fields: [Self.contact])
        scenario.pass()
        let callee = try #require(target.callList.first)
        let invite = try #require(callee.requests(.invite).first)
        #expect(invite.header("From")?.hasPrefix("<sip:\(shown)@") == true)
        #expect(!invite.text.contains("+14155550100"))
        #expect(invite.requestURI == "sip:+14155550199@198.51.100.99:5070")
        callee.answer()
        scenario.pass()
        scenario.finish(call)
        let record = try scenario.record()
        #expect((record.caller.sent, record.callee.sent) == (shown, "+14155550199"))
    }

    // MARK: - The next attempt

    @Test("an INVITE whose stream failed is sent as a datagram, though SS_GATEWAY_SWITCH_LIMIT lets no other gateway be tried")
    func datagramAfterStream() throws {
        let scenario = Scenario(
            parameters: ["SS_GATEWAY_SWITCH_LIMIT": .integer(0)], vendor: { $1.streamForLargeRequests = true })
        scenario.vendors[0].isDead = true
        let call = scenario.makeCall()
        call.invite(fields: ["Subject: " + String(repeating: "long ", count: 260)])
        scenario.pass()
        let lines = scenario.world.trace?.lines ?? []
        try #require(lines.contains { $0.contains("Via: SIP/2.0/TCP 203.0.113.10:5060") }, "not sent by a stream")
        scenario.vendors[0].isDead = false
        scenario.world.endConnection(of: Scenario.vendorAddress(1), transport: .tcp)
        scenario.pass()
        let callee = try scenario.callAtVendor(0)
        #expect(callee.requests(.invite).first?.header("Via")?.hasPrefix("SIP/2.0/UDP ") == true)
        callee.respond(503)
        scenario.pass()
        #expect(scenario.vendors[1].callList.isEmpty)
        #expect(call.statuses(.invite).last == 503)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.attempts.map(\.outcome) == [.unreachable, .refused])
        #expect(record.decision.contains(#""switchLimit""#))
    }

    @Test("a 183 whose body is no session description is no early media: not for the stop rules, nor for the ring-back", arguments: [true, false])
    func bodyWithoutMedia(describesMedia: Bool) throws {
        let scenario = Scenario(
            customer: { $0.ringback = .ringing }, vendor: { $1.switching.afterMedia = false })
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        let first = try scenario.callAtVendor(0)
        if describesMedia {
            first.respond(183, hasMedia: true)
        } else {
            let invite = try #require(first.requests(.invite).first)
            let lines = ["Contact: <sip:carrier@198.51.100.1:5060>", "Content-Type: application/isup;version=itu-t92+"]
            scenario.vendors[0].send(raw: invite.response("183 Session Progress", tag: "i1", lines: lines, body: "\u{6}\u{16}\u{4}\u{0}"))
        }
        scenario.pass()
        #expect(call.statuses(.invite).last == (describesMedia ? 180 : 183))
        first.respond(503)
        scenario.pass()
        #expect(scenario.vendors[1].callList.count == (describesMedia ? 0 : 1))
        if !describesMedia { try scenario.callAtVendor(1).respond(404) }
        scenario.finish()
        #expect(try scenario.record().attempts.count == (describesMedia ? 1 : 2))
    }
}
