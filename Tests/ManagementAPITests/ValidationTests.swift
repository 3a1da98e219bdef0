import ManagementAPI
import Routing
import Testing
import Vocabulary

/// Which documents are taken, and exactly what is said about the others.
@Suite struct ValidationTests {
    @Test("a mapping gateway is read with every field")
    func mappingGatewayFields() throws {
        let plan = try plan(
            #"""
            [{"kind": "MappingGateway", "name": "customer-a", "addresses": ["127.0.0.1", "192.0.2.1:5060", "[2001:db8::1]:5062", "2001:db8::2"],
              "priority": 5, "locked": true, "followRedirects": true}]
            """#
        ).get()
        var gateway = MappingGateway(
            name: "customer-a",
            addresses: [
                NetworkAddress(ipv4: 0x7F00_0001, port: 0), NetworkAddress(ipv4: 0xC000_0201, port: 5060),
            ], priority: 5, locked: true, followRedirects: true)
        gateway.addresses += ["[2001:db8::1]:5062", "2001:db8::2"].compactMap { NetworkAddress($0) }
        #expect(plan.result.sorted == [.mappingGateway(Secured(gateway))])
    }

    @Test("a routing gateway gets port 5060, UDP, any prefix and priority 10 unless told otherwise")
    func routingGatewayDefaults() throws {
        let plan = try plan(#"[{"kind": "RoutingGateway", "name": "x", "addresses": ["127.0.0.1"]}]"#).get()
        let expected = RoutingGateway(name: "x", addresses: [NetworkAddress(ipv4: 0x7F00_0001, port: 5060)], transport: .udp, prefixes: [""])
        #expect(plan.result.sorted == [.routingGateway(Secured(expected))])
    }

    @Test(
        "a routing gateway's transport is named behind an address or as a field",
        arguments: [
            #""addresses": ["192.0.2.1;transport=tcp"]"#, #""addresses": ["192.0.2.1"], "transport": "tcp""#,
            #""transport": "TCP", "addresses": ["192.0.2.1:5060;transport=TCP"]"#,
        ])
    func transport(fields: String) throws {
        let plan = try plan("[{\"kind\": \"RoutingGateway\", \"name\": \"x\", \(fields)}]").get()
        guard case .routingGateway(let described)? = plan.result.sorted.first else { return #expect(Bool(false)) }
        let gateway = described.value
        #expect(gateway.transport == .tcp)
        #expect(gateway.addresses == [NetworkAddress(ipv4: 0xC000_0201, port: 5060)])
    }

    @Test("prefixes may begin with +, * and #", arguments: ["", "44", "+1415", "*72", "#31#", "+*44"])
    func prefixes(prefix: String) throws {
        let found = try problems("[{\"kind\": \"RoutingGateway\", \"name\": \"x\", \"addresses\": [\"192.0.2.1\"], \"prefixes\": [\"\(prefix)\"]}]")
        #expect(found.isEmpty == (prefix != "#31#"), "\(found)")
    }

    private static let brokenRules: [(json: String, expected: String)] = [
        (
            #"[{"kind": "MappingGatway", "name": "a"}]"#,
            #"f:1:11: kind: there is no kind "MappingGatway"; did you mean "MappingGateway"?"#
        ),
        (
            #"[{"kind": "Trunk", "name": "a"}]"#,
            #"f:1:11: kind: there is no kind "Trunk"; use one of: MappingGateway, RoutingGateway, Phone, GatewayGroup, NumberGroup, Registration, Parameter"#
        ),
        (
            #"[{"name": "a"}]"#,
            "f:1:2: kind: the document does not say its kind; use one of: MappingGateway, RoutingGateway, Phone, GatewayGroup, NumberGroup, Registration, Parameter"
        ),
        (
            #"[{"kind": "MappingGateway"}]"#,
            #"f:1:2: MappingGateway: name: the document does not say its name; add "name:""#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a b"}]"#,
            #"f:1:37: MappingGateway: name: "a b" is no name; a name is 1 to 64 letters, digits, ".", "_" and "-""#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "adresses": ["192.0.2.1"], "addresses": ["192.0.2.1"]}]"#,
            #"f:1:42: MappingGateway/a: adresses: MappingGateway has no field "adresses"; did you mean "addresses"?"#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a"}]"#,
            "f:1:2: MappingGateway/a: addresses: the field is missing; "
                + "add addresses: source addresses of the customer's calls: IP for any port, or IP:port; "
                + "may be left out where registration is given, with registersHere and with authentication: password"
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": "192.0.2.1"}]"#,
            #"f:1:55: MappingGateway/a: addresses: "192.0.2.1" is not a list; write a list such as ["192.0.2.1"]"#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": []}]"#,
            #"f:1:55: MappingGateway/a: addresses: the list is empty; write a list such as ["192.0.2.1"]"#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["sip.example.net"]}]"#,
            #"f:1:56: MappingGateway/a: addresses[0]: "sip.example.net" is a host name, and host names are not looked up; "#
                + #"write the IP address, such as "192.0.2.1", "192.0.2.1:5060" or "[2001:db8::1]:5060""#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.0/24"]}]"#,
            #"f:1:56: MappingGateway/a: addresses[0]: "192.0.2.0/24" is a network, not an address; list the single addresses"#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1:0"]}]"#,
            "f:1:56: MappingGateway/a: addresses[0]: port 0 cannot be used; leave the port out to take any port"
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1;transport=udp"]}]"#,
            #"f:1:56: MappingGateway/a: addresses[0]: a source address has no parameters; leave ";transport=udp" out"#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1", "192.0.2.1"]}]"#,
            #"f:1:69: MappingGateway/a: addresses[1]: "192.0.2.1" stands twice in the list; remove one of them"#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"], "priority": "high"}]"#,
            #"f:1:82: MappingGateway/a: priority: "high" is not a whole number from 0 to 65535; write a number within the range"#
        ),
        (
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"], "locked": 1}]"#,
            #"f:1:80: MappingGateway/a: locked: "1" is neither true nor false; write true or false"#
        ),
        (
            #"[{"kind": "RoutingGateway", "name": "a", "addresses": ["192.0.2.1;transport=sctp"]}]"#,
            #"f:1:56: RoutingGateway/a: addresses[0]: ";transport=sctp" is not understood; "#
                + #"use ";transport=udp", ";transport=tcp" or ";transport=tls""#
        ),
        (
            #"[{"kind": "RoutingGateway", "name": "a", "addresses": ["192.0.2.1;transport=tcp", "192.0.2.2;transport=udp"]}]"#,
            "f:1:83: RoutingGateway/a: addresses[1]: the addresses of one gateway name different transports; "
                + "make a gateway of its own for each transport"
        ),
        (
            #"[{"kind": "RoutingGateway", "name": "a", "addresses": ["192.0.2.1;transport=tcp"], "transport": "udp"}]"#,
            "f:1:97: RoutingGateway/a: transport: an address names another transport than udp; name the transport in one place only"
        ),
        (
            #"[{"kind": "RoutingGateway", "name": "a", "addresses": ["192.0.2.1"], "prefixes": ["44x"]}]"#,
            ##"f:1:83: RoutingGateway/a: prefixes[0]: "44x" is no prefix: at most 31 digits, before them "+", "*" or "#"; "##
                + #"write a list such as ["44", "+1415"], or [""] to take any number"#
        ),
        (
            #"[{"kind": "RoutingGateway", "name": "a", "addresses": ["192.0.2.1", "192.0.2.1:5060"]}]"#,
            #"f:1:69: RoutingGateway/a: addresses[1]: "192.0.2.1:5060" stands twice in the list; remove one of them"#
        ),
        (
            #"[{"kind": "Parameter", "name": "SS_SIP_TIMEOUT_INVIT", "value": 10}]"#,
            #"f:1:32: Parameter/SS_SIP_TIMEOUT_INVIT: name: there is no parameter "SS_SIP_TIMEOUT_INVIT"; did you mean "SS_SIP_TIMEOUT_INVITE"?"#
        ),
        (
            #"[{"kind": "Parameter", "name": "SS_SIP_TIMEOUT_INVITE", "value": 0}]"#,
            #"f:1:66: Parameter/SS_SIP_TIMEOUT_INVITE: value: SS_SIP_TIMEOUT_INVITE must be a whole number from 1 to 3600 (s), not "0"; "#
                + "set such a value; the default is 10"
        ),
        (
            #"["MappingGateway"]"#,
            #"f:1:2: a document is a mapping, not "MappingGateway"; begin it with "kind:" and "name:""#
        ),
    ]

    @Test("a broken rule is named with its place, field and remedy", arguments: brokenRules)
    func brokenRule(json: String, expected: String) throws {
        #expect(try problems(json) == [expected])
    }

    @Test("all problems of all documents are collected, in the order of the text")
    func collectsAll() throws {
        let found = try problems(
            """
            [{"kind": "MappingGateway", "name": "a", "addresses": ["x.example.net", "192.0.2.300"],
              "priority": -1},
             {"kind": "Trunk", "name": "b"},
             {"kind": "RoutingGateway", "name": "c", "weight": 1}]
            """)
        #expect(found.map { $0.split(separator: ": ")[0] } == ["f:1:56", "f:1:73", "f:2:15", "f:3:11", "f:4:2", "f:4:42"])
    }

    @Test("an object that is described twice in one file is refused")
    func describedTwice() throws {
        let found = try problems(
            """
            [{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"]},
             {"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.2"]}]
            """)
        #expect(found == ["f:2:2: MappingGateway/a: the object is described twice (first in line 1); keep one of the two documents"])
    }

    @Test("a parameter and its alias are the same object")
    func aliasIsSameObject() throws {
        let found = try problems(
            """
            [{"kind": "Parameter", "name": "SS_TEST_OPTION", "value": "Id"},
             {"kind": "Parameter", "name": "ss_test_choice", "value": "None"}]
            """)
        #expect(
            found == [
                "f:2:2: Parameter/SS_TEST_OPTION: the object is described twice (first in line 1); keep one of the two documents"
            ])
    }

    @Test("two mapping gateways with the same address and priority are refused, both named")
    func sharedAddress() throws {
        let found = try problems(
            """
            [{"kind": "MappingGateway", "name": "b", "addresses": ["192.0.2.9", "192.0.2.1:5060"]},
             {"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1:5060"]}]
            """)
        #expect(
            found == [
                #"f:1:69: MappingGateway/b: addresses[1]: "b" and "a" both take calls from 192.0.2.1:5060 with priority 10; "#
                    + "give one of them another priority, or take the address out of one"
            ])
    }

    @Test("a conflict with an object that stands already is shown in the file")
    func sharedAddressWithCurrent() throws {
        let found = try problems(
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"]}]"#,
            current: ObjectSet([mappingGateway("z", ["192.0.2.1"])]))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(#"f:1:56: MappingGateway/a: addresses[0]: "a" and "z" both take calls"#) == true)
    }

    @Test("another priority, another port or any port is no conflict")
    func noConflict() throws {
        let found = try problems(
            """
            [{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"]},
             {"kind": "MappingGateway", "name": "b", "addresses": ["192.0.2.1:5060"]},
             {"kind": "MappingGateway", "name": "c", "addresses": ["192.0.2.1:5062"]},
             {"kind": "MappingGateway", "name": "d", "addresses": ["192.0.2.1"], "priority": 11}]
            """)
        #expect(found.isEmpty)
    }
}
