import CallRecords
import Foundation
import ManagementAPI
import Routing
import Testing
import Vocabulary

/// Explaining calls, and the live views of gateways, phones and barred numbers, over REST.
@Suite struct LiveRESTTests {
    private static let documents = """
        [{"kind": "MappingGateway", "name": "customer-a", "addresses": ["192.0.2.1"], "calleeRewrite": ["00=+"]},
         {"kind": "RoutingGateway", "name": "carrier-x", "addresses": ["192.0.2.10"], "prefixes": ["+44"], "capacity": 5},
         {"kind": "Phone", "name": "1001", "password": "secret"}]
        """

    private static func apply(_ server: RESTHarness) async throws {
        #expect(try await server.ask("POST", "/api/v1/apply", body: documents).status == 200)
    }

    @Test("explain answers with the decision, and says what it lacks")
    func explain() async throws {
        try await RESTHarness.run { server in
            let early = try await server.ask("GET", "/api/v1/explain?from=customer-a&caller=1&callee=2")
            #expect((early.status, early.problem) == (503, "not-ready"))
            try await Self.apply(server)
            let answer = try await server.ask("GET", "/api/v1/explain?from=customer-a&caller=14155550100&callee=0044207")
            #expect(answer.status == 200)
            let decision = try #require(DecisionDocument(answer.document))
            #expect(decision.callee.routed == "+44207" && decision.candidates.map(\.verdict) == ["waiting"])
            let phone = try await server.ask("GET", "/api/v1/explain?from=1001&callee=%2B44207")
            #expect(DecisionDocument(phone.document)?.caller.received == "1001")
            let source = try await server.ask("GET", "/api/v1/explain?source=192.0.2.1:5060&caller=1&callee=2&at=2026-01-31T12:00:00Z")
            #expect(DecisionDocument(source.document)?.origin == "customer-a")
            for (query, detail) in [
                ("callee=2", "say who calls: caller"), ("from=customer-a&caller=1", "say whom the call is for: callee"),
                ("caller=1&callee=2", "say from whom the call comes: from, or source"),
                ("from=customer-a&caller=1&callee=2&at=noon", "at must be a time such as 2026-01-31T12:00:00Z"),
                ("from=customer-a&caller=1&callee=2&source=here", "source must be an IP address with an optional port, such as 192.0.2.1:5060"),
            ] {
                let refused = try await server.ask("GET", "/api/v1/explain?\(query)")
                #expect(refused.status == 400 && refused.document["detail"]?.text == detail, "\(query): \(refused.text)")
            }
        }
    }

    @Test("gateways are listed with their calls and limits, one kind at a time where it is asked for")
    func gateways() async throws {
        try await RESTHarness.run { server in
            try await Self.apply(server)
            let all = try await server.ask("GET", "/api/v1/gateways").items
            #expect(all.map { $0["name"]?.text } == ["customer-a", "carrier-x"])
            #expect(all[1]["capacity"] == 5 && all[1]["usable"] == true)
            #expect(try await server.ask("GET", "/api/v1/gateways?kind=mappingGateway").items.count == 1)
            #expect(try await server.ask("GET", "/api/v1/gateways?kind=trunk").status == 400)
            let metrics = try await server.ask("GET", "/metrics").text
            #expect(metrics.contains("tandem_gateway_capacity{kind=\"routingGateway\",name=\"carrier-x\"} 5\n"))
            #expect(metrics.contains("tandem_calls 0\n"))
        }
    }

    @Test("phones are listed, filtered and shown one by one")
    func phones() async throws {
        try await RESTHarness.run { server in
            try await Self.apply(server)
            let time = WallTime(microseconds: 1_767_225_600_000_000)
            let place = PhoneStatus.Place(
                contact: "sip:1001@192.0.2.7", source: "192.0.2.7:5060", transport: .tcp, isBehindNAT: false, since: time, updatedAt: time,
                expiresInSeconds: 60, userAgent: "")
            server.control.setView(nil, phones: [.init(kind: .phone, name: "1002"), .init(kind: .phone, name: "1001", places: [place])])
            #expect(try await server.ask("GET", "/api/v1/phones").items.map { $0["name"]?.text } == ["1001", "1002"])
            #expect(try await server.ask("GET", "/api/v1/phones?state=online").items.map { $0["address"]?.text } == ["192.0.2.7:5060 tcp"])
            #expect(try await server.ask("GET", "/api/v1/phones?state=away").status == 400)
            #expect(try await server.ask("GET", "/api/v1/phones/1002").document["state"] == "offline")
            let missing = try await server.ask("GET", "/api/v1/phones/1003")
            #expect(missing.status == 404 && missing.document["detail"]?.text?.contains("did you mean") == true)
        }
    }

    @Test("numbers are barred, listed page by page and taken off")
    func blacklist() async throws {
        try await RESTHarness.run { server in
            try await Self.apply(server)
            for body in [#"{"number": "14155550100", "seconds": 60}"#, #"{"number": "200", "side": "callee"}"#, #"{"number": "100"}"#] {
                #expect(try await server.ask("POST", "/api/v1/blacklist", body: body).status == 201)
            }
            let all = try await server.ask("GET", "/api/v1/blacklist").items
            #expect(all.map { $0["number"]?.text } == ["100", "14155550100", "200"])
            #expect(all.map { $0["side"]?.text } == ["caller", "caller", "callee"])
            #expect(all[0]["until"]?.isNull == true && all[1]["until"]?.isNull == false)
            var seen: [String] = []
            var next: String?
            repeat {
                let page = try await server.ask("GET", "/api/v1/blacklist?limit=1" + (next.map { "&after=\($0)" } ?? ""))
                seen += page.items.compactMap { $0["number"]?.text }
                next = page.document["next"]?.text
            } while next != nil && seen.count < 9
            #expect(seen == ["100", "14155550100", "200"])
            let refused = try await server.ask("POST", "/api/v1/blacklist", body: #"{"number": "abc"}"#)
            #expect(refused.status == 422 && refused.document["errors"]?.elements?.first?["field"] == "number")
            #expect(try await server.ask("DELETE", "/api/v1/blacklist/caller/100").status == 204)
            #expect(try await server.ask("DELETE", "/api/v1/blacklist/caller/100").status == 404)
        }
    }

    @Test("what is known of an object stays when the configuration changes")
    func liveObjectsStay() async throws {
        try await RESTHarness.run { server in
            try await Self.apply(server)
            let first = try #require(server.control.configuration)
            try await Self.apply(server)
            let change = #"{"addresses": ["192.0.2.10"], "priority": 3}"#
            #expect(try await server.ask("PUT", "/api/v1/objects/routing-gateway/carrier-x", body: change).status == 200)
            let second = try #require(server.control.configuration)
            #expect(second.revision > first.revision && second.live === first.live)
            #expect(first.live(CallDestination.routingGateway(0)) === second.live(CallDestination.routingGateway(0)))
        }
    }

    @Test("a phone's number is its name in the path, with or without a plus")
    func phoneObject() async throws {
        try await RESTHarness.run { server in
            let body = #"{"password": "secret", "lines": 2}"#
            #expect(try await server.ask("PUT", "/api/v1/objects/phones/%2B14155550100", body: body).status == 200)
            let shown = try await server.ask("GET", "/api/v1/objects/phone/%2B14155550100")
            #expect(shown.document["lines"] == 2 && shown.document["password"] == "********")
            #expect(try await server.ask("PUT", "/api/v1/objects/phone/alice", body: body).status == 422)
        }
    }
}
