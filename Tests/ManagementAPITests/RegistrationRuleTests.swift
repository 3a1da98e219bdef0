import ManagementAPI
import Routing
import Testing
import Vocabulary

/// Rules between registrations and the gateways that name them.
@Suite struct RegistrationRuleTests {
    private static func registration(_ name: String, _ more: String = "") -> String {
        #"{"kind": "Registration", "name": "\#(name)", "proxy": "192.0.2.10", "host": "sw.example.net", "username": "acme", "password": "x"\#(more)}"#
    }

    private let current = { () -> ObjectSet in
        let json = "[\(registration("upstream-1")), {\"kind\": \"RoutingGateway\", \"name\": \"carrier-x\", \"registration\": \"upstream-1\"}]"
        return (try? plan(json).get().result) ?? ObjectSet()
    }()

    @Test("a gateway with a registration needs no address, and one with neither is refused")
    func gatewayWithoutAddress() throws {
        let gateway = try #require(current.configuration(revision: 1).routingGateways.first)
        #expect(gateway.registration == "upstream-1")
        #expect(gateway.addresses.isEmpty)
        let again = try planner.plan(current.sorted.map { try DocumentNode(json: $0.document.json()) }, current: current).get()
        #expect(again.mutations.isEmpty, "its export is taken again")
        #expect(try problems(#"[{"kind": "RoutingGateway", "name": "y"}]"#).first?.contains("addresses: the field is missing") == true)
        #expect(
            try problems(#"[{"kind": "RoutingGateway", "name": "y", "addresses": []}]"#).first?.contains("addresses: the list is empty") == true)
    }

    @Test("a gateway that names a missing registration is refused, and a near one suggested")
    func missing() throws {
        let found = try problems(
            #"[{"kind": "RoutingGateway", "name": "y", "registration": "upstream-2"}]"#, current: current)
        #expect(
            found == [
                #"f:1:58: RoutingGateway/y: registration: there is no Registration "upstream-2"; did you mean "upstream-1"?"#
            ])
        #expect(
            try problems(#"[{"kind": "RoutingGateway", "name": "y", "registration": "r"}]"#).first?.hasSuffix(
                #"there is no Registration "r"; add a document of kind Registration with that name"#) == true)
    }

    @Test("a registration that a gateway names is not deleted, and the gateway is named")
    func deletion() throws {
        let key = ObjectKey(.registration, "upstream-1")
        let refused = #expect(throws: RefusedChange.self) {
            try #require(planner.plan(deleting: key, current: current)).get()
        }
        #expect(
            refused?.problems.map { $0.line(file: "f") } == [
                #"f: Registration/upstream-1: RoutingGateway "carrier-x" names it; "#
                    + "take it out of that RoutingGateway, or delete the RoutingGateway, first"
            ])
        let withoutGateway = try #require(planner.plan(deleting: ObjectKey(.routingGateway, "carrier-x"), current: current)).get().result
        let gone = try #require(planner.plan(deleting: key, current: withoutGateway)).get()
        #expect(gone.result.count == 0)
        #expect(!gone.changes[0].document.json().contains("\"x\""), "the password that goes is not shown")
    }

    @Test("a mapping gateway's registration exists, is not deleted, and has one gateway for each priority")
    func mappingGateways() throws {
        let gateway = #"{"kind": "MappingGateway", "name": "c1", "registration": "upstream-1"}"#
        #expect(try problems("[\(gateway)]").first?.contains(#"there is no Registration "upstream-1""#) == true)
        let both = try plan("[\(gateway), \(Self.registration("upstream-1"))]").get().result
        #expect(throws: RefusedChange.self) { try #require(planner.plan(deleting: ObjectKey(.registration, "upstream-1"), current: both)).get() }
        let second = gateway.replacing("c1", with: "c2")
        let found = try problems("[\(second)]", current: both)
        #expect(
            found == [
                #"f:1:59: MappingGateway/c2: registration: "c2" and "c1" both take the calls of Registration "upstream-1" with priority 10; "#
                    + "give one of them another priority, or take the registration out of one"
            ])
        #expect(try problems("[\(second.dropLast()), \"priority\": 5}]", current: both).isEmpty)
    }

    @Test("one account by one proxy is registered once, unless one is not enabled")
    func sharedAccount() throws {
        let found = try problems("[\(Self.registration("a")), \(Self.registration("b"))]")
        #expect(found.count == 1)
        #expect(
            found.first?.hasSuffix(
                #"Registration/b: username: "b" and "a" register the same account acme@sw.example.net by the same proxy, "#
                    + "and would replace each other; keep one of them, or give one enabled: false") == true, "\(found)")
        #expect(try problems("[\(Self.registration("a")), \(Self.registration("b", #", "enabled": false"#))]").isEmpty)
        let otherProxy = Self.registration("b").replacing("192.0.2.10", with: "192.0.2.11")
        #expect(try problems("[\(Self.registration("a")), \(otherProxy)]").isEmpty)
        let upperCase = Self.registration("b").replacing("sw.example.net", with: "SW.example.net")
        #expect(try problems("[\(Self.registration("a")), \(upperCase)]").count == 1)
    }

    @Test("a gateway may speak TLS, whose port is filled in")
    func tls() throws {
        for fields in [#""addresses": ["192.0.2.1;transport=tls"]"#, #""transport": "tls", "addresses": ["192.0.2.1"]"#] {
            let result = try plan("[{\"kind\": \"RoutingGateway\", \"name\": \"x\", \(fields)}]").get().result
            let gateway = try #require(result.configuration(revision: 1).routingGateways.first)
            #expect(gateway.transport == .tls)
            #expect(gateway.addresses.map(\.port) == [5061])
        }
    }
}
