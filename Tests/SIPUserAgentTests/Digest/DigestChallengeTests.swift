import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// What is read from WWW-Authenticate and Proxy-Authenticate; the client's answers are tested apart.
@Suite("Digest challenge")
struct DigestChallengeTests {
    /// A challenge as Strings, or the reason why it is unusable.
    struct Read: Equatable {
        var origin = DigestChallenge.Origin.server
        var realm = ""
        var nonce = ""
        var opaque: String?
        var algorithm = DigestAlgorithm(.md5)
        var quality: QualityOfProtection?
        var isStale = false
        var wantsUserhash = false
        var reason: String?
    }

    private func read(_ lines: [String]) throws -> [Read] {
        try DigestBench.withResponse(401, lines) { message in
            var found: [Read] = []
            DigestChallenge.read(message) { reading in
                switch reading {
                case .unusable(let reason): found.append(Read(reason: reason))
                case .usable(let challenge):
                    found.append(
                        Read(
                            origin: challenge.origin, realm: challenge.realm.string, nonce: challenge.nonce.string,
                            opaque: challenge.opaque?.string, algorithm: challenge.algorithm, quality: challenge.quality,
                            isStale: challenge.isStale, wantsUserhash: challenge.wantsUserhash))
                }
            }
            return found
        }
    }

    private func read(_ value: String) throws -> [Read] { try read(["WWW-Authenticate: \(value)"]) }

    @Test("every parameter is read, names and words in any case, white space and folds anywhere, unknown ones passed over")
    func parameters() throws {
        let text =
            "dIgEsT REALM = \"example.net\" ,\r\n\tNonce=\"n,1\", oPaque=\"o=\",algorithm=sha-256,qop=\"AUTH-INT , auth\", "
            + "domain=\"sip:a sip:b\", x=y,stale=TRUE,userhash=True, charset=UTF-8"
        #expect(
            try read(text) == [
                Read(
                    realm: "example.net", nonce: "n,1", opaque: "o=", algorithm: DigestAlgorithm(.sha256), quality: .authentication,
                    isStale: true, wantsUserhash: true)
            ])
    }

    @Test("the least: realm and nonce; MD5 then, and the form of RFC 2069; an empty realm is a realm")
    func least() throws {
        #expect(try read("Digest realm=\"\",nonce=\"n\"") == [Read(nonce: "n")])
        #expect(try read("Digest realm=r,nonce=n,qop=\"\"") == [Read(realm: "r", nonce: "n")])
    }

    @Test(
        "every algorithm of RFC 7616 and RFC 8760, quoted or not",
        arguments: [
            ("MD5", DigestAlgorithm(.md5)), ("\"md5\"", DigestAlgorithm(.md5)), ("MD5-sess", DigestAlgorithm(.md5, isSession: true)),
            ("SHA-256", DigestAlgorithm(.sha256)), ("SHA-256-sess", DigestAlgorithm(.sha256, isSession: true)),
            ("SHA-512-256", DigestAlgorithm(.sha512t256)), ("SHA-512-256-SESS", DigestAlgorithm(.sha512t256, isSession: true)),
        ])
    func algorithms(_ name: String, _ algorithm: DigestAlgorithm) throws {
        #expect(try read("Digest realm=\"r\",nonce=\"n\",algorithm=\(name)").map(\.algorithm) == [algorithm])
    }

    @Test(
        "the quality of protection: auth before auth-int, unknown ones passed over",
        arguments: [
            ("\"auth\"", QualityOfProtection.authentication), ("auth", .authentication), ("\"auth-int\"", .integrity),
            ("\"auth-int,auth\"", .authentication), ("\"auth-conf, auth-int\"", .integrity),
        ])
    func qualities(_ qop: String, _ quality: QualityOfProtection) throws {
        #expect(try read("Digest realm=\"r\",nonce=\"n\",qop=\(qop)").map(\.quality) == [quality])
    }

    @Test("escapes stay in place and do not end the text; commas and equals signs inside quotes are text")
    func quotes() throws {
        let found = try read(#"Digest realm="the \"best\" \\, realm=x", nonce="a\"b""#)
        #expect(found == [Read(realm: #"the \"best\" \\, realm=x"#, nonce: #"a\"b"#)])
    }

    @Test("several challenges in one field, several fields, both names, other schemes among them")
    func several() throws {
        let lines = [
            "WWW-Authenticate: Basic realm=\"b\", Digest realm=\"r1\",nonce=\"n1\", Negotiate, Digest realm=\"r2\", nonce=\"n2\"",
            "Proxy-Authenticate: NTLM TlRMTVNTUAAC==, Digest realm=\"p\",nonce=\"n4\"",
            "WWW-Authenticate: Digest realm=\"r3\",nonce=\"n3\"",
        ]
        #expect(
            try read(lines) == [
                Read(realm: "r1", nonce: "n1"), Read(realm: "r2", nonce: "n2"), Read(realm: "r3", nonce: "n3"),
                Read(origin: .proxy, realm: "p", nonce: "n4"),
            ])
    }

    @Test("other schemes alone: nothing is read, and the first is named")
    func otherSchemes() throws {
        try DigestBench.withResponse(401, ["WWW-Authenticate: Basic realm=\"b\", Bearer"]) { message in
            var count = 0
            #expect(DigestChallenge.read(message) { _ in count += 1 } == "Basic")
            #expect(count == 0)
        }
    }

    @Test(
        "a challenge that cannot be answered says why",
        arguments: [
            ("nonce=\"n\"", "challenge without realm"),
            ("realm=\"r\"", "challenge without nonce"),
            ("realm=\"r\",nonce=\"n\",algorithm=SHA-1", "unknown digest algorithm SHA-1"),
            ("realm=\"r\",nonce=\"n\",qop=\"auth-conf\"", "unknown quality of protection auth-conf"),
            ("realm=\"r\",nonce=\"n\",nonce=\"m\"", "challenge with two values of nonce"),
            ("realm=\"r\",realm=\"R\",nonce=\"n\"", "challenge with two values of realm"),
            ("realm=\"r,nonce=\"n\"", "malformed challenge"),
            ("realm=\"r\" nonce=\"n\"", "malformed challenge"),
            ("realm=\"r\",nonce=\"n", "malformed challenge"),
            ("realm=\"r\",nonce=\"n\\\"", "malformed challenge"),
            ("realm=\"r\r\n x\",nonce=\"n\"", "malformed challenge"),
            ("realm=\"r\",=x,nonce=\"n\"", "malformed challenge"),
            ("realm=\"r\",nonce=[\"n\"", "malformed challenge"),
            ("realm=\"r\",nonce=n\\", "malformed challenge"),
            ("realm=r\",uri=\"x\",nonce=\"n\"", "malformed challenge"),
        ])
    func unusable(_ parameters: String, _ reason: String) throws {
        #expect(try read("Digest \(parameters)").map(\.reason) == [reason])
    }

    @Test("a parameter given twice with one value counts once")
    func repeated() throws {
        #expect(try read("Digest realm=\"r\",nonce=\"n\",nonce=\"n\",realm=\"r\"") == [Read(realm: "r", nonce: "n")])
    }

    @Test("realm, nonce and opaque have bounds, reached and passed")
    func bounds() throws {
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        func reason(realm: Int = 1, nonce: Int = 1, opaque: Int = 1) throws -> [String?] {
            try read("Digest realm=\"\(text(realm))\",nonce=\"\(text(nonce))\",opaque=\"\(text(opaque))\"").map(\.reason)
        }
        #expect(try reason(realm: 1_024, nonce: 4_096, opaque: 4_096) == [nil])
        #expect(try reason(realm: 1_025) == ["realm of 1025 bytes, above 1024"])
        #expect(try reason(nonce: 4_097) == ["nonce of 4097 bytes, above 4096"])
        #expect(try reason(nonce: 8_192) == ["nonce of 8192 bytes, above 4096"])
        #expect(try reason(opaque: 4_097) == ["opaque of 4097 bytes, above 4096"])
    }

    @Test("no text, however broken, stops the reader: every prefix and every byte changed")
    func anyText() throws {
        let text = Array("Digest realm=\"a\\\"b\", nonce=\"n\", qop=\"auth\", Basic x==, Digest realm=r,nonce=n".utf8)
        func walk(_ bytes: [UInt8]) -> Int {
            bytes.withBytes { value in
                var field = AuthenticationField(value)
                var items = 0
                while field.next() != nil { items += 1 }
                return items
            }
        }
        for end in 0...text.count { #expect(walk(Array(text[..<end])) <= text.count) }
        for i in text.indices {
            for byte in Array("\"\\,= x\r\n\u{0}".utf8) {
                var changed = text
                changed[i] = byte
                #expect(walk(changed) <= text.count)
            }
        }
    }
}
