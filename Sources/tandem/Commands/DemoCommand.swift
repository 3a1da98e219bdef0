import ArgumentParser
import CallRecords
import Foundation
import Logging
import ManagementAPI
import ManagementServer
import Vocabulary

/// `tandem demo`: a switch on loopback with temporary data, one call through it, its ladder and its record.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a switch on loopback, place a call through it, and show what happened.",
        discussion: "The data is temporary. Afterwards the switch stays up for your own tries until Ctrl-C, unless --once is given.")

    @Flag(name: .long, help: "End after the first call record.")
    var once = false

    func run() async throws {
        let console = Console.current
        let logger = LogSetup.start(.warning)
        let signals = Signals.watch([SIGTERM, SIGINT])
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-demo-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }

        let service = try await startSwitch(folder, logger)
        let caller = try DemoPeer(name: "caller")
        let callee = try DemoPeer(name: "callee")
        let listening = AsyncStream<NetworkAddress>.makeStream()
        let management = Task {
            do {
                try await service.serveManagement { listening.continuation.yield($0) }
            } catch {
                logger.error("management ended", metadata: ["error": "\(error)"])
            }
            listening.continuation.finish()
        }
        var managementAddress: NetworkAddress?
        for await address in listening.stream {
            managementAddress = address
            break
        }
        guard let managementAddress else { throw CommandFailure(.failed, "the management interface did not start") }
        try await Demo.configure(service, callee: callee.address)

        let target = service.runtime.listeners[0].local
        console.print("A call from \(DemoCall.callerNumber) to \(DemoCall.calleeNumber) through Tandem at \(target):\n")
        do {
            try await DemoCall(caller: caller, callee: callee, target: target).run()
        } catch {
            management.cancel()
            await service.stop()
            throw error
        }
        let record = try await Demo.record(service)
        let messages = try await service.trace.messages(
            callIDs: Set([record.callerCallID] + record.attempts.map(\.callID)), from: nil, to: nil, limit: Endpoint.usualTrace, preferring: .oldest)
        TraceLadder.lines(Trace(of: "call \(record.id)", messages)).forEach { console.print($0) }
        console.print("\nIts record:\n")
        console.print(record.document.json(pretty: true))

        if !once {
            printHints(console, folder: folder, target: target, management: managementAddress)
            for await _ in signals { break }
        }
        management.cancel()
        await management.value
        await service.stop()
    }

    /// On the usual ports when they are free, else on any.
    private func startSwitch(_ folder: String, _ logger: Logger) async throws -> SwitchService {
        func bootFile(sip: UInt16, management: UInt16) -> BootFile {
            var file = BootFile(dataFolder: folder)
            file.node = "demo"
            file.listeners = [ListenerDescription(transport: .udp, local: NetworkAddress(ipv4: 0x7F00_0001, port: sip))]
            file.managementListen = NetworkAddress(ipv4: 0x7F00_0001, port: management)
            return file
        }
        if let service = try? await SwitchService.start(bootFile(sip: 5060, management: 0), logger: logger) { return service }
        return try await SwitchService.start(bootFile(sip: 0, management: 0), logger: logger)
    }

    static func configure(_ service: SwitchService, callee: NetworkAddress) async throws {
        let documents = """
            kind: MappingGateway
            name: demo-customer
            addresses: ["127.0.0.1"]
            ---
            kind: RoutingGateway
            name: demo-carrier
            addresses: ["\(callee)"]
            prefixes: [""]
            priority: 10
            """
        guard let configurator = service.theConfigurator else { throw CommandFailure(.failed, "the demo's switch is closed") }
        _ = try await configurator.apply(try YAMLDocuments.read(documents), author: "demo")
    }

    /// The record is written when the call ends; the store commits within milliseconds.
    static func record(_ service: SwitchService) async throws -> CallRecord {
        let records = StoredRecords(reader: service.ledger.reader)
        for _ in 0..<100 {
            if let record = try await records.callRecords(matching: CallRecordFilter(), before: nil, limit: 1).first { return record }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandFailure(.failed, "the demo's call left no record")
    }

    private func printHints(_ console: Console, folder: String, target: NetworkAddress, management: NetworkAddress) {
        console.print(
            """

            The switch stays up. In another terminal:
              sipp -sn uas -i 127.0.0.1 -p 5090 -mi 127.0.0.1                a callee of your own
              tandem cdrs --server http://\(management) --token-file \(folder)/management.token
              tandem trace ID --server http://\(management) --token-file \(folder)/management.token
              tandem calls --server http://\(management) --token-file \(folder)/management.token
            Calls from 127.0.0.1 to \(target) are taken. Ctrl-C ends the demo.
            """)
    }
}
