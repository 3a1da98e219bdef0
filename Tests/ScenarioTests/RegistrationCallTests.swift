import CallRecords
import Routing
import SIPMessages
import SwitchCore
import SwitchTesting
import Testing
import Vocabulary

/// Calls through a registration: out with the account's identity, by its upstream and with its credentials;
/// in at its Contact, from wherever the upstream sends them.
@Suite struct RegistrationCallTests {
    private static let customerAddress = NetworkAddress(ipv4: 0xC000_020A, port: 5060)
    private static let otherAddress = NetworkAddress(ipv4: 0xC633_6464, port: 5060)

    /// A registration, a customer, a routing gateway that uses the registration and a second one that does not.
    private final class Calls {
        let scenario: RegistrationScenario
        let customer: Peer
        let other: Peer

        init(
            parameters: [String: ParameterValue] = [:], privacy: UserAgentPrivacy? = nil, shards: Int = 1,
            prepare: ([VirtualRegistrar]) -> Void = { _ in }
        ) {
            var upstream = RoutingGateway(name: "through-upstream", addresses: [], priority: 0)
            upstream.registration = "upstream-1"
            let backup = RoutingGateway(name: "backup", addresses: [RegistrationCallTests.otherAddress], priority: 1)
            var incoming = MappingGateway(name: "from-upstream", addresses: [])
            incoming.registration = "upstream-1"
            let customer = MappingGateway(name: "customer-a", addresses: [RegistrationCallTests.customerAddress.host])
            var account = RegistrationScenario.account()
            account.privacy = privacy
            scenario = RegistrationScenario(
                [account], parameters: parameters, mappingGateways: [customer, incoming], routingGateways: [upstream, backup], shards: shards,
                prepare: prepare)
            self.customer = Peer(
                "customer", at: RegistrationCallTests.customerAddress, marker: "~A", in: scenario.world,
                towards: RegistrationScenario.switchAddress)
            other = Peer(
                "backup", at: RegistrationCallTests.otherAddress, marker: "~B", in: scenario.world, towards: RegistrationScenario.switchAddress)
            scenario.pass(.seconds(1))
        }

        var upstream: Peer { scenario.registrar.peer }

        func call(fields: [String] = []) -> PeerCall {
            let call = customer.makeCall(index: 1, to: "+14155550123")
            call.invite(fields: fields)
            scenario.pass(.milliseconds(300))
            return call
        }

        func finish(_ call: PeerCall) throws -> CallRecord {
            call.hangUp()
            scenario.pass(.seconds(60))
            #expect(scenario.world.violations == [])
            #expect(scenario.world.softswitch.statistics.calls == 0)
            return try #require(scenario.world.store.records.last)
        }
    }

    @Test("out: the account's identity and Contact, the callee at the upstream's domain, by the upstream's address")
    func identity() throws {
        let calls = Calls()
        let caller = calls.call()
        let callee = try #require(calls.upstream.callList.first)
        let invite = try #require(callee.requests(.invite).first)
        #expect(invite.requestURI == "sip:+14155550123@sw.example.net")
        #expect(invite.header("From")?.contains("<sip:acme@sw.example.net>") == true)
        #expect(invite.header("From")?.contains("+14155550100") == true)
        #expect(invite.header("To") == "<sip:+14155550123@sw.example.net>")
        #expect(invite.contact == calls.scenario.bindings.first?.contact)
        #expect(invite.header("Privacy") == nil)
        callee.answer()
        calls.scenario.pass()
        #expect(caller.wasAnswered)
        #expect(try calls.finish(caller).routingGateway == "through-upstream")
    }

    @Test("401 or 407 to the INVITE is answered, and further requests carry credentials ahead", arguments: [true, false])
    func challenged(_ isProxy: Bool) throws {
        let calls = Calls { registrars in
            registrars[0].rules.challenge?.isProxy = isProxy
            registrars[0].rules.challengesCalls = true
        }
        let caller = calls.call()
        #expect(caller.statuses(.invite) == [100])
        let callee = try #require(calls.upstream.callList.first)
        let invite = try #require(callee.requests(.invite).first)
        #expect(invite.header(isProxy ? "Proxy-Authorization" : "Authorization") != nil)
        callee.answer()
        calls.scenario.pass()
        #expect(caller.wasAnswered)
        let record = try calls.finish(caller)
        #expect(record.endReason == .normalClearing)
        #expect(callee.requests(.bye).last?.header(isProxy ? "Proxy-Authorization" : "Authorization") != nil)
        // The next call needs no second round trip.
        let before = calls.upstream.seen.count { $0.isRequest && $0.method == .invite }
        let second = calls.call()
        #expect(calls.upstream.seen.count { $0.isRequest && $0.method == .invite } == before + 1)
        try #require(calls.upstream.callList.last).answer()
        calls.scenario.pass()
        _ = try calls.finish(second)
    }

    @Test("a password that the upstream refuses for calls: the next gateway, and no loop")
    func refusedCredentials() throws {
        let calls = Calls()
        calls.scenario.registrar.rules.challengesCalls = true
        calls.scenario.registrar.setPassword("other", of: "acme")
        let caller = calls.call()
        #expect(calls.upstream.callList.isEmpty)
        try #require(calls.other.callList.first).answer()
        calls.scenario.pass()
        #expect(caller.wasAnswered)
        #expect(calls.upstream.seen.count { $0.isRequest && $0.method == .invite } == 2)
        #expect(try calls.finish(caller).routingGateway == "backup")
    }

    @Test("an aged nonce for calls is renewed without the caller noticing", arguments: [true, false])
    func agedNonce(_ saysStale: Bool) throws {
        let calls = Calls { registrars in
            registrars[0].rules.challengesCalls = true
            registrars[0].rules.challenge?.nonceLifetime = .seconds(30)
            registrars[0].rules.challenge?.saysStale = saysStale
        }
        for _ in 0..<3 {
            let caller = calls.call()
            try #require(calls.upstream.callList.last).answer()
            calls.scenario.pass()
            #expect(caller.wasAnswered)
            calls.scenario.pass(.seconds(100))
            // The BYE's nonce has aged as well.
            #expect(try calls.finish(caller).endReason == .normalClearing)
            #expect(try #require(calls.upstream.callList.last).byeReceivedAt != nil)
        }
    }

    @Test("a re-INVITE through the upstream is challenged too: the caller sees only its end")
    func challengedReinvite() throws {
        let calls = Calls { registrars in
            registrars[0].rules.challengesCalls = true
            registrars[0].rules.challenge?.nonceLifetime = .seconds(30)
        }
        let caller = calls.call()
        try #require(calls.upstream.callList.last).answer()
        calls.scenario.pass(.seconds(60))
        let hold = caller.reinvite(holds: true)
        calls.scenario.pass(.seconds(1))
        #expect(hold.finals == [200])
        _ = try calls.finish(caller)
    }

    @Test("after a restart of the switch the BYE of a call through the upstream still answers its challenge")
    func restartedCall() throws {
        let calls = Calls { $0[0].rules.challengesCalls = true }
        let caller = calls.call()
        let callee = try #require(calls.upstream.callList.last)
        callee.answer()
        calls.scenario.pass(.seconds(10))
        #expect(calls.scenario.world.restart() == [])
        calls.scenario.pass(.seconds(2))
        caller.hangUp()
        calls.scenario.pass(.seconds(2))
        #expect(callee.byeReceivedAt != nil)
        #expect(calls.scenario.world.violations == [])
    }

    @Test("the account's privacy goes out, unless the caller has his own", arguments: [(UserAgentPrivacy.id, "id"), (.none, "none")])
    func privacy(_ privacy: UserAgentPrivacy, _ value: String) throws {
        let calls = Calls(privacy: privacy)
        let caller = calls.call()
        let callee = try #require(calls.upstream.callList.first)
        #expect(callee.requests(.invite).first?.headers("Privacy") == [value])
        callee.answer()
        calls.scenario.pass()
        _ = try calls.finish(caller)
        let own = calls.call(fields: ["Privacy: session"])
        let second = try #require(calls.upstream.callList.last)
        #expect(second.requests(.invite).first?.headers("Privacy") == ["session"])
        second.answer()
        calls.scenario.pass()
        _ = try calls.finish(own)
    }

    @Test("a registration that is down: the gateway is skipped, with the reason in the decision record")
    func down() throws {
        let calls = Calls { $0[0].always = .answer(503) }
        let caller = calls.call()
        #expect(calls.upstream.callList.isEmpty)
        try #require(calls.other.callList.first).answer()
        calls.scenario.pass()
        let record = try calls.finish(caller)
        #expect(record.routingGateway == "backup")
        #expect(record.decision.contains("registrationDown"))
        #expect(record.decision.contains("503 Service Unavailable"))
    }

    @Test("SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT: On ends the call, Off tries the next gateway", arguments: [true, false])
    func stopSwitch(_ isOn: Bool) throws {
        let calls = Calls(parameters: [
            "SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT": .flag(isOn), "SS_SIP_TIMEOUT_INVITE": .integer(3),
        ])
        calls.upstream.isDead = true
        let caller = calls.call()
        calls.scenario.pass(.seconds(4))
        #expect(calls.other.callList.isEmpty == isOn)
        if isOn {
            #expect((caller.statuses(.invite).last ?? 0) >= 400)
        } else {
            try #require(calls.other.callList.first).answer()
            calls.scenario.pass()
            #expect(try calls.finish(caller).routingGateway == "backup")
        }
    }

    // MARK: - In

    /// A call of somebody to the registered Contact.
    private func incoming(_ calls: Calls, from peer: Peer, to contact: String? = nil) throws -> PeerCall {
        let target = try contact ?? #require(calls.scenario.bindings.first?.contact)
        let call = peer.makeCall(index: 2, to: "+14155550177", target: target)
        call.invite()
        calls.scenario.pass(.milliseconds(300))
        return call
    }

    @Test("in at the Contact: recognised by its user part, also from an address that nobody configured")
    func incomingCall() throws {
        let calls = Calls()
        let stranger = Peer(
            "stranger", at: NetworkAddress(ipv4: 0xC633_64C8, port: 5070), marker: "~S", in: calls.scenario.world,
            towards: RegistrationScenario.switchAddress)
        let call = try incoming(calls, from: stranger)
        let callee = try #require(calls.other.callList.first ?? calls.upstream.callList.first)
        #expect(callee.requests(.invite).first?.requestURI.contains("+14155550177") == true)
        callee.answer()
        calls.scenario.pass()
        #expect(call.wasAnswered)
        call.hangUp()
        calls.scenario.pass(.seconds(40))
        #expect(calls.scenario.world.store.records.last?.mappingGateway == "from-upstream")
        #expect(calls.scenario.world.violations == [])
    }

    @Test("a stranger who does not know the Contact is refused or not heard, a guess of it as well")
    func guesses() throws {
        let calls = Calls()
        let stranger = Peer(
            "stranger", at: NetworkAddress(ipv4: 0xC633_64C8, port: 5070), marker: "~S", in: calls.scenario.world,
            towards: RegistrationScenario.switchAddress)
        let contact = try #require(calls.scenario.bindings.first?.contact)
        // The first character of the user part, which 26 secret ones follow.
        let guess = "sip:" + (contact.dropFirst(4).first == "0" ? "1" : "0") + contact.dropFirst(5)
        for target in ["sip:acme@203.0.113.10:5060", guess] {
            let call = try incoming(calls, from: stranger, to: target)
            #expect(!call.wasAnswered)
            #expect(call.statuses(.invite).allSatisfy { $0 == 403 })
        }
        #expect(calls.upstream.callList.isEmpty)
        #expect(calls.other.callList.isEmpty)
    }

    @Test("a call from the upstream is not sent back to it")
    func noLoop() throws {
        let calls = Calls()
        let call = try incoming(calls, from: calls.upstream)
        #expect(calls.upstream.callList.count == 1)
        let callee = try #require(calls.other.callList.first)
        callee.answer()
        calls.scenario.pass()
        #expect(call.wasAnswered)
        call.hangUp()
        calls.scenario.pass(.seconds(40))
        #expect(calls.scenario.world.violations == [])
    }

    @Test("calls on every shard use the registration that one shard keeps")
    func everyShard() throws {
        let calls = Calls(shards: 4) { $0[0].rules.challengesCalls = true }
        calls.scenario.pass(.seconds(1))
        var callers: [PeerCall] = []
        for index in 0..<12 {
            let call = calls.customer.makeCall(index: index, to: SimulatedNumber.of(index))
            call.invite()
            callers.append(call)
        }
        calls.scenario.pass(.milliseconds(500))
        #expect(calls.upstream.callList.count == 12)
        #expect(calls.other.callList.isEmpty)
        for callee in calls.upstream.callList { callee.answer() }
        calls.scenario.pass()
        #expect(callers.allSatisfy { $0.wasAnswered })
        for call in callers { call.hangUp() }
        calls.scenario.pass(.seconds(60))
        #expect(calls.scenario.world.store.records.count == 12)
        #expect(calls.scenario.world.violations == [])
    }

    @Test("after the withdrawal at a stop no call goes by the registration any more")
    func afterWithdrawal() throws {
        let calls = Calls()
        calls.scenario.world.command(.withdrawRegistrations)
        calls.scenario.pass(.seconds(1))
        #expect(calls.scenario.bindings.isEmpty)
        let caller = calls.call()
        #expect(calls.upstream.callList.isEmpty)
        try #require(calls.other.callList.first).answer()
        calls.scenario.pass()
        #expect(try calls.finish(caller).routingGateway == "backup")
    }
}
