import NIOCore
import NIOPosix
import SwitchCore
import Vocabulary

/// All stream connections, by number and by peer; lives on the event loop and is only touched there.
///
/// A message goes out on the connection that its flow names; when that is gone, on another one to the
/// same peer; when there is none, on one that is opened for it (RFC 3261, sections 18.1.1 and 18.2.2).
final class StreamTable {
    /// The far end of a connection.
    struct Peer: Hashable {
        var remote: NetworkAddress
        var transport: TransportKind
    }

    let loop: any EventLoop
    let settings: StreamSettings
    let initializer: StreamInitializer?
    let mailboxes: [Mailbox]
    let owner: @Sendable (Bytes, Int) -> Int
    var listeners: [ListenerDescription]
    var listeningChannels: [any Channel] = []
    let counters: StreamCounters

    private var connections: [UInt32: StreamConnection] = [:] {
        didSet { counters.update { $0.connections = connections.count } }
    }
    private var numberOfPeer: [Peer: UInt32] = [:]
    private var acceptedFrom: [NetworkAddress: Int] = [:]
    private var lastNumber: UInt32 = 0
    private var outgoing = MessageQueue(bound: StreamSender.bound)
    private var sweep: RepeatedTask?
    private var isClosed = false

    init(
        loop: any EventLoop, settings: StreamSettings, listeners: [ListenerDescription], mailboxes: [Mailbox],
        initializer: StreamInitializer?, counters: StreamCounters, owner: @escaping @Sendable (Bytes, Int) -> Int
    ) {
        self.counters = counters
        self.loop = loop
        self.settings = settings
        self.listeners = listeners
        self.mailboxes = mailboxes
        self.initializer = initializer
        self.owner = owner
    }

    // MARK: - Connections that come and go

    /// Takes an accepted connection, or refuses it with an error when a bound is reached.
    func accept(_ channel: any Channel, listener: Int) throws {
        guard !isClosed, let address = channel.remoteAddress, let remote = NetworkAddress(address) else {
            throw ChannelError.ioOnClosedChannel
        }
        guard connections.count < settings.maximumConnections else {
            counters.update { $0.refusedForTotal += 1 }
            throw ChannelError.outputClosed
        }
        guard acceptedFrom[remote.host, default: 0] < settings.maximumConnectionsPerSource else {
            counters.update { $0.refusedForSource += 1 }
            throw ChannelError.outputClosed
        }
        let connection = add(Peer(remote: remote, transport: listeners[listener].transport), listener: listener, isAccepted: true)
        acceptedFrom[remote.host, default: 0] += 1
        counters.update { $0.connectionsAccepted += 1 }
        do {
            try prepare(channel, for: connection, role: .accepted(listener: listener))
        } catch {
            remove(connection)
            throw error
        }
    }

    /// Forgets a connection and tells the shards that sent on it.
    func remove(_ connection: StreamConnection) {
        guard connections.removeValue(forKey: connection.number) != nil else { return }
        if numberOfPeer[connection.peer] == connection.number { numberOfPeer[connection.peer] = nil }
        if connection.isAccepted {
            let source = connection.peer.remote.host
            acceptedFrom[source] = acceptedFrom[source, default: 1] - 1
            if acceptedFrom[source] == 0 { acceptedFrom[source] = nil }
        }
        for use in connection.uses { _ = mailboxes[use.shard].post(failureOf: use.flow) }
        if connections.isEmpty {
            sweep?.cancel()
            sweep = nil
        }
    }

    private func add(_ peer: Peer, listener: Int, isAccepted: Bool) -> StreamConnection {
        repeat { lastNumber &+= 1 } while lastNumber == 0 || connections[lastNumber] != nil
        let connection = StreamConnection(number: lastNumber, peer: peer, listener: listener, isAccepted: isAccepted, table: self)
        connections[lastNumber] = connection
        numberOfPeer[peer] = lastNumber
        startSweep()
        return connection
    }

    private func prepare(_ channel: any Channel, for connection: StreamConnection, role: StreamRole) throws {
        try initializer?(channel, role)
        let mark = ChannelOptions.Types.WriteBufferWaterMark(low: settings.maximumUnsentBytes / 2, high: settings.maximumUnsentBytes)
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: mark)
        try channel.pipeline.syncOperations.addHandler(connection)
    }

    // MARK: - Sending

    func sendMessages(of sender: StreamSender) {
        sender.take(into: &outgoing)
        var touched: [StreamConnection] = []
        for index in 0..<outgoing.count {
            let flow = outgoing.flow(at: index)
            guard let connection = connection(for: flow) else {
                counters.update { $0.messagesUndelivered += 1 }
                _ = mailboxes[sender.shard].post(failureOf: flow)
                continue
            }
            connection.write(Bytes(UnsafeRawBufferPointer(outgoing.message(at: index))), flow: flow, shard: sender.shard)
            touched.append(connection)
        }
        for connection in touched { connection.flush() }
        outgoing.removeAll()
    }

    private func connection(for flow: Flow) -> StreamConnection? {
        if flow.connection != 0, let connection = connections[flow.connection], connection.takesMessages { return connection }
        let peer = Peer(remote: flow.remote, transport: flow.transport)
        if let number = numberOfPeer[peer], let connection = connections[number], connection.takesMessages { return connection }
        return open(peer, listener: Int(flow.listener))
    }

    /// Starts to open a connection; messages wait in it meanwhile. Nil when none may be opened.
    private func open(_ peer: Peer, listener: Int) -> StreamConnection? {
        guard !isClosed, listener < listeners.count, listeners[listener].transport == peer.transport,
            connections.count < settings.maximumConnections, let remote = try? SocketAddress(peer.remote)
        else { return nil }
        let connection = add(peer, listener: listener, isAccepted: false)
        let bound = NIOLoopBound((self, connection), eventLoop: loop)
        var bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.nanoseconds(settings.connectTimeout.nanoseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (table, connection) = bound.value
                    try table.prepare(channel, for: connection, role: .opened(listener: listener, to: connection.peer.remote))
                }
            }
        // The peer knows us by the address that it is configured with.
        let local = listeners[listener].local
        if !local.isUnspecified, local.family == peer.remote.family, let address = try? SocketAddress(local.host) {
            bootstrap = bootstrap.bind(to: address)
        }
        bootstrap.connect(to: remote).whenComplete { result in
            let (table, connection) = bound.value
            switch result {
            case .success:
                table.counters.update { $0.connectionsOpened += 1 }
                connection.opened()
            case .failure:
                table.counters.update { $0.connectFailures += 1 }
                table.remove(connection)
            }
        }
        return connection
    }

    // MARK: - Time

    /// Looks at all connections now and then, so that no message costs a timer.
    private func startSweep() {
        guard sweep == nil else { return }
        let shortest = min(settings.idleTimeout, settings.messageTimeout)
        let interval = TimeAmount.nanoseconds(max(1_000_000, min(1_000_000_000, shortest.nanoseconds / 4)))
        let bound = NIOLoopBound(self, eventLoop: loop)
        sweep = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let now = NIODeadline.now()
            for connection in Array(bound.value.connections.values) { connection.checkTimeouts(now) }
        }
    }

    // MARK: - Stopping

    func closeAll() -> EventLoopFuture<Void> {
        isClosed = true
        var closing = listeningChannels.map { $0.close() }
        listeningChannels = []
        closing += Array(connections.values).compactMap { $0.closeAfterWriting() }
        return EventLoopFuture.andAllComplete(closing, on: loop)
    }
}
