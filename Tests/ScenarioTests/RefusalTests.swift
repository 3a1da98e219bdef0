import CallRecords
import SIPMessages
import SwitchCore
import SwitchTesting
import Testing
import Vocabulary

/// Requests that the switch answers by itself: what it does not support, does not know, or will not take.
@Suite struct RefusalTests {
    private func head(_ scenario: Scenario, branch: String = "z9hG4bKr1", callID: String = "refusal-1", cseq: String) -> String {
        "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=\(branch);rport\r\nMax-Forwards: 70\r\nFrom: <sip:+14155550100@example.net>;tag=f1\r\n"
            + "Call-ID: \(callID)\r\nCSeq: \(cseq)\r\nContact: <sip:a@192.0.2.10:5060>\r\n"
    }

    /// What comes back to the customer for a request sent as it stands.
    private func answers(to text: String, in scenario: Scenario) -> [SeenMessage] {
        let before = scenario.customer.seen.count
        scenario.customer.send(raw: text)
        scenario.pass()
        return Array(scenario.customer.seen.dropFirst(before))
    }

    private let uri = "sip:+14155550001@203.0.113.10:5060 SIP/2.0\r\n"
    private let to = "To: <sip:+14155550001@example.net>\r\n"
    private let end = "Content-Length: 0\r\n\r\n"

    @Test("an unknown method: 405 with Allow")
    func unknownMethod() throws {
        let scenario = Scenario()
        let answer = try #require(answers(to: "DANCE \(uri)\(head(scenario, cseq: "1 DANCE"))\(to)\(end)", in: scenario).first)
        #expect(answer.status == 405)
        #expect(answer.elements("Allow").contains("INVITE"))
        #expect(!answer.elements("Allow").contains("REFER"))
        #expect(!answer.toTag.isEmpty)
        scenario.finish()
    }

    @Test("REFER outside a dialog: 405")
    func refer() throws {
        let scenario = Scenario()
        let text = "REFER \(uri)\(head(scenario, cseq: "1 REFER"))\(to)Refer-To: <sip:b@example.net>\r\n\(end)"
        #expect(answers(to: text, in: scenario).map(\.status) == [405])
        scenario.finish()
    }

    @Test("an unknown extension that is required: 420 with Unsupported, naming only what is unknown")
    func unknownExtension() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(fields: ["Require: 100rel, teleport", "Require: levitate"])
        scenario.pass()
        let answer = try #require(caller.responses(.invite).last)
        #expect(answer.status == 420)
        #expect(answer.elements("Unsupported") == ["teleport", "levitate"])
        scenario.finish()
        #expect(scenario.vendors[0].callList.isEmpty)
    }

    @Test("Max-Forwards 0: 483")
    func tooManyHops() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.request(
            .invite, fields: ["Contact: <sip:a@192.0.2.10:5060>"], body: "", isInitial: true, maxForwards: 0)
        scenario.pass()
        #expect(caller.statuses(.invite) == [483])
        scenario.finish()
        #expect(scenario.vendors[0].callList.isEmpty)
    }

    @Test("Max-Forwards is lowered by one on the other leg, also inside the dialog")
    func maxForwardsLowered() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        #expect(callee.requests(.invite).first?.header("Max-Forwards") == "69")
        caller.request(.info, maxForwards: 11)
        scenario.pass()
        #expect(callee.requests(.info).first?.header("Max-Forwards") == "10")
        let last = caller.request(.info, maxForwards: 0)
        scenario.pass()
        #expect(last.finals == [483])
        scenario.finish(caller)
    }

    @Test("OPTIONS outside a dialog: 200 with Allow, Accept and Supported, for customers and vendors")
    func options() throws {
        let scenario = Scenario()
        let answer = try #require(answers(to: "OPTIONS \(uri)\(head(scenario, cseq: "1 OPTIONS"))\(to)\(end)", in: scenario).first)
        #expect(answer.status == 200)
        #expect(answer.elements("Allow").contains("UPDATE"))
        #expect(answer.elements("Accept") == ["application/sdp"])
        #expect(answer.elements("Supported") == ["100rel", "timer"])
        let ping = scenario.vendors[0].makeCall(to: "+14155550001").request(.options)
        scenario.pass()
        #expect(ping.finals == [200])
        scenario.finish()
    }

    @Test("an unknown source: 403 when SS_REPLY_UNAUTHORIZED is on, else silence; nothing is kept", arguments: [true, false])
    func unknownSource(_ replies: Bool) throws {
        let scenario = Scenario(parameters: ["SS_REPLY_UNAUTHORIZED": .flag(replies)])
        let stranger = Peer(
            "stranger", at: NetworkAddress(ipv4: 0xC000_0201, port: 5060), marker: "~A", in: scenario.world, towards: Scenario.switchAddress)
        let call = stranger.makeCall(to: SimulatedNumber.of(5))
        call.invite()
        scenario.pass()
        #expect(call.statuses(.invite) == (replies ? [403] : []))
        #expect(scenario.world.softswitch.statistics.transactions == 0)
        #expect(scenario.world.softswitch.statistics.unrecognisedSources == (replies ? 2 : 1), "the INVITE, and the ACK of the 403")
        scenario.finish()
        #expect(scenario.vendors[0].callList.isEmpty)
    }

    @Test("a vendor may not begin a call: 403")
    func vendorCalls() throws {
        let scenario = Scenario()
        let call = scenario.vendors[0].makeCall(to: SimulatedNumber.of(5))
        call.invite()
        scenario.pass()
        #expect(call.statuses(.invite) == [403])
        scenario.finish()
    }

    @Test("a request of a dialog that nobody knows: 481", arguments: ["BYE", "INVITE", "UPDATE", "INFO", "PRACK"])
    func unknownDialog(_ method: String) throws {
        let scenario = Scenario()
        let text = "\(method) \(uri)\(head(scenario, cseq: "9 \(method)"))To: <sip:x@example.net>;tag=gone\r\n\(end)"
        #expect(answers(to: text, in: scenario).first?.status == 481)
        scenario.world.runUntilQuiet()
        #expect(scenario.world.softswitch.statistics.transactions == 0)
    }

    @Test("BYE without a tag in To: 481; CANCEL for nothing: 481; ACK for nothing: no answer")
    func strays() throws {
        let scenario = Scenario()
        #expect(answers(to: "BYE \(uri)\(head(scenario, cseq: "1 BYE"))\(to)\(end)", in: scenario).map(\.status) == [481])
        let cancel = "CANCEL \(uri)\(head(scenario, branch: "z9hG4bKr2", cseq: "1 CANCEL"))\(to)\(end)"
        #expect(answers(to: cancel, in: scenario).map(\.status) == [481])
        let ack = "ACK \(uri)\(head(scenario, branch: "z9hG4bKr3", cseq: "1 ACK"))To: <sip:x@example.net>;tag=gone\r\n\(end)"
        #expect(answers(to: ack, in: scenario).isEmpty)
        scenario.finish()
    }

    @Test("the same INVITE by another path: 482, and the first goes on")
    func merged() throws {
        let scenario = Scenario()
        let one = "INVITE \(uri)\(head(scenario, branch: "z9hG4bKpath1", cseq: "1 INVITE"))\(to)\(end)"
        let other = "INVITE \(uri)\(head(scenario, branch: "z9hG4bKpath2", cseq: "1 INVITE"))\(to)\(end)"
        #expect(answers(to: one, in: scenario).map(\.status) == [100])
        #expect(answers(to: other, in: scenario).first?.status == 482)
        #expect(scenario.vendors[0].callList.count == 1)
    }

    @Test("a call of ours that comes back with another Via but our Call-ID: 482")
    func ownCallID() throws {
        let scenario = Scenario(vendors: 1)
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        let sent = try #require(try scenario.callAtVendor().requests(.invite).first?.header("Call-ID"))
        let text = "INVITE \(uri)\(head(scenario, callID: sent, cseq: "1 INVITE"))\(to)\(end)"
        #expect(answers(to: text, in: scenario).map(\.status).contains(482))
        scenario.customer.send(raw: "ACK \(uri)\(head(scenario, callID: sent, cseq: "1 ACK"))To: <sip:+14155550001@example.net>;tag=f1\r\n\(end)")
        try scenario.callAtVendor().respond(404)
        scenario.finish()
    }

    @Test("an INVITE that passed here before: 482")
    func loop() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        // The vendor sends our INVITE on, and it comes back to us by the customer.
        let passed = try #require(try scenario.callAtVendor().requests(.invite).first)
        let text = passed.text.replacing("INVITE sip:+14155550000001@198.51.100.1:5060", "INVITE sip:+14155550000001@203.0.113.10:5060")
            .replacing("Via: ", "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKback;rport\r\nVia: ")
        #expect(answers(to: text, in: scenario).map(\.status) == [482])
    }

    @Test(
        "malformed requests: 400 with a reason phrase that says what is wrong",
        arguments: [
            ("CSeq: 1 INVITE\r\n", "CSeq: 1 BYE\r\n", "CSeq Method Does Not Match"),
            ("Call-ID: refusal-1\r\n", "", ""),
            ("Max-Forwards: 70\r\n", "Max-Forwards: many\r\n", "Malformed Max-Forwards Header Field"),
            ("Contact: <sip:a@192.0.2.10:5060>\r\n", "Contact: <sip:a@192.0.2.10:5060\r\n", "Malformed Contact Header Field"),
            ("Content-Length: 0", "Content-Length: 99", "Body Shorter Than Content-Length"),
        ])
    func malformed(_ sound: String, _ broken: String, _ phrase: String) throws {
        let scenario = Scenario()
        let text = "INVITE \(uri)\(head(scenario, cseq: "1 INVITE"))\(to)\(end)".replacing(sound, broken)
        let answer = answers(to: text, in: scenario).first
        if phrase.isEmpty {
            // Without Call-ID no answer can be made that its sender could match.
            #expect(answer == nil)
        } else {
            #expect(answer?.status == 400)
            #expect(answer?.reasonPhrase == phrase)
        }
        #expect(scenario.vendors[0].callList.isEmpty)
    }

    @Test("503 with Retry-After when the shard is full, and again calls when one has ended")
    func capacity() throws {
        let scenario = Scenario(maximumCalls: 1)
        let (caller, _) = try scenario.answeredCall(1)
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        let refusal = try #require(second.responses(.invite).last)
        #expect(refusal.status == 503)
        #expect(refusal.header("Retry-After") == "10")
        caller.hangUp()
        scenario.pass()
        let third = scenario.makeCall(3)
        third.invite()
        scenario.pass()
        #expect(third.statuses(.invite) == [100])
        third.cancel()
        scenario.vendors[0].callList.last?.respond(180)
        scenario.finish()
    }

    @Test("at the bound of transactions: 503 for new requests, while repetitions of taken ones are known")
    func transactionBound() throws {
        let scenario = Scenario(maximumTransactions: 2)
        let caller = scenario.makeCall()
        scenario.world.loses = { message, _, to in message.hasPrefix("SIP/2.0 100") && to == Scenario.customerAddress }
        caller.invite()
        scenario.pass(.milliseconds(600))
        #expect(scenario.world.softswitch.statistics.transactions == 2)
        #expect(caller.statuses(.invite) == [])
        scenario.world.loses = nil
        scenario.pass(.seconds(1))
        #expect(caller.statuses(.invite) == [100])
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        #expect(second.statuses(.invite) == [503])
        #expect(second.responses(.invite).last?.header("Retry-After") != nil)
        #expect(scenario.world.softswitch.statistics.transactions == 2)
        try scenario.callAtVendor().answer()
        scenario.pass()
        #expect(caller.wasAnswered)
        scenario.finish(caller)
    }

    @Test("no number in the Request-URI: 484")
    func noNumber() throws {
        let scenario = Scenario()
        let text = "INVITE sip:203.0.113.10 SIP/2.0\r\n\(head(scenario, cseq: "1 INVITE"))\(to)\(end)"
        #expect(answers(to: text, in: scenario).first?.status == 484)
    }

    @Test("what is no SIP is dropped")
    func garbage() throws {
        let scenario = Scenario()
        for text in ["\r\n\r\n", "hello", "GET / HTTP/1.1\r\n\r\n", "SIP/2.0", "\0\0\0\0\0\0\0\0\0\0\0\0\0"] {
            #expect(answers(to: text, in: scenario).isEmpty)
        }
        scenario.finish()
    }
}

extension String {
    /// The text with every occurrence replaced.
    func replacing(_ part: String, _ replacement: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: replacement)
    }
}
