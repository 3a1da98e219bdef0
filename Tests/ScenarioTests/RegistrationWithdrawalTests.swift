import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// The stop: REGISTER with expires 0 while the network is still up, its authentication, and what is said of
/// upstreams that did not confirm it (RFC 3261, section 10.2.2).
@Suite struct RegistrationWithdrawalTests {
    @Test("a clean stop: our own Contact with expires 0 and Expires 0, same Call-ID and tag, CSeq raised, credentials ahead")
    func cleanStop() throws {
        let scenario = RegistrationScenario().registered()
        let before = try #require(scenario.requests.last)
        let last = scenario.world.stop()
        #expect(last.map(\.state) == [.withdrawn])
        #expect(last[0].boundUntil == .unset)
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.registrar.statuses == [401, 200, 200])
        let exchange = try #require(scenario.registrar.exchanges.last)
        let withdrawal = exchange.request
        let contacts = withdrawal.headers("Contact")
        #expect(contacts.count == 1)
        #expect(contacts[0].hasPrefix("<\(try #require(before.contact))>;expires=0"))
        #expect(withdrawal.header("Expires") == "0")
        #expect((withdrawal.callID, withdrawal.fromTag, withdrawal.cseq) == (before.callID, before.fromTag, before.cseq + 1))
        #expect(exchange.hasCredentials)
        scenario.checkRules()
    }

    @Test("the stop takes one round trip, not the bound")
    func isQuick() {
        let scenario = RegistrationScenario().registered()
        let start = scenario.world.now
        scenario.world.stop()
        #expect(scenario.world.now - start < .milliseconds(50))
    }

    @Test("Off: nothing is sent, and the status says until when the binding may stand")
    func off() throws {
        let scenario = RegistrationScenario(parameters: ["SS_SIP_USER_AGENT_SEND_UNREGISTER": .flag(false)]).registered()
        let last = scenario.world.stop()
        #expect(scenario.registrar.withdrawals.isEmpty)
        #expect(scenario.bindings.count == 1)
        #expect(scenario.seconds(until: last[0].boundUntil) > 3_500)
        // The binding stands until it expires by itself, and is then gone.
        scenario.pass(.seconds(3_500))
        #expect(scenario.bindings.count == 1)
        scenario.pass(.seconds(200))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.registrar.exchanges.count == 2)
    }

    @Test("a challenge on the withdrawal is answered: stale nonce, silent about staleness, 401 or 407", arguments: [true, false], [true, false])
    func challenged(_ saysStale: Bool, _ isProxy: Bool) throws {
        let scenario = RegistrationScenario { registrars in
            registrars[0].rules.challenge?.nonceLifetime = .seconds(60)
            registrars[0].rules.challenge?.saysStale = saysStale
            registrars[0].rules.challenge?.isProxy = isProxy
        }
        scenario.registered()
        scenario.pass(.seconds(120))
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.registrar.withdrawals.map(\.status) == [isProxy ? 407 : 401, 200])
        #expect(scenario.bindings.isEmpty)
        scenario.checkRules()
    }

    @Test("an upstream that lost its nonces challenges the withdrawal: answered")
    func restartedUpstream() {
        let scenario = RegistrationScenario().registered()
        scenario.registrar.restart(keepingBindings: true)
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.bindings.isEmpty)
        scenario.checkRules()
    }

    @Test("an endless challenge of the withdrawal ends by the bound, within the time of the stop", arguments: [true, false])
    func endlessChallenge(_ isStale: Bool) throws {
        let scenario = RegistrationScenario { $0[0].alwaysForWithdrawals = .challenge(isStale: isStale) }
        scenario.registered()
        let last = scenario.world.stop()
        #expect(last.map(\.state) == [.withdrawalFailed])
        #expect(scenario.registrar.withdrawals.count <= 4)
        #expect(scenario.seconds(until: last[0].boundUntil) > 3_500)
        scenario.checkRules()
    }

    @Test("the password was changed upstream before the stop: refused, said, and the stale window named")
    func wrongPassword() throws {
        let scenario = RegistrationScenario().registered()
        scenario.registrar.setPassword("other", of: "acme")
        let last = scenario.world.stop()
        #expect(last.map(\.state) == [.withdrawalFailed])
        #expect(last[0].reason.contains("user or password"))
        #expect(last[0].boundUntil.isSet)
        scenario.checkRules()
    }

    @Test("refusals of the withdrawal: the code is said, and until when the binding may stand", arguments: [400, 403, 423, 500, 503, 302, 603])
    func refused(_ status: Int) throws {
        let scenario = RegistrationScenario { $0[0].alwaysForWithdrawals = .answer(status) }
        scenario.registered()
        let last = scenario.world.stop()
        #expect(last.map(\.state) == [.withdrawalFailed])
        #expect(last[0].lastStatus == status)
        #expect(last[0].reason.hasPrefix("\(status) "))
        #expect(scenario.seconds(until: last[0].boundUntil) > 3_500)
        #expect(scenario.registrar.withdrawals.count == 1)
    }

    @Test("an account or binding that the upstream no longer knows is withdrawn", arguments: [404, 410])
    func unknownThere(_ status: Int) {
        let scenario = RegistrationScenario { $0[0].alwaysForWithdrawals = .answer(status) }
        scenario.registered()
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
    }

    @Test("silence: repeated by the list until the bound; the status says no answer and the stale window")
    func silent() throws {
        let scenario = RegistrationScenario { $0[0].alwaysForWithdrawals = .silent }
        scenario.registered()
        let start = scenario.world.now
        let last = scenario.world.stop(within: .seconds(10))
        #expect(scenario.world.now - start >= .seconds(10))
        #expect(scenario.world.now - start < .seconds(11))
        #expect(last.map(\.state) == [.withdrawing])
        #expect(last[0].boundUntil.isSet)
        #expect(scenario.registrar.copies >= 3)
        // With time enough it says that nobody answered.
        let patient = RegistrationScenario { $0[0].alwaysForWithdrawals = .silent }
        patient.registered()
        let end = patient.world.stop(within: .seconds(60))
        #expect(end.map(\.state) == [.withdrawalFailed])
        #expect(end[0].reason.contains("no answer"))
    }

    @Test("a network cut before the stop: sent, not arrived, and said so")
    func networkCut() throws {
        let scenario = RegistrationScenario().registered()
        scenario.world.loses = { _, _, _ in true }
        let last = scenario.world.stop()
        #expect(last.map(\.state) == [.withdrawing])
        #expect(scenario.seconds(until: last[0].boundUntil) > 3_500)
        #expect(scenario.bindings.count == 1)
    }

    @Test("a 200 to the withdrawal that still lists our Contact is no confirmation")
    func stillListed() throws {
        let scenario = RegistrationScenario().registered()
        let contact = try #require(scenario.bindings.first?.contact)
        scenario.registrar.alwaysForWithdrawals = .answer(200, fields: ["Contact: <\(contact)>;expires=1800"])
        let last = scenario.world.stop()
        #expect(last.map(\.state) == [.withdrawalFailed])
        #expect((1_790...1_800).contains(scenario.seconds(until: last[0].boundUntil)))
    }

    @Test("a stop while the first REGISTER is unanswered: what it may have made is withdrawn too")
    func stopWhileRegistering() {
        let scenario = RegistrationScenario { registrars in
            registrars[0].rules.challenge = nil
            registrars[0].script = [.answerLost]
        }
        scenario.pass(.milliseconds(100))
        #expect(scenario.bindings.count == 1)
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.bindings.isEmpty)
        scenario.checkRules()
    }

    @Test("a stop in the middle of the challenge: nothing is left upstream", arguments: 1...60)
    func stopAtAnyMoment(_ milliseconds: Int64) {
        let scenario = RegistrationScenario()
        scenario.pass(.milliseconds(milliseconds))
        let last = scenario.world.stop()
        #expect(last.allSatisfy { [.withdrawn, .disabled].contains($0.state) })
        scenario.pass(.seconds(5))
        #expect(scenario.bindings.isEmpty)
        scenario.checkRules()
    }

    @Test("a stop while the proxy's name is looked up: nothing is sent, or what was sent is withdrawn", arguments: 1...60)
    func stopWhileResolving(_ milliseconds: Int64) {
        let target = Target(address: RegistrationScenario.upstreamAddress(0), transport: .udp)
        let scenario = RegistrationScenario(
            [RegistrationScenario.account(proxy: NextHop(host: "sip.example.net"))], names: ["sip.example.net": [target]])
        scenario.pass(.milliseconds(milliseconds))
        scenario.world.stop()
        scenario.pass(.seconds(5))
        #expect(scenario.bindings.isEmpty)
        scenario.checkRules()
    }

    @Test("a stop during a refresh: one REGISTER at a time, and then nothing is left", arguments: 0...30)
    func stopDuringRefresh(_ milliseconds: Int64) throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 60)]).registered()
        let next = try scenario.status().nextTryAt
        scenario.pass(.microseconds(next.microseconds - scenario.world.moment.wall.microseconds) + .milliseconds(milliseconds))
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        scenario.pass(.seconds(5))
        #expect(scenario.bindings.isEmpty)
        scenario.checkRules()
    }

    @Test("a stop while waiting to retry after a lost answer withdraws what may stand; when nothing can stand, nothing is sent")
    func stopWhileWaiting() {
        let scenario = RegistrationScenario { registrars in
            registrars[0].rules.challenge = nil
            registrars[0].script = [.answerLost]
        }
        scenario.pass(.seconds(40))
        #expect(scenario.state == .waitingToRetry)
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.bindings.isEmpty)

        let refused = RegistrationScenario { $0[0].always = .answer(503) }
        refused.pass(.seconds(1))
        refused.world.stop()
        #expect(refused.registrar.withdrawals.isEmpty)
    }

    @Test("a refused password while a binding from before stands: the stop still withdraws it")
    func stopWhileRefused() {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 600)]).registered()
        scenario.registrar.script = [.answer(403)]
        scenario.pass(.seconds(560))
        #expect(scenario.state == .credentialsRefused)
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.bindings.isEmpty)
        scenario.checkRules()
    }

    @Test("three hundred registrations are withdrawn all at once, and the outcome is counted")
    func many() {
        let accounts = (0..<300).map { RegistrationScenario.account("upstream-\($0)", username: "user\($0)") }
        let scenario = RegistrationScenario(accounts) { registrars in registrars[0].rules.challenge = nil }
        scenario.pass(.seconds(5))
        #expect(scenario.registrar.bindingCount == 300)
        scenario.registrar.withdrawalScript = Array(repeating: .answer(503), count: 40) + Array(repeating: .silent, count: 10)
        let last = scenario.world.stop()
        #expect(last.count { $0.state == .withdrawn } == 250)
        #expect(last.count { $0.state == .withdrawalFailed && $0.lastStatus == 503 } == 40)
        #expect(last.count { $0.state == .withdrawing } == 10)
        #expect(scenario.registrar.bindingCount == 50)
        scenario.checkRules()
    }

    @Test("an object that is disabled is withdrawn, and registers again when it is enabled")
    func disabled() throws {
        let scenario = RegistrationScenario().registered()
        scenario.configure { $0[0].enabled = false }
        scenario.pass(.seconds(1))
        #expect(scenario.bindings.isEmpty)
        #expect([.withdrawn, .disabled].contains(scenario.state))
        scenario.pass(.seconds(3_600))
        #expect(scenario.registrar.exchanges.count == 3)
        scenario.configure { $0[0].enabled = true }
        scenario.registered().checkRules()
        #expect(Set(scenario.requests.map(\.callID)).count == 1)
    }

    @Test("an object that is removed is withdrawn and forgotten; a withdrawal that fails is tried again until nothing can stand")
    func removed() throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 600)]).registered()
        scenario.registrar.withdrawalScript = [.answer(503), .silent]
        scenario.configure { $0 = [] }
        scenario.pass(.seconds(1))
        #expect(scenario.bindings.count == 1)
        #expect(scenario.world.registrations.map(\.state) == [.withdrawalFailed])
        scenario.pass(.seconds(300))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.world.registrations.isEmpty)
        #expect(scenario.world.store.registrations.isEmpty)
        scenario.checkRules()
    }

    @Test("a removal that is refused to the end is forgotten when the binding has run out")
    func removalRefused() {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 300)]) { $0[0].alwaysForWithdrawals = .silent }
        scenario.registered()
        scenario.configure { $0 = [] }
        scenario.pass(.seconds(400))
        #expect(scenario.world.registrations.isEmpty)
        #expect(scenario.world.store.registrations.isEmpty)
        scenario.checkRules()
    }

    @Test("another account under the same name: the old binding is withdrawn, the new one made")
    func replaced() throws {
        let scenario = RegistrationScenario().registered()
        scenario.registrar.setPassword("secret2", of: "bolt")
        scenario.configure { $0 = [RegistrationScenario.account(username: "bolt", password: "secret2")] }
        scenario.pass(.seconds(2))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.registrar.bindings("sip:bolt@sw.example.net").count == 1)
        #expect(scenario.world.registrations.map(\.state) == [.registered])
        scenario.checkRules()
    }

    @Test("another period is asked for at once, by the same binding")
    func changedPeriod() throws {
        let scenario = RegistrationScenario().registered()
        scenario.configure { $0[0].period = 900 }
        scenario.pass(.seconds(1))
        #expect(scenario.registrar.exchanges.last?.expires == 900)
        #expect(scenario.bindings.count == 1)
        #expect(try scenario.status().grantedSeconds == 900)
        #expect(Set(scenario.requests.map(\.callID)).count == 1)
        scenario.checkRules()
    }
}
