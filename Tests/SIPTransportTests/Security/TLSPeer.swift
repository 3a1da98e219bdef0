import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Vocabulary

@testable import SIPTransport

/// The far end of TLS connections in tests, as server or client, on an event loop of its own.
final class TLSPeer: Sendable {
    /// What happened on one connection.
    struct Log: Sendable {
        var received = ""
        var isSecured = false
        var isClosed = false
        var failure: String?
        /// Serial number of the certificate that the other side showed.
        var certificate: [UInt8]?
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let log = Mutex(Log())
    private let channel = Mutex<(any Channel)?>(nil)
    private let listening = Mutex<(any Channel)?>(nil)
    /// The names that clients asked for (RFC 6066).
    private let asked = Mutex<[String]>([])

    private init() {}

    /// A server with a certificate; with `clientRoots` it wants one of the client that leads to them.
    static func listen(_ files: TestCertificates.Files, clientRoots: String? = nil) async throws -> TLSPeer {
        let peer = TLSPeer()
        let own = try files.loaded
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(own.certificate)], privateKey: .privateKey(own.key))
        if let clientRoots {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(clientRoots))
            configuration.certificateVerification = .noHostnameVerification
        }
        configuration.sslContextCallback = { values, promise in
            if let name = values.serverHostname { peer.asked.withLock { $0.append(name) } }
            promise.succeed(.noChanges)
        }
        let context = try NIOSSLContext(configuration: configuration)
        let channel = try await ServerBootstrap(group: peer.group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try peer.attach(NIOSSLServerHandler(context: context), to: channel) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        peer.listening.withLock { $0 = channel }
        return peer
    }

    /// A client that believes any server; with `files` it shows a certificate.
    static func connect(to remote: NetworkAddress, showing files: TestCertificates.Files? = nil) async throws -> TLSPeer {
        let peer = TLSPeer()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        if let own = try files?.loaded {
            configuration.certificateChain = [.certificate(own.certificate)]
            configuration.privateKey = .privateKey(own.key)
        }
        let context = try NIOSSLContext(configuration: configuration)
        _ = try await ClientBootstrap(group: peer.group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try peer.attach(try NIOSSLClientHandler(context: context, serverHostname: nil), to: channel)
                }
            }
            .connect(to: try SocketAddress(remote)).get()
        return peer
    }

    /// Where it listens.
    var address: NetworkAddress {
        NetworkAddress(ipv4: 0x7F00_0001, port: UInt16(listening.withLock { $0?.localAddress?.port } ?? 0))
    }
    var current: Log { log.withLock { $0 } }
    var namesAsked: [String] { asked.withLock { $0 } }

    /// Writes to the latest connection.
    func send(_ text: String) { channel.withLock { $0 }?.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    /// Writes to the latest connection and returns when the system has it, or the connection ended.
    func sendAndWait(_ text: String) async {
        try? await channel.withLock { $0 }?.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Leaves what comes on the latest connection in the system's buffers.
    func stopReading() { channel.withLock { $0 }?.setOption(.autoRead, value: false).whenComplete { _ in } }

    /// Ends the latest connection.
    func close() { channel.withLock { $0 }?.close(promise: nil) }

    /// Closes everything.
    func stop() async {
        close()
        try? await listening.withLock { $0 }?.close().get()
        try? await group.shutdownGracefully()
    }

    private func attach(_ tls: NIOSSLHandler, to channel: any Channel) throws {
        self.channel.withLock { $0 = channel }
        log.withLock { $0 = Log() }
        try channel.pipeline.syncOperations.addHandlers(tls, Recorder(tls: tls, peer: self))
    }

    /// Notes what comes.
    private final class Recorder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let tls: NIOSSLHandler
        private let peer: TLSPeer

        init(tls: NIOSSLHandler, peer: TLSPeer) {
            self.tls = tls
            self.peer = peer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            peer.log.withLock { $0.received += String(buffer: unwrapInboundIn(data)) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard event is TLSUserEvent else { return }
            peer.log.withLock {
                $0.isSecured = true
                $0.certificate = tls.peerCertificate?.serialNumber
            }
        }

        func channelInactive(context: ChannelHandlerContext) { peer.log.withLock { $0.isClosed = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            peer.log.withLock { $0.failure = "\(error)" }
            context.close(promise: nil)
        }
    }
}
