import Routing
import Testing
import Vocabulary

/// The candidates of a call in the order to try them, each with its verdict; and the snapshot they come from.
@Suite("Route decision")
struct RouteDecisionTests {
    static func address(_ text: String) -> NetworkAddress {
        guard let address = NetworkAddress(text) else { preconditionFailure("\(text) is no address") }
        return address
    }

    static let configuration = SwitchConfiguration(routingGateways: [
        RoutingGateway(name: "wide", addresses: [address("192.0.2.50:5060")], prefixes: ["", "44"], priority: 1),
        RoutingGateway(name: "locked", addresses: [address("192.0.2.51:5060")], prefixes: ["44"], priority: 2, locked: true),
        RoutingGateway(name: "loop", addresses: [address("192.0.2.52:5060"), address("192.0.2.53:5060")], prefixes: ["44"], priority: 3),
        RoutingGateway(name: "plain", addresses: [address("192.0.2.54:5060")], prefixes: ["4"], priority: 0),
        RoutingGateway(name: "elsewhere", addresses: [address("192.0.2.55:5060")], prefixes: ["49"]),
    ])

    static func decide(_ number: String, from source: String) -> [String] {
        var list = [Candidate(gateway: 99, prefixLength: 1)]
        number.withBytes { configuration.candidates(for: $0, from: address(source), into: &list) }
        return list.map { "\(configuration.routingGateways[$0.gateway].name)/\($0.prefixLength) \($0.verdict.name)" }
    }

    @Test("every gateway that takes the number, with the reason for each that is not used")
    func verdicts() {
        #expect(
            Self.decide("4420", from: "192.0.2.52:5060")
                == ["wide/2 waiting", "locked/2 locked", "loop/2 sameAsSource", "plain/1 waiting", "wide/0 alreadyListed"])
    }

    @Test("only the very address that the call came from is not sent back to")
    func sameSource() {
        #expect(Self.decide("4420", from: "192.0.2.52:5099").contains("loop/2 waiting"))
        #expect(Self.decide("4420", from: "192.0.2.53:5060").contains("loop/2 waiting"))
    }

    @Test("a number that only the empty prefix takes")
    func fallback() { #expect(Self.decide("1", from: "192.0.2.1:5060") == ["wide/0 waiting"]) }

    @Test("only a waiting candidate can be tried")
    func usable() { for verdict in Candidate.Verdict.allCases { #expect(verdict.isUsable == (verdict == .waiting)) } }

    @Test("a locked gateway named twice is locked once and listed once")
    func lockedTwice() {
        let configuration = SwitchConfiguration(routingGateways: [
            RoutingGateway(name: "x", addresses: [Self.address("192.0.2.50:5060")], prefixes: ["4", "44"], locked: true)
        ])
        var list: [Candidate] = []
        "44".withBytes { configuration.candidates(for: $0, from: Self.address("192.0.2.1:5060"), into: &list) }
        #expect(list.map(\.verdict) == [.locked, .alreadyListed])
    }

    @Test("the snapshot knows the hosts of its routing gateways, whatever the port")
    func hosts() {
        #expect(Self.configuration.routingHosts.contains(Self.address("192.0.2.53")))
        #expect(Self.configuration.routingHosts.count == 6)
    }
}

/// `CallSettings` against the parameters that they are read from.
@Suite("Call settings")
struct CallSettingsTests {
    @Test("the defaults are the documented ones")
    func defaults() {
        let settings = CallSettings()
        #expect(settings.repliesToUnknownSources)
        #expect(settings.inviteTimeout == .seconds(10))
        #expect(settings.tryingTimeout == .seconds(20))
        #expect(settings.progressTimeout == .seconds(20))
        #expect(settings.progressWithMediaTimeout == .seconds(120))
        #expect(settings.ringingTimeout == .seconds(120))
    }

    @Test(
        "each parameter sets its own field and no other",
        arguments: [
            ("SS_SIP_TIMEOUT_INVITE", \CallSettings.inviteTimeout), ("SS_SIP_TIMEOUT_TRYING", \.tryingTimeout),
            ("SS_SIP_TIMEOUT_SESSION_PROGRESS", \.progressTimeout), ("SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP", \.progressWithMediaTimeout),
            ("SS_SIP_TIMEOUT_RINGING", \.ringingTimeout),
        ] as [(String, WritableKeyPath<CallSettings, Interval> & Sendable)])
    func each(name: String, field: WritableKeyPath<CallSettings, Interval> & Sendable) {
        var expected = CallSettings()
        expected[keyPath: field] = .seconds(77)
        #expect(CallSettings(ParameterValues([name: .integer(77)])) == expected)
    }

    @Test("the flag") func flag() {
        #expect(!CallSettings(ParameterValues(["SS_REPLY_UNAUTHORIZED": .flag(false)])).repliesToUnknownSources)
    }

    @Test("every parameter of calls is in the list, once, with words for the operator")
    func catalogue() {
        let names = ParameterDefinition.callParameters.map(\.name)
        #expect(
            names == [
                "SS_REPLY_UNAUTHORIZED", "SS_SIP_TIMEOUT_INVITE", "SS_SIP_TIMEOUT_TRYING", "SS_SIP_TIMEOUT_SESSION_PROGRESS",
                "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP", "SS_SIP_TIMEOUT_RINGING",
            ])
        for definition in ParameterDefinition.callParameters { #expect(definition.meaning.hasSuffix(".")) }
    }
}
