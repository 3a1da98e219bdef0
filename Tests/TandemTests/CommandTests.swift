import Foundation
import ManagementAPI
import Testing
import Vocabulary

@testable import tandem

/// Every command against a management server on loopback: what it prints and how it exits.
@Suite struct CommandTests {
    private static let documents = """
        kind: MappingGateway
        name: customer-a
        addresses: ["127.0.0.1"]
        ---
        kind: RoutingGateway
        name: carrier-x
        addresses: ["127.0.0.1:5070"]
        prefixes: [""]          # "" takes any callee
        priority: 10            # lower goes first
        ---
        kind: Parameter
        name: SS_SIP_TIMEOUT_INVITE
        value: 12

        """

    @Test("apply creates the objects of a file, and the switch gets them")
    func apply() async throws {
        try await CommandHarness.run { harness async throws in
            let file = harness.folder + "/objects.yaml"
            try CommandTests.documents.write(toFile: file, atomically: true, encoding: .utf8)
            let outcome = await harness.tandem("apply", "-f", file)
            #expect(outcome.status == .done, "\(outcome.errors)")
            #expect(
                outcome.output == """
                    created MappingGateway/customer-a
                      addresses: ["127.0.0.1"]
                    created RoutingGateway/carrier-x
                      addresses: ["127.0.0.1:5070"]
                    created Parameter/SS_SIP_TIMEOUT_INVITE
                      value: 12
                    3 created

                    """)
            #expect(harness.control.configuration?.routingGateways.map(\.name) == ["carrier-x"])
            let again = await harness.tandem("apply", "-f", "-", input: CommandTests.documents)
            #expect(again.output.hasSuffix("3 unchanged\n"))
        }
    }

    @Test("dry run and diff show the difference and change nothing")
    func dryRun() async throws {
        try await CommandHarness.run { harness async throws in
            _ = await harness.tandem("apply", "-f", "/dev/stdin", input: CommandTests.documents)
            let changed = CommandTests.documents.replacing("priority: 10 ", with: "priority: 20 ")
            for command in [["apply", "--dry-run"], ["diff"]] {
                let outcome = await CommandHarness.tandem(command + ["-f", "-", "--config", harness.config], input: changed)
                #expect(outcome.status == .done)
                #expect(outcome.output.contains("changed RoutingGateway/carrier-x\n  priority: 10 -> 20\n"))
                #expect(outcome.output.hasSuffix("1 changed, 2 unchanged (dry run: nothing was changed)\n"))
            }
            #expect(harness.control.revisions == [1])
        }
    }

    @Test("a wrong document changes nothing, exits with 4 and names line, field, rule and remedy")
    func refusedApply() async throws {
        try await CommandHarness.run { harness async throws in
            let wrong = CommandTests.documents.replacing("127.0.0.1:5070", with: "192.0.2.0/24").replacing("value: 12", with: "value: 0")
            let outcome = await harness.tandem("apply", "-f", "-", input: wrong)
            #expect(outcome.status == .refused)
            #expect(outcome.output.isEmpty)
            #expect(
                outcome.errors == """
                    stdin:7:13: RoutingGateway/carrier-x: addresses[0]: "192.0.2.0/24" is a network, not an address; \
                    list the single addresses
                    stdin:13:8: Parameter/SS_SIP_TIMEOUT_INVITE: value: SS_SIP_TIMEOUT_INVITE must be a whole number from 1 to 3600 (s), \
                    not "0"; set such a value; the default is 10

                    """)
            #expect(try await harness.store.load().objects.isEmpty)
            let broken = await harness.tandem("apply", "-f", "-", input: "kind: [")
            #expect(broken.status == .refused)
            #expect(broken.errors.hasPrefix("stdin:"))
        }
    }

    @Test("what export prints can be applied again and changes nothing")
    func export() async throws {
        try await CommandHarness.run { harness async throws in
            _ = await harness.tandem("apply", "-f", "-", input: CommandTests.documents)
            let exported = await harness.tandem("export")
            #expect(exported.output.hasPrefix("kind: MappingGateway\nname: customer-a\naddresses: [\"127.0.0.1\"]\n"))
            let again = await harness.tandem("apply", "-f", "-", input: exported.output)
            #expect(
                again.output == """
                    unchanged MappingGateway/customer-a
                    unchanged RoutingGateway/carrier-x
                    unchanged Parameter/SS_SIP_TIMEOUT_INVITE
                    3 unchanged

                    """)
        }
    }

    @Test("get and delete work on a kind and a name")
    func getAndDelete() async throws {
        try await CommandHarness.run { harness async throws in
            _ = await harness.tandem("apply", "-f", "-", input: CommandTests.documents)
            let list = await harness.tandem("get", "routinggateways")
            #expect(
                list.output == """
                    NAME       ADDRESSES
                    carrier-x  127.0.0.1:5070

                    """)
            #expect(await harness.tandem("get", "RoutingGateway", "carrier-x").output.hasPrefix("kind: RoutingGateway\nname: carrier-x\n"))
            let missing = await harness.tandem("get", "RoutingGateway", "none")
            #expect(missing.status == .failed)
            #expect(missing.errors == "There is no such thing: there is no RoutingGateway \"none\"\n")
            #expect(await harness.tandem("delete", "RoutingGateway", "carrier-x").output == "deleted RoutingGateway/carrier-x\n1 deleted\n")
            #expect(await harness.tandem("delete", "RoutingGateway", "carrier-x").status == .failed)
            #expect(await harness.tandem("get", "Trunk").status == .wrongUsage)
        }
    }

    @Test("parameters are listed, shown, set and reset")
    func parameters() async throws {
        try await CommandHarness.run { harness async throws in
            let list = await harness.tandem("param", "list")
            #expect(
                list.output.split(separator: "\n").contains { line in
                    let cells = line.split(separator: " ")
                    return cells.prefix(4) == ["SS_SIP_TIMEOUT_INVITE", "10", "s", "10"]
                })
            #expect(
                await harness.tandem("param", "set", "SS_SIP_RESEND_INTERVAL", "0.5,1,2").output == """
                    created Parameter/SS_SIP_RESEND_INTERVAL
                      value: "0.5,1,2"
                    1 created

                    """)
            let shown = await harness.tandem("param", "get", "ss_sip_resend_interval", "-o", "json")
            let document = try DocumentNode(json: shown.output)
            #expect(document["value"]?.text == "0.5,1,2")
            #expect(document["source"]?.text == "set")
            #expect(document["setBy"]?.text == "management token")
            let refused = await harness.tandem("param", "set", "SS_SIP_RESEND_INTERVAL", "2,1")
            #expect(refused.status == .refused)
            #expect(refused.errors.contains("SS_SIP_RESEND_INTERVAL must be 1 to 20 waiting times"))
            #expect(await harness.tandem("param", "reset", "SS_SIP_RESEND_INTERVAL").status == .done)
            #expect(await harness.tandem("param", "reset", "SS_SIP_RESEND_INTERVAL").output == "nothing to change\n")
            #expect(await harness.tandem("param", "get", "SS_SIP_RESEND").errors.contains("there is no parameter \"SS_SIP_RESEND\""))
        }
    }

    @Test("live calls are printed and hung up; some of several is partly done")
    func calls() async throws {
        try await CommandHarness.run(calls: 2) { harness async throws in
            let calls = try DocumentNode(json: await harness.tandem("calls", "-o", "json").output)
            let ids = try #require(calls.elements).compactMap { $0["id"]?.text }
            #expect(ids.count == 2)
            #expect(await harness.tandem("hangup", ids[0]).output == "ended \(ids[0])\n")
            let partly = await harness.tandem("hangup", ids[0], ids[1])
            #expect(partly.status == .partlyDone)
            #expect(partly.output == "ended \(ids[1])\n")
            #expect(partly.errors.hasPrefix("\(ids[0]): "))
            #expect(await harness.tandem("hangup", ids[0]).status == .failed)
            #expect(await harness.tandem("calls", "-o", "json").output == "[]\n")
        }
    }

    @Test("call records are printed newest first in every form")
    func callRecords() async throws {
        try await CommandHarness.run(records: 5) { harness async throws in
            let json = try DocumentNode(json: await harness.tandem("cdrs", "-o", "json", "--limit", "2").output)
            let ids = try #require(json.elements).compactMap { $0["id"]?.text }
            #expect(ids == [5, 4].map { CallIdentifier(rawValue: $0).description })
            let csv = await harness.tandem("cdrs", "-o", "csv", "--end-reason", "calleeBusy").output
            #expect(csv.hasPrefix("id,startTime,firstProvisionalTime,"))
            #expect(csv.split(separator: "\r\n").count == 3)
            #expect(await harness.tandem("cdrs", "--end-reason", "calleeBusy").output.split(separator: "\n").count == 3)
            #expect(await harness.tandem("cdrs", "show", ids[0]).output.contains("\nendReason: normalClearing\n"))
            #expect(await harness.tandem("cdrs", "--end-reason", "busy").status == .wrongUsage)
            #expect(await harness.tandem("cdrs", "--limit", "0").status == .wrongUsage)
        }
    }

    @Test("more records than one page are fetched page by page")
    func manyRecords() async throws {
        try await CommandHarness.run(records: Int64(Endpoint.largestPage) + 500) { harness async throws in
            let output = await harness.tandem("cdrs", "-o", "csv", "--limit", "1400").output
            #expect(output.split(separator: "\r\n").count == 1401)
        }
    }

    @Test("status shows counts, and also while the switch is not ready")
    func status() async throws {
        try await CommandHarness.run(calls: 1) { harness async throws in
            #expect(await harness.tandem("status").output.contains("\ncalls:                   1\n"))
            harness.control.setReadiness(Readiness(isReady: false, reasons: ["stopping"]))
            let outcome = await harness.tandem("status", "-o", "yaml")
            #expect(outcome.status == .done)
            #expect(outcome.output.hasPrefix("status: \"not ready\"\nreasons: [stopping]\n"))
        }
    }

    @Test("a server is found by address and token file too")
    func byAddress() async throws {
        try await CommandHarness.run { harness async throws in
            let bootFile = try BootFile.load(harness.config, environment: [:])
            let outcome = await CommandHarness.tandem(["calls", "--server", bootFile.managementURL, "--token-file", bootFile.tokenFile])
            #expect(outcome.status == .done)
            let wrongToken = harness.folder + "/wrong.token"
            #expect(
                FileManager.default.createFile(
                    atPath: wrongToken, contents: Data(String(repeating: "x", count: 43).utf8), attributes: [.posixPermissions: 0o600]))
            let refused = await CommandHarness.tandem(["calls", "--server", bootFile.managementURL, "--token-file", wrongToken])
            #expect(refused.status == .failed)
            #expect(refused.errors.contains("A valid token is required"))
        }
    }

    @Test(
        "wrong usage exits with 2 and says how it is used",
        arguments: [
            ["nonsense"], ["apply"], ["calls", "-o", "xml"], ["calls", "--server", "http://127.0.0.1:1"], ["hangup"], ["param", "set", "X"],
            ["calls", "--server", "http://127.0.0.1:1", "--token-file", "x", "--config", "y"],
        ])
    func usage(arguments: [String]) async {
        let outcome = await CommandHarness.tandem(arguments)
        #expect(outcome.status == .wrongUsage)
        #expect(outcome.errors.contains("Usage: tandem"))
        #expect(outcome.output.isEmpty)
    }

    @Test("help, version and completion are no failure", arguments: [["--help"], ["--version"], ["apply", "--help"], ["completion", "bash"]])
    func help(arguments: [String]) async {
        let outcome = await CommandHarness.tandem(arguments)
        #expect(outcome.status == .done)
        #expect(!outcome.output.isEmpty)
        #expect(outcome.errors.isEmpty)
    }

    @Test("a switch that does not run is a failure that says so")
    func unreachable() async throws {
        try await CommandHarness.run { harness async throws in
            let bootFile = try BootFile.load(harness.config, environment: [:])
            let outcome = await CommandHarness.tandem(["calls", "--server", "http://127.0.0.1:1", "--token-file", bootFile.tokenFile])
            #expect(outcome.status == .failed)
            #expect(outcome.errors.contains("cannot reach the switch at http://127.0.0.1:1"))
            #expect(await CommandHarness.tandem(["calls", "--config", "/nonexistent.yaml"]).status == .failed)
            try "nodes: x".write(toFile: harness.config, atomically: true, encoding: .utf8)
            #expect(await harness.tandem("calls").status == .refused)
        }
    }
}

@Suite struct OutputTests {
    @Test("a table shows control characters as codes and nothing as a dash")
    func table() {
        let text = TableText.text(header: ["A", "LONG"], rows: [["x\u{1B}[2J", ""], ["é", "b"]])
        #expect(text == "A           LONG\nx\\u{1b}[2J  -\né           b\n")
    }

    @Test("CSV quotes what must be quoted")
    func csv() {
        #expect(
            CSVText.text(header: ["a", "b"], rows: [["x,y", "say \"hi\""], ["1\r\n2", ""]]) == "a,b\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n\"1\r\n2\",\r\n")
    }
}
