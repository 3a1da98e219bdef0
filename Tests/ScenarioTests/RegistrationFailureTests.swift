import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// Refusals, silence, names and redirections: what comes next, when, and what the operator is told.
@Suite struct RegistrationFailureTests {
    /// Seconds between one exchange and the next, rounded down.
    private func gaps(_ scenario: RegistrationScenario) -> [Int] {
        zip(scenario.requests, scenario.requests.dropFirst()).map { Int(($1.at - $0.at).inSeconds) }
    }

    // MARK: - Credentials

    @Test("a wrong password: two requests, then a state of its own and slow retries, never a hammer")
    func wrongPassword() throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(password: "wrong")])
        scenario.pass(.seconds(2))
        #expect(scenario.registrar.statuses == [401, 401])
        #expect(scenario.state == .credentialsRefused)
        let status = try scenario.status()
        #expect(status.reason.contains("does not accept user or password"))
        #expect(status.boundUntil == .unset)
        #expect(scenario.seconds(until: status.nextTryAt) >= 590)
        scenario.pass(.seconds(86_400))
        #expect(scenario.registrar.exchanges.count <= 80)
        #expect(scenario.registrar.exchanges.count >= 20)
        scenario.checkRules()
    }

    @Test("a corrected password is used at once")
    func correctedPassword() {
        let scenario = RegistrationScenario([RegistrationScenario.account(password: "wrong")])
        scenario.pass(.seconds(2))
        scenario.configure { $0 = [RegistrationScenario.account()] }
        scenario.registered().checkRules()
    }

    @Test("the upstream's password changes while we are registered: the credentials sent ahead and those for the new nonce, then no more")
    func passwordChangedUpstream() throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 120)]).registered()
        scenario.registrar.setPassword("other", of: "acme")
        scenario.pass(.seconds(100))
        #expect(scenario.state == .credentialsRefused)
        #expect(scenario.registrar.statuses == [401, 200, 401, 401])
        scenario.checkRules()
    }

    @Test("a challenge without end stops at the bound, whether it says stale or not", arguments: [true, false])
    func endlessChallenge(_ isStale: Bool) throws {
        let scenario = RegistrationScenario { $0[0].always = .challenge(isStale: isStale) }
        scenario.pass(.seconds(30))
        // One without credentials, then at most SS_SIP_AUTHENTICATION_RETRY (3) with.
        #expect(scenario.registrar.exchanges.count == (isStale ? 4 : 2))
        #expect(scenario.state == .credentialsRefused)
        #expect(!(try scenario.status().reason.isEmpty))
        scenario.checkRules()
    }

    @Test("SS_SIP_AUTHENTICATION_RETRY bounds the answers to challenges")
    func retryParameter() {
        let scenario = RegistrationScenario(parameters: ["SS_SIP_AUTHENTICATION_RETRY": .integer(1)]) { $0[0].always = .challenge(isStale: true) }
        scenario.pass(.seconds(30))
        #expect(scenario.registrar.exchanges.count == 2)
    }

    @Test("403: a state of its own, slow retries that slow down further, and registered again when the upstream changes its mind")
    func forbidden() throws {
        let scenario = RegistrationScenario { $0[0].always = .answer(403) }
        scenario.pass(.seconds(2))
        #expect(scenario.state == .credentialsRefused)
        #expect(try scenario.status().reason == "403 Forbidden")
        scenario.pass(.seconds(7_200))
        let between = gaps(scenario)
        #expect(between.count >= 2)
        #expect(between[0] >= 600 && between[0] <= 661)
        #expect(between[1] >= 1_200 && between[1] <= 1_321)
        scenario.registrar.always = .asUsual
        scenario.pass(.seconds(4_000))
        scenario.registered()
        #expect(try scenario.status().failures == 0)
        scenario.checkRules()
    }

    @Test("a challenge that cannot be answered names what is wrong with it")
    func unknownAlgorithm() throws {
        let scenario = RegistrationScenario { $0[0].rules.challenge?.algorithms = ["SHA-1"] }
        scenario.pass(.seconds(2))
        #expect(scenario.registrar.exchanges.count == 1)
        #expect(try scenario.status().reason.contains("SHA-1"))
        #expect(scenario.state != .registering)
    }

    // MARK: - Refusals and silence

    @Test("503 with Retry-After: not before it, and up to a tenth later")
    func retryAfter() throws {
        let scenario = RegistrationScenario { $0[0].script = [.answer(503, fields: ["Retry-After: 300 (maintenance)"])] }
        scenario.pass(.seconds(2))
        #expect(scenario.state == .waitingToRetry)
        #expect(try scenario.status().reason == "503 Service Unavailable, Retry-After 300 s")
        #expect((298...330).contains(scenario.seconds(until: try scenario.status().nextTryAt)))
        scenario.pass(.seconds(295))
        #expect(scenario.registrar.exchanges.count == 1)
        scenario.pass(.seconds(40))
        scenario.registered().checkRules()
    }

    @Test("a Retry-After shorter than the retry delay does not make us hammer; a monstrous one is bounded by a day")
    func retryAfterBounds() throws {
        for (seconds, expected) in [("1", 59...66), ("99999999999", 86_399...95_040)] {
            let scenario = RegistrationScenario { $0[0].script = [.answer(503, fields: ["Retry-After: \(seconds)"])] }
            scenario.pass(.milliseconds(500))
            #expect(expected.contains(scenario.seconds(until: try scenario.status().nextTryAt)))
        }
    }

    @Test("other refusals wait for the retry delay, with jitter", arguments: [400, 404, 480, 500, 503, 504, 600, 603])
    func refusals(_ status: Int) throws {
        let scenario = RegistrationScenario(parameters: ["SS_SIP_USER_AGENT_RETRY_DELAY": .integer(40)]) {
            $0[0].script = [.answer(status), .answer(status)]
        }
        scenario.pass(.seconds(200))
        #expect(scenario.registrar.statuses == [status, status, 401, 200])
        #expect(gaps(scenario)[0] >= 40 && gaps(scenario)[0] <= 44)
        scenario.registered().checkRules()
    }

    @Test("the delay stays as it is unless a ceiling is set; then it doubles up to the ceiling")
    func backOff() {
        for (maximum, expected) in [(ParameterValue.none, [30, 30, 30, 30, 30]), (.integer(200), [30, 60, 120, 200, 200])] {
            let scenario = RegistrationScenario(parameters: [
                "SS_SIP_USER_AGENT_RETRY_DELAY": .integer(30), "SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM": maximum,
            ]) { $0[0].always = .answer(503) }
            scenario.pass(.seconds(1_000))
            for (gap, wanted) in zip(gaps(scenario), expected) { #expect(gap >= wanted && gap <= wanted + wanted / 10 + 1) }
            #expect(gaps(scenario).count >= 5)
        }
    }

    @Test("silence: the whole resend list, then the retry delay; the binding that may stand is said")
    func silence() throws {
        let scenario = RegistrationScenario { $0[0].script = [.silent] }
        scenario.pass(.milliseconds(31_800))
        #expect(scenario.state == .registering)
        #expect(scenario.registrar.copies == 10)
        scenario.pass(.seconds(4))
        #expect(scenario.state == .waitingToRetry)
        let status = try scenario.status()
        #expect(status.reason.contains("no answer from 198.51.100.1:5060"))
        #expect(status.boundUntil.isSet)
        scenario.pass(.seconds(70))
        scenario.registered().checkRules()
    }

    @Test("an answer lost for good: the next try replaces the binding, it does not add to it")
    func answerLost() {
        let scenario = RegistrationScenario { registrars in
            registrars[0].rules.challenge = nil
            registrars[0].script = [.answerLost]
        }
        scenario.pass(.seconds(20))
        #expect(scenario.bindings.count == 1)
        scenario.pass(.seconds(100))
        scenario.registered().checkRules()
    }

    @Test("a refresh that fails does not give up the binding: calls go on until it lapses, then it is gone from the status")
    func failingRefresh() throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 300)]).registered()
        scenario.registrar.always = .answer(503)
        scenario.pass(.seconds(280))
        #expect(scenario.state == .waitingToRetry)
        #expect(try scenario.status().boundUntil.isSet)
        scenario.pass(.seconds(60))
        #expect(try scenario.status().boundUntil == .unset)
        #expect(try scenario.status().grantedSeconds == 0)
        scenario.registrar.always = .asUsual
        scenario.pass(.seconds(80))
        scenario.registered().checkRules()
    }

    @Test("a refresh that meets silence once is made good before the binding lapses")
    func oneSilentRefresh() {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 600)]).registered()
        scenario.registrar.script = [.silent]
        for _ in 0..<120 {
            scenario.pass(.seconds(5))
            #expect(scenario.bindings.count == 1)
        }
        #expect(scenario.state == .registered)
        scenario.checkRules()
    }

    // MARK: - 423

    @Test(
        "423 that cannot be followed: a stated failure and a later try",
        arguments: [[], ["Min-Expires: 7201"], ["Min-Expires: 99999999999999"], ["Min-Expires: x"], ["Min-Expires: 60"]])
    func uselessTooBrief(_ fields: [String]) throws {
        let scenario = RegistrationScenario { $0[0].always = .answer(423, fields: fields) }
        scenario.pass(.seconds(5))
        #expect(scenario.registrar.exchanges.count == 1)
        #expect(scenario.state == .waitingToRetry)
        #expect(try scenario.status().reason.hasPrefix("423"))
    }

    @Test("423 that always wants more ends by a bound")
    func risingTooBrief() throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 60)]) {
            $0[0].script = (1...50).map { .answer(423, fields: ["Min-Expires: \($0 * 100)"]) }
        }
        scenario.pass(.seconds(5))
        #expect(scenario.registrar.exchanges.count == 3)
        #expect(scenario.state == .waitingToRetry)
    }

    // MARK: - Redirections

    @Test("3xx is followed to another upstream, with the credentials for that one")
    func redirected() throws {
        let scenario = RegistrationScenario(upstreams: 2) { $0[0].always = .answer(302, fields: ["Contact: <sip:198.51.100.2:5060>"]) }
        scenario.pass(.seconds(2))
        #expect(scenario.registrars[0].exchanges.count == 1)
        #expect(scenario.registrars[1].statuses == [401, 200])
        #expect(scenario.state == .registered)
        #expect(try scenario.status().upstream == "198.51.100.2:5060 udp")
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.registrars[1].bindingCount == 0)
        scenario.checkRules()
    }

    @Test("3xx in a circle ends by a bound")
    func redirectedForEver() throws {
        let scenario = RegistrationScenario(upstreams: 2) { registrars in
            registrars[0].always = .answer(302, fields: ["Contact: <sip:198.51.100.2:5060>"])
            registrars[1].always = .answer(302, fields: ["Contact: <sip:198.51.100.1:5060>"])
        }
        scenario.pass(.seconds(20))
        #expect(scenario.registrars.map(\.exchanges.count).reduce(0, +) <= 6)
        #expect(scenario.state == .waitingToRetry)
    }

    @Test(
        "3xx that leads nowhere is a failure with its reason",
        arguments: [[], ["Contact: <tel:+14155550100>"], ["Contact: <sip:gone.example.net>"]])
    func redirectedNowhere(_ fields: [String]) throws {
        let scenario = RegistrationScenario { $0[0].script = [.answer(301, fields: fields)] }
        scenario.pass(.seconds(2))
        #expect(scenario.state == .waitingToRetry)
        #expect(!(try scenario.status().reason.isEmpty))
        scenario.pass(.seconds(70))
        scenario.registered().checkRules()
    }

    // MARK: - Names and transports

    private static let named = RegistrationScenario.account(proxy: NextHop(host: "sip.example.net"))
    private static func target(_ number: Int, _ transport: TransportKind = .udp) -> Target {
        Target(address: RegistrationScenario.upstreamAddress(number), transport: transport)
    }

    @Test("a name that does not resolve says so, and is asked again after the retry delay")
    func unknownName() throws {
        let scenario = RegistrationScenario([Self.named])
        scenario.pass(.seconds(1))
        #expect(scenario.state == .waitingToRetry)
        #expect(try scenario.status().reason == "sip.example.net does not exist")
        scenario.world.names.set("sip.example.net", [Self.target(0)])
        scenario.pass(.seconds(70))
        scenario.registered().checkRules()
        #expect(scenario.world.names.asked.count == 2)
    }

    @Test("SRV failover: silence, a refusal of the host and a failing transport each lead to the next target at once")
    func failover() throws {
        for fault in [RegistrarStep.silent, .answer(503), .answer(408), .answer(500)] {
            let scenario = RegistrationScenario(
                [Self.named], upstreams: 3, names: ["sip.example.net": [Self.target(2), Self.target(1), Self.target(0)]]
            ) { registrars in
                registrars[2].always = fault
                registrars[1].always = fault
            }
            scenario.pass(.seconds(80))
            #expect(scenario.state == .registered)
            #expect(scenario.registrars.map(\.bindingCount) == [1, 0, 0])
            let firsts = try [2, 1, 0].map { try #require(scenario.registrars[$0].exchanges.first).request.at }
            #expect(firsts == firsts.sorted())
            #expect(try scenario.status().upstream == "198.51.100.1:5060 udp")
            scenario.checkRules()
        }
    }

    @Test("a refusal that every address would give is not tried at the next one", arguments: [403, 404, 501])
    func noFailover(_ status: Int) {
        let scenario = RegistrationScenario([Self.named], upstreams: 2, names: ["sip.example.net": [Self.target(0), Self.target(1)]]) {
            $0[0].always = .answer(status)
        }
        scenario.pass(.seconds(5))
        #expect(scenario.registrars[1].exchanges.isEmpty)
    }

    @Test("an upstream that dies after registering: the refresh goes to it first, then to the next target; its Contact there is one")
    func refreshFailover() throws {
        let account = RegistrationScenario.account(proxy: NextHop(host: "sip.example.net"), period: 120)
        let scenario = RegistrationScenario([account], upstreams: 2, names: ["sip.example.net": [Self.target(0), Self.target(1)]])
        scenario.registered()
        scenario.registrars[0].peer.isDead = true
        scenario.pass(.seconds(120))
        #expect(scenario.registrars[1].bindingCount == 1)
        #expect(scenario.state == .registered)
        #expect(try scenario.status().upstream == "198.51.100.2:5060 udp")
        scenario.checkRules()
    }

    @Test("all targets fail: the retry delay, then all of them again")
    func allTargetsFail() {
        let scenario = RegistrationScenario([Self.named], upstreams: 2, names: ["sip.example.net": [Self.target(0), Self.target(1)]]) {
            $0[0].always = .answer(503)
            $0[1].always = .answer(503)
        }
        scenario.pass(.seconds(100))
        #expect(scenario.registrars.map(\.exchanges.count) == [2, 2])
        #expect(scenario.state == .waitingToRetry)
    }

    @Test("TCP reset in mid-exchange, and TLS that cannot be made: stated, retried", arguments: [TransportKind.tcp, .tls])
    func transportFails(_ transport: TransportKind) throws {
        let account = RegistrationScenario.account(transport: transport)
        let scenario = RegistrationScenario([account], transport: transport) { $0[0].script = [.silent] }
        scenario.pass(.milliseconds(500))
        #expect(scenario.state == .registering)
        scenario.world.failTransport(to: RegistrationScenario.upstreamAddress(0), transport: transport)
        #expect(scenario.state == .waitingToRetry)
        #expect(try scenario.status().reason.contains("cannot be reached"))
        scenario.pass(.seconds(70))
        scenario.registered().checkRules()
    }

    @Test("a lossy, reordering network: registered in the end, refreshed, one binding, withdrawn", arguments: 1...30 as ClosedRange<UInt64>)
    func lossy(_ seed: UInt64) {
        let conditions = NetworkConditions(
            delay: .milliseconds(5)...(.milliseconds(120)), loss: 0.3, duplication: 0.1, reordering: 0.2, longestHold: .milliseconds(900))
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 300)], conditions: conditions, seed: seed)
        scenario.pass(.seconds(3_600))
        #expect(scenario.bindings.count == 1)
        #expect(scenario.state == .registered || scenario.state == .refreshing)
        let last = scenario.world.stop(within: .seconds(40))
        #expect(last.map(\.state) == [.withdrawn])
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.world.violations == [])
    }
}
