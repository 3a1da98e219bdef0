import Glibc
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
    /// Nil when no listener has transport tls.
    let tls: TLSLayer?
    let mailboxes: [Mailbox]
    let owner: @Sendable (Bytes, Int) -> Int
    var listeners: [ListenerDescription]
    var listeningChannels: [any Channel] = []
    let counters: StreamCounters
    let problems: ConnectionProblems

    private var connections: [UInt32: StreamConnection] = [:] {
        didSet { counters.update { $0.connections = connections.count } }
    }
    private var numberOfPeer: [Peer: UInt32] = [:]
    private var acceptedFrom = SourceCounts()
    /// Accepted connections whose TLS handshake is not done.
    private var handshakingFrom = SourceCounts()
    /// Accepted connections that have not brought a whole message.
    private var silentFrom = SourceCounts()
    /// Bytes that all connections hold of messages that are not whole.
    private(set) var heldBytes = 0
    private var backoff: ConnectBackoff
    private var lastNumber: UInt32 = 0
    private var outgoing = MessageQueue(bound: StreamSender.bound)
    private var sweep: RepeatedTask?
    private var isClosed = false

    init(
        loop: any EventLoop, settings: StreamSettings, listeners: [ListenerDescription], mailboxes: [Mailbox],
        tls: TLSLayer?, counters: StreamCounters, problems: ConnectionProblems, owner: @escaping @Sendable (Bytes, Int) -> Int
    ) {
        self.counters = counters
        self.problems = problems
        self.loop = loop
        self.settings = settings
        self.listeners = listeners
        self.mailboxes = mailboxes
        self.tls = tls
        self.owner = owner
        backoff = ConnectBackoff(firstPause: settings.reconnectPause, longestPause: settings.longestReconnectPause)
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
        guard acceptedFrom.take(remote, bound: settings.maximumConnectionsPerSource) else {
            counters.update { $0.refusedForSource += 1 }
            throw ChannelError.outputClosed
        }
        guard silentFrom.take(remote, bound: settings.maximumSilentConnectionsPerSource, total: settings.maximumSilentConnections) else {
            acceptedFrom.giveBack(remote)
            counters.update { $0.refusedForSilence += 1 }
            throw ChannelError.outputClosed
        }
        let transport = listeners[listener].transport
        guard transport != .tls || handshakingFrom.take(remote, bound: settings.maximumHandshakesPerSource, total: settings.maximumHandshakes)
        else {
            acceptedFrom.giveBack(remote)
            silentFrom.giveBack(remote)
            counters.update { $0.refusedForHandshakes += 1 }
            throw ChannelError.outputClosed
        }
        let connection = add(Peer(remote: remote, transport: transport), listener: listener, role: .accepted)
        counters.update { $0.connectionsAccepted += 1 }
        do {
            try prepare(channel, for: connection)
        } catch {
            remove(connection)
            throw error
        }
    }

    /// A connection is ready for messages.
    func opened(_ connection: StreamConnection) {
        switch connection.role {
        case .opened: counters.update { $0.connectionsOpened += 1 }
        case .accepted:
            guard connection.peer.transport == .tls else { return }
            handshakingFrom.giveBack(connection.peer.remote)
            problems.succeeded(connection.peer, .incoming)
        }
    }

    /// The first bytes of a peer: only they show that a connection works. One that was opened may still
    /// be refused, as a server does that does not like our certificate.
    func heard(_ connection: StreamConnection) {
        guard connection.role == .opened else { return }
        backoff.succeeded(connection.peer)
        problems.succeeded(connection.peer, .outgoing)
    }

    /// The first whole message of an accepted connection.
    func broughtMessage(_ connection: StreamConnection) { silentFrom.giveBack(connection.peer.remote) }

    /// A connection holds so many bytes more, or fewer; false when that is more than all may hold.
    func holds(_ difference: Int) -> Bool {
        heldBytes += difference
        return difference <= 0 || heldBytes <= settings.maximumHeldBytes
    }

    /// Forgets a connection and tells the shards that sent on it.
    func remove(_ connection: StreamConnection) {
        guard connections.removeValue(forKey: connection.number) != nil else { return }
        if numberOfPeer[connection.peer] == connection.number { numberOfPeer[connection.peer] = nil }
        heldBytes -= connection.heldBytes
        switch connection.role {
        case .accepted: forgetAccepted(connection)
        case .opened: noteEnd(ofOpened: connection)
        }
        for use in connection.uses { _ = mailboxes[use.shard].post(failureOf: use.flow) }
        if connections.isEmpty {
            sweep?.cancel()
            sweep = nil
        }
    }

    private func forgetAccepted(_ connection: StreamConnection) {
        acceptedFrom.giveBack(connection.peer.remote)
        if !connection.hasBroughtMessage { silentFrom.giveBack(connection.peer.remote) }
        guard connection.peer.transport == .tls, !connection.wasOpen else { return }
        handshakingFrom.giveBack(connection.peer.remote)
        counters.update { $0.handshakeFailures += 1 }
        let reason = connection.failure?.reason ?? "\(connection.peer.remote) ended the connection during the TLS handshake"
        problems.failed(connection.peer, .incoming, reason: reason, at: SystemClock.wall)
    }

    private func noteEnd(ofOpened connection: StreamConnection) {
        if !connection.wasOpen { counters.update { $0.connectFailures += 1 } }
        guard !isClosed, let failure = connection.failure else { return }
        // A connection that worked is opened again with the next message.
        if !connection.hasReceived { backoff.failed(connection.peer, at: SystemClock.instant, random: .random(in: 0...1)) }
        problems.failed(
            connection.peer, connection.answersAccepted ? .incoming : .outgoing, reason: failure.reason, at: SystemClock.wall)
    }

    private func add(_ peer: Peer, listener: Int, role: StreamRole, answersAccepted: Bool = false) -> StreamConnection {
        let number = nextNumber(role)
        let connection = StreamConnection(
            number: number, peer: peer, listener: listener, role: role, answersAccepted: answersAccepted, table: self)
        connections[number] = connection
        numberOfPeer[peer] = number
        startSweep()
        return connection
    }

    /// Numbers tell who opened a connection, even when it is gone: odd ones the peer, even ones we.
    private func nextNumber(_ role: StreamRole) -> UInt32 {
        repeat {
            lastNumber &+= 2
        } while lastNumber <= 1 || connections[lastNumber | 1] != nil || connections[lastNumber & ~1] != nil
        return role == .accepted ? lastNumber | 1 : lastNumber & ~1
    }

    private func prepare(_ channel: any Channel, for connection: StreamConnection) throws {
        if connection.peer.transport == .tls {
            guard let tls else { throw TransportError.tlsSettings("no listener has transport tls") }
            try tls.add(to: channel, role: connection.role, peer: connection.peer.remote)
        }
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
        guard !backoff.holds(peer, at: SystemClock.instant) else {
            counters.update { $0.messagesHeldBack += 1 }
            return nil
        }
        return open(peer, listener: Int(flow.listener), answersAccepted: flow.connection % 2 == 1)
    }

    /// Starts to open a connection; messages wait in it meanwhile. Nil when none may be opened.
    private func open(_ peer: Peer, listener: Int, answersAccepted: Bool) -> StreamConnection? {
        guard !isClosed, listener < listeners.count, listeners[listener].transport == peer.transport,
            connections.count < settings.maximumConnections, let remote = try? SocketAddress(peer.remote)
        else { return nil }
        let connection = add(peer, listener: listener, role: .opened, answersAccepted: answersAccepted)
        let bound = NIOLoopBound((self, connection), eventLoop: loop)
        var bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.nanoseconds(settings.connectTimeout.nanoseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .tcpOption(.init(rawValue: CInt(TCP_USER_TIMEOUT))), value: Int(settings.acknowledgementTimeout.inMilliseconds)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (table, connection) = bound.value
                    try table.prepare(channel, for: connection)
                }
            }
        // The peer knows us by the address that it is configured with.
        let local = listeners[listener].local
        if !local.isUnspecified, local.family == peer.remote.family, let address = try? SocketAddress(local.host) {
            bootstrap = bootstrap.bind(to: address)
        }
        bootstrap.connect(to: remote).whenFailure { error in bound.value.1.connectFailed(error) }
        return connection
    }

    // MARK: - Time

    /// Looks at all connections now and then, so that no message costs a timer.
    private func startSweep() {
        guard sweep == nil else { return }
        let shortest =
            [
                settings.idleTimeout, settings.openedIdleTimeout, settings.messageTimeout, settings.handshakeTimeout,
                settings.keepaliveInterval, settings.pongTimeout, settings.firstMessageTimeout,
            ].min() ?? .zero
        let interval = TimeAmount.nanoseconds(max(1_000_000, min(1_000_000_000, shortest.nanoseconds / 4)))
        let bound = NIOLoopBound(self, eventLoop: loop)
        sweep = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let now = SystemClock.instant
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
