import ManagementAPI
import Routing
import Testing
import Vocabulary

/// The REST interface over a loopback socket. What documents are valid is tested in ManagementAPITests.
@Suite struct RESTTests {
    private static let customer = #"{"kind":"MappingGateway","name":"customer-a","addresses":["127.0.0.1"]}"#

    @Test("without the token there is only health and the OpenAPI document")
    func authentication() async throws {
        try await RESTHarness.run { server async throws in
            for endpoint in Endpoint.allCases {
                let description = endpoint.description
                let path = description.path.replacing("{id}", with: "x").replacing("{kind}", with: "x").replacing("{name}", with: "x")
                    .replacing("{report}", with: "x")
                let answer = try await server.ask(description.method.rawValue, path, bearer: "wrong")
                if description.access == .anybody {
                    #expect(answer.status == 200, "\(endpoint)")
                } else {
                    #expect(answer.status == 401, "\(endpoint)")
                    #expect(answer.problem == "unauthenticated")
                    #expect(answer.headers["www-authenticate"] == "Bearer realm=\"tandem\"")
                }
            }
            #expect(try await server.ask("GET", "/api/v1/calls", headers: ["Authorization": "Basic \(server.token.text)"]).status == 401)
            #expect(try await server.ask("GET", "/api/v1/calls", headers: ["Authorization": "bearer \(server.token.text)"]).status == 200)
        }
    }

    @Test("live calls are listed newest first and hung up by their identifier")
    func calls() async throws {
        try await RESTHarness.run(calls: 2) { server async throws in
            let calls = try await server.ask("GET", "/api/v1/calls").items
            let ids = calls.compactMap { $0["id"]?.text }
            #expect(ids == [CallIdentifier(rawValue: 2).description, CallIdentifier(rawValue: 1).description])
            #expect(try await server.ask("DELETE", "/api/v1/calls/\(ids[0])").status == 204)
            let again = try await server.ask("DELETE", "/api/v1/calls/\(ids[0])")
            #expect(again.status == 404)
            #expect(again.headers["content-type"] == "application/problem+json")
            #expect(try await server.ask("DELETE", "/api/v1/calls/nonsense").problem == "not-found")
            #expect(try await server.ask("GET", "/api/v1/calls").items.count == 1)
        }
    }

    @Test("call records come page by page, newest first, without a gap")
    func paging() async throws {
        try await RESTHarness.run(records: 5) { server async throws in
            var seen: [String] = []
            var path = "/api/v1/cdrs?limit=2"
            for expected in [2, 2, 1] {
                let page = try await server.ask("GET", path)
                #expect(page.items.count == expected)
                seen += page.items.compactMap { $0["id"]?.text }
                path = "/api/v1/cdrs?limit=2&before=\(page.document["next"]?.text ?? "")"
                #expect((page.document["next"]?.isNull == true) == (expected == 1))
            }
            #expect(seen == (1...5).reversed().map { CallIdentifier(rawValue: $0).description })
        }
    }

    @Test(
        "call records are filtered",
        arguments: [
            ("callee=%2B14155550103", [3]), ("callee=%2B1415555", [5, 4, 3, 2, 1]), ("caller=1415", [5, 4, 3, 2, 1]), ("caller=415", []),
            ("endReason=calleeBusy", [4, 2]),
            ("from=2026-01-01T00:00:04Z", [5, 4]), ("to=2026-01-01T01:00:02%2B01:00", [1]), ("mappingGateway=other", []),
            ("routingGateway=carrier-x&endReason=normalClearing", [5, 3, 1]),
        ] as [(String, [Int64])])
    func filters(query: String, expected: [Int64]) async throws {
        try await RESTHarness.run(records: 5) { server async throws in
            let ids = try await server.ask("GET", "/api/v1/cdrs?\(query)").items.compactMap { $0["id"]?.text }
            #expect(ids == expected.map { CallIdentifier(rawValue: $0).description })
        }
    }

    @Test(
        "a query that is not understood is refused and explained",
        arguments: [
            ("limit=0", "from 1 to 1000"), ("limit=1001", "from 1 to 1000"), ("limit=x", "from 1 to 1000"), ("before=x", "identifier"),
            ("from=yesterday", "2026-01-31T12:00:00Z"), ("endReason=busy", "there is no end reason"),
            ("endReason=calleBusy", "did you mean \"calleeBusy\"?"), ("calle=1", "did you mean \"calle"),
        ])
    func badQueries(query: String, explanation: String) async throws {
        try await RESTHarness.run { server async throws in
            let answer = try await server.ask("GET", "/api/v1/cdrs?\(query)")
            #expect(answer.status == 400)
            #expect(answer.document["detail"]?.text?.contains(explanation) == true, "\(answer.text)")
        }
    }

    @Test("one call record is found by its identifier")
    func oneRecord() async throws {
        try await RESTHarness.run(records: 2) { server async throws in
            let id = CallIdentifier(rawValue: 2).description
            #expect(try await server.ask("GET", "/api/v1/cdrs/\(id)").document["endReason"]?.text == "calleeBusy")
            #expect(try await server.ask("GET", "/api/v1/cdrs/\(CallIdentifier(rawValue: 3))").status == 404)
        }
    }

    @Test("documents are applied all or nothing, and the switch gets the new snapshot")
    func apply() async throws {
        try await RESTHarness.run { server async throws in
            let wrong = "[\(RESTTests.customer),\n{\"kind\":\"RoutingGateway\",\"name\":\"x\",\"addresses\":[\"192.0.2.300\"]}]"
            let refused = try await server.ask("POST", "/api/v1/apply", body: wrong)
            #expect(refused.status == 422)
            let error = try #require(refused.document["errors"]?.elements?.first)
            #expect(error["line"] == 2)
            #expect(error["field"]?.text == "addresses[0]")
            #expect(error["remedy"]?.text?.contains("write the IP address") == true)
            #expect(try await server.ask("GET", "/api/v1/objects").items.isEmpty)
            #expect(server.control.revisions.isEmpty)

            let done = try await server.ask("POST", "/api/v1/apply", body: "[\(RESTTests.customer)]")
            #expect(done.status == 200)
            #expect(done.document["applied"] == true)
            #expect(done.document["changes"]?.elements?.first?["action"]?.text == "created")
            #expect(server.control.revisions == [1])
            #expect(server.control.configuration?.mappingGateways.map(\.name) == ["customer-a"])

            let same = try await server.ask("POST", "/api/v1/apply", body: "[\(RESTTests.customer)]")
            #expect(same.document["changes"]?.elements?.first?["action"]?.text == "unchanged")
            #expect(server.control.revisions == [1], "nothing changed, so there is no new snapshot")
        }
    }

    @Test("a dry run shows the difference and changes nothing")
    func dryRun() async throws {
        try await RESTHarness.run { server async throws in
            let answer = try await server.ask("POST", "/api/v1/apply?dryRun=true", body: RESTTests.customer)
            #expect(answer.document["applied"] == false)
            #expect(answer.document["changes"]?.elements?.count == 1)
            #expect(try await server.ask("GET", "/api/v1/objects").items.isEmpty)
            #expect(server.control.revisions.isEmpty)
        }
    }

    @Test("a body that is no document is refused with its place")
    func syntaxError() async throws {
        try await RESTHarness.run { server async throws in
            let answer = try await server.ask("POST", "/api/v1/apply", body: "{\n]")
            #expect(answer.status == 422)
            #expect(answer.document["errors"]?.elements?.first?["line"] == 2)
        }
    }

    @Test("an object is written, read, changed and deleted under its own address")
    func objects() async throws {
        try await RESTHarness.run { server async throws in
            let path = "/api/v1/objects/RoutingGateway/x"
            let created = try await server.ask("PUT", path, body: #"{"addresses":["192.0.2.1"],"prefixes":["44"]}"#, headers: ["If-None-Match": "*"])
            #expect(created.status == 200)
            let read = try await server.ask("GET", "/api/v1/objects/routing-gateways/x")
            #expect(read.document["addresses"] == ["192.0.2.1:5060"])
            #expect(read.headers["etag"] == "\"1\"")
            #expect(try await server.ask("GET", "/api/v1/objects/MappingGateway").items.isEmpty)
            #expect(try await server.ask("GET", "/api/v1/objects/Trunk").problem == "not-found")
            #expect(try await server.ask("PUT", path, body: #"{"name":"y","addresses":["192.0.2.1"]}"#).problem == "validation-failed")
            #expect(try await server.ask("DELETE", path).document["changes"]?.elements?.first?["action"]?.text == "deleted")
            #expect(try await server.ask("GET", path).status == 404)
            #expect(try await server.ask("DELETE", path).status == 404)
        }
    }

    @Test("a write with an old revision is refused, so that no change is lost")
    func lostUpdate() async throws {
        try await RESTHarness.run { server async throws in
            let path = "/api/v1/objects/RoutingGateway/x"
            let body = #"{"addresses":["192.0.2.1"],"priority":"#
            #expect(try await server.ask("PUT", path, body: body + "1}").status == 200)
            #expect(try await server.ask("PUT", path, body: body + "2}", headers: ["If-Match": "\"1\""]).status == 200)
            let late = try await server.ask("PUT", path, body: body + "3}", headers: ["If-Match": "\"1\""])
            #expect(late.status == 412)
            #expect(late.problem == "revision-mismatch")
            #expect(try await server.ask("DELETE", path, headers: ["If-Match": "\"1\""]).status == 412)
            #expect(try await server.ask("PUT", path, body: body + "3}", headers: ["If-None-Match": "*"]).status == 412)
            #expect(try await server.ask("POST", "/api/v1/apply", body: "[]", headers: ["If-Match": "\"1\""]).status == 412)
            #expect(try await server.ask("PUT", path, body: body + "3}", headers: ["If-Match": "1"]).status == 400)
            #expect(try await server.ask("GET", path).document["priority"] == 2)
        }
    }

    @Test("writes at the same time all succeed, and snapshots arrive in order")
    func concurrentWrites() async throws {
        try await RESTHarness.run { server async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...20 {
                    group.addTask {
                        try await server.ask("PUT", "/api/v1/objects/RoutingGateway/x\(number)", body: #"{"addresses":["192.0.2.1"]}"#).status
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
            #expect(server.control.revisions == Array(1...20))
        }
    }

    @Test("a parameter is shown, set by its alias, and reset")
    func parameters() async throws {
        try await RESTHarness.run { server async throws in
            let path = "/api/v1/parameters/ss_sip_timeout_invite"
            #expect(
                try await server.ask("GET", "/api/v1/parameters").items.count
                    == (ParameterDefinition.callParameters + ParameterDefinition.registrationParameters).count)
            #expect(try await server.ask("GET", path).document["source"]?.text == "default")
            #expect(try await server.ask("PUT", path, body: #"{"value": 15}"#).status == 200)
            #expect(try await server.ask("GET", path).document["value"] == 15)
            #expect(server.control.configuration?.parameters.integer(.inviteTimeout) == 15)
            let refused = try await server.ask("PUT", path, body: #"{"value": 0}"#)
            #expect(refused.status == 422)
            #expect(refused.text.contains("SS_SIP_TIMEOUT_INVITE must be a whole number from 1 to 3600"))
            #expect(try await server.ask("DELETE", path).status == 200)
            #expect(try await server.ask("DELETE", path).status == 200, "it has its default already")
            #expect(server.control.configuration?.parameters.integer(.inviteTimeout) == 10)
            #expect(try await server.ask("GET", "/api/v1/parameters/SS_NOTHING").status == 404)
            #expect(try await server.ask("PUT", path, body: "{}").status == 400)
        }
    }

    @Test("the audit says who changed what, with the fields before and after")
    func audit() async throws {
        try await RESTHarness.run { server async throws in
            _ = try await server.ask("PUT", "/api/v1/parameters/SS_SIP_TIMEOUT_INVITE", body: #"{"value": 15}"#)
            _ = try await server.ask("PUT", "/api/v1/parameters/SS_SIP_TIMEOUT_INVITE", body: #"{"value": 16}"#)
            let page = try await server.ask("GET", "/api/v1/audit?limit=1")
            #expect(page.document["next"]?.text == "2")
            let entry = try #require(page.items.first)
            #expect(entry["author"]?.text == "management token")
            #expect(entry["at"]?.text == "2026-01-01T00:00:00.000Z")
            #expect(entry["revision"] == 2)
            #expect(entry["name"]?.text == "SS_SIP_TIMEOUT_INVITE")
            #expect(entry["before"]?["value"] == 15)
            #expect(entry["after"]?["value"] == 16)
            let older = try await server.ask("GET", "/api/v1/audit?before=2")
            #expect(older.items.map { $0["before"]?.isNull } == [true])
            #expect(older.document["next"]?.isNull == true)
            #expect(try await server.ask("GET", "/api/v1/audit?before=x").status == 400)
        }
    }

    @Test("statistics, metrics and health")
    func status() async throws {
        try await RESTHarness.run(calls: 3) { server async throws in
            #expect(try await server.ask("GET", "/api/v1/statistics").document["calls"] == 3)
            let metrics = try await server.ask("GET", "/metrics")
            #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            #expect(metrics.text.contains("\ntandem_calls 3\n"))
            #expect(try await server.ask("GET", "/api/v1/health/ready").document["status"]?.text == "ready")
            server.control.setReadiness(Readiness(isReady: false, reasons: ["stopping"]))
            let ready = try await server.ask("GET", "/api/v1/health/ready")
            #expect(ready.status == 503)
            #expect(ready.document["reasons"] == ["stopping"])
            #expect(try await server.ask("GET", "/api/v1/health/live").status == 200)
        }
    }

    @Test("a body over the bound is refused, announced or not")
    func bodyBound() async throws {
        try await RESTHarness.run(longestBody: 1000) { server async throws in
            let padding = String(repeating: " ", count: 1000 - RESTTests.customer.utf8.count)
            #expect(try await server.ask("POST", "/api/v1/apply", body: RESTTests.customer + padding).status == 200)
            let answer = try await server.ask("POST", "/api/v1/apply", body: RESTTests.customer + padding + " ")
            #expect(answer.status == 413)
            #expect(answer.problem == "body-too-large")
        }
    }

    @Test("an unknown path and a wrong method are told apart")
    func unknownRoutes() async throws {
        try await RESTHarness.run { server async throws in
            #expect(try await server.ask("GET", "/api/v1/trunks").problem == "not-found")
            let method = try await server.ask("PUT", "/api/v1/calls/x", body: "{}")
            #expect(method.status == 405)
            #expect(method.document["detail"]?.text?.contains("DELETE") == true)
        }
    }

    @Test("a store that fails is an internal fault without its cause, and the switch keeps its snapshot")
    func storeFails() async throws {
        try await RESTHarness.run { server async throws in
            server.store.breakDown()
            let answer = try await server.ask("POST", "/api/v1/apply", body: RESTTests.customer)
            #expect(answer.status == 500)
            #expect(!answer.text.contains("Broken"))
            #expect(server.control.revisions.isEmpty)
        }
    }
}
