import Glibc
import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers listeners of transport tls on a running switch: service, bounds, client certificates, reload,
/// and what a start says when the files are not good. Real sockets on loopback.
@Suite("TLS, listeners", .timeLimit(.minutes(1)))
struct TLSListenerTests {
    let certificates: TestCertificates

    init() throws { certificates = try TestCertificates() }

    @Test("a message is answered on its connection, and a double CRLF with one CRLF")
    func echo() async throws {
        try await withSwitch([loopback(.tls)], settings: settings()) { runtime, probe in
            let peer = try await TLSPeer.connect(to: runtime.listeners[0].local)
            peer.send(framed("one", body: "hello"))
            await until { peer.current.received == framed("one", body: "hello") }
            guard case .message(_, _, let flow)? = probe.events.first else {
                Issue.record("no message")
                return
            }
            #expect(flow.transport == .tls && flow.connection % 2 == 1)
            peer.send("\r\n\r\n")
            await until { peer.current.received.hasSuffix("hello\r\n") }
            await peer.stop()
        }
    }

    @Test("where client certificates are required, a client without one is refused and one with a good one is served")
    func clientCertificates() async throws {
        var settings = try settings()
        settings.tls.requireClientCertificates = true
        try await withSwitch([loopback(.tls)], settings: settings) { runtime, _ in
            let local = runtime.listeners[0].local
            let nobody = try await TLSPeer.connect(to: local)
            await until { runtime.streamStatistics.handshakeFailures == 1 && !runtime.connectionProblems().isEmpty }
            let problem = try #require(runtime.connectionProblems().first)
            #expect(problem.direction == .incoming && problem.address == local.host)
            #expect(problem.reason.hasSuffix("showed no client certificate (tls.requireClientCertificates)"))

            let known = try await TLSPeer.connect(to: local, showing: certificates.issue("DNS:customer.example.net"))
            known.send(framed("one"))
            await until { known.current.received == framed("one") }
            #expect(runtime.connectionProblems().isEmpty)
            await nobody.stop()
            await known.stop()
        }
    }

    @Test("plain SIP at a TLS port ends the connection and is counted")
    func plain() async throws {
        try await withSwitch([loopback(.tls)], settings: settings()) { runtime, probe in
            let peer = try LoopbackTCP(to: runtime.listeners[0].local)
            peer.send(framed("one"))
            #expect(peer.receiveUntilEnd() != nil)
            await until { !runtime.connectionProblems().isEmpty }
            #expect(runtime.streamStatistics.handshakeFailures == 1)
            #expect(probe.events.isEmpty)
            #expect(runtime.connectionProblems().first?.reason.hasSuffix("does not speak TLS on this port") == true)
        }
    }

    @Test("a handshake that stalls is ended, and one source has no more of them than its bound")
    func stalled() async throws {
        var settings = try settings()
        settings.streams.maximumHandshakesPerSource = 2
        settings.streams.handshakeTimeout = .milliseconds(300)
        try await withSwitch([loopback(.tls)], settings: settings) { runtime, _ in
            let local = runtime.listeners[0].local
            // A finished handshake does not count.
            let served = try await TLSPeer.connect(to: local)
            await until { served.current.isSecured }
            let begin = SystemClock.instant
            let stalled = try (0..<3).map { _ in try LoopbackTCP(to: local) }
            await until { runtime.streamStatistics.refusedForHandshakes == 1 }
            for peer in stalled { #expect(peer.receiveUntilEnd() == "") }
            #expect(SystemClock.instant - begin >= .milliseconds(300))
            await until { runtime.streamStatistics.handshakeFailures == 2 }
            #expect(runtime.streamStatistics.connections == 1)
            let next = try await TLSPeer.connect(to: local)
            next.send(framed("one"))
            await until { next.current.received == framed("one") }
            await served.stop()
            await next.stop()
        }
    }

    @Test("all sources together have no more unfinished handshakes than the bound")
    func stalledInAll() async throws {
        var settings = try settings()
        settings.streams.maximumHandshakes = 1
        settings.streams.handshakeTimeout = .seconds(3)
        try await withSwitch([loopback(.tls)], settings: settings) { runtime, _ in
            let local = runtime.listeners[0].local
            let first = try LoopbackTCP(to: local)
            await until { runtime.streamStatistics.connections == 1 }
            #expect(try LoopbackTCP(to: local).receiveUntilEnd() == "")
            #expect(runtime.streamStatistics.refusedForHandshakes == 1)
            #expect(first.receiveUntilEnd() == "")
            await until { runtime.streamStatistics.connections == 0 }
            let next = try await TLSPeer.connect(to: local)
            next.send(framed("one"))
            await until { next.current.received == framed("one") }
            await next.stop()
        }
    }

    @Test("a stop does not wait for an unfinished handshake")
    func stopWhileStalled() async throws {
        var stalled: LoopbackTCP?
        try await withSwitch([loopback(.tls)], settings: settings()) { runtime, _ in
            stalled = try LoopbackTCP(to: runtime.listeners[0].local)
            await until { runtime.streamStatistics.connections == 1 }
        }
        #expect(stalled?.receiveUntilEnd() == "")
    }

    @Test("a peer that does not read is cut under TLS as well")
    func slowReader() async throws {
        var settings = try settings()
        settings.streams.maximumUnsentBytes = 64 * 1024
        try await withSwitch([loopback(.tls)], settings: settings) { runtime, _ in
            let peer = try await connected(runtime.listeners[0].local)
            peer.stopReading()
            while runtime.streamStatistics.slowReadersCut == 0, !Task.isCancelled {
                await peer.sendAndWait(framed("flood", body: String(repeating: "x", count: 60_000)))
            }
            await until { runtime.streamStatistics.connections == 0 }
            await peer.stop()
        }
    }

    @Test("new connections get the certificate that was read last, old ones go on; bad files change nothing")
    func reload() async throws {
        let files = try certificates.issue("DNS:sip.example.net")
        var settings = TransportSettings()
        settings.tls = certificates.settings(files)
        try await withSwitch([loopback(.tls)], settings: settings) { runtime, _ in
            let local = runtime.listeners[0].local
            let old = try await connected(local)
            try certificates.replace(files, by: certificates.issue("DNS:sip.example.net"))
            try runtime.reloadCertificates()
            let new = try await connected(local)
            #expect(new.current.certificate != old.current.certificate)

            try certificates.replace(files, by: certificates.issue("DNS:sip.example.net", days: -1))
            let error = #expect(throws: TransportError.self) { try runtime.reloadCertificates() }
            #expect(error.map { "\($0)" }?.hasPrefix("\(files.certificate): the certificate expired on ") == true)
            let later = try await connected(local)
            #expect(later.current.certificate == new.current.certificate)

            old.send(framed("still there"))
            await until { old.current.received == framed("still there") }
            for peer in [old, new, later] { await peer.stop() }
        }
    }

    @Test("a switch without TLS has nothing to reload")
    func nothingToReload() async throws {
        try await withSwitch([loopback(.udp), loopback(.tcp)]) { runtime, _ in try runtime.reloadCertificates() }
    }

    @Test("a start without usable files says which file, why, and what helps")
    func badFiles() async throws {
        let good = try certificates.issue("DNS:sip.example.net")
        let expired = try certificates.issue("DNS:sip.example.net", days: -1)
        let noise = try certificates.file("nothing of use")
        let missing = "\(certificates.folder)/missing.pem"
        let cases: [(certificate: String?, key: String?, roots: String?, text: String)] = [
            (nil, good.privateKey, nil, "a listener of transport tls needs a certificate: set tls.certificate"),
            (good.certificate, nil, nil, "a listener of transport tls needs a certificate: set tls.privateKey"),
            (missing, good.privateKey, nil, "\(missing): No such file or directory; name a file that exists in tls.certificate"),
            (noise, good.privateKey, nil, "\(noise): there is no certificate in PEM in it; name the right file in tls.certificate"),
            (good.certificate, missing, nil, "\(missing): No such file or directory; name a file that exists in tls.privateKey"),
            (good.certificate, noise, nil, "\(noise): there is no private key in PEM in it; name the right file in tls.privateKey"),
            (good.certificate, good.privateKey, noise, "\(noise): there is no certificate in PEM in it; name the right file in tls.trustRoots"),
            (
                good.certificate, expired.privateKey, nil,
                "\(expired.privateKey): the private key does not belong to the certificate in \(good.certificate); "
                    + "name files that belong together in tls.certificate and tls.privateKey"
            ),
            (expired.certificate, expired.privateKey, nil, "\(expired.certificate): the certificate expired on "),
        ]
        for (certificate, key, roots, text) in cases {
            var settings = TransportSettings()
            settings.tls.certificate = certificate
            settings.tls.privateKey = key
            settings.tls.trustRoots = roots
            let error = await #expect(throws: TransportError.self) {
                try await withSwitch([loopback(.tls)], settings: settings) { _, _ in }
            }
            #expect(error.map { "\($0)" }?.hasPrefix(text) == true, "\(error.map { "\($0)" } ?? "")")
        }
    }

    private func settings() throws -> TransportSettings {
        var settings = TransportSettings()
        settings.tls = certificates.settings(try certificates.issue("DNS:sip.example.net"))
        return settings
    }

    private func connected(_ local: NetworkAddress) async throws -> TLSPeer {
        let peer = try await TLSPeer.connect(to: local)
        await until { peer.current.isSecured }
        return peer
    }
}
