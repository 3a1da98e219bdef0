import CallRecords
import Foundation
import Logging
import ManagementAPI
import SwitchCore
import Testing
import Vocabulary

@testable import tandem

/// A whole switch in this process, with an upstream on loopback: how it stops, and what it says of it.
@Suite(.serialized) struct SwitchServiceTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-service-\(UUID().uuidString)").path

    private func bootFile(unregisterTimeout: Interval = .seconds(10)) -> BootFile {
        var file = BootFile(dataFolder: folder)
        file.listeners = [ListenerDescription(transport: .udp, local: NetworkAddress(ipv4: 0x7F00_0001, port: 0))]
        file.managementListen.port = 0
        file.unregisterTimeout = unregisterTimeout
        file.shards = 1
        return file
    }

    private func start(_ file: BootFile) async throws -> SwitchService {
        try await SwitchService.start(file, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Makes the registration and waits until the upstream holds it.
    private func register(_ service: SwitchService, with registrar: LoopbackRegistrar, parameters: String = "") async throws {
        let documents = """
            {kind: Registration, name: upstream-1, proxy: "\(registrar.address)", host: sw.example.net, username: acme, password: secret}
            \(parameters)
            """
        let configurator = try #require(service.theConfigurator)
        _ = try await configurator.apply(try YAMLDocuments.read(documents), author: "test")
        let isRegistered = await eventually { await service.registrations().first?.state == .registered }
        let statuses = await service.registrations()
        #expect(isRegistered, "\(statuses)")
    }

    /// Looks again and again, for at most a minute, until something holds.
    private func eventually(_ holds: () async -> Bool) async -> Bool {
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(60) {
            if await holds() { return true }
            await Task.yield()
        }
        return false
    }

    private func clean() { try? FileManager.default.removeItem(atPath: folder) }

    @Test("a running switch explains calls, shows its gateways, and refuses a gateway that is itself")
    func liveView() async throws {
        defer { clean() }
        let service = try await start(bootFile())
        let configurator = try #require(service.theConfigurator)
        let documents = """
            {kind: MappingGateway, name: customer-a, addresses: ["192.0.2.1"], calleeRewrite: ["00=+"]}
            ---
            {kind: RoutingGateway, name: carrier-x, addresses: ["192.0.2.10"], capacity: 2}
            """
        _ = try await configurator.apply(try YAMLDocuments.read(documents), author: "test")
        let view = try #require(await service.view())
        #expect(view.gateways.map(\.name) == ["customer-a", "carrier-x"] && view.gateways.allSatisfy(\.isUsable))
        let decision = try Explanation(from: "customer-a", caller: "14155550100", callee: "0044207").answer(view)
        #expect(decision.callee.routed == "+44207" && decision.candidates.map(\.verdict) == ["waiting"])
        #expect(await service.phones().isEmpty)

        let own = try #require(service.runtime.listeners.first).local
        let itself = "{kind: RoutingGateway, name: itself, addresses: [\"\(own)\"]}"
        await #expect { _ = try await configurator.apply(try YAMLDocuments.read(itself), author: "test") } throws: { error in
            (error as? Problem)?.errors.first?.rule == "\(own) is an address of this switch (udp)"
        }
        #expect(await service.view()?.configuration.revision == view.configuration.revision)
        await service.stop()
    }

    @Test("a switch without registrations stops at once and cleanly, and another can start on its folder")
    func empty() async throws {
        defer { clean() }
        let outcome = try await start(bootFile()).stop()
        #expect(outcome.isClean)
        #expect(outcome.lines.isEmpty)
        #expect(try await start(bootFile()).stop().isClean)
    }

    @Test("a switch that drains is not ready and says so, until it is cancelled or started anew")
    func drain() async throws {
        defer { clean() }
        let service = try await start(bootFile())
        #expect(await service.readiness().isReady)
        #expect(try await service.drainProgress() == DrainProgress(since: .unset, calls: 0))
        try await service.drain()
        #expect(await service.readiness().reasons == ["the switch is draining: new calls are refused, the others go on"])
        #expect(await service.statistics().isDraining)
        #expect(try await service.drainProgress().isDraining)
        try await service.cancelDrain()
        #expect(await service.readiness().isReady)
        #expect(await service.statistics().isDraining == false)
        try await service.drain()
        await service.stop()
        await #expect(throws: Problem.self) { try await service.cancelDrain() }
        await #expect(throws: Problem.self) { try await service.drainProgress() }
        let next = try await start(bootFile())
        #expect(await next.readiness().isReady)
        await next.stop()
    }

    @Test("a stop withdraws the registration and says so")
    func withdrawn() async throws {
        defer { clean() }
        let registrar = try LoopbackRegistrar()
        registrar.start()
        defer { registrar.close() }
        let service = try await start(bootFile())
        try await register(service, with: registrar)
        let outcome = await service.stop()
        #expect(outcome.isClean)
        #expect(outcome.lines.count == 1)
        #expect(outcome.lines.first?.hasPrefix("upstream-1 (") == true && outcome.lines.first?.hasSuffix("): withdrawn") == true, "\(outcome.lines)")
        let last = try #require(registrar.registers.last)
        #expect(last.contains("expires=0") || last.contains("Expires: 0"))
        #expect(await service.readiness().isReady == false)
    }

    @Test("with the parameter Off nothing is sent, and the binding's end is said; the next start calls it stale until then")
    func off() async throws {
        defer { clean() }
        let registrar = try LoopbackRegistrar()
        registrar.start()
        defer { registrar.close() }
        let service = try await start(bootFile())
        try await register(service, with: registrar, parameters: "---\n{kind: Parameters, values: {SS_SIP_USER_AGENT_SEND_UNREGISTER: Off}}")
        let before = registrar.registers.count
        let outcome = await service.stop()
        #expect(outcome.ending == .nothingSent)
        #expect(outcome.staleUntil > outcome.at)
        #expect(registrar.registers.count == before)
        registrar.fallSilent()
        let next = try await start(bootFile(unregisterTimeout: .zero))
        #expect(await eventually { await next.registrations().first?.mayBeStale == true })
        await next.stop()
    }

    @Test("an upstream that is silent is waited for within the bound, and the end says until when the binding may stand")
    func silent() async throws {
        defer { clean() }
        let registrar = try LoopbackRegistrar()
        registrar.start()
        defer { registrar.close() }
        let service = try await start(bootFile(unregisterTimeout: .seconds(1)))
        try await register(service, with: registrar)
        registrar.fallSilent()
        let outcome = await service.stop()
        #expect(outcome.ending == .bound(.seconds(1)))
        #expect(outcome.upstreams.map(\.result) == [.noAnswer])
        #expect(outcome.lines.first?.contains("no answer to the withdrawal; a stale binding may stand until") == true, "\(outcome.lines)")
    }

    /// Runs the serve loop on a started switch; `body` gets the boot file by which commands find it.
    private func serve(
        _ service: SwitchService, _ body: @Sendable @escaping (_ config: String, _ signal: @Sendable (Int32) -> Void) async throws -> Void
    ) async throws -> WithdrawalOutcome {
        let (signals, send) = AsyncStream.makeStream(of: Int32.self)
        let (addresses, announce) = AsyncStream.makeStream(of: NetworkAddress.self)
        let config = folder + ".yaml"
        defer { try? FileManager.default.removeItem(atPath: config) }
        let loop = ServeLoop(
            service: service, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, terminal: StopTerminal(write: nil), readAgain: {})
        async let outcome = loop.run(signals) { announce.yield($0) }
        var iterator = addresses.makeAsyncIterator()
        let address = try #require(await iterator.next())
        try "data: \(folder)\nmanagement: {listen: \"\(address)\"}\n".write(toFile: config, atomically: true, encoding: .utf8)
        do { try await body(config) { send.yield($0) } } catch {
            send.yield(SIGTERM)
            throw error
        }
        return try await outcome
    }

    @Test("tandem stop withdraws, shows the outcome and returns when the switch is gone")
    func stopCommand() async throws {
        defer { clean() }
        let registrar = try LoopbackRegistrar()
        registrar.start()
        defer { registrar.close() }
        let service = try await start(bootFile())
        try await register(service, with: registrar)
        #expect(!DataFolder.isFree(folder))
        let data = folder
        let outcome = try await serve(service) { config, _ in
            let shown = await CommandHarness.tandem(["registrations", "upstream-1", "-o", "json", "--config", config])
            #expect(shown.output.contains("\"registered\""), "\(shown.errors)")
            let stopped = await CommandHarness.tandem(["stop", "--config", config])
            #expect(stopped.status == .done, "\(stopped.errors)")
            let lines = stopped.output.split(separator: "\n")
            #expect(lines.count == 3 && lines.first == "stopping" && lines.last == "stopped", "\(stopped.output)")
            #expect(lines.dropFirst().first?.hasSuffix("): withdrawn") == true)
            #expect(DataFolder.isFree(data), "another switch may start at once")
        }
        #expect(outcome.isClean)
    }

    @Test("a second signal ends the wait for a silent upstream")
    func secondSignal() async throws {
        defer { clean() }
        let registrar = try LoopbackRegistrar()
        registrar.start()
        defer { registrar.close() }
        let service = try await start(bootFile(unregisterTimeout: .seconds(300)))
        try await register(service, with: registrar)
        registrar.fallSilent()
        let outcome = try await serve(service) { _, signal in
            signal(SIGTERM)
            signal(SIGINT)
        }
        #expect(outcome.ending == .hurried)
        #expect(outcome.lines.last == "stopped waiting: told to stop a second time")
    }
}
