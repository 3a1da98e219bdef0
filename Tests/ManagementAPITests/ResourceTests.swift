import Routing
import Testing
import Vocabulary

@testable import CallRecords
@testable import ManagementAPI

@Suite struct ResourceTests {
    private static let record = CallRecord(
        id: CallIdentifier(rawValue: 1 << 40), receivedAt: WallTime(microseconds: 1_767_225_600_123_456), firstProvisionalAt: .unset,
        ringingAt: .unset, answeredAt: .unset, endedAt: WallTime(microseconds: 1_767_225_601_000_000), durationMilliseconds: 0,
        setupMilliseconds: 877, postDialDelayMilliseconds: -1,
        caller: NumberHistory(received: "+14155550100", routed: "14155550100", sent: "14155550100"),
        callee: NumberHistory(received: "+442071838750", routed: "442071838750", sent: ""),
        mappingGateway: "customer-a", routingGateway: "", callerAddress: "192.0.2.1:5060", calleeAddress: "", callerCallID: "a@example.net",
        calleeCallID: "", callerStatus: 404, calleeStatus: 0, endReason: .noRoute, endedBy: .server, q850Cause: 3,
        decision: #"{"candidates":[{"gateway":"x","verdict":"locked"}]}"#,
        attempts: [
            AttemptRecord(
                gateway: "x", address: "", callID: "", calleeSent: "", startedAt: .unset, firstProvisionalAt: .unset, ringingAt: .unset,
                answeredAt: .unset, endedAt: .unset, status: 0, outcome: .unreachable)
        ])

    @Test("a call record shows what of its duration is billed")
    func billedTime() {
        var record = ResourceTests.record
        (record.durationMilliseconds, record.billedMilliseconds) = (61_000, 59_500)
        #expect(record.document["durationMilliseconds"]?.integer == 61_000)
        #expect(record.document["billedMilliseconds"]?.integer == 59_500)
    }

    @Test("a call record shows the keys that readers rely on")
    func callRecord() {
        let document = ResourceTests.record.document
        #expect(document["startTime"]?.text == "2026-01-01T00:00:00.123Z")
        #expect(document["answerTime"]?.isNull == true)
        #expect(document["caller"]?.text == "+14155550100")
        #expect(document["endReason"]?.text == "noRoute")
        #expect(document["endedBy"]?.text == "server")
        #expect(document["routingGateway"]?.isNull == true)
        #expect(document["postDialDelayMilliseconds"]?.isNull == true)
        #expect(document["calleeStatus"]?.isNull == true)
        #expect(document[path: ["decision", "candidates"]]?.elements?.first?["verdict"]?.text == "locked")
        #expect(document["attempts"]?.elements?.first?["outcome"]?.text == "unreachable")
    }

    @Test("a decision that is no JSON is shown as text")
    func decisionText() {
        var record = ResourceTests.record
        record.decision = "by hand"
        #expect(record.document["decision"]?.text == "by hand")
        record.decision = ""
        #expect(record.document["decision"]?.isNull == true)
    }

    @Test(
        "times are read and written to RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("2000-02-29T12:34:56.789Z", 951_827_696_789_000), ("1969-12-31T23:59:59.999Z", -1000),
            ("2400-12-31T23:59:59.000Z", 13_601_087_999_000_000),
        ])
    func times(text: String, microseconds: Int64) {
        #expect(WallTime(rfc3339: text) == WallTime(microseconds: microseconds))
        #expect(WallTime(microseconds: microseconds).rfc3339 == text)
    }

    @Test("offsets and fractions are understood")
    func offsets() {
        #expect(WallTime(rfc3339: "2026-01-01T02:00:00.5+02:00") == WallTime(rfc3339: "2026-01-01T00:00:00.500Z"))
        #expect(WallTime(rfc3339: "2025-12-31t19:00:00-05:00") == WallTime(rfc3339: "2026-01-01T00:00:00Z"))
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "2026", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00Zx", "2026-01-00T00:00:00Z",
        ])
    func badTimes(text: String) {
        #expect(WallTime(rfc3339: text) == nil)
    }

    @Test("statistics are the same figures in JSON and for Prometheus")
    func statistics() {
        var statistics = SwitchStatistics(node: "sw\"1", version: "0.1.0", startedAt: .unset)
        statistics.calls = 3
        statistics.callsReceived = 17
        #expect(statistics.document["calls"] == 3)
        #expect(statistics.prometheus.contains("# TYPE tandem_calls gauge\ntandem_calls 3\n"))
        #expect(statistics.prometheus.contains("# TYPE tandem_calls_received_total counter\ntandem_calls_received_total 17\n"))
        #expect(statistics.prometheus.contains(#"tandem_info{node="sw\"1",version="0.1.0"} 1"#))
        #expect(SwitchStatistics.figures.allSatisfy { ($0.form == .counter) == $0.metric.hasSuffix("_total") })
    }

    @Test("registrations are counted by state, with those to look into")
    func registrationFigures() {
        var statistics = SwitchStatistics(node: "", version: "", startedAt: .unset)
        let bad = RegistrationStatus(
            name: "b", state: .withdrawalFailed, since: .unset, boundUntil: WallTime(microseconds: 1_767_225_600_000_000),
            foreignContacts: ["sip:other@192.0.2.7"], mayBeStale: true)
        statistics.count([RegistrationStatus(name: "a", state: .registered, since: .unset), bad])
        #expect(statistics.prometheus.contains("tandem_registrations{state=\"registered\"} 1\n"))
        #expect(statistics.prometheus.contains("tandem_registrations{state=\"credentialsRefused\"} 0\n"))
        #expect(statistics.prometheus.contains("\ntandem_registrations_foreign 1\n"))
        #expect(statistics.prometheus.contains("\ntandem_registrations_stale 1\n"))
        #expect(statistics.document["registrations"]?["withdrawalFailed"] == 1)
        #expect(
            bad.warnings == [
                "registered under this account by somebody else too: sip:other@192.0.2.7",
                "the last process left a binding that may be stale until 2026-01-01T00:00:00.000Z",
                "the withdrawal failed: a stale binding may stand until 2026-01-01T00:00:00.000Z",
            ])
    }

    @Test("renewals are routine; refusals and failed withdrawals are alarms")
    func events() {
        func event(_ from: RegistrationStatus.State, _ to: RegistrationStatus.State) -> RegistrationEvent {
            RegistrationEvent(at: .unset, from: from, status: RegistrationStatus(name: "a", state: to, since: .unset))
        }
        #expect(event(.registered, .refreshing).isRoutine && event(.refreshing, .registered).isRoutine)
        #expect(!event(.registering, .registered).isRoutine && !event(.refreshing, .waitingToRetry).isRoutine)
        #expect([.credentialsRefused, .withdrawalFailed, .waitingToRetry].allSatisfy { event(.registering, $0).isAlarming })
        #expect(!event(.registering, .registered).isAlarming && !event(.withdrawing, .withdrawn).isAlarming)
    }

    @Test("the progress of a stop is read back as it was")
    func stop() throws {
        let progress = StopProgress(.ending, done: 2, registrations: 3, isClean: false, lines: ["a", "b"])
        #expect(StopProgress(try DocumentNode(json: progress.document.json())) == progress)
    }

    @Test("a problem document is read back as the same problem")
    func problem() throws {
        let problem = Problem.refused([
            FieldProblem(at: SourcePosition(line: 3, column: 7), kind: "MappingGateway", name: "a", field: "addresses[0]", rule: "r", remedy: "m"),
            FieldProblem(rule: "r", remedy: "m"),
        ])
        let document = try DocumentNode(json: problem.document.json())
        #expect(Problem(document) == problem)
        #expect(problem.document["status"] == 422)
    }
}

@Suite struct OpenAPITests {
    private let document = OpenAPIDocument.document(version: "0.1.0")

    @Test("every endpoint stands in the OpenAPI document with its operation", arguments: Endpoint.allCases)
    func endpoint(endpoint: Endpoint) throws {
        let description = endpoint.description
        let operation = try #require(document["paths"]?[description.path]?[description.method.rawValue.lowercased()])
        #expect(operation["operationId"]?.text == endpoint.rawValue)
        #expect(operation["responses"]?["\(description.success.status)"] != nil)
        #expect((operation["security"] == []) == (description.access == .anybody))
    }

    @Test("every reference of the document leads to a schema")
    func references() {
        var found: Set<String> = []
        func collect(_ node: DocumentNode) {
            for entry in node.entries ?? [] {
                if entry.key == "$ref", let text = entry.value.text { found.insert(text) }
                collect(entry.value)
            }
            node.elements?.forEach(collect)
        }
        collect(document)
        #expect(!found.isEmpty)
        for reference in found {
            let name = String(reference.split(separator: "/").last ?? "")
            #expect(document["components"]?["schemas"]?[name] != nil, "\(reference)")
        }
    }

    @Test("the schemas name exactly the keys that are answered")
    func keys() throws {
        func expectKeys(_ schema: String, _ resource: DocumentNode) {
            let properties = document[path: ["components", "schemas", schema, "properties"]]?.entries?.map(\.key)
            #expect(properties == resource.entries?.map(\.key), "\(schema)")
        }
        let call = LiveCall(
            id: CallIdentifier(rawValue: 1), state: .ringing, receivedAt: .unset, answeredAt: .unset, durationMilliseconds: 0, caller: "",
            callee: "", mappingGateway: "", routingGateway: "", callerAddress: "", calleeAddress: "", callerCallID: "", calleeCallID: "")
        expectKeys("Call", call.document)
        expectKeys("Statistics", SwitchStatistics(node: "", version: "", startedAt: .unset).document)
        expectKeys("Problem", Problem(.notFound, "").document)
        expectKeys("Parameter", ParameterResource(.inviteTimeoutForTest, in: ObjectSet(), catalogue: catalogue).document)
        expectKeys("AuditEntry", AuditEntry(id: 1, at: .unset, author: "", kind: "", name: "", before: nil, after: nil, revision: 1).document)
        let record = ResourceTests().sample.document
        expectKeys("CallRecord", record)
        expectKeys("Attempt", try #require(record["attempts"]?.elements?.first))
        expectKeys("Numbers", try #require(record["callerNumbers"]))
        let status = RegistrationStatus(name: "a", state: .registered, since: .unset)
        expectKeys("RegistrationStatus", status.document)
        expectKeys("RegistrationEvent", NumberedRegistrationEvent(id: 1, event: .init(at: .unset, from: .registering, status: status)).document)
        expectKeys("Stop", StopProgress(.serving).document)
        expectKeys("ParameterSet", ParameterSet.document(of: ObjectSet(), catalogue: catalogue))
        expectKeys(
            "ParameterChange",
            ParameterChange(AuditEntry(id: 1, at: .unset, author: "", kind: "", name: "", before: nil, after: nil, revision: 1)).document)
        expectKeys("RegistrationObject", ConfiguredObject.registration(RegistrationObject(blank: "a")).document)
        expectKeys("MappingGatewayObject", mappingGateway("a", ["192.0.2.1"]).document)
        expectKeys("RoutingGatewayObject", ConfiguredObject.routingGateway(Secured(blank: "a")).document)
        expectKeys("PhoneObject", ConfiguredObject.phone(Secured(blank: "1")).document)
        expectKeys("NumberGroupObject", ConfiguredObject.numberGroup(NumberGroup(name: "a")).document)
        expectKeys("GatewayStatus", GatewayStatus(.routingGateway, "a").document)
        let moment = Moment(instant: .zero, wall: .unset)
        let view = LiveView(configuration: ObjectSet().configuration(revision: 1), now: moment)
        expectKeys("PhoneStatus", try #require(view.documents(of: [PhoneStatus(kind: .phone, name: "1")]).first))
        expectKeys("BlacklistEntry", try view.bar(BlacklistOrder(["number": "1"])).document)
    }
}

extension ResourceTests {
    fileprivate var sample: CallRecord { ResourceTests.record }
}

extension ParameterDefinition {
    fileprivate static let inviteTimeoutForTest = ParameterDefinition(
        "SS_TEST", form: .flag, default: .flag(true), meaning: "", effect: .newCalls)
}
