import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// Registering and staying registered: the request's form, credentials, lifetimes, refreshes (RFC 3261,
/// section 10.2). Failures, withdrawals and restarts are in suites of their own.
@Suite struct RegistrationLifeTests {
    @Test("REGISTER, 401, REGISTER with credentials, 200; the request's form")
    func registers() throws {
        let scenario = RegistrationScenario().registered()
        #expect(scenario.registrar.statuses == [401, 200])
        let (first, second) = (scenario.requests[0], scenario.requests[1])
        #expect(first.startLine == "REGISTER sip:sw.example.net SIP/2.0")
        #expect(first.header("To") == "<sip:acme@sw.example.net>")
        #expect(first.header("From")?.hasPrefix("<sip:acme@sw.example.net>;tag=") == true)
        #expect(first.header("Authorization") == nil)
        #expect(second.header("Authorization")?.contains("nc=00000001") == true)
        #expect((first.callID, first.fromTag) == (second.callID, second.fromTag))
        #expect(second.cseq == first.cseq + 1)
        #expect(first.header("Expires") == "3600")
        let contact = try #require(first.header("Contact"))
        #expect(contact.hasPrefix("<sip:"))
        #expect(contact.contains("@203.0.113.10:5060>;expires=3600;+sip.instance=\"<urn:uuid:"))
        // The AOR's user is not told to whoever sees the Contact.
        #expect(!contact.contains("acme"))
        let status = try scenario.status()
        #expect(status.grantedSeconds == 3_600)
        #expect(status.lastStatus == 200)
        #expect(status.roundTripMicroseconds == 20_000)
        #expect(status.upstream == "198.51.100.1:5060 udp")
        #expect((status.callID, Int(status.cseq)) == (second.callID, second.cseq))
        #expect(scenario.seconds(until: status.boundUntil) == 3_599)
        #expect(status.nextTryAt < status.boundUntil)
        scenario.checkRules()
    }

    @Test("every state on the way is told")
    func events() {
        let scenario = RegistrationScenario().registered()
        #expect(scenario.world.registrationEvents.map(\.status.state) == [.waitingToStart, .registering, .registered])
        #expect(scenario.world.registrationEvents.map(\.from) == [.disabled, .waitingToStart, .registering])
        scenario.checkRules()
    }

    @Test("a refresh carries credentials ahead with the next count and needs no second round trip; Call-ID and tag stay for days")
    func refreshes() throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 120)]).registered()
        scenario.pass(.seconds(86_400))
        #expect(scenario.state == .registered)
        #expect(scenario.registrar.statuses.filter { $0 == 401 }.count == 1)
        let refreshes = scenario.registrar.exchanges.dropFirst()
        #expect(refreshes.allSatisfy { $0.status == 200 && $0.hasCredentials })
        #expect((700...1_700).contains(refreshes.count))
        #expect(Set(scenario.requests.map(\.callID)).count == 1)
        #expect(Set(scenario.requests.map(\.fromTag)).count == 1)
        #expect(Set(scenario.requests.compactMap { $0.header("Contact") }).count == 1)
        let counts = refreshes.compactMap { $0.request.header("Authorization")?.split(separator: ",").first { $0.hasPrefix("nc=") } }
        #expect(Set(counts).count == counts.count)
        scenario.checkRules()
    }

    @Test("refreshed early enough for the whole resend list, and not at once", arguments: [60, 90, 300, 3_600, 7_200])
    func refreshTime(_ lifetime: Int) throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: lifetime)])
        scenario.pass(.seconds(1))
        let before = scenario.world.now
        let next = scenario.seconds(until: try scenario.status().nextTryAt)
        // The default list lasts 32 s; a lifetime too short for it is refreshed at about half.
        #expect(next <= max(lifetime - 36, lifetime / 2))
        #expect(next >= lifetime * 2 / 5)
        scenario.pass(.seconds(Int64(next) + 2))
        let refresh = try #require(scenario.registrar.exchanges.dropFirst(2).first)
        #expect(refresh.request.at > before)
        #expect(refresh.status == 200)
        scenario.checkRules()
    }

    @Test("refreshes of many registrations do not fall together")
    func jitter() {
        let accounts = (0..<100).map { RegistrationScenario.account("upstream-\($0)", username: "user\($0)", period: 600) }
        let scenario = RegistrationScenario(accounts) { registrars in registrars[0].rules.challenge = nil }
        scenario.pass(.seconds(5))
        let times = scenario.world.registrations.map { scenario.seconds(until: $0.nextTryAt) }
        #expect(Set(times).count > 30)
    }

    @Test(
        "the lifetime granted: our Contact's parameter, else Expires, else the RFC's hour",
        arguments: [(RegistrarRules.GrantForm.contactParameter, 300), (.expiresHeader, 300), (.nowhere, 3_600)])
    func grants(_ form: RegistrarRules.GrantForm, _ seconds: Int) throws {
        let scenario = RegistrationScenario { registrars in
            registrars[0].rules.maximumExpires = 300
            registrars[0].rules.grantForm = form
        }
        scenario.pass(.seconds(1))
        #expect(try scenario.status().grantedSeconds == seconds)
        #expect((seconds - 2...seconds).contains(scenario.seconds(until: try scenario.status().boundUntil)))
        scenario.checkRules()
    }

    @Test("a 200 with a shorter lifetime is obeyed: the binding never lapses")
    func shorterLifetime() throws {
        let scenario = RegistrationScenario { $0[0].rules.maximumExpires = 60 }.registered()
        for _ in 0..<300 {
            scenario.pass(.seconds(7))
            #expect(scenario.bindings.count == 1)
        }
        #expect(try scenario.status().grantedSeconds == 60)
        scenario.checkRules()
    }

    @Test("a lifetime below the range is used, and the operator told")
    func veryShortLifetime() throws {
        let scenario = RegistrationScenario { $0[0].rules.maximumExpires = 12 }.registered()
        #expect(try scenario.status().reason.contains("only 12 s"))
        for _ in 0..<100 {
            scenario.pass(.seconds(3))
            #expect(scenario.bindings.count == 1)
        }
        scenario.checkRules()
    }

    @Test("a 200 that lists no Contact is taken as granted")
    func nothingListed() throws {
        let scenario = RegistrationScenario { $0[0].rules.listsBindings = false }
        scenario.pass(.seconds(1))
        #expect(try scenario.status().grantedSeconds == 3_600)
        #expect(scenario.state == .registered)
        scenario.checkRules()
    }

    @Test("the operator's period is asked for; the parameter's where the object has none", arguments: [nil, 300])
    func period(_ own: Int?) throws {
        let scenario = RegistrationScenario(
            [RegistrationScenario.account(period: own)], parameters: ["SS_SIP_USER_AGENT_EXPIRE": .integer(900)])
        scenario.registered()
        #expect(scenario.requests[0].header("Expires") == "\(own ?? 900)")
        scenario.checkRules()
    }

    @Test("423 before and after authentication: the registrar's minimum is asked for, and kept", arguments: [true, false])
    func tooBrief(_ asksFirst: Bool) throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 60)]) { registrars in
            registrars[0].rules.minimumExpires = 1_800
            if !asksFirst { registrars[0].script = [.answer(423, fields: ["Min-Expires: 1800"])] }
        }
        scenario.registered()
        #expect(scenario.registrar.statuses == (asksFirst ? [401, 423, 200] : [423, 401, 200]))
        #expect(try scenario.status().grantedSeconds == 1_800)
        scenario.pass(.seconds(1_800))
        #expect(scenario.registrar.statuses.count { $0 == 423 } == 1)
        #expect(scenario.registrar.exchanges.last?.expires == 1_800)
        scenario.checkRules()
    }

    @Test("every algorithm, quality and place of the challenge", arguments: ["", "MD5", "SHA-256", "SHA-512-256", "MD5-sess"], [true, false])
    func algorithms(_ algorithm: String, _ isProxy: Bool) throws {
        for qop in [nil, "auth", "auth-int", "auth,auth-int"] {
            let scenario = RegistrationScenario { registrars in
                registrars[0].rules.challenge?.algorithms = [algorithm]
                registrars[0].rules.challenge?.isProxy = isProxy
                registrars[0].rules.challenge?.qop = qop
            }
            scenario.registered()
            #expect(scenario.registrar.statuses == [isProxy ? 407 : 401, 200])
            scenario.checkRules()
        }
    }

    @Test("of several challenges the strongest is answered (RFC 8760)")
    func strongest() {
        let scenario = RegistrationScenario { registrars in
            registrars[0].rules.challenge?.algorithms = ["MD5", "SHA-512-256", "SHA-256", "SHA-1"]
            registrars[0].rules.challenge?.wantsUserhash = true
        }
        scenario.registered()
        #expect(scenario.requests[1].header("Authorization")?.contains("algorithm=SHA-512-256") == true)
        #expect(scenario.requests[1].header("Authorization")?.contains("username=\"acme\"") == false)
        scenario.checkRules()
    }

    @Test("an aged nonce costs one more round trip, whether it is called stale or not", arguments: [true, false])
    func staleNonce(_ saysStale: Bool) {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 600)]) { registrars in
            registrars[0].rules.challenge?.nonceLifetime = .seconds(30)
            registrars[0].rules.challenge?.saysStale = saysStale
        }
        scenario.registered()
        scenario.pass(.seconds(560))
        #expect(scenario.registrar.statuses == [401, 200, 401, 200])
        #expect(scenario.state == .registered)
        scenario.checkRules()
    }

    @Test("with a nextnonce in every 200 there is never another challenge, though each nonce is good for one use")
    func nextNonce() {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 120)]) { registrars in
            registrars[0].rules.challenge?.nonceUses = 1
            registrars[0].rules.challenge?.givesNextNonce = true
            registrars[0].rules.challenge?.provesItself = true
        }
        scenario.registered()
        scenario.pass(.seconds(1_200))
        #expect(scenario.registrar.statuses.filter { $0 == 401 }.count == 1)
        #expect(scenario.registrar.statuses.filter { $0 == 200 }.count > 8)
        scenario.checkRules()
    }

    @Test("an upstream that was restarted and lost bindings and nonces has ours again after the next refresh")
    func upstreamRestarted() {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 120)]).registered()
        scenario.registrar.restart(keepingBindings: false)
        #expect(scenario.bindings.isEmpty)
        scenario.pass(.seconds(90))
        #expect(scenario.bindings.count == 1)
        scenario.checkRules()
    }

    @Test("the signalling port: REGISTER leaves by that listener, or says that there is none")
    func localPort() throws {
        RegistrationScenario([RegistrationScenario.account(localPort: 5060)]).registered().checkRules()
        let wrong = RegistrationScenario([RegistrationScenario.account(localPort: 5099)])
        wrong.pass(.seconds(1))
        #expect(wrong.registrar.exchanges.isEmpty)
        #expect(try wrong.status().reason.contains("nothing listens for udp on port 5099"))
        #expect(wrong.state == .waitingToRetry)
    }

    @Test("privacy of the account goes into the REGISTER (RFC 3323)", arguments: [("Ignore", nil), ("Id", "id"), ("None", "none")])
    func privacy(_ option: String, _ value: String?) {
        let scenario = RegistrationScenario(parameters: ["SS_SIP_USER_AGENT_PRIVACY": .option(option)]).registered()
        #expect(scenario.requests[0].header("Privacy") == value)
    }

    @Test("over TCP", arguments: [TransportKind.tcp, .tls])
    func streams(_ transport: TransportKind) throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(transport: transport)], transport: transport).registered()
        #expect(scenario.requests[0].header("Via")?.hasPrefix("SIP/2.0/\(transport.viaName)") == true)
        #expect(scenario.requests[0].contact?.hasSuffix(";transport=\(transport)") == true)
        scenario.pass(.seconds(3_600))
        #expect(scenario.state == .registered)
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.bindings.isEmpty)
        scenario.checkRules()
    }

    @Test("a thousand registrations start spread out, at 200 a second to one proxy")
    func spreadStart() {
        let accounts = (0..<1_000).map { RegistrationScenario.account("upstream-\($0)", username: "user\($0)") }
        let scenario = RegistrationScenario(accounts) { registrars in registrars[0].rules.challenge = nil }
        scenario.pass(.milliseconds(1_030))
        #expect((150...260).contains(scenario.registrar.exchanges.count))
        scenario.pass(.milliseconds(1_000))
        #expect((350...460).contains(scenario.registrar.exchanges.count))
        scenario.pass(.seconds(5))
        #expect(scenario.registrar.bindingCount == 1_000)
        #expect(scenario.world.registrations.allSatisfy { $0.state == .registered })
        scenario.checkRules()
    }

    @Test("several shards keep each its share, and each registration once")
    func shards() {
        let accounts = (0..<60).map { RegistrationScenario.account("upstream-\($0)", username: "user\($0)") }
        let scenario = RegistrationScenario(accounts, shards: 4) { registrars in registrars[0].rules.challenge = nil }
        scenario.pass(.seconds(2))
        #expect(scenario.registrar.exchanges.count == 60)
        #expect(scenario.world.registrations.count == 60)
        #expect(scenario.world.stop().allSatisfy { $0.state == .withdrawn })
        #expect(scenario.registrar.bindingCount == 0)
        scenario.checkRules()
    }
}
