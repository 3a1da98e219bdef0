import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// The side that challenges, against the client of outbound registrations.
@Suite("Digest server")
struct DigestServerTests {
    let signer = NonceSigner(secret: Array("an installation's own secret".utf8))
    let source = NetworkAddress("192.0.2.7:5060")!
    let start = WallTime(microseconds: 1_767_225_600_000_000)

    private func server(
        _ algorithms: [DigestAlgorithm.Family] = [.md5], origin: DigestChallenge.Origin = .server, realm: String = "tandem"
    ) -> DigestServer {
        DigestServer(DigestServer.Settings(realm: Array(realm.utf8), algorithms: algorithms, origin: origin), signer: signer)
    }

    private func challenge(_ server: DigestServer, isStale: Bool = false, at now: WallTime? = nil) -> [String] {
        var outbox = Outbox()
        server.appendChallenges(isStale: isStale, source: source, salt: 77, now: now ?? start, to: &outbox)
        return outbox.unfinished.string.split(separator: "\r\n").map(String.init)
    }

    private func verify(
        _ server: DigestServer, _ lines: [String], username: String = "1001", password: String = "secret", uri: String = "sip:example.net",
        method: String = "REGISTER", body: String = "", source: NetworkAddress? = nil, after: Interval = .seconds(1)
    ) throws -> DigestServer.Verdict {
        var bench = RegistrarBench()
        (bench.uri, bench.method) = (uri, method)
        return try bench.with(lines, body: body) { message, _ in
            username.withBytes { user in
                password.withBytes {
                    server.verify(message, username: user, password: $0, source: source ?? self.source, now: start + after)
                }
            }
        }
    }

    /// The credentials of a client with this name and password for the challenge.
    private func answer(
        _ server: DigestServer, username: String = "1001", password: String = "secret", uri: String = "sip:example.net",
        method: String = "REGISTER", body: String = ""
    ) throws -> [String] {
        var client = DigestBench(username, password)
        (client.uri, client.method, client.body) = (uri, method, body)
        _ = try client.challenged(server.challengeStatus, challenge(server))
        return client.credentials()
    }

    @Test("a challenge names realm, nonce, hash and quality, one line for each hash in order; 407 has its own field")
    func challenges() throws {
        let both = challenge(server([.sha256, .md5], realm: "a \"b\""), isStale: true)
        #expect(both.count == 2)
        #expect(both[0].hasPrefix("WWW-Authenticate: Digest realm=\"a \\\"b\\\"\",nonce=\""))
        #expect(both[0].hasSuffix(",algorithm=SHA-256,qop=\"auth\",stale=true"))
        #expect(both[1].hasSuffix(",algorithm=MD5,qop=\"auth\",stale=true"))
        let proxy = server(origin: .proxy)
        #expect(challenge(proxy)[0].hasPrefix("Proxy-Authenticate: Digest realm=\"tandem\""))
        #expect(!challenge(proxy)[0].contains("stale"))
        #expect((server().challengeStatus, proxy.challengeStatus) == (401, 407))
    }

    @Test("the right password is accepted with every hash, by either code", arguments: [DigestAlgorithm.Family.md5, .sha256, .sha512t256])
    func right(_ family: DigestAlgorithm.Family) throws {
        for origin in DigestChallenge.Origin.allCases {
            let server = server([family], origin: origin)
            let verdict = try verify(server, try answer(server))
            #expect(verdict == .right(nonce: SignedNonce(time: start, salt: 77), count: 1))
        }
    }

    @Test("a wrong password, another user and a changed method are wrong")
    func wrong() throws {
        let server = server()
        #expect(try verify(server, try answer(server, password: "guess")) == .wrong)
        #expect(try verify(server, try answer(server, username: "1002")) == .wrong)
        #expect(try verify(server, try answer(server), method: "INVITE") == .wrong)
        #expect(try verify(server, try answer(server), password: "") == .wrong)
    }

    @Test("without credentials, with those of another scheme or realm, there is nothing to judge")
    func absent() throws {
        let server = server()
        #expect(try verify(server, []) == .absent)
        #expect(try verify(server, ["Authorization: Basic abc="]) == .absent)
        #expect(try verify(server, ["Authorization: Digest username=\"1001\""]) == .absent)
        let other = self.server(realm: "elsewhere")
        #expect(try verify(server, try answer(other)) == .absent)
        // Those for us stand behind those for somebody else.
        #expect(try verify(server, try answer(other) + (try answer(server))) != .absent)
    }

    @Test("a nonce of another host, a forged one and one past its time are stale, whatever the password")
    func stale() throws {
        let server = server()
        let lines = try answer(server, password: "guess")
        #expect(try verify(server, lines, source: NetworkAddress("192.0.2.8:5060")!) == .stale)
        #expect(try verify(server, lines, after: .seconds(301)) == .stale)
        #expect(try verify(server, lines, after: .seconds(299)) == .wrong)
        // Given in the future: the wall clock was set back.
        #expect(try verify(server, lines, after: .seconds(-1)) == .stale)
        let forged = lines.map { line in
            line.replacingNonce(with: String(repeating: "0", count: 52))
        }
        #expect(try verify(server, forged) == .stale)
        // A hash that is no longer offered.
        #expect(try verify(self.server([.sha256]), try answer(server)) == .stale)
    }

    @Test("credentials may name another URI than the request line, which proxies change and which many clients leave out")
    func uri() throws {
        let server = server()
        let lines = try answer(server, uri: "sip:1002@example.net", method: "INVITE")
        #expect(try verify(server, lines, uri: "sip:1002@EXAMPLE.net:5060;transport=udp", method: "INVITE").isRight)
        #expect(try verify(server, lines, uri: "sip:1003@192.0.2.1", method: "INVITE").isRight)
        // The method is part of what was hashed.
        #expect(try verify(server, lines, uri: "sip:1002@example.net", method: "REGISTER") == .wrong)
    }

    @Test("a client of RFC 2069, without quality and count, is accepted with count 0")
    func withoutQuality() throws {
        let server = server()
        let nonce = try #require(challenge(server)[0].split(separator: "\"").dropFirst(3).first.map(String.init))
        let bare = ["WWW-Authenticate: Digest realm=\"tandem\", nonce=\"\(nonce)\""]
        var client = DigestBench("1001", "secret")
        client.uri = "sip:example.net"
        _ = try client.challenged(401, bare)
        #expect(try verify(server, client.credentials()) == .right(nonce: SignedNonce(time: start, salt: 77), count: 0))
    }

    @Test("auth-int is accepted and covers the body")
    func integrity() throws {
        let server = server()
        let lines = challenge(server).map { $0.replacing("qop=\"auth\"", with: "qop=\"auth-int\"") }
        var client = DigestBench("1001", "secret")
        (client.uri, client.body) = ("sip:example.net", "hello")
        _ = try client.challenged(401, lines)
        let credentials = client.credentials()
        #expect(try verify(server, credentials, body: "hello").isRight)
        #expect(try verify(server, credentials, body: "hallo") == .wrong)
    }

    @Test("whom credentials name can be read without judging them")
    func claimed() throws {
        let server = server()
        let lines = try answer(server, username: "1002")
        #expect(try RegistrarBench().with(lines) { message, _ in server.claimedName(of: message)?.string } == "1002")
        #expect(try RegistrarBench().with { message, _ in server.claimedName(of: message)?.string } == nil)
    }
}

extension DigestServer.Verdict {
    fileprivate var isRight: Bool { if case .right = self { true } else { false } }
}

extension String {
    fileprivate func replacingNonce(with nonce: String) -> String {
        guard let start = firstRange(of: "nonce=\"") else { return self }
        let rest = self[start.upperBound...]
        guard let end = rest.firstIndex(of: "\"") else { return self }
        return String(self[..<start.upperBound]) + nonce + String(rest[end...])
    }

    fileprivate func firstRange(of text: String) -> Range<String.Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(text), at == startIndex || !self[index(before: at)].isLetter {
                return at..<index(at, offsetBy: text.count)
            }
            at = index(after: at)
        }
        return nil
    }

    fileprivate func replacing(_ part: String, with other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
