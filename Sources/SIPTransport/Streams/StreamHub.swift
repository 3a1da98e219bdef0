import NIOCore
import NIOPosix
import SwitchCore
import Synchronization
import Vocabulary

/// Owns the event loop of all stream connections, their listeners and their table.
///
/// One event loop serves all of them: what it does per message is framing and a copy into a shard's
/// mailbox. The table never leaves the loop.
final class StreamHub: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let table: NIOLoopBound<StreamTable>
    private let counters: StreamCounters
    private let problems: ConnectionProblems
    private let tls: TLSLayer?
    private let isStopped = Atomic(false)

    /// `owner` says which of the shards, whose mailboxes are given, a message belongs to.
    init(
        settings: StreamSettings, listeners: [ListenerDescription], mailboxes: [Mailbox], tls: TLSLayer?,
        problems: ConnectionProblems, owner: @escaping @Sendable (Bytes, Int) -> Int
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let counters = StreamCounters()
        self.group = group
        self.loop = loop
        self.counters = counters
        self.problems = problems
        self.tls = tls
        self.table = try await loop.submit {
            NIOLoopBound(
                StreamTable(
                    loop: loop, settings: settings, listeners: listeners, mailboxes: mailboxes, tls: tls, counters: counters,
                    problems: problems, owner: owner),
                eventLoop: loop)
        }.get()
    }

    /// Opens a listener; returns the port it has, which is the system's choice when 0 was asked for.
    func listen(_ listener: ListenerDescription, number: Int) async throws -> UInt16 {
        let table = self.table
        let address: SocketAddress
        let channel: any Channel
        do {
            address = try SocketAddress(listener.local)
            channel = try await ServerBootstrap(group: loop)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    guard listener.local.isIPv6 else { return channel.eventLoop.makeSucceededVoidFuture() }
                    return channel.setOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
                }
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try table.value.accept(channel, listener: number) }
                }
                .bind(to: address).get()
        } catch let error as IOError {
            throw TransportError.cannotListen(listener, errorNumber: error.errnoCode)
        }
        let port = channel.localAddress?.port ?? Int(listener.local.port)
        try await loop.submit { table.value.listeningChannels.append(channel) }.get()
        return UInt16(port)
    }

    /// The listeners with the ports that they really have; given before the first message is sent.
    func setListeners(_ listeners: [ListenerDescription]) async throws {
        let table = self.table
        try await loop.submit { table.value.listeners = listeners }.get()
    }

    func takeMessages(of sender: StreamSender) {
        let table = self.table
        loop.execute { table.value.sendMessages(of: sender) }
    }

    var statistics: StreamStatistics { counters.current }

    /// Why connections fail at present, the newest first.
    var connectionProblems: [ConnectionProblem] { problems.all }

    /// New connections use the certificates that are in the files now; throws when they are not good.
    func reloadCertificates() throws(TransportError) { try tls?.reload() }

    /// Closes the listeners and, after what waits has been written, every connection. Once is enough.
    func stop() async {
        if isStopped.exchange(true, ordering: .relaxed) { return }
        let table = self.table
        try? await loop.flatSubmit { table.value.closeAll() }.get()
        try? await group.shutdownGracefully()
    }
}
