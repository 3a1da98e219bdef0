import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// Answers that no registrar should give: each leaves the machine in a stated state, and it goes on.
@Suite struct RegistrationBadInputTests {
    /// The state after the answer, and the reason given.
    private func state(after step: RegistrarStep) throws -> RegistrationStatus {
        let scenario = RegistrationScenario { $0[0].script = [step] }
        scenario.pass(.seconds(2))
        let status = try scenario.status()
        // Whatever it was, the registration comes up afterwards, within the slowest retry.
        scenario.pass(.seconds(700))
        if status.state != .registered { scenario.registered() }
        #expect(scenario.world.violations == [])
        return status
    }

    /// Our own Contact as the switch will write it.
    private func ownContact() throws -> String {
        let scenario = RegistrationScenario().registered()
        return try #require(scenario.bindings.first?.contact)
    }

    @Test(
        "a Contact with an expires that is no lifetime counts as not given; a monster as the longest that we use",
        arguments: [
            ("-1", 3_600), ("abc", 3_600), ("", 3_600), ("1000000000000", 7_200), ("99999999999999999999999", 7_200), ("4294967296", 7_200),
        ])
    func oddExpires(_ text: String, _ granted: Int) throws {
        let contact = try ownContact()
        let status = try state(after: .answer(200, fields: ["Contact: <\(contact)>;expires=\(text)"]))
        #expect(status.state == .registered)
        #expect(status.grantedSeconds == granted)
    }

    @Test("a lifetime of nought for our Contact is no registration")
    func noLifetime() throws {
        let contact = try ownContact()
        let status = try state(after: .answer(200, fields: ["Contact: <\(contact)>;expires=0"]))
        #expect(status.state == .waitingToRetry)
        #expect(status.reason.contains("grants no lifetime"))
    }

    @Test("an Expires header field that is no number", arguments: ["-1", "x", "1e9"])
    func oddExpiresField(_ text: String) throws {
        let contact = try ownContact()
        let status = try state(after: .answer(200, fields: ["Contact: <\(contact)>", "Expires: \(text)"]))
        #expect(status.state == .registered)
        #expect((1...3_600).contains(status.grantedSeconds))
    }

    @Test(
        "a 200 with a Contact that cannot be read",
        arguments: ["<sip:", "sip:a@b, <<", "\"", "<tel:1>;expires=;;", ",,,", "*", "<sip:%%%@>;expires=60"])
    func oddContact(_ text: String) throws {
        let status = try state(after: .answer(200, fields: ["Contact: \(text)"]))
        #expect([.registered, .waitingToRetry].contains(status.state))
    }

    @Test("a 200 with thousands of foreign Contacts: a bounded few are shown")
    func manyForeign() throws {
        let contact = try ownContact()
        let foreign = (0..<400).map { "Contact: <sip:other\($0)@192.0.2.60>;expires=60" }
        let status = try state(after: .answer(200, fields: Array(foreign.prefix(200)) + ["Contact: <\(contact)>;expires=600"]))
        #expect(status.state == .registered)
        #expect(status.grantedSeconds == 600)
        #expect((1...16).contains(status.foreignContacts.count))
    }

    @Test("responses without the header fields that every message needs are dropped, and the REGISTER is repeated")
    func malformedResponses() throws {
        let scenario = RegistrationScenario { $0[0].script = [.silent] }
        scenario.pass(.milliseconds(100))
        let request = try #require(scenario.requests.first)
        let via = request.header("Via") ?? ""
        let lines = [
            "Via: \(via)", "From: \(request.header("From") ?? "")", "To: <sip:acme@sw.example.net>;tag=x", "Call-ID: \(request.callID)",
            "CSeq: \(request.cseq) REGISTER", "Content-Length: 0",
        ]
        for missing in 0..<5 {
            var some = lines
            some.remove(at: missing)
            scenario.registrar.peer.send(raw: (["SIP/2.0 200 OK"] + some + ["", ""]).joined(separator: "\r\n"))
            scenario.registrar.peer.send(raw: (["SIP/2.0 2000 OK"] + lines + ["", ""]).joined(separator: "\r\n"))
            scenario.registrar.peer.send(raw: (["SIP/2.0 99 OK"] + lines + ["", ""]).joined(separator: "\r\n"))
        }
        scenario.pass(.seconds(1))
        #expect(scenario.state == .registering)
        #expect(scenario.registrar.copies >= 1)
        // The same, whole, is taken.
        scenario.registrar.peer.send(raw: (["SIP/2.0 200 OK"] + lines + ["", ""]).joined(separator: "\r\n"))
        scenario.pass(.milliseconds(100))
        #expect(scenario.state == .registered)
        #expect(scenario.world.violations == [])
    }

    @Test("an answer that comes from a stranger, with another branch, counts for nothing")
    func forgedAnswer() throws {
        let scenario = RegistrationScenario { $0[0].script = [.silent] }
        scenario.pass(.milliseconds(100))
        let request = try #require(scenario.requests.first)
        let text = [
            "SIP/2.0 403 Forbidden", "Via: SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bKguess", "From: \(request.header("From") ?? "")",
            "To: <sip:acme@sw.example.net>;tag=x", "Call-ID: \(request.callID)", "CSeq: \(request.cseq) REGISTER", "Content-Length: 0", "", "",
        ].joined(separator: "\r\n")
        scenario.registrar.peer.send(raw: text)
        scenario.pass(.milliseconds(100))
        #expect(scenario.state == .registering)
    }

    private func challenge(_ parameters: String) -> RegistrarStep { .answer(401, fields: ["WWW-Authenticate: Digest \(parameters)"]) }

    @Test("a nonce of 8 KB: refused with its reason, slow retries")
    func longNonce() throws {
        let status = try state(after: challenge("realm=\"example.net\", nonce=\"\(String(repeating: "n", count: 8_192))\""))
        #expect(status.state == .credentialsRefused)
        #expect(status.reason.contains("nonce of 8192 bytes"))
    }

    @Test("a realm with quotes and backslashes is answered as it stands")
    func quotedRealm() {
        let scenario = RegistrationScenario { $0[0].rules.challenge?.realm = #"the \"best\" \\ realm"# }
        scenario.registered()
        #expect(scenario.requests[1].header("Authorization")?.contains(#"realm="the \"best\" \\ realm""#) == true)
        scenario.checkRules()
    }

    @Test(
        "a challenge that cannot be read or answered is a stated failure",
        arguments: [
            "", "realm", "realm=\"", "realm=\"a\",nonce", "nonce=\"n\"", "realm=\"a\",nonce=\"n\",algorithm=ROT13",
            "realm=\"a\",nonce=\"n\",qop=\"x\"",
            "realm=\"a\" nonce=\"n\"", "realm=\"a\",realm=\"b\",nonce=\"n\"", "\u{1}",
        ])
    func oddChallenge(_ parameters: String) throws {
        let status = try state(after: challenge(parameters))
        #expect([.credentialsRefused, .waitingToRetry].contains(status.state))
        #expect(status.reason.hasPrefix("401 "))
    }

    @Test("401 without any challenge, or of another scheme", arguments: [[], ["WWW-Authenticate: Basic realm=\"x\""]])
    func noChallenge(_ fields: [String]) throws {
        let status = try state(after: .answer(401, fields: fields))
        #expect([.credentialsRefused, .waitingToRetry].contains(status.state))
        #expect(!status.reason.isEmpty)
    }

    @Test("a hundred challenges a second, asked for or not, leave one REGISTER a retry")
    func challengeFlood() throws {
        let scenario = RegistrationScenario { $0[0].always = .challenge(isStale: true) }
        for _ in 0..<600 {
            scenario.pass(.milliseconds(10))
            guard let last = scenario.requests.last else { continue }
            let text = [
                "SIP/2.0 401 Unauthorized", "Via: \(last.header("Via") ?? "")", "From: \(last.header("From") ?? "")",
                "To: <sip:acme@sw.example.net>;tag=x", "Call-ID: \(last.callID)", "CSeq: \(last.cseq) REGISTER",
                "WWW-Authenticate: Digest realm=\"example.net\",nonce=\"f\(scenario.world.elapsed.inMilliseconds)\",stale=true",
                "Content-Length: 0", "", "",
            ].joined(separator: "\r\n")
            scenario.registrar.peer.send(raw: text)
        }
        #expect(scenario.registrar.exchanges.count <= 4)
        #expect(scenario.state == .credentialsRefused)
        scenario.checkRules()
    }

    @Test("an answer that is repeated or comes late changes nothing")
    func repeatedAnswer() throws {
        let scenario = RegistrationScenario(conditions: NetworkConditions(duplication: 1)).registered()
        #expect(scenario.registrar.statuses == [401, 200])
        scenario.pass(.seconds(3_600))
        #expect(scenario.state == .registered)
        #expect(scenario.bindings.count == 1)
        scenario.checkRules()
    }

    @Test("an endless reason phrase, Retry-After and Service-Route values are bounded in what is kept")
    func longTexts() throws {
        let long = String(repeating: "x", count: 9_000)
        let contact = try ownContact()
        let fields = ["Contact: <\(contact)>;expires=600", "Service-Route: <sip:\(long)@example.net;lr>", "Contact: <sip:\(long)@192.0.2.60>"]
        let status = try state(after: .answer(200, fields: fields))
        #expect(status.state == .registered)
        #expect(status.foreignContacts.allSatisfy { $0.utf8.count <= 300 })
    }
}
