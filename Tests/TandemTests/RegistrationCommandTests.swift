import CallRecords
import Foundation
import ManagementAPI
import Testing
import Vocabulary

@testable import tandem

/// The commands about registrations, the parameter set and the stop, against a server with fakes behind it.
@Suite struct RegistrationCommandTests {
    private static let documents = """
        kind: Registration
        name: upstream-1
        proxy: "127.0.0.1:5090"        # address of the SIP route; host or host:port, ;transport=tcp|tls
        host: "sw.example.net"          # registrar's domain / host name
        username: "acme"
        authUser: "acme"                # authentication user, if different
        password: "hunter-2"            # or passwordFile; never shown again
        period: auto                    # or seconds, 20-7200
        localPort: 5060                 # signalling port
        privacy: default
        enabled: true
        ---
        kind: RoutingGateway
        name: carrier-x
        registration: upstream-1

        """

    @Test("a registration is applied, shown, exported and applied again without its password")
    func objects() async throws {
        try await CommandHarness.run { harness async throws in
            let applied = await harness.tandem("apply", "-f", "-", input: Self.documents)
            #expect(applied.status == .done, "\(applied.errors)")
            #expect(applied.output.contains("  password: \"********\"\n"))
            let shown = await harness.tandem("get", "registration", "upstream-1")
            #expect(shown.output.contains("password: \"********\"\n"))
            let list = await harness.tandem("get", "registrations")
            let export = await harness.tandem("export")
            #expect(export.output.contains("kind: Registration\n"))
            let again = await harness.tandem("apply", "-f", "-", input: export.output)
            #expect(again.output.hasSuffix("2 unchanged\n"), "\(again.errors)")
            let diff = await harness.tandem("diff", "-f", "-", input: Self.documents.replacing("hunter-2", with: "hunter-2b"))
            #expect(diff.output.contains("  password: \"********\" -> \"********\"\n"))
            let gone = await harness.tandem("delete", "registration", "upstream-1")
            #expect(gone.status == .refused)
            #expect(gone.errors.contains("RoutingGateway \"carrier-x\" names it"))
            for outcome in [applied, shown, list, export, again, diff, gone] {
                #expect(!outcome.output.contains("hunter-2") && !outcome.errors.contains("hunter-2"))
            }
            #expect(harness.control.configuration?.registrations.map(\.password) == ["hunter-2"])
        }
    }

    @Test("a password file is read by apply; a missing one is refused with its place")
    func passwordFile() async throws {
        try await CommandHarness.run { harness async throws in
            let path = harness.folder + "/upstream-1.password"
            let documents = Self.documents.replacing("password: \"hunter-2\"", with: "passwordFile: \"\(path)\"")
            let refused = await harness.tandem("apply", "-f", "-", input: documents)
            #expect(refused.status == .refused)
            #expect(
                refused.errors.hasPrefix("stdin:7:15: Registration/upstream-1: passwordFile: \(path) cannot be read (No such file or directory); "))
            try "hunter-2\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(await harness.tandem("apply", "-f", "-", input: documents).status == .done)
            #expect(harness.control.configuration?.registrations.map(\.password) == ["hunter-2"])
        }
    }

    @Test("states are shown with what to look into, one by name, and events newest first")
    func states() async throws {
        try await CommandHarness.run { harness async throws in
            harness.control.setRegistrations(
                [
                    Sample.registration("a"),
                    Sample.registration("b") {
                        $0.state = .waitingToRetry
                        $0.reason = "503 Service Unavailable, Retry-After 120 s"
                        $0.nextTryAt = $0.since + .seconds(120)
                        $0.lastStatus = 503
                        $0.mayBeStale = true
                    },
                ], events: [Sample.event(2, "b", from: .registering, to: .waitingToRetry), Sample.event(1, "a", from: .registering, to: .registered)])
            let lines = await harness.tandem("registrations").output.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines[1].contains("registered") && lines[1].contains("192.0.2.10:5060 udp") && lines[1].contains("12.345"))
            #expect(lines[2].contains("503 Service Unavailable, Retry-After 120 s") && lines[2].contains("2026-01-01T00:02:00.000Z"))
            #expect(lines[2].contains("may be stale until 2026-01-01T01:00:00.000Z"))
            let one = try DocumentNode(json: await harness.tandem("registrations", "b", "-o", "json").output)
            #expect(one["state"]?.text == "waitingToRetry")
            #expect(await harness.tandem("registrations", "c").status == .failed)
            let events = await harness.tandem("registrations", "--events").output.split(separator: "\n")
            #expect(events.count == 3)
            #expect(events[1].contains("waitingToRetry"))
            #expect(await harness.tandem("registrations", "a", "--events", "-o", "csv").output.split(separator: "\r\n").count == 2)
        }
    }

    @Test("watch shows the states again until it is ended")
    func watch() async throws {
        try await CommandHarness.run { harness async throws in
            harness.control.setRegistrations([Sample.registration("a")])
            let watching = Task { await harness.tandem("registrations", "--watch") }
            while harness.control.registrationReads < 2 { await Task.yield() }
            watching.cancel()
            let shown = await watching.value.output
            #expect(shown.hasPrefix("\u{1B}[H\u{1B}[2JNAME"))
        }
    }

    @Test("the parameter set goes out as YAML and comes back, all or nothing")
    func parameterSet() async throws {
        try await CommandHarness.run { harness async throws in
            let export = await harness.tandem("param", "export").output
            #expect(export.hasPrefix("kind: Parameters\nvalues:\n"))
            #expect(export.contains("\n  SS_SIP_USER_AGENT_SEND_UNREGISTER: \"On\"\n"))
            #expect(await harness.tandem("param", "import", "-f", "-", input: export).output == "nothing to change\n")
            let changed = export.replacing("SS_SIP_USER_AGENT_RETRY_DELAY: 60", with: "SS_SIP_USER_AGENT_RETRY_DELAY: 90")
            #expect(
                await harness.tandem("param", "import", "-f", "-", "--dry-run", input: changed).output.hasSuffix("(dry run: nothing was changed)\n"))
            #expect(await harness.tandem("param", "import", "-f", "-", input: changed).output.hasSuffix("1 created\n"))
            let refused = await harness.tandem(
                "param", "import", "-f", "-", input: "kind: Parameters\nvalues:\n  SS_SIP_TIMEOUT_INVIT: 5\n  SS_SIP_TIMEOUT_RINGING: 60\n")
            #expect(refused.status == .refused)
            #expect(refused.errors.hasPrefix("stdin:3:3: Parameter/SS_SIP_TIMEOUT_INVIT: name: there is no parameter"))
            #expect(refused.errors.contains("did you mean \"SS_SIP_TIMEOUT_INVITE\"?"))
            #expect(await harness.tandem("param", "import", "-f", "-", input: Self.documents).status == .refused)
            let applied = await harness.tandem("apply", "-f", "-", input: "kind: Parameters\nvalues: {SS_SIP_USER_AGENT_EXPIRE: 300}\n")
            #expect(applied.output.hasSuffix("1 created\n"), "apply takes the set too")
            let replaced = await harness.tandem("param", "import", "-f", "-", "--replace", input: "kind: Parameters\nvalues: {}\n")
            #expect(replaced.output.hasSuffix("2 deleted\n"))
        }
    }

    @Test("a parameter is shown with its effective value, related parameters, presets and history")
    func parameter() async throws {
        try await CommandHarness.run { harness async throws in
            let shown = await harness.tandem("param", "get", "SS_SIP_USER_AGENT_RETRY_DELAY").output
            #expect(shown.contains("\neffective:   60 s each time\n"))
            #expect(shown.contains("\nrelated:     SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM = None\n"))
            #expect(shown.contains("\n             SS_SIP_USER_AGENT_EXPIRE = Auto\n") || shown.contains("  SS_SIP_USER_AGENT_EXPIRE = Auto\n"))
            #expect(await harness.tandem("param", "get", "SS_SIP_USER_AGENT_EXPIRE").output.contains("300 for short stale window after a crash"))
            #expect(await harness.tandem("param", "get", "SS_SIP_TIMEOUT_INVITE").output.contains("effective:   10 s\n"))
            _ = await harness.tandem("param", "set", "SS_SIP_RESEND_INTERVAL", "0.5,1,2")
            let invite = await harness.tandem("param", "get", "SS_SIP_TIMEOUT_INVITE").output
            #expect(invite.contains("effective:   4 s\n") && invite.contains("SS_SIP_RESEND_INTERVAL is used up after 4 s"))
            _ = await harness.tandem("param", "set", "SS_SIP_RESEND_INTERVAL", "1")
            _ = await harness.tandem("param", "reset", "SS_SIP_RESEND_INTERVAL")
            let history = await harness.tandem("param", "history", "ss_sip_resend_interval").output.split(separator: "\n")
            #expect(history.count == 4)
            #expect(history[1].hasSuffix("default") && history[1].contains("management token"))
            #expect(history[3].contains("default  0.5,1,2") || history[3].hasSuffix("0.5,1,2"))
        }
    }

    @Test("stop asks, follows, shows the outcome, and says when the switch does not end")
    func stop() async throws {
        try await CommandHarness.run { harness async throws in
            async let outcome = harness.tandem("stop")
            while harness.control.stopRequests == 0 { await Task.yield() }
            harness.control.setStopProgress(
                StopProgress(.ending, done: 1, registrations: 1, isClean: false, lines: ["upstream-1: no answer to the withdrawal"]))
            while !harness.control.isEndingSeen { await Task.yield() }
            harness.control.endServing()
            let ended = await outcome
            #expect(ended.status == .partlyDone)
            #expect(ended.output == "stopping\nupstream-1: no answer to the withdrawal\nstopped\n")
            #expect(ended.errors == "not every upstream confirmed the withdrawal\n")
        }
    }
}
