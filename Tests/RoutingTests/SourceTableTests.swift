import Routing
import Testing
import Vocabulary

/// Whom a call is taken for, by where it came from: most specific first, then priority, then name.
@Suite("Source table")
struct SourceTableTests {
    static func address(_ text: String) -> NetworkAddress {
        guard let address = NetworkAddress(text) else { preconditionFailure("\(text) is no address") }
        return address
    }

    static func gateway(_ name: String, _ addresses: [String], priority: Int = 10, locked: Bool = false) -> MappingGateway {
        MappingGateway(name: name, addresses: addresses.map(address), priority: priority, locked: locked)
    }

    static let gateways = [
        gateway("any-port", ["192.0.2.10"]),
        gateway("one-port", ["192.0.2.10:5070"], priority: 99),
        gateway("two-addresses", ["192.0.2.20", "192.0.2.21:5060"]),
        gateway("later", ["192.0.2.30"], priority: 20),
        gateway("sooner", ["192.0.2.30"], priority: 5, locked: true),
        gateway("b-name", ["192.0.2.40:5060"]),
        gateway("a-name", ["192.0.2.40:5060"]),
        gateway("six", ["2001:db8::7"]),
    ]

    @Test(
        "the gateway of a source and the rule that found it",
        arguments: [
            // An entry with the exact port goes before one for the host, whatever their priorities.
            ("192.0.2.10:5070", "one-port", SourceTable.Rule.addressAndPort), ("192.0.2.10:5071", "any-port", .address),
            ("192.0.2.10:5060", "any-port", .address),
            ("192.0.2.20:1", "two-addresses", .address), ("192.0.2.21:5060", "two-addresses", .addressAndPort),
            // Among equals the lower number takes the call, locked or not; then the name.
            ("192.0.2.30:5060", "sooner", .address), ("192.0.2.40:5060", "a-name", .addressAndPort),
            ("[2001:db8::7]:5060", "six", .address),
        ])
    func found(source: String, name: String, rule: SourceTable.Rule) throws {
        let table = SourceTable(Self.gateways)
        let found = try #require(table.gateway(of: Self.address(source)))
        #expect(Self.gateways[found.index].name == name)
        #expect(found.rule == rule)
    }

    @Test("a source that belongs to none", arguments: ["192.0.2.11:5060", "192.0.2.21:5061", "192.0.2.40:5070", "[2001:db8::8]:5060"])
    func unknown(source: String) { #expect(SourceTable(Self.gateways).gateway(of: Self.address(source)) == nil) }

    @Test("the order in which gateways are written does not matter")
    func order() throws {
        let turned = Array(Self.gateways.reversed())
        for source in ["192.0.2.30:5060", "192.0.2.40:5060", "192.0.2.10:5070"] {
            let one = try #require(SourceTable(Self.gateways).gateway(of: Self.address(source)))
            let other = try #require(SourceTable(turned).gateway(of: Self.address(source)))
            #expect(Self.gateways[one.index].name == turned[other.index].name)
        }
    }

    @Test("an IPv4 address mapped into IPv6 is the same host")
    func mapped() { #expect(SourceTable(Self.gateways).gateway(of: Self.address("[::ffff:192.0.2.20]:5060")) != nil) }

    // MARK: - How a gateway is recognised

    @Test("unless set, the port of an address counts where it has one")
    func defaultAuthentication() {
        #expect(MappingGateway(name: "new", addresses: []).authentication == .addressAndPort)
        let gateways = [Self.gateway("new", ["192.0.2.50:5070", "192.0.2.51"])]
        #expect(SourceTable(gateways).gateway(of: Self.address("192.0.2.50:5070"))?.rule == .addressAndPort)
        #expect(SourceTable(gateways).gateway(of: Self.address("192.0.2.50:5060")) == nil)
        #expect(SourceTable(gateways).gateway(of: Self.address("192.0.2.51:40000"))?.rule == .address)
    }

    @Test(
        "by address alone any port is the gateway's, also of an address that has one, after those to which the port belongs",
        arguments: [
            ("192.0.2.50:5070", "by-address", SourceTable.Rule.address), ("192.0.2.50:5060", "by-address", .address),
            ("192.0.2.50:40000", "by-address", .address), ("192.0.2.50:5080", "by-port", .addressAndPort),
            // By password the port counts as it does by address and port.
            ("192.0.2.60:5070", "by-password", .addressAndPort), ("[2001:db8::9]:40000", "by-address", .address),
            // Among those that take any port the lower number goes first, whichever way they take it.
            ("192.0.2.70:5070", "any-sooner", .address),
        ])
    func byAddress(source: String, name: String, rule: SourceTable.Rule) throws {
        var gateways = [
            Self.gateway("by-address", ["192.0.2.50:5070", "[2001:db8::9]:5060", "192.0.2.70:5070"], priority: 20),
            Self.gateway("by-port", ["192.0.2.50:5080"], priority: 99), Self.gateway("by-password", ["192.0.2.60:5070"]),
            Self.gateway("any-sooner", ["192.0.2.70"]),
        ]
        gateways[0].authentication = .address
        gateways[2].authentication = .password
        let found = try #require(SourceTable(gateways).gateway(of: Self.address(source)))
        #expect(gateways[found.index].name == name)
        #expect(found.rule == rule)
        #expect(SourceTable(gateways).gateway(of: Self.address("192.0.2.60:5071")) == nil)
    }

    @Test("nobody is known to an empty table")
    func empty() { #expect(SourceTable([]).gateway(of: Self.address("192.0.2.10:5060")) == nil) }
}

/// Phones with a configured address beside gateways.
@Suite("Origin of a source")
struct OriginTests {
    @Test(
        "an exact port before any port of the host, a gateway before a phone",
        arguments: [
            ("192.0.2.10:5060", CallOrigin.mappingGateway(0), SourceTable.Rule.addressAndPort), ("192.0.2.10:5070", .phone(0), .addressAndPort),
            ("192.0.2.10:5080", .mappingGateway(1), .address), ("192.0.2.11:5060", .phone(1), .address),
        ])
    func origin(source: String, origin: CallOrigin, rule: SourceTable.Rule) throws {
        func phone(_ name: String, _ address: String?) -> Phone {
            var phone = Phone(name: name)
            phone.address = address.map(SourceTableTests.address)
            return phone
        }
        let table = SourceTable(
            [SourceTableTests.gateway("exact", ["192.0.2.10:5060"]), SourceTableTests.gateway("any", ["192.0.2.10"])],
            phones: [
                phone("100", "192.0.2.10:5070"), phone("101", "192.0.2.11"), phone("102", nil), phone("103", "192.0.2.10:5060"),
                phone("104", "192.0.2.11"),
            ])
        let found = try #require(table.origin(of: SourceTableTests.address(source)))
        #expect(found.origin == origin && found.rule == rule)
    }

    @Test("nobody") func nobody() {
        #expect(SourceTable([], phones: [Phone(name: "100")]).origin(of: SourceTableTests.address("192.0.2.10:5060")) == nil)
    }
}
