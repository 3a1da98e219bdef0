import Glibc
import NIOCore
import NIOSSL
import Synchronization
import Vocabulary

/// Puts TLS under new connections, with the certificates that were read last. Connections that are up
/// keep what they began with.
final class TLSLayer: Sendable {
    private struct Contexts: Sendable {
        /// For connections that peers open.
        var server: NIOSSLContext
        /// For connections that we open.
        var client: NIOSSLContext
    }

    private let settings: TLSSettings
    private let names: ServerNames
    private let contexts: Mutex<Contexts>

    /// Reads the files; throws a `TransportError` that names the file and the remedy.
    init(_ settings: TLSSettings, names: ServerNames) throws(TransportError) {
        self.settings = settings
        self.names = names
        contexts = Mutex(try TLSLayer.makeContexts(settings))
    }

    /// Reads the files again for connections to come. When they are not good, everything stays as it was.
    func reload() throws(TransportError) {
        let fresh = try TLSLayer.makeContexts(settings)
        contexts.withLock { $0 = fresh }
    }

    /// Adds the handlers of TLS to a new connection with `peer`.
    func add(to channel: any Channel, role: StreamRole, peer: NetworkAddress) throws {
        let current = contexts.withLock { $0 }
        let handler: NIOSSLHandler
        var identity: PeerIdentity?
        switch role {
        case .accepted: handler = NIOSSLServerHandler(context: current.server)
        case .opened:
            let wanted = PeerIdentity(names: names.names(for: peer), address: peer, acceptsWildcards: settings.acceptWildcards)
            handler = try NIOSSLClientHandler(context: current.client, serverHostname: wanted.serverName)
            if settings.verifyPeers { identity = wanted }
        }
        try channel.pipeline.syncOperations.addHandlers(handler, TLSHandshake(handler, identity: identity, peer: "\(peer)"))
    }

    // MARK: - Contexts

    private static func makeContexts(_ settings: TLSSettings) throws(TransportError) -> Contexts {
        guard let certificate = settings.certificate, let privateKey = settings.privateKey else {
            let missing = settings.certificate == nil ? "tls.certificate" : "tls.privateKey"
            throw .tlsSettings("a listener of transport tls needs a certificate: set \(missing)")
        }
        let chain = try CertificateFiles.chain(certificate, now: time(nil))
        let key = try CertificateFiles.privateKey(privateKey)
        var trust = NIOSSLTrustRoots.default
        if let path = settings.trustRoots { trust = .certificates(try CertificateFiles.trustRoots(path)) }
        let sources = chain.map { NIOSSLCertificateSource.certificate($0) }

        var server = TLSConfiguration.makeServerConfiguration(certificateChain: sources, privateKey: .privateKey(key))
        server.trustRoots = trust
        server.certificateVerification = settings.requireClientCertificates ? .noHostnameVerification : .none
        var client = TLSConfiguration.makeClientConfiguration()
        client.certificateChain = sources
        client.privateKey = .privateKey(key)
        client.trustRoots = trust
        client.certificateVerification = settings.verifyPeers ? .noHostnameVerification : .none
        return Contexts(server: try make(server, settings), client: try make(client, settings))
    }

    private static func make(_ configuration: TLSConfiguration, _ settings: TLSSettings) throws(TransportError) -> NIOSSLContext {
        var configuration = configuration
        configuration.minimumTLSVersion = settings.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        configuration.shutdownTimeout = .seconds(1)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch NIOSSLError.failedToLoadPrivateKey {
            throw .tlsFile(
                settings.privateKey ?? "", reason: "the private key does not belong to the certificate in \(settings.certificate ?? "")",
                remedy: "name files that belong together in tls.certificate and tls.privateKey")
        } catch NIOSSLError.failedToLoadCertificate {
            throw .tlsFile(
                settings.certificate ?? "", reason: "TLS refuses this certificate", remedy: "name another one in tls.certificate")
        } catch {
            throw .tlsSettings("TLS cannot be set up: \(error); install the system's certificates (ca-certificates) or set tls.trustRoots")
        }
    }
}
