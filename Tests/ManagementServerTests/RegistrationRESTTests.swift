import CallRecords
import ManagementAPI
import Synchronization
import Testing
import Vocabulary

/// Registrations over the REST interface: their objects with secrets, their states, events and the stop.
@Suite struct RegistrationRESTTests {
    private static let path = "/api/v1/objects/Registration/upstream-1"

    private static func body(_ more: String) -> String {
        #"{"proxy": "192.0.2.10", "host": "sw.example.net", "username": "acme"\#(more)}"#
    }

    @Test("a password is in no answer of the interface, and stays when the mask comes back")
    func secrets() async throws {
        try await RESTHarness.run { server async throws in
            let key = ObjectKey(.registration, "upstream-1")
            let password = "hunter-2"
            let created = try await server.ask("PUT", Self.path, body: Self.body(", \"password\": \"\(password)\""))
            #expect(created.status == 200, "\(created.text)")
            let read = try await server.ask("GET", Self.path)
            #expect(read.document["password"]?.text == "********")
            let again = try await server.ask("PUT", Self.path, body: read.text.replacing("\"acme\"", with: "\"acme2\""))
            #expect(again.status == 200, "\(again.text)")
            #expect(server.store.body(of: key)?.contains(password) == true)
            #expect(server.control.configuration?.registrations.map(\.password) == [password])
            let left = try await server.ask("PUT", Self.path, body: Self.body(""))
            #expect(left.status == 200)
            let changed = try await server.ask("PUT", Self.path, body: Self.body(", \"password\": \"\(password)-3\""))
            #expect(server.control.configuration?.registrations.map(\.password) == [password + "-3"])
            let dryRun = try await server.ask("POST", "/api/v1/apply?dryRun=true", body: "[" + read.text + "]")
            let audit = try await server.ask("GET", "/api/v1/audit?kind=registrations&name=upstream-1")
            #expect(audit.items.count == 4)
            let export = try await server.ask("GET", "/api/v1/objects")
            let gone = try await server.ask("DELETE", Self.path)
            let late = try await server.ask("GET", "/api/v1/audit")
            for answer in [created, read, again, left, changed, dryRun, audit, export, gone, late] {
                #expect(answer.status == 200)
                #expect(!answer.text.contains(password))
            }
            let refused = try await server.ask("PUT", Self.path, body: Self.body(", \"password\": \"********\""))
            #expect(refused.status == 422)
            #expect(refused.document["errors"]?.elements?.first?["field"]?.text == "password")
        }
    }

    /// Files that a test changes.
    private final class Files: Sendable {
        let texts = Mutex<[String: String]>([:])
        var reader: SecretReader {
            SecretReader { path in
                self.texts.withLock { $0[path] }.map { .success($0) }
                    ?? .failure(.init(rule: "\(path) cannot be read", remedy: "make the file"))
            }
        }
    }

    @Test("a password file is read when it is applied and on reload; a missing one is refused with its field")
    func passwordFiles() async throws {
        let files = Files()
        try await RESTHarness.run(secrets: files.reader) { server async throws in
            let body = Self.body(", \"passwordFile\": \"/p\"")
            let refused = try await server.ask("PUT", Self.path, body: body)
            #expect(refused.status == 422)
            let error = try #require(refused.document["errors"]?.elements?.first)
            #expect(error["field"]?.text == "passwordFile")
            #expect(error["rule"]?.text == "/p cannot be read")
            #expect(error["line"] == 1)
            #expect(
                try await server.ask(
                    "POST", "/api/v1/apply?dryRun=true", body: "[" + body.replacing("{", with: #"{"kind":"Registration","name":"r","#) + "]"
                ).status == 422)
            files.texts.withLock { $0["/p"] = "one" }
            #expect(try await server.ask("PUT", Self.path, body: body).status == 200)
            #expect(server.control.configuration?.registrations.map(\.password) == ["one"])
            #expect(server.store.body(of: ObjectKey(.registration, "upstream-1"))?.contains("one") == false, "only the path is stored")
            #expect(try await server.ask("GET", Self.path).document["passwordFile"]?.text == "/p")

            #expect(try await server.configurator.reloadSecrets().changed == 0)
            #expect(server.control.revisions == [1])
            files.texts.withLock { $0["/p"] = "two" }
            #expect(try await server.configurator.reloadSecrets().changed == 1)
            #expect(server.control.configuration?.registrations.map(\.password) == ["two"])
            files.texts.withLock { $0["/p"] = nil }
            let lost = try await server.configurator.reloadSecrets()
            #expect(lost.changed == 0)
            #expect(lost.problems.map(\.field) == ["passwordFile"])
            // Another change goes on, with what the file held.
            #expect(try await server.ask("PUT", "/api/v1/parameters/SS_SIP_TIMEOUT_INVITE", body: #"{"value": 15}"#).status == 200)
            #expect(server.control.configuration?.registrations.map(\.password) == ["two"])
            files.texts.withLock { $0["/p"] = "three" }
            #expect(try await server.ask("PUT", Self.path, body: body).document["changes"]?.elements?.first?["action"]?.text == "unchanged")
            #expect(server.control.configuration?.registrations.map(\.password) == ["three"], "applying reads the file again")
        }
    }

    @Test("a registration that a gateway names is not deleted")
    func namedByGateway() async throws {
        try await RESTHarness.run { server async throws in
            #expect(try await server.ask("PUT", Self.path, body: Self.body(", \"password\": \"x\"")).status == 200)
            #expect(try await server.ask("PUT", "/api/v1/objects/RoutingGateway/carrier-x", body: #"{"registration": "upstream-1"}"#).status == 200)
            let refused = try await server.ask("DELETE", Self.path)
            #expect(refused.status == 422)
            #expect(refused.text.contains("carrier-x"))
        }
    }

    @Test("states are listed by name, one is found, and a near name is suggested")
    func states() async throws {
        try await RESTHarness.run { server async throws in
            server.control.setRegistrations([
                Sample.registration("b") { $0.foreignContacts = ["sip:other@192.0.2.7"] }, Sample.registration("upstream-1"),
            ])
            let page = try await server.ask("GET", "/api/v1/registrations")
            #expect(page.items.compactMap { $0["name"]?.text } == ["b", "upstream-1"])
            #expect(page.items[0]["warnings"]?.elements?.count == 1)
            let one = try await server.ask("GET", "/api/v1/registrations/upstream-1").document
            #expect(one["state"]?.text == "registered")
            #expect(one["boundUntil"]?.text == "2026-01-01T01:00:00.000Z")
            #expect(one["roundTripMilliseconds"]?.text == "12.345")
            let missing = try await server.ask("GET", "/api/v1/registrations/upstream-2")
            #expect(missing.status == 404)
            #expect(missing.text.contains("did you mean"))
        }
    }

    @Test("events come newest first, page by page, and of one registration")
    func events() async throws {
        try await RESTHarness.run { server async throws in
            let events = (1...4).reversed().map { Sample.event($0, $0 % 2 == 0 ? "a" : "b", from: .registering, to: .registered) }
            server.control.setRegistrations([], events: events)
            let page = try await server.ask("GET", "/api/v1/registration-events?limit=3")
            #expect(page.items.compactMap { $0["id"]?.integer } == [4, 3, 2])
            let next = try #require(page.document["next"]?.text)
            #expect(try await server.ask("GET", "/api/v1/registration-events?before=\(next)").items.compactMap { $0["id"]?.integer } == [1])
            #expect(try await server.ask("GET", "/api/v1/registration-events?name=a").items.compactMap { $0["id"]?.integer } == [4, 2])
            #expect(try await server.ask("GET", "/api/v1/registration-events?before=x").status == 400)
        }
    }

    @Test("a stop is asked for and followed")
    func stop() async throws {
        try await RESTHarness.run { server async throws in
            #expect(try await server.ask("GET", "/api/v1/stop").document["phase"]?.text == "serving")
            let asked = try await server.ask("POST", "/api/v1/stop")
            #expect(asked.status == 202)
            #expect(asked.document["phase"]?.text == "withdrawing")
            #expect(server.control.stopRequests == 1)
            async let waiting = server.ask("GET", "/api/v1/stop?wait=true")
            server.control.setStopProgress(StopProgress(.ending, done: 1, registrations: 1, lines: ["upstream-1: withdrawn"]))
            let ended = try await waiting.document
            #expect(ended["phase"]?.text == "ending")
            #expect(ended["lines"]?.elements?.first?.text == "upstream-1: withdrawn")
        }
    }

    @Test("the parameter set is exported and imported with one document, and each change has its history")
    func parameterSet() async throws {
        try await RESTHarness.run { server async throws in
            let set = try await server.ask("GET", "/api/v1/parameter-set")
            #expect(set.document["values"]?["SS_SIP_USER_AGENT_EXPIRE"]?.text == "Auto")
            let same = try await server.ask("PUT", "/api/v1/parameter-set", body: set.text)
            #expect(same.document["changes"]?.elements?.isEmpty == true)
            let text = set.text.replacing(#""SS_SIP_USER_AGENT_EXPIRE":"Auto""#, with: #""SS_SIP_USER_AGENT_EXPIRE":300"#)
            #expect(try await server.ask("PUT", "/api/v1/parameter-set?dryRun=true", body: text).document["applied"] == false)
            #expect(try await server.ask("PUT", "/api/v1/parameter-set", body: text).document["changes"]?.elements?.count == 1)
            #expect(server.control.configuration?.registrationSettings.expire == 300)
            let empty = #"{"kind": "Parameters", "values": {}}"#
            #expect(try await server.ask("PUT", "/api/v1/parameter-set", body: empty).document["changes"]?.elements?.isEmpty == true)
            #expect(try await server.ask("PUT", "/api/v1/parameter-set?replace=true", body: empty).document["changes"]?.elements?.count == 1)
            #expect(server.control.configuration?.registrationSettings.expire == nil)
            let changes = try await server.ask("GET", "/api/v1/parameters/ss_sip_user_agent_expire/changes").items
            #expect(changes.map { $0["before"]?.text } == ["300", nil])
            #expect(changes.map { $0["after"]?.text } == [nil, "300"])
            #expect(changes.first?["author"]?.text == "management token")
            #expect(try await server.ask("PUT", "/api/v1/parameter-set", body: #"{"kind": "Parameter", "name": "x"}"#).status == 422)
            #expect(try await server.ask("GET", "/api/v1/parameters/SS_NOTHING/changes").status == 404)
            #expect(try await server.ask("GET", "/api/v1/audit?name=x").status == 400)
            #expect(try await server.ask("GET", "/api/v1/audit?kind=Trunk").status == 400)
        }
    }
}
