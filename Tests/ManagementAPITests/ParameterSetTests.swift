import ManagementAPI
import Routing
import Testing
import Vocabulary

/// All parameters as one document, and what a value amounts to.
@Suite struct ParameterSetTests {
    private let current = ObjectSet([
        .parameter(ParameterObject(name: "SS_SIP_TIMEOUT_INVITE", value: .integer(12))),
        .parameter(ParameterObject(name: "SS_SIP_USER_AGENT_EXPIRE", value: .integer(300))),
    ])

    private func plan(_ json: String, _ others: ChangePlanner.OtherParameters = .stay) throws -> ChangePlan {
        try planner.plan([try DocumentNode(json: json)], otherParameters: others, current: current).get()
    }

    private func values(_ plan: ChangePlan) -> [String: ParameterValue] { plan.result.configuration(revision: 1).parameters.values }

    @Test("the export holds every parameter with the value in force")
    func export() {
        let document = ParameterSet.document(of: current, catalogue: catalogue)
        #expect(document["kind"]?.text == "Parameters")
        #expect(document["values"]?.entries?.map(\.key) == catalogue.definitions.map(\.name))
        #expect(document["values"]?["SS_SIP_TIMEOUT_INVITE"] == 12)
        #expect(document["values"]?["SS_SIP_USER_AGENT_RETRY_DELAY"] == 60)
        #expect(document["values"]?["SS_SIP_USER_AGENT_SEND_UNREGISTER"]?.text == "On")
    }

    @Test(
        "importing an export changes nothing, elsewhere only what differs, and pins no default",
        arguments: [ChangePlanner.OtherParameters.stay, .reset])
    func exportAndImport(others: ChangePlanner.OtherParameters) throws {
        let document = try DocumentNode(json: ParameterSet.document(of: current, catalogue: catalogue).json())
        #expect(try planner.plan([document], otherParameters: others, current: current).get().mutations.isEmpty)
        let elsewhere = try planner.plan([document], otherParameters: others, current: ObjectSet()).get()
        #expect(elsewhere.result == current)
    }

    @Test("parameters that the document leaves out stay, or get their defaults with replace")
    func leftOut() throws {
        let json = #"{"kind": "Parameters", "values": {"ss_sip_timeout_invite": 20}}"#
        #expect(try values(plan(json)) == ["SS_SIP_TIMEOUT_INVITE": .integer(20), "SS_SIP_USER_AGENT_EXPIRE": .integer(300)])
        let replaced = try plan(json, .reset)
        #expect(values(replaced) == ["SS_SIP_TIMEOUT_INVITE": .integer(20)])
        #expect(replaced.changes.map(\.action) == [.changed, .deleted])
    }

    @Test("a default in the document resets a parameter with replace, and sets it without")
    func defaultValue() throws {
        let json = #"{"kind": "Parameters", "values": {"SS_SIP_TIMEOUT_INVITE": 10, "SS_SIP_USER_AGENT_EXPIRE": 300}}"#
        #expect(try values(plan(json))["SS_SIP_TIMEOUT_INVITE"] == .integer(10))
        #expect(try values(plan(json, .reset)) == ["SS_SIP_USER_AGENT_EXPIRE": .integer(300)])
    }

    @Test("a set is all or nothing, and what is wrong is named with its place")
    func wrong() throws {
        let json = #"{"kind": "Parameters", "values": {"SS_SIP_TIMEOUT_INVIT": 20, "SS_SIP_TIMEOUT_TRYING": 0, "SS_SIP_TIMEOUT_RINGING": 60}}"#
        let refused = #expect(throws: RefusedChange.self) { try plan(json) }
        #expect(
            refused?.problems.map { $0.line(file: "f") } == [
                #"f:1:35: Parameter/SS_SIP_TIMEOUT_INVIT: name: there is no parameter "SS_SIP_TIMEOUT_INVIT"; did you mean "SS_SIP_TIMEOUT_INVITE"?"#,
                #"f:1:88: Parameter/SS_SIP_TIMEOUT_TRYING: value: SS_SIP_TIMEOUT_TRYING must be a whole number from 1 to 3600 (s), not "0"; "#
                    + "set such a value; the default is 20",
            ])
        for json in [#"{"kind": "Parameters"}"#, #"{"kind": "Parameters", "values": []}"#, #"{"kind": "Parameters", "values": {}, "name": "x"}"#] {
            #expect(throws: RefusedChange.self) { try plan(json) }
        }
    }

    @Test("a parameter that stands twice, as itself and in a set, is refused")
    func twice() throws {
        let found = try problems(
            #"[{"kind": "Parameter", "name": "SS_TEST_OPTION", "value": "Id"}, {"kind": "Parameters", "values": {"SS_TEST_CHOICE": "None"}}]"#)
        #expect(found.first?.contains("the object is described twice") == true)
    }

    @Test(
        "the effective value takes related parameters into account",
        arguments: [
            ("SS_SIP_USER_AGENT_EXPIRE", [:], "asks 3600 s, accepts 20-7200 s granted"),
            ("SS_SIP_USER_AGENT_EXPIRE", ["SS_SIP_USER_AGENT_EXPIRE": .integer(300)], "asks 300 s; after a crash a binding stands up to 300 s"),
            ("SS_SIP_USER_AGENT_RETRY_DELAY", [:], "60 s each time"),
            (
                "SS_SIP_USER_AGENT_RETRY_DELAY", ["SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM": .integer(600)], "60 s, then doubled up to 600 s"
            ),
            (
                "SS_SIP_USER_AGENT_RETRY_DELAY",
                ["SS_SIP_USER_AGENT_RETRY_DELAY": .integer(300), "SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM": .integer(300)], "300 s each time"
            ),
            ("SS_SIP_TIMEOUT_TRYING", [:], "20 s"), ("SS_TEST_LIMIT", [:], "None"),
        ] as [(String, [String: ParameterValue], String)])
    func effective(name: String, set: [String: ParameterValue], expected: String) throws {
        let objects = ObjectSet(set.map { .parameter(ParameterObject(name: $0.key, value: $0.value)) })
        let document = ParameterResource(try #require(catalogue[name]), in: objects, catalogue: catalogue).document
        #expect(document["effective"]?["value"]?.text == expected)
        #expect(document["effective"]?["reason"]?.text?.hasSuffix(".") == true)
    }

    @Test("a parameter shows its source, who set it, and related parameters with their values")
    func resource() throws {
        let definition = try #require(catalogue["SS_SIP_USER_AGENT_EXPIRE"])
        let entry = AuditEntry(
            id: 1, at: WallTime(microseconds: 1_767_225_600_000_000), author: "alice", kind: "Parameter", name: definition.name, before: nil,
            after: #"{"value":300}"#, revision: 5)
        let set = ParameterResource(definition, in: current, catalogue: catalogue, lastChange: entry).document
        #expect(set["source"]?.text == "set")
        #expect(set["setBy"]?.text == "alice")
        #expect(set["setAt"]?.text == "2026-01-01T00:00:00.000Z")
        #expect(set["revision"] == 5)
        #expect(set["related"]?.elements?.first?["name"]?.text == "SS_SIP_USER_AGENT_SEND_UNREGISTER")
        #expect(set["related"]?.elements?.first?["value"]?.text == "On")
        let byDefault = ParameterResource(definition, in: ObjectSet(), catalogue: catalogue, lastChange: entry).document
        #expect(byDefault["source"]?.text == "default")
        #expect(byDefault["setBy"]?.isNull == true)
        let change = ParameterChange(entry).document
        #expect(change["before"]?.isNull == true)
        #expect(change["after"] == 300)
    }
}
