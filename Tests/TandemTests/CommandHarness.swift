import Foundation
import Logging
import ManagementAPI
import ManagementServer
import Synchronization
import Vocabulary

@testable import tandem

/// Runs command lines in this process against a management server on loopback, with fakes behind it.
struct CommandHarness: Sendable {
    let store: MemoryObjectStore
    let control: FakeSwitch
    let folder: String
    /// The boot file that finds the server.
    var config: String { folder + "/tandem.yaml" }

    struct Outcome: Sendable {
        var status: ExitStatus
        var output: String
        var errors: String
    }

    /// Starts a server, runs the body against it, and stops it.
    static func run(
        calls: Int64 = 0, records: Int64 = 0, trace: any TraceQueries = NoTrace(), _ body: @Sendable @escaping (CommandHarness) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-commands-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let harness = CommandHarness(
            store: MemoryObjectStore(), control: FakeSwitch(calls: (0..<calls).map { Sample.liveCall($0 + 1) }), folder: folder)
        var bootFile = BootFile(dataFolder: folder + "/data")
        bootFile.managementListen.port = 0
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let configurator = Configurator(
            store: harness.store, control: harness.control, catalogue: .tandem, secretReader: .files, now: ManagementWiring.now)
        let wiring = ManagementWiring(
            configurator: configurator, store: harness.store, records: MemoryRecords(records: (0..<records).map { Sample.record($0 + 1) }),
            control: harness.control,
            trace: trace, bootFile: bootFile, logger: logger)
        let (addresses, announce) = AsyncStream.makeStream(of: NetworkAddress.self)
        let serving = Task {
            defer { announce.finish() }
            try await wiring.run { announce.yield($0) }
        }
        harness.control.setEndOfServing { serving.cancel() }
        var iterator = addresses.makeAsyncIterator()
        guard let address = await iterator.next() else { return try await serving.value }
        try "data: ./data\nmanagement: {listen: \"\(address)\"}\n".write(toFile: harness.config, atomically: true, encoding: .utf8)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(harness)) } catch { outcome = .failure(error) }
        serving.cancel()
        _ = await serving.result
        try outcome.get()
    }

    /// Runs a command with `--config` for this server behind it.
    func tandem(_ arguments: String..., input: String = "") async -> Outcome {
        await CommandHarness.tandem(arguments + ["--config", config], input: input)
    }

    /// Runs a command line as it stands.
    static func tandem(_ arguments: [String], input: String = "") async -> Outcome {
        let output = Buffer()
        let errors = Buffer()
        let console = Console(
            write: { stream, text in (stream == .output ? output : errors).append(text) }, readInput: { Data(input.utf8) },
            writeBytes: { output.append(String(decoding: $0, as: UTF8.self)) }, isTerminal: { false })
        let status = await Console.$current.withValue(console) { await Program.run(arguments) }
        return Outcome(status: status, output: output.text, errors: errors.text)
    }

    private final class Buffer: Sendable {
        private let content = Mutex("")
        var text: String { content.withLock { $0 } }
        func append(_ text: String) { content.withLock { $0 += text } }
    }
}
