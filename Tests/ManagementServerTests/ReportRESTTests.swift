import CallRecords
import ManagementAPI
import Testing
import Vocabulary

/// Reports and the drain over a loopback socket. How records are counted is tested in StorageTests.
@Suite struct ReportRESTTests {
    @Test("timer support is a share by gateway over the last seven days, unless a time is given")
    func timerSupport() async throws {
        try await RESTHarness.run(records: 11) { server async throws in
            let rows = try await server.ask("GET", "/api/v1/reports/timer-support").items
            #expect(rows.count == 1)
            #expect(
                rows.first == [
                    "mappingGateway": "customer-a", "calls": 6, "withTimer": 3, "withoutTimer": 3, "unknown": 0,
                    "percentWithTimer": .plain("50.0"),
                ])
            let later = try await server.ask("GET", "/api/v1/reports/timer-support?from=2026-01-01T00:00:07Z&to=2026-01-01T00:00:11Z")
            #expect(later.items.map { $0["calls"] } == [2])
            // Seven days before the end that is given.
            #expect(try await server.ask("GET", "/api/v1/reports/timer-support?to=2026-01-08T00:00:09Z").items.map { $0["calls"] } == [2])
        }
    }

    @Test("calls near their limit come page by page with their percentage")
    func nearLimit() async throws {
        try await RESTHarness.run(records: 11) { server async throws in
            let first = try await server.ask("GET", "/api/v1/reports/near-limit?limit=2")
            #expect(first.items.compactMap { $0["id"]?.text } == [11, 7].map { CallIdentifier(rawValue: $0).description })
            #expect(first.items.first?["percent"] == 100)
            #expect(first.items.first?["limitSeconds"] == 7)
            let next = try #require(first.document["next"]?.text)
            let second = try await server.ask("GET", "/api/v1/reports/near-limit?limit=2&before=\(next)&within=0")
            #expect(second.items.compactMap { $0["id"]?.text } == [CallIdentifier(rawValue: 3).description])
            #expect(second.document["next"]?.isNull == true)
            #expect(try await server.ask("GET", "/api/v1/reports/limits").items.isEmpty)
        }
    }

    @Test("the longest calls are the answered ones, the longest first")
    func longest() async throws {
        var ringing = Sample.liveCall(9)
        ringing.answeredAt = .unset
        ringing.durationMilliseconds = 0
        let calls = (1...3).map { number in
            var call = Sample.liveCall(Int64(number))
            call.durationMilliseconds = [1: 5, 2: 900, 3: 70][number] ?? 0
            return call
        }
        try await RESTHarness.run(liveCalls: calls + [ringing]) { server async throws in
            let durations = try await server.ask("GET", "/api/v1/reports/longest").items.map { $0["durationMilliseconds"]?.integer }
            #expect(durations == [900, 70, 5])
            #expect(try await server.ask("GET", "/api/v1/reports/longest?limit=1").items.count == 1)
        }
    }

    @Test(
        "a report that is not understood is refused and explained",
        arguments: [
            ("near-limits", 404, "did you mean \"near-limit\"?"), ("limits?within=5", 400, "takes no within, only from, to, limit"),
            ("longest?from=2026-01-01T00:00:00Z", 400, "takes no from"), ("near-limit?within=101", 400, "from 0 to 100"),
            ("near-limit?within=x", 400, "from 0 to 100"), ("near-limit?before=x", 400, "identifier"), ("limits?limit=0", 400, "from 1 to 1000"),
            ("limits?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "from must not be later than to"),
        ])
    func refusals(path: String, status: Int, explanation: String) async throws {
        try await RESTHarness.run { server async throws in
            let answer = try await server.ask("GET", "/api/v1/reports/\(path)")
            #expect(answer.status == status)
            #expect(answer.document["detail"]?.text?.contains(explanation) == true, "\(answer.text)")
        }
    }

    @Test("a drain is begun, followed and cancelled")
    func drain() async throws {
        try await RESTHarness.run(calls: 2) { server async throws in
            #expect(try await server.ask("GET", "/api/v1/drain?wait=true").document == ["draining": false, "since": .null, "calls": 2])
            let begun = try await server.ask("POST", "/api/v1/drain")
            #expect(begun.status == 200)
            #expect(begun.document == ["draining": true, "since": "2026-01-01T00:00:00.000Z", "calls": 2])
            #expect(DrainProgress(begun.document) == DrainProgress(since: server.control.drainingSince, calls: 2))
            let reads = server.control.drainReads
            async let waiting = server.ask("GET", "/api/v1/drain?wait=true")
            while server.control.drainReads == reads { await Task.yield() }
            #expect(await server.control.hangUp(CallIdentifier(rawValue: 1)))
            #expect(try await waiting.document["calls"] == 1)
            #expect(try await server.ask("DELETE", "/api/v1/drain").document["draining"] == false)
            #expect(!server.control.drainingSince.isSet)
            #expect(DrainProgress(["draining": false, "since": .null, "calls": 0]) == DrainProgress(since: .unset, calls: 0))
            #expect(DrainProgress(["calls": 0]) == nil)
        }
    }

    @Test("a switch that cannot drain, or takes no calls any more, says why")
    func drainRefused() async throws {
        try await RESTHarness.run { server async throws in
            server.control.setDrainProblem(Problem(.notReady, "the switch is stopping"))
            for method in ["POST", "DELETE"] {
                let answer = try await server.ask(method, "/api/v1/drain")
                #expect(answer.status == 503)
                #expect(answer.document["detail"]?.text == "the switch is stopping")
            }
        }
    }
}
