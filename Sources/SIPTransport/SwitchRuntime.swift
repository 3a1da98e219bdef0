import CSys
import CallRecords
import Logging
import Routing
import SwitchCore
import Vocabulary

/// The running switch: its sockets, its shard threads and its streams. Tasks ask it, shards answer.
public final class SwitchRuntime: Sendable {
    /// Why a question could not be put to the shards.
    public enum Failure: Error, Sendable, Equatable {
        case stopped
        /// Too many commands wait for this shard.
        case shardBusy(Int)
    }

    /// With the ports that they really have.
    public let listeners: [ListenerDescription]
    private let mailboxes: [Mailbox]
    private let threads: [ShardThread]
    private let hub: StreamHub?
    private let nameService: NameService
    private let logger: Logger

    /// Opens the listeners and starts `configuration.count` shards of a type; `configuration.index` is
    /// not used. Throws a `TransportError` that names the listener and the remedy; then nothing stays open.
    public static func start<S: ShardDriving & ~Copyable>(
        _ shard: S.Type, configuration: ShardConfiguration, settings: TransportSettings = TransportSettings(),
        sink: any RecordSink, notices: any NoticeSink = NoNotices(), trace: (any TraceSink)? = nil, logger: Logger
    ) async throws -> SwitchRuntime {
        guard (1...32).contains(configuration.count) else {
            throw TransportError.outOfRange("there can be 1 to 32 shards, not \(configuration.count)")
        }
        guard configuration.listeners.count <= 64 else {
            throw TransportError.outOfRange("there can be at most 64 listeners, not \(configuration.listeners.count)")
        }
        guard settings.nameServers.count <= CSYS_NAME_SERVERS else {
            throw TransportError.outOfRange("there can be at most \(CSYS_NAME_SERVERS) name servers, not \(settings.nameServers.count)")
        }
        csys_tune_allocator()
        let names = ServerNames()
        let mailboxes = try (0..<configuration.count).map { _ in try Mailbox(bounds: bounds(settings)) }
        var configuration = configuration
        let sockets = try openSockets(&configuration, logger)
        let hub = try await openStreams(&configuration, settings, mailboxes, names, logger) { S.owner(of: $0, count: $1) }
        let nameService = NameService(
            listeners: configuration.listeners, serverNames: names, resolver: SystemResolver(nameServers: settings.nameServers))
        var threads: [ShardThread] = []
        do {
            for index in 0..<configuration.count {
                configuration.index = index
                let parts = ShardLoopParts(
                    configuration: configuration, sockets: sockets.map { $0.isEmpty ? nil : $0[index] }, mailboxes: mailboxes,
                    sink: sink, streams: hub.map { StreamSender(shard: index, hub: $0) }, names: nameService, notices: notices, trace: trace,
                    delayedBound: .init(messages: settings.delayedDatagrams, bytes: settings.delayedBytes))
                threads.append(try startThread(shard, parts, isPinned: settings.pinsShards))
            }
            for thread in threads { try await thread.waitUntilStarted() }
        } catch {
            await end(mailboxes, threads, hub)
            nameService.stop()
            throw error
        }
        for listener in configuration.listeners {
            logger.info("listening", metadata: ["transport": "\(listener.transport.name)", "address": "\(listener.local)"])
        }
        return SwitchRuntime(
            listeners: configuration.listeners, mailboxes: mailboxes, threads: threads, hub: hub, nameService: nameService, logger: logger)
    }

    private init(
        listeners: [ListenerDescription], mailboxes: [Mailbox], threads: [ShardThread], hub: StreamHub?, nameService: NameService, logger: Logger
    ) {
        self.listeners = listeners
        self.mailboxes = mailboxes
        self.threads = threads
        self.hub = hub
        self.nameService = nameService
        self.logger = logger
    }

    public var shardCount: Int { mailboxes.count }

    // MARK: - Questions and orders

    /// Live calls of all shards.
    public func liveCalls() async throws(Failure) -> [LiveCall] {
        try await askAll { .shard(.liveCalls(reply: $0)) }.flatMap { $0 }
    }

    /// Ends a call; false when there is none of that name.
    public func hangUp(_ call: CallIdentifier) async throws(Failure) -> Bool {
        try await askAll { .shard(.hangUp(call, reply: $0)) }.contains(true)
    }

    /// What each shard counts, in order.
    public func statistics() async throws(Failure) -> [ShardStatistics] {
        try await askAll { .shard(.statistics(reply: $0)) }
    }

    /// What each shard's datagram loop counts, in order.
    public func datagramStatistics() async throws(Failure) -> [DatagramStatistics] {
        try await askAll { .transportStatistics(reply: $0) }
    }

    public var streamStatistics: StreamStatistics { hub?.statistics ?? StreamStatistics() }
    public var nameStatistics: NameStatistics { nameService.statistics }

    /// Why stream connections fail at present, the newest first; a peer is gone from it when it answers again.
    public func connectionProblems() -> [ConnectionProblem] { hub?.connectionProblems ?? [] }

    /// Reads the files of the TLS settings again, for connections to come. Throws a `TransportError` when
    /// they are not good; then everything stays as it was.
    public func reloadCertificates() throws(TransportError) { try hub?.reloadCertificates() }

    /// Has every shard hand what it traced to the trace at once: what went over the wire before is there afterwards.
    public func handOverTrace() async throws(Failure) {
        let _: [Void] = try await askAll { .handOverTrace(reply: $0) }
    }

    /// How the registrations of all shards stand.
    public func registrations() async throws(Failure) -> [RegistrationStatus] {
        try await askAll { .shard(.registrations(reply: $0)) }.flatMap { $0 }
    }

    /// How the phones and gateways of all shards stand that register here.
    public func phones() async throws(Failure) -> [PhoneStatus] {
        try await askAll { .shard(.phones(reply: $0)) }.flatMap { $0 }
    }

    /// Withdraws every registration that may stand upstream, for the stop; none begins afterwards.
    public func withdrawRegistrations() throws(Failure) { try orderAll(.withdrawRegistrations) }

    /// Calls that begin afterwards use this configuration.
    public func configure(_ configuration: SwitchConfiguration) throws(Failure) { try orderAll(.configure(configuration)) }

    /// Refuse new calls from now on, or take them again.
    public func refuseNewCalls(_ refuse: Bool) throws(Failure) { try orderAll(.refuseNewCalls(refuse)) }

    /// Ends every call with BYE or CANCEL.
    public func endAllCalls(_ reason: EndReason) throws(Failure) { try orderAll(.endAllCalls(reason)) }

    /// Ends the calls that are not answered yet: a refusal to the caller, CANCEL to the gateway.
    public func endUnansweredCalls(_ reason: EndReason) throws(Failure) { try orderAll(.endUnansweredCalls(reason)) }

    /// The store's answer to a shard's records. Never blocks for long; any thread.
    public func deliver(_ commit: RecordCommit, toShard shard: Int) { mailboxes[shard].post(commit) }

    /// Lets the shards finish what was handed to them, closes all sockets and joins the threads.
    public func stop() async {
        await SwitchRuntime.end(mailboxes, threads, hub)
        nameService.stop()
        logger.info("transport stopped")
    }

    private func askAll<Answer: Sendable>(
        _ command: (@escaping @Sendable (Answer) -> Void) -> Mailbox.Command
    ) async throws(Failure) -> [Answer] {
        var answers: [Answer] = []
        for shard in mailboxes.indices { answers.append(try await ask(shard, command)) }
        return answers
    }

    private func ask<Answer: Sendable>(
        _ shard: Int, _ command: (@escaping @Sendable (Answer) -> Void) -> Mailbox.Command
    ) async throws(Failure) -> Answer {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Answer, Failure>, Never>) in
            switch mailboxes[shard].post(command { continuation.resume(returning: .success($0)) }) {
            case .accepted: break
            case .full: continuation.resume(returning: .failure(.shardBusy(shard)))
            case .closed: continuation.resume(returning: .failure(.stopped))
            }
        }
        return try result.get()
    }

    private func orderAll(_ command: ShardCommand) throws(Failure) {
        for (shard, mailbox) in mailboxes.enumerated() {
            switch mailbox.post(.shard(command)) {
            case .accepted: break
            case .full: throw .shardBusy(shard)
            case .closed: throw .stopped
            }
        }
    }
}

// MARK: - Start and stop

extension SwitchRuntime {
    /// Receive buffers smaller than this lose datagrams when a burst meets a busy shard; in bytes.
    private static let sufficientReceiveBuffer = 1 << 20

    private static func bounds(_ settings: TransportSettings) -> Mailbox.Bounds {
        var bounds = Mailbox.Bounds()
        bounds.messages = .init(messages: settings.mailboxMessages, bytes: settings.mailboxBytes)
        return bounds
    }

    /// Binds the UDP listeners; writes the ports that they got into the configuration.
    private static func openSockets(_ configuration: inout ShardConfiguration, _ logger: Logger) throws -> [[UDPSocket]] {
        var sockets: [[UDPSocket]] = []
        for (index, listener) in configuration.listeners.enumerated() {
            guard listener.transport == .udp else {
                sockets.append([])
                continue
            }
            let opened = try UDPSocket.open(listener, shards: configuration.count)
            configuration.listeners[index].resolve(port: opened[0].local.port)
            if opened[0].receiveBufferBytes < sufficientReceiveBuffer {
                logger.warning(
                    "small receive buffer: raise net.core.rmem_max",
                    metadata: ["address": "\(listener.local)", "bytes": "\(opened[0].receiveBufferBytes)"])
            }
            sockets.append(opened)
        }
        return sockets
    }

    /// Opens the stream listeners; nil when there are none.
    private static func openStreams(
        _ configuration: inout ShardConfiguration, _ settings: TransportSettings, _ mailboxes: [Mailbox], _ names: ServerNames,
        _ logger: Logger, owner: @escaping @Sendable (Bytes, Int) -> Int
    ) async throws -> StreamHub? {
        guard configuration.listeners.contains(where: { $0.transport != .udp }) else { return nil }
        let usesTLS = configuration.listeners.contains { $0.transport == .tls }
        let tls = usesTLS ? try TLSLayer(settings.tls, names: names) : nil
        let hub = try await StreamHub(
            settings: settings.streams, listeners: configuration.listeners, mailboxes: mailboxes, tls: tls,
            problems: ConnectionProblems(logger: logger), owner: owner)
        do {
            for (index, listener) in configuration.listeners.enumerated() where listener.transport != .udp {
                configuration.listeners[index].resolve(port: try await hub.listen(listener, number: index))
            }
            try await hub.setListeners(configuration.listeners)
        } catch {
            await hub.stop()
            throw error
        }
        return hub
    }

    private static func startThread<S: ShardDriving & ~Copyable>(
        _ shard: S.Type, _ parts: ShardLoopParts, isPinned: Bool
    ) throws(TransportError) -> ShardThread {
        let index = parts.configuration.index
        return try ShardThread(name: "shard-\(index)", processor: isPinned ? index : nil) { (isSetUp) throws(TransportError) in
            var loop = try ShardLoop<S>.make(parts)
            isSetUp()
            loop.run()
        }
    }

    private static func end(_ mailboxes: [Mailbox], _ threads: [ShardThread], _ hub: StreamHub?) async {
        for mailbox in mailboxes { mailbox.close() }
        for thread in threads { await thread.join() }
        await hub?.stop()
    }
}

extension ListenerDescription {
    /// Puts the port in place of 0, the system's choice.
    fileprivate mutating func resolve(port: UInt16) {
        if advertised.port == 0 { advertised.port = port }
        local.port = port
        if advertisesByDefault {
            advertised = OutwardAddress.find(local.family)
            advertised.port = port
        }
    }
}
