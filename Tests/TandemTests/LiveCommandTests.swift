import CallRecords
import Foundation
import ManagementAPI
import Routing
import Testing
import Vocabulary

@testable import tandem

/// The commands that show what the switch decides and knows now, against a server with fakes behind it.
@Suite struct LiveCommandTests {
    private static let documents = """
        {kind: MappingGateway, name: customer-a, addresses: ["192.0.2.1:5060"], calleeRewrite: ["00=+"], capacity: 3}
        ---
        {kind: RoutingGateway, name: carrier-x, addresses: ["192.0.2.10"], prefixes: ["+44"], calleeRewrite: ["+44=44"]}
        ---
        {kind: RoutingGateway, name: carrier-y, addresses: ["192.0.2.11"], prefixes: ["+4"], locked: true}
        ---
        {kind: Phone, name: 1001, password: secret}
        """

    private static func apply(_ harness: CommandHarness) async {
        let applied = await harness.tandem("apply", "-f", "-", input: documents)
        #expect(applied.status == .done, "\(applied.errors)")
    }

    @Test("explain shows rewrites, candidates and verdicts")
    func explain() async throws {
        try await CommandHarness.run { harness async throws in
            await Self.apply(harness)
            let shown = await harness.tandem("explain", "--from", "customer-a", "--caller", "14155550100", "--callee", "0044207")
            #expect(
                shown.output == """
                    taken for      mappingGateway customer-a, recognised by addressAndPort 192.0.2.1:5060
                    configuration  revision 1
                    caller         14155550100
                    callee         0044207, rewritten to +44207 by 00=+

                       CANDIDATE  PREFIX  PRIORITY  CALLS  ASR  VERDICT  CALLER SENT  CALLEE SENT  WHY
                    1  carrier-x  +44     10        0      -    waiting  14155550100  44207        -
                    2  carrier-y  +4      10        0      -    locked   -            -            it is locked

                    """, "\(shown.errors)")
            let json = await harness.tandem("explain", "--from", "1001", "--callee", "+44207", "-o", "json")
            #expect(DecisionDocument(json: json.output)?.originKind == "phone")
            let unknown = await harness.tandem("explain", "--from", "customer-x", "--caller", "1", "--callee", "2")
            #expect(unknown.status == .wrongUsage && unknown.errors.contains("customer-x"))
            #expect(await harness.tandem("explain", "--caller", "1", "--callee", "2").status == .wrongUsage)
        }
    }

    @Test("the decision stored with a call is shown in the same way")
    func storedDecision() async throws {
        try await CommandHarness.run(records: 4) { harness async throws in
            let id = CallIdentifier(rawValue: 2).description
            let expected = """
                taken for       mappingGateway customer-a, recognised by address 192.0.2.1:5060
                configuration   revision 4
                caller          +14155550100, rewritten to 14155550100 by +=
                callee          0044
                no further try  stop rule busy

                   CANDIDATE  PREFIX  PRIORITY  CALLS  ASR  VERDICT  CALLER SENT  CALLEE SENT  WHY
                1  carrier-x  00      10        3      -    tried    14155550100  44           -
                2  carrier-y  00      20        0      -    locked   -            -            it is locked

                """
            #expect(await harness.tandem("cdrs", id, "--explain").output == expected)
            #expect(await harness.tandem("cdrs", "show", id, "--explain").output == expected)
            #expect(await harness.tandem("cdrs", id).output.contains("endReason: calleeBusy\n"))
            let none = await harness.tandem("cdrs", CallIdentifier(rawValue: 4).description, "--explain")
            #expect(none.status == .failed && none.errors.hasPrefix("no decision is stored with the call"))
            #expect(await harness.tandem("cdrs", "--explain").status == .wrongUsage)
        }
    }

    @Test("gateways shows what keeps a gateway out of use")
    func gateways() async throws {
        try await CommandHarness.run { harness async throws in
            await Self.apply(harness)
            let shown = await harness.tandem("gateways", "--kind", "routingGateway", "-o", "csv")
            #expect(shown.output.contains("routingGateway,carrier-y,false,true,0,"), "\(shown.output)\(shown.errors)")
            #expect(!shown.output.contains("customer-a"))
            #expect(await harness.tandem("gateways").output.hasPrefix("KIND            NAME        USABLE  CALLS  CAPACITY"))
        }
    }

    @Test("phones shows who is registered, and where")
    func phones() async throws {
        try await CommandHarness.run { harness async throws in
            await Self.apply(harness)
            let time = WallTime(microseconds: 1_767_225_600_000_000)
            let place = PhoneStatus.Place(
                contact: "sip:1001@10.0.0.2", source: "192.0.2.7:40000", transport: .udp, isBehindNAT: true, since: time, updatedAt: time,
                expiresInSeconds: 55, userAgent: "phone/1.0")
            harness.control.setView(
                nil, phones: [.init(kind: .phone, name: "1001", places: [place]), .init(kind: .routingGateway, name: "carrier-x")])
            let shown = await harness.tandem("phones")
            #expect(
                shown.output == """
                    NUMBER     STATE    ADDRESS              NAT   SINCE                     EXPIRES S  USER AGENT  CALLS
                    1001       online   192.0.2.7:40000 udp  true  2026-01-01T00:00:00.000Z  55         phone/1.0   0
                    carrier-x  offline  -                    -     -                         -          -           0

                    """, "\(shown.errors)")
            #expect(!(await harness.tandem("phones", "--online").output.contains("carrier-x")))
            #expect(await harness.tandem("phones", "1001", "-o", "json").output.contains("\"contact\": \"sip:1001@10.0.0.2\""))
            #expect(await harness.tandem("phones", "1009").status == .failed)
        }
    }

    @Test("a number is barred, listed and taken off")
    func blacklist() async throws {
        try await CommandHarness.run { harness async throws in
            await Self.apply(harness)
            let added = await harness.tandem("blacklist", "add", "14155550100", "--seconds", "60")
            #expect(added.status == .done && added.output.contains("callerByHand"), "\(added.errors)")
            #expect(await harness.tandem("blacklist", "add", "200", "--side", "callee").status == .done)
            let listed = await harness.tandem("blacklist")
            #expect(listed.output.split(separator: "\n").count == 3)
            let removed = await harness.tandem("blacklist", "remove", "14155550100", "300")
            #expect(removed.status == .partlyDone && removed.output == "removed 14155550100\n")
            #expect(removed.errors.contains("300 is not on the dynamic blacklist as caller"))
            #expect(await harness.tandem("blacklist", "add", "abc").status == .refused)
        }
    }

    @Test("the table of a kind has the fields that somebody set")
    func table() async throws {
        try await CommandHarness.run { harness async throws in
            await Self.apply(harness)
            let shown = await harness.tandem("get", "mapping-gateways")
            #expect(
                shown.output.hasPrefix("NAME        ADDRESSES       CAPACITY  CALLEEREWRITE\ncustomer-a  192.0.2.1:5060  3         00=+\n"),
                "\(shown.output)")
        }
    }

    @Test("a group of many numbers is applied, exported and applied again")
    func bigGroup() async throws {
        try await CommandHarness.run { harness async throws in
            let numbers = (0..<300_000).map { "1\(4_155_000_000 + $0)" }.joined(separator: "\n  ")
            let applied = await harness.tandem("apply", "-f", "-", input: "kind: NumberGroup\nname: barred\nnumbers: |\n  \(numbers)\n")
            #expect(applied.status == .done && applied.output.utf8.count < 1000, "\(applied.errors.prefix(300))")
            let exported = await harness.tandem("export")
            let again = await harness.tandem("apply", "-f", "-", input: exported.output)
            #expect(again.output.hasSuffix("1 unchanged\n"), "\(again.errors.prefix(300))")
        }
    }
}
