import Glibc
import NIOSSL

/// Turns what BoringSSL reports of a failed connection into one sentence for people: what is wrong, and
/// what helps where that can be told.
enum TLSFailure {
    /// `certificate` is what the peer showed; nil when the error is no failure.
    static func reason(_ error: any Error, peer: String, certificate: NIOSSLCertificate?, now: time_t) -> String? {
        switch error {
        case let error as NIOSSLError: return reason(ofTLS: error, peer: peer, certificate: certificate, now: now)
        case let error as BoringSSLError: return reason(ofHandshake: error, peer: peer, certificate: certificate, now: now)
        default: return StreamFailure(error).reason
        }
    }

    private static func reason(ofTLS error: NIOSSLError, peer: String, certificate: NIOSSLCertificate?, now: time_t) -> String? {
        switch error {
        case .handshakeFailed(let inner): return reason(ofHandshake: inner, peer: peer, certificate: certificate, now: now)
        // The peer ended TCP without ending TLS: common, and no harm where messages carry their length.
        case .uncleanShutdown: return nil
        case .shutdownFailed: return nil
        default: return "TLS failed: \(error)"
        }
    }

    private static func reason(ofHandshake error: BoringSSLError, peer: String, certificate: NIOSSLCertificate?, now: time_t) -> String {
        switch error {
        case .sslError(let stack), .unknownError(let stack):
            if stack.contains(.eofDuringHandshake) { return "\(peer) ended the connection during the TLS handshake; does it speak TLS on this port?" }
            let words = stack.map(\.description).joined(separator: " ")
            if words.contains("CERTIFICATE_VERIFY_FAILED"), let certificate { return verification(of: certificate, peer: peer, now: now) }
            return known.first { words.contains($0.word) }.map { $0.meaning(peer) } ?? "TLS failed: \(words)"
        default: return "TLS failed: \(error)"
        }
    }

    private struct Known {
        /// As BoringSSL names the error.
        var word: String
        var meaning: @Sendable (_ peer: String) -> String
    }

    private static let known = [
        Known(word: "WRONG_VERSION_NUMBER") { "\($0) does not speak TLS on this port" },
        Known(word: "HTTP_REQUEST") { "\($0) does not speak TLS on this port" },
        Known(word: "PEER_DID_NOT_RETURN_A_CERTIFICATE") { "\($0) showed no client certificate (tls.requireClientCertificates)" },
        Known(word: "CERTIFICATE_REQUIRED") { "\($0) wants a client certificate: set tls.certificate and tls.privateKey" },
        Known(word: "ALERT_UNKNOWN_CA") { "\($0) does not trust the issuer of our certificate" },
        Known(word: "ALERT_CERTIFICATE_EXPIRED") { "\($0) says that our certificate has expired" },
        Known(word: "ALERT_BAD_CERTIFICATE") { "\($0) refuses our certificate, or wants one and got none" },
        Known(word: "ALERT_CERTIFICATE_UNKNOWN") { "\($0) refuses our certificate" },
        Known(word: "ALERT_HANDSHAKE_FAILURE") { "\($0) refuses the handshake: no common cipher, or it wants a client certificate" },
        Known(word: "UNRECOGNIZED_NAME") { "\($0) does not know the name that it was asked for" },
        Known(word: "PROTOCOL_VERSION") { "\($0) speaks no TLS version that both accept (tls.minimumVersion)" },
        Known(word: "UNSUPPORTED_PROTOCOL") { "\($0) speaks no TLS version that both accept (tls.minimumVersion)" },
        Known(word: "NO_SHARED_CIPHER") { "\($0) has no cipher in common with us" },
        Known(word: "CERTIFICATE_VERIFY_FAILED") { "the certificate of \($0) cannot be verified" },
    ]

    /// Why a chain does not lead to a trust root, as far as its first certificate tells.
    static func verification(of certificate: NIOSSLCertificate, peer: String, now: time_t) -> String {
        if certificate.notValidAfter < now { return "certificate of \(peer) expired on \(UTCDate(certificate.notValidAfter))" }
        if certificate.notValidBefore > now {
            return "certificate of \(peer) is not valid before \(UTCDate(certificate.notValidBefore)); is this machine's clock right?"
        }
        let parties = CertificateParties(certificate)
        if parties?.isSelfSigned == true {
            return "self-signed certificate of \(peer); to believe it, set tls.trustRoots"
        }
        let issuer = parties?.issuerName.map { "\"\($0)\"" } ?? "an unnamed authority"
        return "certificate of \(peer) is issued by \(issuer), which no trust root leads to; to believe that authority, set tls.trustRoots"
    }

    /// The certificate is good and not for this peer.
    static func identity(_ certificate: NIOSSLCertificate, _ identity: PeerIdentity, peer: String) -> String {
        let names = PeerIdentity.CertificateName.all(in: certificate)
        // What a stranger put into a certificate is cut before it goes to logs.
        let listed = names.prefix(4).map { String("\($0)".prefix(100)) }.joined(separator: ", ")
        let those = names.isEmpty ? "it has no alternative names" : "it is for \(listed)\(names.count > 4 ? " and others" : "")"
        let hint = !identity.acceptsWildcards && names.contains { "\($0)".hasPrefix("*.") } ? "; SIP takes no wildcards (RFC 5922)" : ""
        return "certificate of \(peer) is not for \(identity.wanted): \(those)\(hint)"
    }
}
