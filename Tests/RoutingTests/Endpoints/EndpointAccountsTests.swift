import Routing
import Testing
import Vocabulary

/// Who may register, and with which settings.
@Suite("Endpoint accounts")
struct EndpointAccountsTests {
    private func mapping(_ name: String, _ password: String?, registers: Bool = true, byPassword: Bool = false) -> MappingGateway {
        var gateway = MappingGateway(name: name, addresses: [])
        (gateway.registersHere, gateway.password) = (registers, password)
        if byPassword { gateway.authentication = .password }
        return gateway
    }

    private func routing(_ name: String, _ password: String?) -> RoutingGateway {
        var gateway = RoutingGateway(name: name, addresses: [])
        (gateway.registersHere, gateway.password) = (true, password)
        return gateway
    }

    private func account(_ accounts: EndpointAccounts, _ name: String) -> EndpointAccount? { name.withBytes { accounts.account(named: $0) } }

    @Test("phones and dynamic gateways with a password register; a fixed address or an empty password excludes")
    func who() {
        var fixed = Phone(name: "1003", password: "x")
        fixed.address = NetworkAddress("192.0.2.7:5060")
        let accounts = EndpointAccounts(
            phones: [Phone(name: "1001", password: "secret"), Phone(name: "1002"), fixed],
            mappingGateways: [mapping("pbx", "p"), mapping("static", "p", registers: false), mapping("open", nil)],
            routingGateways: [routing("vendor", "v")])
        #expect(accounts.accounts.map(\.name) == ["1001", "pbx", "vendor"])
        #expect(account(accounts, "1001")?.password == "secret")
        #expect(account(accounts, "1002") == nil)
        #expect(account(accounts, "1003") == nil)
        #expect(account(accounts, "") == nil)
    }

    @Test("a mapping and a routing gateway of one name and password register together; a phone's name is its own")
    func shared() {
        let accounts = EndpointAccounts(
            phones: [Phone(name: "1001", password: "p")], mappingGateways: [mapping("pbx", "p"), mapping("two", "a"), mapping("1001", "p")],
            routingGateways: [routing("pbx", "p"), routing("two", "b")])
        #expect(account(accounts, "pbx")?.endpoints == [EndpointName(.mappingGateway, "pbx"), EndpointName(.routingGateway, "pbx")])
        #expect(account(accounts, "two")?.endpoints == [EndpointName(.mappingGateway, "two")])
        #expect(account(accounts, "1001")?.endpoints == [EndpointName(.phone, "1001")])
    }

    @Test("gateways that prove themselves by digest are found by name")
    func proving() {
        let accounts = EndpointAccounts(
            phones: [], mappingGateways: [mapping("by-address", "p"), mapping("by-password", "p", registers: false, byPassword: true)],
            routingGateways: [])
        #expect("by-password".withBytes { accounts.provingGateway(named: $0) } == 1)
        #expect("by-address".withBytes { accounts.provingGateway(named: $0) } == nil)
    }

    @Test("every parameter has a sound default, a unique name and reaches its setting")
    func parameters() {
        let settings = EndpointSettings()
        #expect(settings.challengeCode == 401)
        #expect(settings.algorithms == ["MD5"])
        #expect((settings.expire, settings.minimumExpire, settings.replaces) == (3_600, 60, true))
        #expect(settings.timeToLive == .seconds(60))
        #expect((settings.failures.registrations, settings.failures.registrationSuspension) == (6, .seconds(180)))
        #expect((settings.failures.requests, settings.failures.requestSuspension) == (6, .seconds(180)))
        #expect((settings.failures.answers, settings.failures.answerTime) == (3, .seconds(30)))
        #expect(settings.keepAliveMessage == Array("HELLO".utf8))
        #expect((settings.keepAlivePeriod, settings.keepAliveInterval, settings.keepAliveBatch) == (.seconds(30), .milliseconds(500), 3_000))
        let other = EndpointSettings(
            ParameterValues([
                "SS_SIP_AUTHENTICATION_CODE": .option("407"), "SS_SIP_AUTHENTICATION_ALGORITHM": .option("SHA-512-256, SHA-256, MD5"),
                "SS_ENDPOINT_TIME_TO_LIVE": .integer(0), "SS_SIP_NAT_KEEP_ALIVE_MESSAGE": .text(""),
            ]))
        #expect(other.challengeCode == 407)
        #expect(other.algorithms == ["SHA-512-256", "SHA-256", "MD5"])
        #expect(other.timeToLive == nil && other.keepAliveMessage.isEmpty)
        let none = EndpointSettings(ParameterValues(["SS_ENDPOINT_TIME_TO_LIVE": ParameterValue.none]))
        #expect(none.timeToLive == nil)
        let names = ParameterDefinition.endpointParameters.flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
        #expect(names.contains("SS_AUTHCHALLENGEMODE") && names.contains("SS_ENDPOINTTIMETOLIVE"))
    }

    @Test("the keepalive's room for devices is told")
    func room() throws {
        let effective = try #require(ParameterDefinition.natKeepAlivePeriod.effectiveValue)
        #expect(effective(ParameterValues())?.text == "room for 180000 devices")
    }
}
