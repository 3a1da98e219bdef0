import NIOSSL
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers the names in certificates and whom they stand for, without connections.
@Suite("Peer identity")
struct PeerIdentityTests {
    private let address = NetworkAddress(ipv4: 0xC000_0201, port: 5061)

    @Test(
        "only a sip URI without a user names a domain",
        arguments: [
            ("sip:example.net", "example.net"), ("SIP:example.net", "example.net"), ("sip:example.net:5061;transport=tls", "example.net"),
            ("sip:user@example.net", nil), ("sips:example.net", nil), ("https://example.net", nil), ("sip:", nil),
        ] as [(String, String?)])
    func uri(_ uri: String, domain: String?) {
        #expect(PeerIdentity.CertificateName.domain(ofURI: uri) == domain)
    }

    @Test("names match whole, whatever their case, with or without the last dot")
    func names() {
        let identity = PeerIdentity(names: ["sip.example.net"], address: address)
        #expect(identity.matches([.domain("SIP.example.NET.")]))
        #expect(identity.matches([.domain("example.org"), .domain("sip.example.net")]))
        #expect(!identity.matches([.domain("example.net")]))
        #expect(!identity.matches([.domain("sip.example.net.example.org")]))
        #expect(!identity.matches([.domain("*.example.net")]))
        #expect(!identity.matches([.domain("sip.example.net\0.example.org")]))
        #expect(!identity.matches([]))
    }

    @Test("an allowed wildcard stands for one label, and never for a top-level domain")
    func wildcards() {
        var identity = PeerIdentity(names: ["sip.example.net"], address: address, acceptsWildcards: true)
        #expect(identity.matches([.domain("*.example.net")]))
        #expect(!identity.matches([.domain("*.net")]))
        #expect(!identity.matches([.domain("s*.example.net")]))
        identity.names = ["a.sip.example.net"]
        #expect(!identity.matches([.domain("*.example.net")]))
        identity.names = ["example.net"]
        #expect(!identity.matches([.domain("*.net")]))
    }

    @Test("an address counts only where no name is known")
    func addresses() {
        let bytes: [UInt8] = [192, 0, 2, 1]
        #expect(PeerIdentity(names: [], address: address).matches([.address(bytes)]))
        #expect(!PeerIdentity(names: [], address: address).matches([.address([192, 0, 2, 2]), .domain("192.0.2.1")]))
        #expect(!PeerIdentity(names: ["sip.example.net"], address: address).matches([.address(bytes)]))
        let six = NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 1, port: 5061)
        let name = PeerIdentity.CertificateName.address([0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1])
        #expect(PeerIdentity(names: [], address: six).matches([name]))
        #expect(name.description == "2001:db8::1")
        #expect(PeerIdentity.CertificateName.address([1, 2]).description == "an address of 2 bytes")
    }

    @Test("a server is asked for its name, never for an address")
    func serverName() {
        #expect(PeerIdentity(names: ["sip.example.net"], address: address).serverName == "sip.example.net")
        #expect(PeerIdentity(names: ["192.0.2.1"], address: address).serverName == nil)
        #expect(PeerIdentity(names: [], address: address).serverName == nil)
    }

    @Test("issuer and subject are read; broken encodings are not certificates")
    func parties() throws {
        let certificates = try TestCertificates()
        let root = try #require(CertificateParties(certificates.authority.loaded.certificate))
        #expect(root.isSelfSigned && root.issuerName == "Example Test Authority")
        let issued = try certificates.issue("DNS:sip.example.net").loaded.certificate
        let parties = try #require(CertificateParties(issued))
        #expect(!parties.isSelfSigned && parties.issuerName == "Example Test Authority" && parties.issuer == root.subject)
        let der = try issued.toDERBytes()
        for length in 0..<der.count { _ = CertificateParties(der: Array(der.prefix(length))) }
        #expect(CertificateParties(der: []) == nil)
        #expect(CertificateParties(der: [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
        #expect(CertificateParties(der: Array(der.prefix(40))) == nil)
    }
}
