import Glibc
import NIOCore
import NIOSSL
import NIOTLS

/// Fired when the handshake is done and the peer is who it should be: SIP may begin.
struct StreamSecured: Sendable {}

/// Stands between TLS and SIP: holds the peer to its name when the handshake is done, and turns errors
/// of TLS into a `StreamFailure`.
///
/// The chain up to a trust root is verified by BoringSSL during the handshake. The name is checked here,
/// before any byte of SIP is written or read, because SIP has rules of its own (RFC 5922).
final class TLSHandshake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tls: NIOSSLHandler
    /// Nil when any name will do.
    private let identity: PeerIdentity?
    /// What the peer is called in messages for people.
    private let peer: String
    private var isDone = false

    init(_ tls: NIOSSLHandler, identity: PeerIdentity?, peer: String) {
        self.tls = tls
        self.identity = identity
        self.peer = peer
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent else { return context.fireUserInboundEventTriggered(event) }
        isDone = true
        if let reason = identityFailure() {
            context.fireErrorCaught(StreamFailure(reason: reason))
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(StreamSecured())
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isDone, error is IOError {
            let reason = "\(StreamFailure(error).reason) during the TLS handshake; does \(peer) speak TLS on this port?"
            return context.fireErrorCaught(StreamFailure(reason: reason))
        }
        guard let reason = TLSFailure.reason(error, peer: peer, certificate: tls.peerCertificate, now: time(nil)) else { return }
        context.fireErrorCaught(StreamFailure(reason: reason))
    }

    private func identityFailure() -> String? {
        guard let identity else { return nil }
        guard let certificate = tls.peerCertificate else { return "\(peer) showed no certificate" }
        if identity.matches(PeerIdentity.CertificateName.all(in: certificate)) { return nil }
        return TLSFailure.identity(certificate, identity, peer: peer)
    }
}
