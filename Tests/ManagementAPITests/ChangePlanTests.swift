import ManagementAPI
import Routing
import Testing
import Vocabulary

@Suite struct ChangePlanTests {
    private let current = ObjectSet([
        mappingGateway("a", ["192.0.2.1"]), mappingGateway("b", ["192.0.2.2"], priority: 20),
        .parameter(ParameterObject(name: "SS_SIP_TIMEOUT_INVITE", value: .integer(12))),
    ])

    @Test("the difference names created, changed and unchanged objects and the fields that differ")
    func difference() throws {
        let plan = try plan(
            """
            [{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"]},
             {"kind": "MappingGateway", "name": "b", "addresses": ["192.0.2.2"], "locked": true},
             {"kind": "RoutingGateway", "name": "x", "addresses": ["192.0.2.3"], "prefixes": ["44"]}]
            """, current: current
        ).get()
        #expect(plan.changes.map(\.action) == [.unchanged, .changed, .created])
        #expect(
            plan.changes[1].fields == [
                .init(name: "priority", before: 20, after: 10), .init(name: "locked", before: false, after: true),
            ])
        #expect(plan.changes[2].fields.first == .init(name: "addresses", before: nil, after: ["192.0.2.3:5060"]))
        #expect(plan.mutations.map(\.key) == [ObjectKey(.mappingGateway, "b"), ObjectKey(.routingGateway, "x")])
        #expect(plan.result.count == 4)
    }

    @Test("one wrong document among good ones leaves no plan")
    func allOrNothing() throws {
        let refused = try plan(
            """
            [{"kind": "RoutingGateway", "name": "x", "addresses": ["192.0.2.3"]},
             {"kind": "RoutingGateway", "name": "y", "addresses": ["192.0.2.300"]}]
            """, current: current)
        #expect(throws: RefusedChange.self) { try refused.get() }
    }

    @Test("applying what export prints changes nothing")
    func exportIsStable() throws {
        let documents = current.sorted.map(\.document)
        let again = try planner.plan(documents.map { try DocumentNode(json: $0.json()) }, current: current).get()
        #expect(again.changes.allSatisfy { $0.action == .unchanged })
        #expect(again.mutations.isEmpty)
    }

    @Test("a deletion shows the fields that go")
    func deletion() throws {
        let key = ObjectKey(.parameter, "SS_SIP_TIMEOUT_INVITE")
        let plan = try #require(planner.plan(deleting: key, current: current)).get()
        #expect(plan.changes.map(\.action) == [.deleted])
        #expect(plan.changes[0].fields == [.init(name: "value", before: 12, after: nil)])
        #expect(plan.mutations == [.delete(key)])
        #expect(planner.plan(deleting: ObjectKey(.routingGateway, "x"), current: current) == nil)
    }

    @Test("a valid plan becomes the snapshot that shards take")
    func configuration() throws {
        let plan = try plan(
            #"[{"kind": "RoutingGateway", "name": "x", "addresses": ["192.0.2.3"]}]"#, current: current
        ).get()
        let configuration = plan.result.configuration(revision: 7)
        #expect(configuration.revision == 7)
        #expect(configuration.mappingGateways.map(\.name) == ["a", "b"])
        #expect(configuration.routingGateways.map(\.name) == ["x"])
        #expect(configuration.parameters.integer(.inviteTimeout) == 12)
        #expect(configuration.parameters.integer(.ringingTimeout) == 120)
    }

    @Test("stored objects come back as they were")
    func stored() {
        let stored = current.sorted.map { StoredObject(kind: $0.key.kind.rawValue, name: $0.key.name, revision: 1, body: $0.body.json()) }
        let read = planner.objects(stored: stored)
        #expect(read.objects == current)
        #expect(read.problems.isEmpty)
    }

    @Test("a stored object that cannot be read is left out and named")
    func unreadableStored() {
        let stored = [
            StoredObject(kind: "Trunk", name: "later", revision: 1, body: "{}"),
            StoredObject(kind: "MappingGateway", name: "broken", revision: 1, body: "{"),
            StoredObject(kind: "MappingGateway", name: "good", revision: 1, body: #"{"addresses":["192.0.2.1"]}"#),
        ]
        let read = planner.objects(stored: stored)
        #expect(read.objects.sorted.map(\.key.name) == ["good"])
        #expect(read.problems.map(\.name) == ["later", "broken"])
        #expect(read.problems.allSatisfy { !$0.position.isKnown })
    }
}
