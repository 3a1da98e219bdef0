import NIOSSL
import Vocabulary

/// Whom a server's certificate must be for, and whether it is (RFC 5922, sections 7.1 to 7.3).
struct PeerIdentity: Sendable, Equatable {
    /// The host names by which the server was found; empty when its address was given as a number.
    var names: [String]
    var address: NetworkAddress
    /// Whether `*.example.net` stands for its subdomains; the RFC forbids it.
    var acceptsWildcards = false

    /// A name that a certificate holds.
    enum CertificateName: Sendable, Equatable {
        /// SIP domain: of a URI without user part, or a DNS name.
        case domain(String)
        /// Four or sixteen bytes.
        case address([UInt8])
    }

    /// The name to ask the server for (RFC 6066, section 3), which must not be an address.
    var serverName: String? { names.first { NetworkAddress($0) == nil && (1...255).contains($0.utf8.count) } }

    /// What the peer is called in messages for people.
    var wanted: String { names.isEmpty ? address.hostDescription : names.joined(separator: " or ") }

    /// Whether one of the names in a certificate is the wanted one. One match is enough.
    func matches(_ certificateNames: [CertificateName]) -> Bool {
        certificateNames.contains { name in
            switch name {
            case .domain(let domain): names.contains { matches(domain, wanted: $0) }
            case .address(let bytes): names.isEmpty && bytes == address.bytes
            }
        }
    }

    private func matches(_ domain: String, wanted: String) -> Bool {
        let domain = PeerIdentity.normal(domain)
        let wanted = PeerIdentity.normal(wanted)
        if domain == wanted { return true }
        guard acceptsWildcards, domain.hasPrefix("*."), let dot = wanted.firstIndex(of: ".") else { return false }
        // One label, and at least two behind it, so that no top-level domain is covered.
        let rest = wanted[dot...]
        return rest.dropFirst().contains(".") && rest == domain.dropFirst()
    }

    /// In lower case, without the dot of a fully qualified name.
    private static func normal(_ name: String) -> String {
        let lower = name.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }
}

extension PeerIdentity.CertificateName: CustomStringConvertible {
    var description: String {
        switch self {
        case .domain(let domain): domain
        case .address(let bytes): NetworkAddress(bytes: bytes)?.hostDescription ?? "an address of \(bytes.count) bytes"
        }
    }

    /// The SIP identities in a certificate: the URIs of scheme sip without user part, the DNS names and
    /// the addresses among its alternative names. The common name is no identity.
    static func all(in certificate: NIOSSLCertificate) -> [PeerIdentity.CertificateName] {
        certificate._subjectAlternativeNames().compactMap { name in
            let contents = Array(name.contents)
            switch name.nameType {
            case .dnsName: return .domain(String(decoding: contents, as: UTF8.self))
            case .uri: return domain(ofURI: String(decoding: contents, as: UTF8.self)).map { .domain($0) }
            case .ipAddress: return .address(contents)
            default: return nil
            }
        }
    }

    /// The host of `sip:example.net`, with or without port and parameters; nil for another scheme and for
    /// the URI of a user, which names no domain (RFC 5922, section 7.1).
    static func domain(ofURI uri: String) -> String? {
        guard uri.lowercased().hasPrefix("sip:"), !uri.contains("@") else { return nil }
        let host = uri.dropFirst(4).prefix { $0 != ":" && $0 != ";" && $0 != "?" }
        return host.isEmpty ? nil : String(host)
    }
}

extension NetworkAddress {
    /// As in a certificate: four or sixteen bytes, the most significant first.
    fileprivate var bytes: [UInt8] {
        let words = family == .ipv4 ? [] : withUnsafeBytes(of: high.bigEndian, Array.init)
        return words + withUnsafeBytes(of: low.bigEndian, Array.init).suffix(family == .ipv4 ? 4 : 8)
    }

    fileprivate init?(bytes: [UInt8]) {
        let words = bytes.map(UInt64.init)
        switch bytes.count {
        case 4: self.init(ipv4: UInt32(words.reduce(0) { $0 << 8 | $1 }), port: 0)
        case 16: self.init(ipv6High: words.prefix(8).reduce(0) { $0 << 8 | $1 }, low: words.suffix(8).reduce(0) { $0 << 8 | $1 }, port: 0)
        default: return nil
        }
    }
}
