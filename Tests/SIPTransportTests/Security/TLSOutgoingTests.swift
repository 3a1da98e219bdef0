import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers TLS connections that the switch opens: whom it believes, what it says when it does not, and
/// what the shard hears of it. Real sockets on loopback.
@Suite("TLS, outgoing", .timeLimit(.minutes(1)))
struct TLSOutgoingTests {
    let certificates: TestCertificates

    init() throws { certificates = try TestCertificates() }

    /// A certificate's alternative names and the names by which the server was found.
    struct Identity: Sendable, CustomTestStringConvertible {
        var alternativeNames: String
        var names: [String]
        var testDescription: String { "\(alternativeNames) for \(names)" }
    }

    @Test(
        "a server is believed whose certificate has its name, its SIP domain, or the address that was given",
        arguments: [
            Identity(alternativeNames: "DNS:sip.example.net", names: ["sip.example.net"]),
            Identity(alternativeNames: "DNS:other.example.net,DNS:SIP.Example.net", names: ["sip.example.net"]),
            Identity(alternativeNames: "URI:sip:example.net", names: ["example.net"]),
            Identity(alternativeNames: "DNS:sip.example.net", names: ["example.org", "sip.example.net"]),
            Identity(alternativeNames: "IP:127.0.0.1", names: []),
        ])
    func believed(_ identity: Identity) async throws {
        let server = try await TLSPeer.listen(certificates.issue(identity.alternativeNames))
        let harness = try await opened(to: server, names: identity.names)
        harness.send(framed("one"), to: server.address)
        await until { server.current.received == framed("one") }
        #expect(server.namesAsked == Array(identity.names.reversed().prefix(1)))
        server.send(framed("two"))
        #expect(await harness.nextMessage() == framed("two"))
        #expect(harness.hub.statistics.connectionsOpened == 1)
        #expect(harness.hub.connectionProblems.isEmpty)
        await harness.stop()
        await until { server.current.isClosed }
        #expect(server.current.failure == nil)
        await server.stop()
    }

    @Test(
        "a server with a certificate of another is refused before anything is said to it, and the reason names both",
        arguments: [
            Identity(alternativeNames: "DNS:other.example.org", names: ["sip.example.net"]),
            Identity(alternativeNames: "DNS:*.example.net", names: ["sip.example.net"]),
            Identity(alternativeNames: "URI:sip:user@example.net", names: ["example.net"]),
            Identity(alternativeNames: "IP:127.0.0.1", names: ["sip.example.net"]),
            Identity(alternativeNames: "DNS:sip.example.net", names: []),
        ])
    func wrongName(_ identity: Identity) async throws {
        let server = try await TLSPeer.listen(certificates.issue(identity.alternativeNames))
        let harness = try await opened(to: server, names: identity.names)
        harness.send(framed("secret"), to: server.address)
        #expect(await harness.nextFailure() == harness.flow(to: server.address))
        let wanted = identity.names.first ?? "127.0.0.1"
        let reason = try #require(harness.problem(server.address))
        #expect(reason.hasPrefix("certificate of \(server.address) is not for \(wanted): it "))
        #expect(reason.contains("RFC 5922") == identity.alternativeNames.contains("*"))
        #expect(harness.log.all == ["warning connection failed: \(reason)"])
        await harness.stop()
        await until { server.current.isClosed }
        #expect(server.current.received == "")
        #expect(harness.hub.statistics.connectFailures == 1)
        await server.stop()
    }

    @Test("a wildcard is taken where the settings say so")
    func wildcard() async throws {
        let server = try await TLSPeer.listen(certificates.issue("DNS:*.example.net"))
        let harness = try await opened(to: server, names: ["sip.example.net"]) { $0.acceptWildcards = true }
        harness.send(framed("one"), to: server.address)
        await until { server.current.received == framed("one") }
        await harness.stop()
        await server.stop()
    }

    @Test("an expired certificate, a self-signed one and one of an unknown authority are refused with that reason")
    func unverified() async throws {
        let stranger = try TestCertificates()
        let cases = [
            (try certificates.issue("DNS:sip.example.net", days: -1), "expired on 20"),
            (try certificates.selfSigned("DNS:sip.example.net"), "self-signed certificate of "),
            (try stranger.issue("DNS:sip.example.net"), "is issued by \"Example Test Authority\", which no trust root leads to"),
        ]
        for (files, reason) in cases {
            let server = try await TLSPeer.listen(files)
            let harness = try await opened(to: server, names: ["sip.example.net"])
            harness.send(framed("secret"), to: server.address)
            #expect(await harness.nextFailure() == harness.flow(to: server.address))
            let met = harness.problem(server.address) ?? ""
            #expect(met.contains(reason))
            #expect(met.contains("\(server.address)"))
            await harness.stop()
            await server.stop()
        }
    }

    @Test("a self-signed certificate is believed when it is a trust root, as a file or in a folder")
    func selfSignedRoot() async throws {
        let files = try certificates.selfSigned("DNS:sip.example.net")
        let server = try await TLSPeer.listen(files)
        for root in [files.certificate, certificates.folder] {
            let harness = try await opened(to: server, names: ["sip.example.net"]) { $0.trustRoots = root }
            harness.send(framed("one"), to: server.address)
            await until { server.current.received == framed("one") }
            await harness.stop()
        }
        await server.stop()
    }

    @Test("without verification any certificate will do")
    func unchecked() async throws {
        let server = try await TLSPeer.listen(certificates.selfSigned("DNS:other.example.org"))
        let harness = try await opened(to: server, names: ["sip.example.net"]) { $0.verifyPeers = false }
        harness.send(framed("one"), to: server.address)
        await until { server.current.received == framed("one") }
        await harness.stop()
        await server.stop()
    }

    @Test("our certificate is shown to a server that asks for one; one that does not like it is a reason")
    func clientCertificate() async throws {
        let server = try await TLSPeer.listen(certificates.issue("DNS:sip.example.net"), clientRoots: certificates.authority.certificate)
        let harness = try await opened(to: server, names: ["sip.example.net"])
        harness.send(framed("one"), to: server.address)
        await until { server.current.received == framed("one") }
        #expect(server.current.certificate != nil)
        await harness.stop()
        await server.stop()

        let stranger = try TestCertificates()
        let distrustful = try await TLSPeer.listen(certificates.issue("DNS:sip.example.net"), clientRoots: stranger.authority.certificate)
        let refused = try await opened(to: distrustful, names: ["sip.example.net"])
        refused.send(framed("one"), to: distrustful.address)
        #expect(await refused.nextFailure() == refused.flow(to: distrustful.address))
        #expect(refused.problem(distrustful.address) == "\(distrustful.address) does not trust the issuer of our certificate")
        // TLS 1.3 refuses after the handshake; that is a failure to connect all the same.
        refused.send(framed("two"), to: distrustful.address)
        #expect(await refused.nextFailure() == refused.flow(to: distrustful.address))
        #expect(refused.hub.statistics.messagesHeldBack == 1)
        await refused.stop()
        await distrustful.stop()
    }

    @Test("a port that speaks plain SIP, one that says nothing and one that hangs up are told apart")
    func notTLS() async throws {
        var settings = StreamSettings()
        settings.handshakeTimeout = .milliseconds(50)
        let gateway = try LoopbackTCPListener()
        let expectations: [(act: (LoopbackTCP) -> Void, reason: String)] = [
            ({ $0.send("SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n") }, "does not speak TLS on this port"),
            ({ _ = $0.receiveUntilEnd() }, "did not finish the TLS handshake in time; does it speak TLS on this port?"),
            (
                {
                    _ = $0.receive(1)
                    $0.reset()
                }, "during the TLS handshake; does \(gateway.address) speak TLS on this port?"
            ),
        ]
        for (act, reason) in expectations {
            let harness = try await HubHarness(.tls, settings: settings, tls: certificates.settings(certificates.issue("DNS:tandem.example.net")))
            harness.send(framed("one"), to: gateway.address)
            let connection = try #require(gateway.accept())
            act(connection)
            #expect(await harness.nextFailure() == harness.flow(to: gateway.address))
            let met = harness.problem(gateway.address) ?? ""
            #expect(met.contains("\(gateway.address)") && met.hasSuffix(reason))
            await until { harness.hub.statistics.connections == 0 }
            await harness.stop()
        }
    }

    /// A hub that found `server` by these names, the last first.
    private func opened(
        to server: TLSPeer, names: [String], _ change: (inout TLSSettings) -> Void = { _ in }
    ) async throws -> HubHarness {
        let known = ServerNames()
        for name in names { known.note(name, for: server.address) }
        var settings = certificates.settings(try certificates.issue("DNS:tandem.example.net"))
        change(&settings)
        var streams = StreamSettings()
        streams.reconnectPause = .seconds(3_600)
        streams.longestReconnectPause = .seconds(3_600)
        return try await HubHarness(.tls, settings: streams, tls: settings, names: known)
    }
}
