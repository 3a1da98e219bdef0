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
extension TraceStore: TraceSink {}

/// The whole switch in one process: stores, shards, management. It starts and stops them in order.
///
/// Stopping: not ready any more, new calls and calls without an answer refused with 503, registrations
/// withdrawn and their answers waited for, transport closed, records flushed, stores closed. Calls that are
/// up stay in the ledger, and the next start goes on with them.
final class SwitchService: Sendable {
    let runtime: SwitchRuntime
    let ledger: LedgerStore
    let configuration: ConfigStore
    /// Nil when its folder could not be opened; the switch works without it.
    private let traceStore: TraceStore?
    /// Held until the process ends: one switch a data folder.
    private let folder: DataFolder
    private let bootFile: BootFile
    private let writer: LedgerWriter
    private let state: Mutex<State>
    private let registrationLog: RegistrationEventLog
    private let blacklistKeeper: BlacklistKeeper
    /// What a stop was asked for and how far it has come.
    let stopBoard = StopBoard()
    /// Whether new calls are taken.
    private let gate: NewCallGate
    private let logger: Logger
    private let startedAt = ManagementWiring.now()
    private let startedInstant = SystemClock.instant

    private struct State {
        /// The configuration that the shards were given last.
        var configuration: SwitchConfiguration
        /// Set until the switch stops: it holds this service.
        var configurator: Configurator?
        /// Looks for changes of the dynamic blacklist.
        var keeping: Task<Void, Never>?
    }

    /// How many shards serve when the boot file does not say: one for every two cores.
    static var usualShards: Int { max(1, min(32, ProcessInfo.processInfo.activeProcessorCount / 2)) }

    /// Opens the stores, takes up the open calls and starts to serve. Throws with the reason and remedy; then nothing runs.
    static func start(_ bootFile: BootFile, logger: Logger) async throws -> SwitchService {
        let folder = try DataFolder(bootFile.dataFolder)
        var settings = LedgerSettings()
        settings.durability = bootFile.durability == .power ? .power : .process
        let ledger = try LedgerStore(folder: bootFile.dataFolder, settings: settings)
        let objects = try StoredConfiguration.open(folder: bootFile.dataFolder)
        let snapshot = try await Configurator.load(
            from: StoredConfiguration(store: objects), catalogue: .tandem, secretReader: .files)
        for problem in snapshot.problems {
            logger.error("stored object cannot be used", metadata: ["problem": "\(problem.line(file: ConfigStore.fileName))"])
        }
        let live = LiveTable(seed: .random(in: 0 ... .max))
        let switchConfiguration = snapshot.configuration(on: SnapshotBasis(live: live, zone: SystemZone.table()))
        let blacklistKeeper = BlacklistKeeper(live.blacklist, store: objects, logger: logger)
        blacklistKeeper.restore(now: SystemClock.moment)
        let openCalls = try ledger.reader.openCalls().map { OpenCall(id: $0.id, state: $0.state) }
        if !openCalls.isEmpty { logger.notice("taking up calls that were up", metadata: ["calls": "\(openCalls.count)"]) }
        let registrations = try ledger.reader.registrations().compactMap { StoredRegistration(name: $0.name, state: $0.state) }
        StaleBindings(registrations, at: ManagementWiring.now()).log(to: logger)

        let shards = bootFile.shards ?? usualShards
        let router = CommitRouter()
        let writer = ledger.startWriter(shards: shards) { shard, commit in router.deliver(commit, shard: shard) }
        var shardConfiguration = ShardConfiguration(
            count: shards, seed: .random(in: 0 ... .max), listeners: bootFile.listeners, switchConfiguration: switchConfiguration)
        shardConfiguration.openCalls = openCalls
        shardConfiguration.registrations = registrations
        shardConfiguration.bindings = try ledger.reader.bindings().compactMap { StoredBindings(account: $0.account, state: $0.state) }
        shardConfiguration.installationSecret = folder.installationSecret
        shardConfiguration.clockName = SystemClock.name
        shardConfiguration.lastCallIdentifier = try ledger.reader.lastCallIdentifier()
        let registrationLog = RegistrationEventLog(logger: logger)
        let trace = openTrace(bootFile, logger: logger)
        let runtime: SwitchRuntime
        do {
            runtime = try await SwitchRuntime.start(
                Shard.self, configuration: shardConfiguration, settings: bootFile.transportSettings, sink: writer, notices: registrationLog,
                trace: bootFile.trace.isEnabled ? trace : nil, logger: logger)
        } catch {
            trace?.close()
            try? writer.close()
            try? ledger.close()
            try? objects.close()
            throw error
        }
        router.connect { commit, shard in runtime.deliver(commit, toShard: shard) }
        return SwitchService(
            runtime: runtime, ledger: ledger, configuration: objects, traceStore: trace, folder: folder, bootFile: bootFile, writer: writer,
            switchConfiguration: switchConfiguration, secrets: snapshot.secrets, registrationLog: registrationLog, blacklistKeeper: blacklistKeeper,
            logger: logger)
    }

    private init(
        runtime: SwitchRuntime, ledger: LedgerStore, configuration: ConfigStore, traceStore: TraceStore?, folder: DataFolder, bootFile: BootFile,
        writer: LedgerWriter, switchConfiguration: SwitchConfiguration, secrets: [String: String], registrationLog: RegistrationEventLog,
        blacklistKeeper: BlacklistKeeper, logger: Logger
    ) {
        self.folder = folder
        self.runtime = runtime
        self.ledger = ledger
        self.configuration = configuration
        self.traceStore = traceStore
        self.bootFile = bootFile
        self.writer = writer
        self.registrationLog = registrationLog
        self.blacklistKeeper = blacklistKeeper
        self.logger = logger
        gate = NewCallGate { refuse in try runtime.refuseNewCalls(refuse) }
        state = Mutex(State(configuration: switchConfiguration))
        let configurator = Configurator(
            store: StoredConfiguration(store: configuration), control: self, catalogue: .tandem, secretReader: .files,
            secrets: secrets, ownAddresses: .of(runtime.listeners), live: switchConfiguration.live, zone: { SystemZone.table() },
            inForce: switchConfiguration, now: ManagementWiring.now)
        let keeping = Task { await blacklistKeeper.run { SystemClock.moment } }
        state.withLock { state in
            state.configurator = configurator
            state.keeping = keeping
        }
    }

    /// Opens the trace. Without it the switch works as well, so a failure is only logged.
    private static func openTrace(_ bootFile: BootFile, logger: Logger) -> TraceStore? {
        do {
            return try TraceStore(folder: bootFile.dataFolder, settings: bootFile.trace) { event in event.log(to: logger) }
        } catch {
            logger.error("SIP messages are not traced", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// What was traced, for whoever asks.
    var trace: StoredTrace { StoredTrace(store: traceStore, settings: bootFile.trace, runtime: runtime, ledger: ledger.reader) }

    /// The one place where the configuration changes; nil when the switch is closed.
    var theConfigurator: Configurator? { state.withLock { $0.configurator } }

    /// Serves the management interface until the task is cancelled.
    func serveManagement(onListening: @escaping @Sendable (NetworkAddress) async -> Void = { _ in }) async throws {
        guard let configurator = theConfigurator else { return }
        try await ManagementWiring(
            configurator: configurator, store: StoredConfiguration(store: configuration), records: StoredRecords(reader: ledger.reader),
            control: self, trace: trace, bootFile: bootFile, logger: logger
        ).run(onListening: onListening)
    }

    /// Reads again what can change while the switch runs: certificates and files of passwords.
    func reload() async {
        if bootFile.listeners.contains(where: { $0.transport == .tls }) {
            do {
                try runtime.reloadCertificates()
                logger.notice("certificates read again")
            } catch {
                logger.error("certificates stay as they were", metadata: ["error": "\(error)"])
            }
        }
        guard let configurator = theConfigurator else { return }
        do {
            let (changed, problems) = try await configurator.reloadSecrets()
            for problem in problems {
                logger.error("a password stays as it was", metadata: ["problem": "\(problem.line(file: ConfigStore.fileName))"])
            }
            logger.notice("files of passwords read again", metadata: ["changed": "\(changed)"])
        } catch {
            logger.error("files of passwords could not be read again", metadata: ["error": "\(error)"])
        }
    }

    /// Stops in order. Calls that are up are left to the next start; those being set up cannot be.
    @discardableResult
    func stop() async -> WithdrawalOutcome {
        let outcome = await quiesce()
        await close()
        return outcome
    }

    /// The first part of a stop, while management still answers: takes nothing new and withdraws the
    /// registrations. `onProgress` is told how many are done with, of how many.
    func quiesce(onProgress: @escaping @Sendable (_ done: Int, _ all: Int) -> Void = { _, _ in }) async -> WithdrawalOutcome {
        let isSending = state.withLock { $0.configuration.registrationSettings.sendsUnregister }
        gate.closeForStop()
        try? runtime.endUnansweredCalls(.stopping)
        let board = stopBoard
        let withdrawal = RegistrationWithdrawal(
            bound: bootFile.unregisterTimeout, isSending: isSending, now: { SystemClock.moment },
            pause: { try? await Task.sleep(for: .nanoseconds($0.nanoseconds)) }, isHurried: { board.isHurried },
            onProgress: { done, all in
                board.report(StopProgress(.withdrawing, done: done, registrations: all))
                onProgress(done, all)
            })
        let outcome = await withdrawal.run(runtime)
        for line in outcome.report { logger.log(level: line.isAlarming ? .warning : .notice, "\(line.text)") }
        board.report(
            StopProgress(
                .ending, done: outcome.upstreams.count, registrations: outcome.upstreams.count, isClean: outcome.isClean, lines: outcome.lines))
        return outcome
    }

    /// The second part of a stop: closes transport and stores. Nothing answers afterwards.
    func close() async {
        await runtime.stop()
        registrationLog.flush()
        traceStore?.close()
        let keeping = state.withLock { state in
            defer { (state.configurator, state.keeping) = (nil, nil) }
            return state.keeping
        }
        keeping?.cancel()
        await keeping?.value
        blacklistKeeper.keep(now: SystemClock.moment)
        do {
            try writer.close()
            try ledger.close()
            try configuration.close()
        } catch {
            logger.error("closing the stores failed", metadata: ["error": "\(error)"])
        }
        folder.release()
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
        sum.configurationRevision = state.withLock { $0.configuration.revision }
        sum.isDraining = gate.drainingSince.isSet
        for shard in (try? await runtime.statistics()) ?? [] { sum.add(shard) }
        for datagrams in (try? await runtime.datagramStatistics()) ?? [] { sum.datagramsLost += datagrams.datagramsLost }
        sum.add(runtime.streamStatistics)
        sum.count(await registrations())
        sum.registrationAlarms = registrationLog.alarms
        return sum
    }

    func readiness() async -> Readiness {
        var reasons: [String] = []
        if gate.isStopping { reasons.append("the switch is stopping") }
        if gate.drainingSince.isSet { reasons.append("the switch is draining: new calls are refused, the others go on") }
        if let failure = writer.statistics.failure { reasons.append("the record store cannot commit: \(failure)") }
        return Readiness(isReady: reasons.isEmpty, reasons: reasons)
    }

    func configurationChanged(_ configuration: SwitchConfiguration) async {
        do {
            try runtime.configure(configuration)
            state.withLock { $0.configuration = configuration }
            configuration.live.forget(absentFrom: configuration)
            logger.info("configuration in force", metadata: ["revision": "\(configuration.revision)"])
        } catch {
            logger.error("the shards did not take the configuration", metadata: ["revision": "\(configuration.revision)", "error": "\(error)"])
        }
    }

    func registrations() async -> [RegistrationStatus] {
        let problems = runtime.connectionProblems().filter { $0.direction == .outgoing }
        return ((try? await runtime.registrations()) ?? []).map { $0.explained(by: problems) }
    }

    func view() async -> LiveView? {
        LiveView(configuration: state.withLock { $0.configuration }, now: SystemClock.moment, registrations: await registrations())
    }

    func phones() async -> [PhoneStatus] { (try? await runtime.phones()) ?? [] }

    func registrationEvents() async -> [NumberedRegistrationEvent] { registrationLog.events }

    func drain() async throws {
        try gate.drain(at: ManagementWiring.now())
        logger.notice("draining: new calls are refused")
    }

    func cancelDrain() async throws {
        try gate.cancelDrain()
        logger.notice("draining has ended: new calls are taken")
    }

    func drainProgress() async throws -> DrainProgress {
        do {
            // Asked behind the order to refuse, so that no call is missed that was taken before it.
            let calls = try await runtime.statistics().reduce(0) { $0 + $1.calls }
            return DrainProgress(since: gate.drainingSince, calls: calls)
        } catch {
            throw Problem(.notReady, "the calls that are left could not be counted: \(error)")
        }
    }

    func requestStop() async { stopBoard.request() }
    func stopProgress() async -> StopProgress { stopBoard.progressForReader() }
}

extension SwitchRuntime: RegistrationHolder {}

extension RegistrationStatus {
    /// With the reason why the connection to its upstream fails, where one is known.
    fileprivate func explained(by problems: [ConnectionProblem]) -> RegistrationStatus {
        guard let problem = problems.first(where: { upstream == "\($0.address) \($0.transport)" }), !reason.contains(problem.reason) else {
            return self
        }
        var status = self
        status.reason = reason.isEmpty ? problem.reason : "\(reason): \(problem.reason)"
        return status
    }
}
