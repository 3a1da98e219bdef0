import ManagementAPI
import Testing
import Vocabulary

@testable import tandem

/// `tandem report` against a management server on loopback.
@Suite struct ReportCommandTests {
    @Test("each report is printed as a table, and as CSV with every column")
    func forms() async throws {
        try await CommandHarness.run(calls: 2, records: 11) { harness async throws in
            let since = "2026-01-01T00:00:00Z"
            #expect(
                await harness.tandem("report", "timer-support", "--from", since).output == """
                    FROM        CALLS  WITH  WITHOUT  UNKNOWN  PERCENT WITH
                    customer-a  6      3     3        0        50.0

                    """)
            #expect(
                await harness.tandem("report", "timer-support", "--from", since, "-o", "csv").output
                    == "mappingGateway,calls,withTimer,withoutTimer,unknown,percentWithTimer\r\ncustomer-a,6,3,3,0,50.0\r\n")
            let near = await harness.tandem("report", "near-limit", "--from", since, "--within", "5", "--limit", "2", "-o", "csv").output
            let lines = near.split(separator: "\r\n")
            #expect(lines.count == 3)
            #expect(lines.first?.hasPrefix("id,startTime,caller,callee,mappingGateway,routingGateway,durationMilliseconds,limitSeconds,") == true)
            #expect(lines.last?.hasSuffix(",7000,7,SS_SIP_NO_TIMER_REINVITE_INTERVAL,100,normalClearing") == true, "\(near)")
            #expect(await harness.tandem("report", "limits", "--from", since).output == "FROM  REASON  LIMIT OF  CALLS  MINUTES\n")
            let longest = try DocumentNode(json: await harness.tandem("report", "longest", "--limit", "1", "-o", "json").output)
            #expect(longest.elements?.map { $0["durationMilliseconds"] } == [1500])
            #expect(await harness.tandem("report", "longest", "-o", "yaml").output.contains("durationMilliseconds: 1500\n"))
        }
    }

    @Test("without a time the last seven days are asked for")
    func usualPeriod() async throws {
        try await CommandHarness.run(records: 11) { harness async throws in
            #expect(await harness.tandem("report", "timer-support", "-o", "json").output == "[]\n")
            let outcome = await harness.tandem("report", "near-limit", "--to", "2026-01-01T00:00:08Z", "-o", "json")
            #expect(try DocumentNode(json: outcome.output).elements?.count == 2)
        }
    }

    @Test(
        "wrong usage exits with 2",
        arguments: [
            ["nonsense"], ["near-limit", "--within", "101"], ["near-limit", "--limit", "0"], ["longest", "--limit", "1001"],
            ["limits", "--within", "5"],
        ])
    func usage(arguments: [String]) async {
        #expect(await CommandHarness.tandem(["report"] + arguments).status == .wrongUsage)
    }

    @Test("a time that is none is refused by the switch and explained")
    func badTime() async throws {
        try await CommandHarness.run { harness async throws in
            let outcome = await harness.tandem("report", "limits", "--from", "yesterday")
            #expect(outcome.status == .wrongUsage)
            #expect(outcome.errors.contains("from must be a time such as"))
        }
    }
}
