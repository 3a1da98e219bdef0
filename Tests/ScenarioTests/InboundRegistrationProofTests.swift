import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// How phones prove who they are, and who is barred for failing: codes, nonces, counts, suspension.
@Suite("Inbound registration: proof")
struct InboundRegistrationProofTests {
    @Test("SS_SIP_AUTHENTICATION_CODE 407 challenges as a proxy does")
    func code() throws {
        let scenario = InboundScenario(parameters: ["SS_SIP_AUTHENTICATION_CODE": .option("407")])
        let phone = scenario.phone()
        phone.register()
        scenario.pass()
        #expect(phone.responses.map(\.status) == [407, 200])
        #expect(phone.responses[0].header("Proxy-Authenticate")?.hasPrefix("Digest realm=\"tandem\"") == true)
    }

    @Test("realm and hashes are the operator's", arguments: ["MD5", "SHA-256", "SHA-512-256", "SHA-512-256, SHA-256, MD5"])
    func algorithms(_ algorithms: String) throws {
        let scenario = InboundScenario(
            parameters: ["SS_SIP_AUTHENTICATION_ALGORITHM": .option(algorithms), "SS_SIP_AUTHENTICATION_REALM": .text("example.net")])
        let phone = scenario.phone()
        phone.register()
        scenario.pass()
        #expect(phone.responses.map(\.status) == [401, 200])
        let lines = phone.responses[0].headers("WWW-Authenticate")
        #expect(lines.count == algorithms.split(separator: ",").count)
        #expect(lines.allSatisfy { $0.hasPrefix("Digest realm=\"example.net\"") })
    }

    @Test("an answer later than SS_SIP_AUTHENTICATION_TIMEOUT, and a nonce past its lifetime, are challenged anew without failing")
    func timeouts() throws {
        let scenario = InboundScenario(
            parameters: [
                "SS_SIP_AUTHENTICATION_TIMEOUT": .integer(30), "SS_SIP_AUTHENTICATION_NONCE_LIFETIME": .integer(100),
                "SS_ENDPOINT_TIME_TO_LIVE": .none,
            ])
        let phone = scenario.phone()
        phone.answersChallenges = false
        phone.register()
        scenario.pass(.seconds(31))
        // The challenge that it holds is too old for a first answer by now.
        phone.answersChallenges = true
        phone.learn(from: phone.responses[0])
        phone.register()
        scenario.pass()
        #expect(phone.responses.map(\.status) == [401, 401, 200])
        #expect(phone.responses[1].header("WWW-Authenticate")?.contains("stale=true") == true)
        scenario.pass(.seconds(60))
        phone.register()
        scenario.pass(.seconds(60))
        #expect(phone.responses.map(\.status) == [401, 401, 200, 200])
        phone.register()
        scenario.pass()
        #expect(phone.responses.map(\.status) == [401, 401, 200, 200, 401, 200])
        #expect(scenario.world.phones[0].suspendedSources.isEmpty)
    }

    @Test("a REGISTER that somebody caught and sends again is worth nothing, from his own or the phone's address")
    func replay() throws {
        let scenario = InboundScenario()
        let phone = try scenario.registered()
        let caught = phone.lastSent
        let thief = scenario.phone("1001", password: "unknown", at: InboundScenario.address(66))
        thief.answersChallenges = false
        thief.peer.send(raw: caught.withBranch("z9hG4bKthief"))
        scenario.pass()
        #expect(thief.responses.map(\.status) == [401])
        phone.answersChallenges = false
        phone.peer.send(raw: caught.withBranch("z9hG4bKagain"))
        scenario.pass()
        #expect(phone.responses.last?.status == 401)
        #expect(phone.responses.last?.header("WWW-Authenticate")?.contains("stale=true") == true)
        #expect(try scenario.contacts() == ["sip:1001@192.0.2.7:5060"])
    }

    @Test("SS_SIP_AUTHENTICATION_RETRY: wrong answers of one attempt are challenged again that often, then refused")
    func retries() throws {
        let scenario = InboundScenario(
            parameters: [
                "SS_SIP_AUTHENTICATION_RETRY": .integer(2), "SS_ENDPOINT_REGISTER_RETRY": .integer(99), "SS_AUTHENTICATION_MAX_RETRY": .integer(99),
            ])
        let phone = scenario.phone(password: "guess")
        for _ in 0..<3 {
            phone.register()
            scenario.pass()
        }
        // The client stops at the second challenge; the third wrong answer in a row is the one that is refused.
        #expect(phone.answers.map(\.status) == [401, 401, 403])
        #expect(phone.answers[2].reasonPhrase == "Wrong Credentials")
    }

    @Test("SS_ENDPOINT_REGISTER_RETRY and _SUSPEND: who fails more often is refused at once, until the time is over")
    func suspension() throws {
        let scenario = InboundScenario(
            parameters: [
                "SS_ENDPOINT_REGISTER_RETRY": .integer(2), "SS_ENDPOINT_REGISTER_SUSPEND": .integer(100), "SS_AUTHENTICATION_MAX_RETRY": .integer(99),
                "SS_SIP_AUTHENTICATION_RETRY": .integer(10),
            ])
        let thief = scenario.phone(password: "guess", at: InboundScenario.address(66))
        for _ in 0..<3 {
            thief.register()
            scenario.pass()
        }
        #expect(thief.answers.map(\.status) == [401, 401, 403])
        #expect(thief.answers[2].reasonPhrase == "Suspended After Failed Authentication")
        #expect(thief.answers[2].header("Retry-After") == "100")
        #expect(try scenario.status().suspendedSources.map(\.host) == ["192.0.2.66"])
        // Even with the right password, and without a challenge.
        let before = thief.responses.count
        thief.setPassword("secret")
        thief.register()
        scenario.pass()
        #expect(thief.responses.dropFirst(before).map(\.status) == [403])
        scenario.pass(.seconds(100))
        thief.register()
        scenario.pass()
        #expect(thief.answers.last?.status == 200)
    }

    @Test("the rightful phone keeps working while strangers guess, also behind the same address")
    func ownerIsSafe() throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_REGISTER_RETRY": .integer(2)])
        let phone = try scenario.registered()
        let strangers = [
            scenario.phone(password: "guess", at: InboundScenario.address(66)),
            // Another port of the phone's own host.
            scenario.phone(password: "guess", at: InboundScenario.address(7, port: 40_000)),
        ]
        for _ in 0..<10 {
            for stranger in strangers {
                stranger.register()
                scenario.pass(.milliseconds(200))
            }
            phone.register()
            scenario.pass(.milliseconds(200))
            #expect(phone.answers.last?.status == 200)
        }
        for stranger in strangers { #expect(stranger.answers.last?.status == 403) }
        #expect(try scenario.contacts() == ["sip:1001@192.0.2.7:5060"])
    }

    @Test("nobody is barred by answers that others send in his name")
    func spoofed() throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_REGISTER_RETRY": .integer(2)])
        let phone = scenario.phone()
        let thief = scenario.phone(password: "guess", at: InboundScenario.address(66))
        thief.register()
        scenario.pass()
        // His answer to his own challenge, from the phone's address.
        for number in 0..<20 { phone.peer.send(raw: thief.lastSent.withBranch("z9hG4bK\(number)")) }
        scenario.pass()
        #expect(scenario.world.phones[0].suspendedSources.isEmpty)
        phone.register()
        scenario.pass()
        #expect(phone.answers.last?.status == 200)
    }

    @Test("a source that fails at many accounts is barred from all of them")
    func sprayed() throws {
        let phones = (0..<40).map { Phone(name: "10\($0)", password: "secret\($0)") }
        let scenario = InboundScenario(phones: phones, parameters: ["SS_AUTHENTICATION_MAX_RETRY": .integer(2)])
        var last: Int?
        for phone in phones {
            let device = scenario.phone(phone.name, password: "123456", at: InboundScenario.address(66))
            device.register()
            scenario.pass(.milliseconds(100))
            last = device.answers.last?.status
        }
        #expect(last == 403)
        #expect(scenario.world.phones.allSatisfy { $0.suspendedSources.map(\.host) == ["192.0.2.66"] })
    }

    @Test("SS_REPLY_UNAUTHORIZED Off: who is suspended, and who asks for an account that is not there, hears nothing")
    func silence() throws {
        let scenario = InboundScenario(
            parameters: [
                "SS_REPLY_UNAUTHORIZED": .flag(false), "SS_ENDPOINT_REGISTER_RETRY": .integer(0), "SS_SIP_AUTHENTICATION_RETRY": .integer(1),
            ])
        let thief = scenario.phone(password: "guess", at: InboundScenario.address(66))
        thief.register()
        scenario.pass()
        // The wrong answer that suspends him is the first that is not answered.
        #expect(thief.responses.map(\.status) == [401])
        thief.register()
        scenario.pass()
        #expect(thief.responses.count == 1)
        let nobody = scenario.phone("4711", at: InboundScenario.address(67))
        nobody.register()
        scenario.pass()
        #expect(nobody.responses.isEmpty)
    }

    @Test("an unknown account is refused, and a phone without password cannot be anybody")
    func unknown() throws {
        let scenario = InboundScenario(phones: [Phone(name: "1001")])
        for number in ["1001", "4711"] {
            let phone = scenario.phone(number, password: "", at: InboundScenario.address(number == "1001" ? 7 : 8))
            phone.register()
            scenario.pass()
            #expect(phone.responses.map(\.status) == [403], "\(number)")
        }
    }
}

extension String {
    /// The request with another branch: no repetition of the one it was made from.
    fileprivate func withBranch(_ branch: String) -> String {
        var lines = split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        for index in lines.indices where lines[index].hasPrefix("Via:") {
            lines[index] = lines[index].split(separator: ";").map { $0.hasPrefix("branch=") ? "branch=\(branch)" : String($0) }.joined(separator: ";")
        }
        return lines.joined(separator: "\r\n")
    }
}
