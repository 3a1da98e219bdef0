import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// How callers and callees are read from an INVITE, and how they are shown to each vendor.
@Suite struct IdentityTests {
    private static let caller = "+14155550100"

    /// The INVITE that a vendor gets for one with these header fields.
    private func invite(
        fields: [String] = [], parameters: [String: ParameterValue] = [:], customer: (inout MappingGateway) -> Void = { _ in },
        vendor: (inout RoutingGateway) -> Void = { _ in }
    ) throws -> SeenMessage {
        let scenario = Scenario(vendors: 1, parameters: parameters, customer: customer, vendor: { vendor(&$1) })
        let call = scenario.makeCall()
        call.invite(fields: fields)
        scenario.pass()
        let seen = try #require(try scenario.callAtVendor().requests(.invite).first)
        call.cancel()
        try scenario.callAtVendor().respond(180)
        scenario.finish()
        return seen
    }

    // MARK: - Numbers

    @Test(
        "the caller's number is read where the customer's gateway is set to write it",
        arguments: [
            (CallerSource.from, IdentityTests.caller), (.pAssertedIdentity, "+14155550111"), (.pPreferredIdentity, "+14155550122"),
            (.remotePartyID, "+14155550133"),
        ])
    func callerSource(source: CallerSource, number: String) throws {
        let seen = try invite(
            fields: [
                "P-Asserted-Identity: \"A\" <sip:+14155550111@example.net>", "P-Preferred-Identity: <sip:+14155550122@example.net>",
                "Remote-Party-ID: <sip:+14155550133@example.net>;party=calling",
            ], customer: { $0.callerSource = source })
        #expect(seen.header("From")?.contains("<sip:\(number)@") == true)
    }

    @Test("a header field that is not there leaves the caller of From")
    func callerSourceMissing() throws {
        let seen = try invite(customer: { $0.callerSource = .pAssertedIdentity })
        #expect(seen.header("From")?.contains("<sip:\(Self.caller)@") == true)
    }

    @Test("the callee is read from Diversion where the gateway is set so")
    func calleeSource() throws {
        let seen = try invite(
            fields: ["Diversion: <sip:+14155550166@example.net>;reason=no-answer"], customer: { $0.calleeSource = .diversion })
        #expect(seen.requestURI.hasPrefix("sip:+14155550166@"))
    }

    @Test("dial plans of both sides change caller and callee, and the record has all three forms of each")
    func dialPlans() throws {
        let scenario = Scenario(
            vendors: 1,
            customer: {
                $0.calleeRewrite = RewriteRules([.init("+1", ["1"])])
                $0.callerRewrite = RewriteRules([.init("+1415", ["415"])])
            },
            vendor: {
                $1.calleeRewrite = RewriteRules([.init("1", ["00991"])])
                $1.callerRewrite = RewriteRules([.init("*", ["4155550199"])])
            })
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        let seen = try #require(try scenario.callAtVendor().requests(.invite).first)
        let dialled = SimulatedNumber.of(1)
        let routed = String(dialled.dropFirst())
        #expect(seen.requestURI.hasPrefix("sip:0099\(routed)@"))
        #expect(seen.header("From")?.contains("<sip:4155550199@") == true)
        #expect(seen.header("To")?.contains("<sip:0099\(routed)@") == true)
        try scenario.callAtVendor().respond(404)
        scenario.finish()
        let record = try scenario.record()
        #expect((record.callee.received, record.callee.routed, record.callee.sent) == (dialled, routed, "0099\(routed)"))
        #expect((record.caller.received, record.caller.routed, record.caller.sent) == (Self.caller, "4155550100", "4155550199"))
        #expect(record.decision.contains(#""calleeRule":"+1=1""#))
        #expect(record.decision.contains(#""callerRule":"+1415=415""#))
    }

    @Test("SS_SIP_ROUTING_GATEWAY_INVITE_USE_CONTACT keeps the dialled number in To", arguments: [true, false])
    func useContact(isOn: Bool) throws {
        let seen = try invite(
            parameters: ["SS_SIP_ROUTING_GATEWAY_INVITE_USE_CONTACT": .flag(isOn)], vendor: { $0.calleeRewrite = RewriteRules([.init("+1", ["9"])]) })
        let dialled = SimulatedNumber.of(1)
        #expect(seen.requestURI.hasPrefix("sip:9\(dialled.dropFirst(2))@"))
        #expect(seen.header("To")?.contains("<sip:\(isOn ? dialled : "9" + dialled.dropFirst(2))@") == true)
    }

    // MARK: - Header fields

    @Test(
        "P-Asserted-Identity: not sent, passed from a trusted customer only, or the caller's number",
        arguments: [
            (IdentitySettings.AssertedIdentity.none, true, nil), (.passThrough, true, "<sip:+14155550111@example.net>"), (.passThrough, false, nil),
            (.caller, false, "<sip:+14155550100@203.0.113.10:5060>"),
        ] as [(IdentitySettings.AssertedIdentity, Bool, String?)])
    func asserted(rule: IdentitySettings.AssertedIdentity, isTrusted: Bool, header: String?) throws {
        let seen = try invite(
            fields: ["P-Asserted-Identity: <sip:+14155550111@example.net>"], customer: { $0.isTrusted = isTrusted },
            vendor: { $0.identity.pAssertedIdentity = rule })
        #expect(seen.header("P-Asserted-Identity") == header)
    }

    @Test(
        "Privacy: off, passed, id or none",
        arguments: [
            (IdentitySettings.PrivacyHeader.none, nil), (.passThrough, "id"), (.id, "id"), (.noPrivacy, "none"),
        ] as [(IdentitySettings.PrivacyHeader, String?)])
    func privacy(rule: IdentitySettings.PrivacyHeader, header: String?) throws {
        #expect(try invite(fields: ["Privacy: id"], vendor: { $0.identity.privacy = rule }).header("Privacy") == header)
    }

    @Test("Remote-Party-ID is written where the vendor wants it, and hides who hides")
    func remoteParty() throws {
        let seen = try invite(fields: ["Privacy: id"], vendor: { $0.identity.sendsRemotePartyID = true })
        #expect(seen.header("Remote-Party-ID") == "<sip:+14155550100@203.0.113.10:5060>;party=calling;screen=no;privacy=full")
        #expect(try invite().header("Remote-Party-ID") == nil)
    }

    @Test("Diversion and History-Info are passed or dropped", arguments: [true, false])
    func diversion(passes: Bool) throws {
        let seen = try invite(
            fields: ["Diversion: <sip:+14155550166@example.net>", "History-Info: <sip:+14155550177@example.net>;index=1"],
            vendor: {
                $0.identity.passesDiversion = passes
                $0.identity.passesHistoryInfo = passes
            })
        #expect((seen.header("Diversion") != nil) == passes)
        #expect((seen.header("History-Info") != nil) == passes)
    }

    @Test(
        "the display name of From by SS_SIP_E164_DISPLAY_FROM",
        arguments: [("Ignore", false), ("Caller", true), ("None", false)])
    func display(option: String, isNumber: Bool) throws {
        let seen = try invite(parameters: ["SS_SIP_E164_DISPLAY_FROM": .option(option)])
        #expect((seen.header("From")?.hasPrefix("\"+14155550100\" <sip:") == true) == isNumber)
    }
}
