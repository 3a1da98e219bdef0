import ManagementAPI
import Routing
import Testing
import Vocabulary

/// Rules between objects: names that must exist, accounts that are one, and a switch that does not call itself.
@Suite struct CrossCheckTests {
    @Test("a group that is used cannot be deleted, and who uses it is said")
    func usedGroups() throws {
        let set = try plan(
            #"""
            [{"kind": "GatewayGroup", "name": "g"}, {"kind": "NumberGroup", "name": "n"},
             {"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"], "routingGatewayGroups": {"deny": ["g"]}},
             {"kind": "RoutingGateway", "name": "b", "addresses": ["192.0.2.2"], "gatewayGroups": ["g"], "callerPool": {"group": "n"}}]
            """#
        ).get().result
        func refusal(_ key: ObjectKey) -> [String] {
            guard case .failure(let refused)? = planner.plan(deleting: key, current: set) else { return [] }
            return refused.problems.map { $0.line(file: "f") }
        }
        #expect(
            refusal(ObjectKey(.gatewayGroup, "g")) == [
                #"f: GatewayGroup/g: MappingGateway "a" names it; take it out of that MappingGateway, or delete the MappingGateway, first"#,
                #"f: GatewayGroup/g: RoutingGateway "b" names it; take it out of that RoutingGateway, or delete the RoutingGateway, first"#,
            ])
        #expect(refusal(ObjectKey(.numberGroup, "n")).count == 1)
        guard case .success? = planner.plan(deleting: ObjectKey(.mappingGateway, "a"), current: set) else {
            Issue.record("a gateway that nobody names can be deleted")
            return
        }
    }

    @Test("a name that does not exist is refused where it stands, and nothing is planned")
    func missingName() throws {
        let found = try problems(
            #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"], "calleeNumberGroups": {"deny": ["bared"]}}]"#,
            current: ObjectSet([.numberGroup(NumberGroup(name: "barred"))]))
        #expect(
            found == [#"f:1:102: MappingGateway/a: calleeNumberGroups: there is no NumberGroup "bared"; did you mean "barred"?"#])
    }

    @Test("a phone and a gateway that log in do not share a name; two gateways of a peer may, with one password")
    func accountNames() throws {
        let phone = #"{"kind": "Phone", "name": "1001", "password": "x"}"#
        let mapping = #"{"kind": "MappingGateway", "name": "1001", "registersHere": true, "password": "x"}"#
        let routing = #"{"kind": "RoutingGateway", "name": "1001", "registersHere": true, "password": "x"}"#
        #expect(try problems("[\(mapping), \(routing)]").isEmpty)
        let found = try problems("[\(phone), \(mapping)]")
        #expect(
            found == [
                #"f:1:18: Phone/1001: name: MappingGateway "1001" logs in with the same user name; rename one of them"#
            ]
                || found == [
                    #"f:1:28: Phone/1001: name: MappingGateway "1001" logs in with the same user name; rename one of them"#
                ], "\(found)")
        let other = routing.replacing(#""password": "x""#, with: #""password": "y""#)
        #expect(try problems("[\(mapping), \(other)]").count == 1)
        #expect(try problems(#"[\#(phone), {"kind": "MappingGateway", "name": "1001", "addresses": ["192.0.2.1"]}]"#).isEmpty)
    }

    @Test("gateways that prove themselves by password may share a source")
    func passwordShareSource() throws {
        let first = #"{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"]}"#
        let second = #"{"kind": "MappingGateway", "name": "b", "addresses": ["192.0.2.1"], "authentication": "password", "password": "x"}"#
        #expect(try problems("[\(first), \(second)]").isEmpty)
        #expect(try problems("[\(first), \(first.replacing(#""a""#, with: #""b""#))]").count == 1)
    }

    private static let own = OwnAddresses(
        listeners: [
            .init(address: NetworkAddress(ipv4: 0, port: 5060), transport: .udp),
            .init(address: NetworkAddress(ipv4: 0xC000_0263, port: 5061), transport: .tls),
        ], hosts: [NetworkAddress(ipv4: 0xC000_0263, port: 0)])

    private func refused(_ json: String) throws -> [String] {
        let planner = ChangePlanner(catalogue: catalogue, ownAddresses: Self.own)
        switch planner.plan(try DocumentNode(json: json).elements ?? [], current: ObjectSet()) {
        case .success: return []
        case .failure(let refused): return refused.problems.map { $0.line(file: "f") }
        }
    }

    @Test(
        "nothing may send calls to an address of this switch",
        arguments: [
            (
                #"{"kind": "RoutingGateway", "name": "x", "addresses": ["192.0.2.1", "192.0.2.99"]}"#,
                "RoutingGateway/x: addresses[1]: 192.0.2.99:5060"
            ),
            (#"{"kind": "RoutingGateway", "name": "x", "addresses": ["127.0.0.9"]}"#, "RoutingGateway/x: addresses[0]: 127.0.0.9:5060"),
            (
                #"{"kind": "RoutingGateway", "name": "x", "addresses": ["192.0.2.99;transport=tls"]}"#,
                "RoutingGateway/x: addresses[0]: 192.0.2.99:5061"
            ),
            (#"{"kind": "Phone", "name": "1001", "address": "192.0.2.99"}"#, "Phone/1001: address: 192.0.2.99:5060"),
            (#"{"kind": "MappingGateway", "name": "x", "addresses": ["192.0.2.99:5060"]}"#, "MappingGateway/x: addresses[0]: 192.0.2.99:5060"),
            (
                #"{"kind": "Registration", "name": "x", "proxy": "192.0.2.99", "host": "h.example.net", "username": "u", "password": "p"}"#,
                "Registration/x: proxy: 192.0.2.99:5060"
            ),
        ])
    func ownAddress(json: String, expected: String) throws {
        let found = try refused("[\(json)]")
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains("\(expected) is an address of this switch") == true, "\(found)")
    }

    @Test(
        "another port, another transport or another host is not this switch",
        arguments: [
            #"{"kind": "RoutingGateway", "name": "x", "addresses": ["192.0.2.99:5070", "127.0.0.1:5070", "192.0.2.1"]}"#,
            #"{"kind": "RoutingGateway", "name": "x", "addresses": ["192.0.2.99;transport=tcp"]}"#,
            #"{"kind": "MappingGateway", "name": "x", "addresses": ["127.0.0.1", "192.0.2.99"]}"#,
        ])
    func otherAddress(json: String) throws { #expect(try refused("[\(json)]") == []) }
}
