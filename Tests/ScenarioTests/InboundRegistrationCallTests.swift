import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// INVITEs of phones and of gateways that prove themselves by digest, as far as the proof; what becomes of the call is tested apart.
@Suite("Inbound registration: calls")
struct InboundRegistrationCallTests {
    /// Statuses by which the switch says that it does not believe who calls.
    private let unproved = [401, 403, 407]

    @Test("an INVITE of a phone is challenged, and with the right password gets beyond", arguments: ["401", "407"])
    func proved(code: String) throws {
        let scenario = InboundScenario(parameters: ["SS_SIP_AUTHENTICATION_CODE": .option(code)])
        let phone = scenario.phone()
        phone.invite("1002")
        scenario.pass()
        let final = phone.responses.map(\.status).filter { $0 >= 200 }
        #expect(final.first == Int(code))
        #expect(final.count == 2 && !unproved.contains(final[1]), "\(final)")
    }

    @Test("with a wrong password it does not, and who goes on is suspended for calls and registrations alike")
    func wrong() throws {
        let scenario = InboundScenario(parameters: ["SS_AUTHENTICATION_MAX_RETRY": .integer(1), "SS_ENDPOINT_REGISTER_RETRY": .integer(99)])
        let thief = scenario.phone(password: "guess", at: InboundScenario.address(66))
        for _ in 0..<3 {
            thief.invite("1002")
            scenario.pass()
        }
        #expect(thief.answers.map(\.status) == [401, 403, 403])
        #expect(thief.answers[1].reasonPhrase == "Suspended After Failed Authentication")
        thief.register()
        scenario.pass()
        #expect(thief.answers.last?.status == 403)
        #expect(try scenario.status().suspendedSources.map(\.host) == ["192.0.2.66"])
    }

    @Test("a nonce from registering is good for calls, whichever shard gets them, and each count once", arguments: [1, 4])
    func sharedNonce(shards: Int) throws {
        let scenario = InboundScenario(shards: shards)
        let phone = try scenario.registered()
        for _ in 0..<8 {
            let before = phone.responses.count
            phone.invite("1002")
            scenario.pass()
            let final = phone.responses.dropFirst(before).map(\.status).filter { $0 >= 200 }
            #expect(final.count == 1 && !unproved.contains(final[0]), "\(final)")
        }
    }

    @Test("whoever is no phone is refused as before")
    func stranger() throws {
        let scenario = InboundScenario()
        let nobody = scenario.phone("4711", at: InboundScenario.address(66))
        nobody.invite("1002")
        scenario.pass()
        #expect(nobody.responses.map(\.status).filter { $0 >= 200 } == [403])
        #expect(scenario.world.softswitch.statistics.unrecognisedSources >= 1)
    }

    @Test("a mapping gateway by password proves itself from any address, with its name in From or in its credentials")
    func gatewayByPassword() throws {
        var gateway = MappingGateway(name: "customer-a", addresses: [])
        (gateway.authentication, gateway.password) = (.password, "secret")
        let scenario = InboundScenario(phones: [], mappingGateways: [gateway])
        let peer = scenario.phone("customer-a")
        peer.invite("+14155550100")
        scenario.pass()
        let final = peer.responses.map(\.status).filter { $0 >= 200 }
        #expect(final.first == 401)
        #expect(final.count == 2 && !unproved.contains(final[1]), "\(final)")
    }

    @Test("its From may be the caller's number: an unknown INVITE is challenged where a gateway may answer, and nothing is kept before")
    func gatewayByPasswordAndNumber() throws {
        var gateway = MappingGateway(name: "customer-a", addresses: [])
        (gateway.authentication, gateway.password) = (.password, "secret")
        let scenario = InboundScenario(phones: [], mappingGateways: [gateway])
        func finals(user: String, at host: Int) -> [Int] {
            let peer = RegisteringPhone(
                "+14155550177", password: "secret", user: user, at: InboundScenario.address(host), in: scenario.world,
                towards: InboundScenario.switchAddress)
            peer.invite("+14155550100")
            scenario.pass()
            return peer.responses.map(\.status).filter { $0 >= 200 }
        }
        let own = finals(user: "customer-a", at: 8)
        #expect(own.count == 2 && own[0] == 401 && !unproved.contains(own[1]), "\(own)")
        // Credentials that name nobody get no further, and no transaction.
        let transactions = scenario.world.softswitch.statistics.transactions
        #expect(finals(user: "customer-b", at: 9).allSatisfy { $0 == 401 })
        #expect(scenario.world.softswitch.statistics.transactions == transactions)
    }

    @Test("a place that a gateway shares with others, or a proxy's, proves nobody: its calls are challenged", arguments: [true, false])
    func sharedPlace(isProxy: Bool) throws {
        var gateway = MappingGateway(name: "pbx", addresses: [])
        (gateway.registersHere, gateway.password) = (true, "secret")
        let scenario = InboundScenario(phones: [Phone(name: "1001", password: "other")], mappingGateways: [gateway])
        let peer = scenario.phone("pbx")
        peer.register(lines: isProxy ? ["Supported: path", "Path: <sip:192.0.2.7:5060;lr>"] : [])
        scenario.pass()
        #expect(peer.answers.map(\.status) == [200])
        if !isProxy {
            let phone = scenario.phone(password: "other")
            phone.register()
            scenario.pass()
            #expect(phone.answers.map(\.status) == [200])
        }
        let somebody = RegisteringPhone(
            "+14155550177", password: "guess", user: "nobody", at: InboundScenario.address(7), in: scenario.world,
            towards: InboundScenario.switchAddress)
        somebody.answersChallenges = false
        somebody.invite("+14155550100")
        scenario.pass()
        #expect(somebody.responses.map(\.status).filter { $0 >= 200 } == [401])
    }

    @Test("credentials go before From: a gateway that presents a phone's number is not asked for the phone's password")
    func numberOfAPhone() throws {
        var gateway = MappingGateway(name: "customer-a", addresses: [])
        (gateway.authentication, gateway.password) = (.password, "gateway's")
        let scenario = InboundScenario(phones: [Phone(name: "1001", password: "phone's")], mappingGateways: [gateway])
        let peer = RegisteringPhone(
            "1001", password: "gateway's", user: "customer-a", at: InboundScenario.address(8), in: scenario.world,
            towards: InboundScenario.switchAddress)
        peer.invite("+14155550100")
        scenario.pass()
        let final = peer.responses.map(\.status).filter { $0 >= 200 }
        #expect(final.count == 2 && final[0] == 401 && !unproved.contains(final[1]), "\(final)")
        #expect(scenario.world.softswitch.statistics.authenticationFailures == 0)
    }

    @Test("an INVITE without credentials, and a CANCEL of nothing, leave no transaction and are answered once")
    func nothingKept() throws {
        let scenario = InboundScenario()
        let guesser = scenario.phone(at: InboundScenario.address(66))
        guesser.answersChallenges = false
        guesser.invite("1002")
        scenario.pass(.seconds(5))
        #expect(guesser.responses.map(\.status) == [401])
        #expect(scenario.world.softswitch.statistics.transactions == 0)
        guesser.peer.send(raw: guesser.lastSent.replacing("INVITE", with: "CANCEL").replacing("branch=", with: "branch=z9hG4bKother"))
        scenario.pass()
        #expect(scenario.world.softswitch.statistics.transactions == 0)
        // One of a call that is being set up is taken.
        let phone = try scenario.registered()
        phone.invite("4711")
        scenario.pass()
        #expect(phone.responses.last?.status != 401)
    }

    @Test("calls of a dynamic gateway are known by where it registered from")
    func gatewayByBinding() throws {
        var gateway = MappingGateway(name: "pbx", addresses: [])
        (gateway.registersHere, gateway.password) = (true, "secret")
        let scenario = InboundScenario(phones: [], mappingGateways: [gateway])
        let peer = scenario.phone("pbx")
        peer.invite("+14155550100")
        scenario.pass()
        #expect(peer.responses.map(\.status).filter { $0 >= 200 } == [403])
        peer.register()
        scenario.pass()
        let before = peer.responses.count
        peer.invite("+14155550100")
        scenario.pass()
        let final = peer.responses.dropFirst(before).map(\.status).filter { $0 >= 200 }
        #expect(final.count == 1 && !unproved.contains(final[0]), "\(final)")
    }
}
