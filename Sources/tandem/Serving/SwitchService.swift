import CallRecords
import Foundation
import Logging
import ManagementAPI
import ManagementServer
import Routing
import SIPTransport
import Storage
import SwitchCore
import Synchronization
import Vocabulary

extension LedgerWriter: RecordSink {}

/// The whole switch in one process: stores, shards, management. It starts and stops them in order.
///
/// Stopping: not ready any more, new calls and calls without an answer refused with 503, transport closed,
/// records flushed, stores closed. Calls that are up stay in the ledger, and the next start goes on with them.
final class SwitchService: Sendable {
    let runtime: SwitchRuntime
    let ledger: LedgerStore
    let configuration: ConfigStore
    /// Held until the process ends: one switch a data folder.
    private let folder: DataFolder
    private let bootFile: BootFile
    private let writer: LedgerWriter
    private let state: Mutex<State>
    private let logger: Logger
    private let startedAt = ManagementWiring.now()
    private let startedInstant = SystemClock.instant

    private struct State {
        var isStopping = false
        /// Revision of the configuration that the shards were given last.
        var revision: Int64
    }

    /// Routes the store's answers to the shards; the runtime is set once it runs.
    private final class CommitRouter: Sendable {
        let runtime = Mutex<SwitchRuntime?>(nil)
        func deliver(_ commit: RecordCommit, shard: Int) { runtime.withLock { $0 }?.deliver(commit, toShard: shard) }
    }

    /// How many shards serve when the boot file does not say: one for every two cores.
    static var usualShards: Int { max(1, min(32, ProcessInfo.processInfo.activeProcessorCount / 2)) }

    /// Opens the stores, takes up the open calls and starts to serve. Throws with the reason and remedy; then nothing runs.
    static func start(_ bootFile: BootFile, logger: Logger) async throws -> SwitchService {
        let folder = try DataFolder(bootFile.dataFolder)
        var settings = LedgerSettings()
        settings.durability = bootFile.durability == .power ? .power : .process
        let ledger = try LedgerStore(folder: bootFile.dataFolder, settings: settings)
        let objects = try ConfigStore(folder: bootFile.dataFolder)
        let snapshot = try await Configurator.load(from: StoredConfiguration(store: objects), catalogue: .tandem)
        for problem in snapshot.problems { logger.error("stored object cannot be read", metadata: ["problem": "\(problem)"]) }
        let openCalls = try ledger.reader.openCalls().map { OpenCall(id: $0.id, state: $0.state) }
        if !openCalls.isEmpty { logger.notice("taking up calls that were up", metadata: ["calls": "\(openCalls.count)"]) }

        let shards = bootFile.shards ?? usualShards
        let router = CommitRouter()
        let writer = ledger.startWriter(shards: shards) { shard, commit in router.deliver(commit, shard: shard) }
        var shardConfiguration = ShardConfiguration(
            count: shards, seed: .random(in: 0 ... .max), listeners: bootFile.listeners, switchConfiguration: snapshot.configuration)
        shardConfiguration.openCalls = openCalls
        let runtime: SwitchRuntime
        do {
            runtime = try await SwitchRuntime.start(Shard.self, configuration: shardConfiguration, sink: writer, logger: logger)
        } catch {
            try? writer.close()
            try? ledger.close()
            try? objects.close()
            throw error
        }
        router.runtime.withLock { $0 = runtime }
        return SwitchService(
            runtime: runtime, ledger: ledger, configuration: objects, folder: folder, bootFile: bootFile, writer: writer,
            revision: snapshot.revision, logger: logger)
    }

    private init(
        runtime: SwitchRuntime, ledger: LedgerStore, configuration: ConfigStore, folder: DataFolder, bootFile: BootFile,
        writer: LedgerWriter, revision: Int64, logger: Logger
    ) {
        self.folder = folder
        self.runtime = runtime
        self.ledger = ledger
        self.configuration = configuration
        self.bootFile = bootFile
        self.writer = writer
        self.logger = logger
        state = Mutex(State(revision: revision))
    }

    /// Serves the management interface until the task is cancelled.
    func serveManagement(onListening: @escaping @Sendable (NetworkAddress) async -> Void = { _ in }) async throws {
        try await ManagementWiring(
            store: StoredConfiguration(store: configuration), records: StoredRecords(reader: ledger.reader), control: self,
            bootFile: bootFile, logger: logger
        ).run(onListening: onListening)
    }

    /// Stops in order. Calls that are up are left to the next start; those being set up cannot be.
    func stop() async {
        state.withLock { $0.isStopping = true }
        try? runtime.refuseNewCalls(true)
        try? runtime.endUnansweredCalls(.stopping)
        await runtime.stop()
        do {
            try writer.close()
            try ledger.close()
            try configuration.close()
        } catch {
            logger.error("closing the stores failed", metadata: ["error": "\(error)"])
        }
    }
}

extension SwitchService: SwitchControl {
    func liveCalls() async -> [LiveCall] {
        ((try? await runtime.liveCalls()) ?? []).sorted { $0.id < $1.id }
    }

    func hangUp(_ id: CallIdentifier) async -> Bool { (try? await runtime.hangUp(id)) ?? false }

    func statistics() async -> SwitchStatistics {
        var sum = SwitchStatistics(node: bootFile.node, version: Tandem.version, startedAt: startedAt)
        sum.uptimeSeconds = (SystemClock.instant - startedInstant).inSeconds
        sum.configurationRevision = state.withLock { $0.revision }
        for shard in (try? await runtime.statistics()) ?? [] { sum.add(shard) }
        return sum
    }

    func readiness() async -> Readiness {
        var reasons: [String] = []
        if state.withLock({ $0.isStopping }) { reasons.append("the switch is stopping") }
        if let failure = writer.statistics.failure { reasons.append("the record store cannot commit: \(failure)") }
        return Readiness(isReady: reasons.isEmpty, reasons: reasons)
    }

    func configurationChanged(_ configuration: SwitchConfiguration) async {
        do {
            try runtime.configure(configuration)
            state.withLock { $0.revision = configuration.revision }
            logger.info("configuration in force", metadata: ["revision": "\(configuration.revision)"])
        } catch {
            logger.error("the shards did not take the configuration", metadata: ["revision": "\(configuration.revision)", "error": "\(error)"])
        }
    }
}
