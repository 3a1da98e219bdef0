import SIPUserAgent
import Testing
import Vocabulary

/// When a refused request is sent again and when not, and what a 2xx changes.
@Suite("Digest verdicts")
struct DigestVerdictTests {
    private func challenge(_ nonce: String, stale: Bool = false, realm: String = "example.net") -> String {
        "realm=\"\(realm)\",nonce=\"\(nonce)\",qop=\"auth\"" + (stale ? ",stale=true" : "")
    }

    /// A client whose first request was challenged and accepted.
    private func registered() throws -> DigestBench {
        var bench = DigestBench()
        bench.client.beginExchange()
        #expect(try bench.challenged(challenge("n1")) == .retry)
        _ = bench.credentials()
        #expect(try bench.accepted([]) == .absent)
        return bench
    }

    @Test("the same nonce again, or another, after our credentials in one exchange: rejected")
    func rejected() throws {
        for second in ["n1", "n2"] {
            var bench = DigestBench()
            #expect(try bench.challenged(challenge("n1")) == .retry)
            _ = bench.credentials()
            #expect(try bench.challenged(challenge(second)) == .rejected)
            // What was refused is not sent ahead again.
            #expect(!bench.client.hasChallenge)
        }
    }

    @Test("stale: sent again with the new nonce, its count from one; then rejected without stale")
    func stale() throws {
        var bench = DigestBench()
        #expect(try bench.challenged(challenge("n1")) == .retry)
        _ = bench.credentials()
        #expect(try bench.challenged(challenge("n2", stale: true)) == .retry)
        let sent = try bench.parameters()
        #expect(sent["nonce"] == "n2")
        #expect(sent["nc"] == "00000001")
        #expect(try bench.challenged(challenge("n3")) == .rejected)
    }

    @Test("credentials sent ahead: a new nonce counts as stale once, with or without saying so")
    func sentAhead() throws {
        for saysStale in [false, true] {
            var bench = try registered()
            bench.client.beginExchange()
            #expect(try bench.parameters()["nc"] == "00000002")
            #expect(try bench.challenged(challenge("n2", stale: saysStale)) == .retry)
            let sent = try bench.parameters()
            #expect(sent["nonce"] == "n2")
            #expect(sent["nc"] == "00000001")
            #expect(try bench.challenged(challenge("n3")) == .rejected)
        }
    }

    @Test("credentials sent ahead and refused with their own nonce, not stale: rejected at once")
    func sentAheadSameNonce() throws {
        var bench = try registered()
        bench.client.beginExchange()
        _ = bench.credentials()
        #expect(try bench.challenged(challenge("n1")) == .rejected)
    }

    @Test("a proxy's challenge after the registrar's is no rejection of the registrar's credentials")
    func otherRealm() throws {
        var bench = DigestBench()
        #expect(try bench.challenged(challenge("n1")) == .retry)
        _ = bench.credentials()
        #expect(try bench.challenged(407, ["Proxy-Authenticate: Digest \(challenge("n1"))"]) == .retry)
        #expect(bench.credentials().count == 2)
    }

    @Test("a hundred challenges in a row end by the bound: stale for ever")
    func endlessStale() throws {
        var bench = DigestBench()
        var retries = 0
        for n in 0..<100 {
            let verdict = try bench.challenged(challenge("n\(n)", stale: true))
            if verdict == .retry { retries += 1 } else { #expect(verdict == .unusable("challenged again after 3 answers to one request")) }
            _ = bench.credentials()
        }
        #expect(retries == 3)
    }

    @Test("a hundred challenges in a row end by the bound: a new realm each time")
    func endlessRealms() throws {
        var bench = DigestBench()
        bench.maximumRetries = 10
        let verdicts = try (0..<100).map { n in
            _ = bench.credentials()
            return try bench.challenged(challenge("n", realm: "r\(n)"))
        }
        #expect(verdicts.filter { $0 == .retry }.count == 10)
        #expect(verdicts.prefix(10).allSatisfy { $0 == .retry })
        // A new request has its tries anew.
        bench.client.beginExchange()
        #expect(try bench.challenged(challenge("n", realm: "again")) == .retry)
    }

    @Test("what cannot be answered says why and changes nothing")
    func unusable() throws {
        var bench = try registered()
        bench.client.beginExchange()
        let long = String(repeating: "x", count: 8_192)
        #expect(try bench.challenged("realm=\"example.net\",nonce=\"\(long)\"") == .unusable("nonce of 8192 bytes, above 4096"))
        #expect(try bench.challenged(401, []) == .unusable("401 without a challenge"))
        #expect(try bench.challenged(407, ["Proxy-Authenticate: Basic realm=\"b\""]) == .unusable("challenge of scheme Basic, not Digest"))
        #expect(try bench.challenged("realm=\"r\"") == .unusable("challenge without nonce"))
        #expect(try bench.parameters()["nonce"] == "n1")
    }

    @Test("a nextnonce is used from then on, its count from one, in both fields (RFC 7616, section 3.5)")
    func nextNonce() throws {
        var bench = try registered()
        bench.client.beginExchange()
        _ = bench.credentials()
        #expect(try bench.accepted(["authentication-info: nextnonce=\"n2\", qop=auth"]) == .absent)
        bench.client.beginExchange()
        let sent = try bench.parameters()
        #expect(sent["nonce"] == "n2")
        #expect(sent["nc"] == "00000001")
        bench.client.beginExchange()
        #expect(try bench.parameters()["nc"] == "00000002")

        var proxied = DigestBench()
        #expect(try proxied.challenged(407, ["Proxy-Authenticate: Digest \(challenge("n1"))"]) == .retry)
        _ = proxied.credentials()
        #expect(try proxied.accepted(["Authentication-Info: nextnonce=\"x\"", "Proxy-Authentication-Info: nextnonce=\"n2\""]) == .absent)
        #expect(try proxied.parameters(.proxy)["nonce"] == "n2")
    }

    @Test("a nextnonce above the bound, and the nonce in use named again, change nothing")
    func nextNonceIgnored() throws {
        var bench = try registered()
        let long = String(repeating: "x", count: 4_097)
        #expect(try bench.accepted(["Authentication-Info: nextnonce=\"\(long)\""]) == .absent)
        #expect(try bench.accepted(["Authentication-Info: nextnonce=\"n1\""]) == .absent)
        bench.client.beginExchange()
        let sent = try bench.parameters()
        #expect(sent["nonce"] == "n1")
        #expect(sent["nc"] == "00000002")
    }

    @Test("a nextnonce that has aged when it is used is a stale nonce, not a rejection")
    func agedNextNonce() throws {
        var bench = try registered()
        #expect(try bench.accepted(["Authentication-Info: nextnonce=\"n2\""]) == .absent)
        bench.client.beginExchange()
        _ = bench.credentials()
        #expect(try bench.challenged(challenge("n3")) == .retry)
        #expect(try bench.parameters()["nonce"] == "n3")
    }

    @Test("a proof of the server's is verified: right, wrong, and over the body")
    func proof() throws {
        let right = "Authentication-Info: qop=auth,rspauth=\"8aba0a54c13ee1cd0c88660dc41a4bf6\",cnonce=\"0123456789abcdef\",nc=00000001"
        var bench = try registered()
        #expect(try bench.accepted([right]) == .right)
        #expect(try bench.accepted([right.replacingLast("bf6", "bf7")]) == .wrong)
        #expect(try bench.accepted([right.replacingLast("bf6", "bf7"), right]) == .wrong)
        #expect(try bench.accepted(["Authentication-Info: rspauth=\"\""]) == .wrong)
        let covered = "Authentication-Info: qop=auth-int,rspauth=\"9a8955690d379a1d3a7cbb13caed0c86\""
        #expect(try bench.accepted([covered], body: "done") == .right)
        #expect(try bench.accepted([covered], body: "gone") == .wrong)
    }

    @Test("a proof that nobody asked for counts for nothing")
    func strayProof() throws {
        var bench = DigestBench()
        #expect(try bench.accepted(["Authentication-Info: rspauth=\"8aba0a54c13ee1cd0c88660dc41a4bf6\""]) == .absent)
    }
}

extension String {
    /// The text with the last occurrence of `part` replaced.
    fileprivate func replacingLast(_ part: String, _ other: String) -> String {
        guard let start = indices.last(where: { self[$0...].hasPrefix(part) }) else { return self }
        return self[..<start] + other + self[index(start, offsetBy: part.count)...]
    }
}
