import SIPUserAgent
import Testing
import Vocabulary

/// What the client writes, and what it makes of refusals: RFC 7616, section 3.4; RFC 3261, section 22; RFC 8760.
@Suite("Digest client")
struct DigestClientTests {
    static let base = "realm=\"example.net\",nonce=\"n1\""

    @Test("nothing is written before a challenge, nor after forgetting one")
    func nothing() throws {
        var bench = DigestBench()
        #expect(bench.credentials().isEmpty)
        #expect(!bench.client.hasChallenge)
        #expect(try bench.challenged(Self.base) == .retry)
        #expect(bench.client.hasChallenge)
        bench.client.forget()
        #expect(!bench.client.hasChallenge)
        #expect(bench.credentials().isEmpty)
    }

    @Test("the line, whole: quotes where RFC 3261 wants them, the opaque sent back, the count in eight digits")
    func wholeLine() throws {
        var bench = DigestBench()
        #expect(try bench.challenged(Self.base + ",algorithm=MD5,qop=\"auth,auth-int\",opaque=\"o\\\"p\"") == .retry)
        #expect(
            bench.credentials() == [
                "Authorization: Digest username=\"acme\",realm=\"example.net\",nonce=\"n1\",uri=\"sip:example.net\","
                    + "response=\"d355523625615fe2aa7b5d3642f54672\",algorithm=MD5,cnonce=\"0123456789abcdef\",qop=auth,nc=00000001,"
                    + "opaque=\"o\\\"p\""
            ])
    }

    @Test("in the form of RFC 2069 there is no algorithm, cnonce, count or qop")
    func oldForm() throws {
        var bench = DigestBench()
        #expect(try bench.challenged(Self.base) == .retry)
        #expect(
            bench.credentials() == [
                "Authorization: Digest username=\"acme\",realm=\"example.net\",nonce=\"n1\",uri=\"sip:example.net\","
                    + "response=\"5e0ab73443832115fc87e7a76a48de04\""
            ])
    }

    struct Case: Sendable {
        var algorithm: String
        var qop: String?
        var first: String
        var second: String
    }

    @Test(
        "every algorithm with every quality, the first and the second use of a nonce (values made by another implementation)",
        arguments: [
            Case(algorithm: "MD5", first: "5e0ab73443832115fc87e7a76a48de04", second: "5e0ab73443832115fc87e7a76a48de04"),
            Case(algorithm: "MD5", qop: "auth", first: "d355523625615fe2aa7b5d3642f54672", second: "5366f5a8f35d6f673727c02ee5150aba"),
            Case(algorithm: "MD5", qop: "auth-int", first: "fdddb4264742da29515e59dda028009a", second: "ce669b111977045704721061b614a1f5"),
            Case(algorithm: "MD5-sess", first: "80c8fa734c4f0e4c0dd436271adc83ee", second: "80c8fa734c4f0e4c0dd436271adc83ee"),
            Case(algorithm: "MD5-sess", qop: "auth", first: "a1feae701fab053c1c93567edf3296a5", second: "208e9cfe156e1497dce992a73ab2dc27"),
            Case(
                algorithm: "MD5-sess", qop: "auth-int", first: "0a24e296891d7a94bb44a3ac83a4f182",
                second: "ffcda019bc303d19ec6e4d8bac717d77"),
            Case(
                algorithm: "SHA-256", first: "e43e31fbad45110b4d881d748c788e026848b1cc03b9df6aabbb732b1cb4e5f4",
                second: "e43e31fbad45110b4d881d748c788e026848b1cc03b9df6aabbb732b1cb4e5f4"),
            Case(
                algorithm: "SHA-256", qop: "auth", first: "a2a01fb3a99ad59dd969c6945da288fb28bb1177a601b6b5cbf577c6ad5f0ce9",
                second: "233c1f259ced0c8d1f3212f17132ffb88d7402fbb2a323768bd8dbbe502be4ff"),
            Case(
                algorithm: "SHA-256", qop: "auth-int", first: "86acac84ef19fc9bbee70ea95d749172439f3f9b83c63c12f91e58bf7aeb2250",
                second: "ce8894ba79f3141242afb110461776f7268199fa5d94cea90f22886005fe90be"),
            Case(
                algorithm: "SHA-256-sess", qop: "auth", first: "bcd5e92c026e6a46278acea5afd482a91c0098a2e5205ddfc0a873947090bef1",
                second: "659cf7092c43a2eda50a6973f4522a7dbbe5d04ec40509fd55d75a334e026bab"),
            Case(
                algorithm: "SHA-512-256", first: "5f11d6f3ab23410e81e88dc712dbbcf2240af63e11b6853e75797e2d570b8db3",
                second: "5f11d6f3ab23410e81e88dc712dbbcf2240af63e11b6853e75797e2d570b8db3"),
            Case(
                algorithm: "SHA-512-256", qop: "auth", first: "a267cd81ad53bed25b0ca173ea79cd694478f9f3f55edf9ac180b29872fbcb07",
                second: "f30972bb225bd04202cbfc8034aa4dd3678ca8f34c9d2124ca63c124bd39eb7c"),
            Case(
                algorithm: "SHA-512-256-sess", qop: "auth-int",
                first: "89bd2542beaeae12fd00ba93153c3ea1205032c488157a5f21581198743e2b14",
                second: "a62a78ab8edf4d17a058f7ad358ab5daabcbe6d8d78edc9d457417826950bfc6"),
        ])
    func responses(_ example: Case) throws {
        var bench = DigestBench()
        let qop = example.qop.map { ",qop=\"\($0)\"" } ?? ""
        #expect(try bench.challenged(Self.base + ",algorithm=\(example.algorithm)\(qop)") == .retry)
        let first = try bench.parameters()
        #expect(first["response"] == example.first)
        #expect(first["algorithm"] == example.algorithm)
        #expect(first["qop"] == example.qop)
        #expect(first["nc"] == (example.qop == nil ? nil : "00000001"))
        bench.client.beginExchange()
        let second = try bench.parameters()
        #expect(second["response"] == example.second)
        #expect(second["nc"] == (example.qop == nil ? nil : "00000002"))
        #expect(second["cnonce"] == first["cnonce"])
        // A session's key cannot be computed without the cnonce.
        #expect((second["cnonce"] != nil) == (example.qop != nil || example.algorithm.hasSuffix("-sess")))
    }

    @Test("quotes and backslashes of user and realm are escaped on the wire, plain in the hash; a realm may be empty")
    func quoting() throws {
        var bench = DigestBench("ac\"me", "se\"cr\\et")
        #expect(try bench.challenged(#"realm="the \"best\" \\ realm",nonce="n\"1",qop="auth""#) == .retry)
        let line = bench.credentials()[0]
        #expect(line.contains(#"username="ac\"me",realm="the \"best\" \\ realm",nonce="n\"1","#))
        #expect(line.contains("response=\"768a3dd1da8b6811837d02a311a6e385\""))

        var empty = DigestBench()
        #expect(try empty.challenged("realm=\"\",nonce=\"n1\",algorithm=SHA-256,qop=\"auth\"") == .retry)
        #expect(try empty.parameters()["realm"] == "")
        #expect(try empty.parameters()["response"] != nil)
    }

    @Test("an empty realm is hashed as empty")
    func emptyRealm() throws {
        var bench = DigestBench()
        #expect(try bench.challenged("realm=\"\",nonce=\"n1\",algorithm=SHA-256,qop=\"auth\"") == .retry)
        #expect(try bench.parameters()["response"] == "4a2064df113bdceaf58c487f6aaf28e7c7c0c96788aae327dc08429939ddf75e")
    }

    @Test("no control byte of a name gets into the line")
    func controls() throws {
        var bench = DigestBench("ac\r\nX: y\u{0}me")
        #expect(try bench.challenged(Self.base) == .retry)
        let lines = bench.credentials()
        #expect(lines.count == 1)
        #expect(lines[0].contains("username=\"acX: yme\""))
    }

    @Test("with userhash the name is sent hashed")
    func userhash() throws {
        var bench = DigestBench("J\u{E4}s\u{F8}n Doe", "Secret, or not?")
        #expect(try bench.challenged("realm=\"api@example.org\",nonce=\"n\",algorithm=SHA-512-256,qop=\"auth\",userhash=true") == .retry)
        let sent = try bench.parameters()
        #expect(sent["username"] == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b")
        #expect(sent["userhash"] == "true")
    }

    @Test("of several challenges of one realm the strongest hash counts, in whatever order and field (RFC 8760, section 2.4)")
    func strongest() throws {
        let algorithms = ["MD5", "SHA-256", "SHA-512-256", "SHA-1", "MD5-sess"]
        func challenge(_ name: String) -> String { "Digest realm=\"r\",nonce=\"\(name)\",algorithm=\(name),qop=\"auth\"" }
        var bench = DigestBench()
        #expect(try bench.challenged(401, algorithms.map { "WWW-Authenticate: \(challenge($0))" }) == .retry)
        #expect(bench.credentials().count == 1)
        #expect(try bench.parameters()["nonce"] == "SHA-512-256")

        var oneField = DigestBench()
        #expect(try oneField.challenged(401, ["WWW-Authenticate: " + ["MD5", "SHA-256"].map(challenge).joined(separator: ", ")]) == .retry)
        #expect(try oneField.parameters()["nonce"] == "SHA-256")
        var equal = DigestBench()
        #expect(try equal.challenged(401, ["WWW-Authenticate: " + ["MD5-sess", "MD5"].map(challenge).joined(separator: ", ")]) == .retry)
        #expect(try equal.parameters()["nonce"] == "MD5-sess")
    }

    @Test("an unusable challenge beside a usable one of the same realm does no harm")
    func besideUnusable() throws {
        var bench = DigestBench()
        let bad = "WWW-Authenticate: Digest realm=\"example.net\",nonce=\"n0\",algorithm=SHA-1"
        #expect(try bench.challenged(401, [bad, "WWW-Authenticate: Digest \(Self.base)"]) == .retry)
        #expect(try bench.parameters()["nonce"] == "n1")
    }

    @Test("registrar and proxies are answered each in their field, a later challenge without undoing an earlier one")
    func severalRealms() throws {
        var bench = DigestBench()
        func proxy(_ realm: String) -> String { "Proxy-Authenticate: Digest realm=\"\(realm)\",nonce=\"\(realm)\",qop=\"auth\"" }
        #expect(try bench.challenged(407, [proxy("p1")]) == .retry)
        #expect(try bench.parameters(.proxy)["realm"] == "p1")
        #expect(try bench.challenged(407, [proxy("p2")]) == .retry)
        _ = bench.credentials()
        #expect(try bench.challenged(401, ["WWW-Authenticate: Digest \(Self.base)"]) == .retry)
        let lines = bench.credentials()
        #expect(lines.map { String($0.prefix { $0 != ":" }) } == ["Proxy-Authorization", "Proxy-Authorization", "Authorization"])
        #expect(lines[0].contains("realm=\"p1\"") && lines[0].contains("nc=00000003"))
        #expect(lines[1].contains("realm=\"p2\"") && lines[1].contains("nc=00000002"))
    }

    @Test("401 with challenges of the registrar and of a proxy at once: both are answered, with different cnonces")
    func bothAtOnce() throws {
        var bench = DigestBench()
        let lines = [
            "WWW-Authenticate: Digest realm=\"example.net\",nonce=\"n1\",qop=\"auth\"",
            "Proxy-Authenticate: Digest realm=\"example.net\",nonce=\"n2\",qop=\"auth\"",
        ]
        #expect(try bench.challenged(401, lines) == .retry)
        let (server, proxy) = (try bench.parameters(), try bench.parameters(.proxy))
        #expect(server["nonce"] == "n1")
        #expect(proxy["nonce"] == "n2")
        #expect(server["cnonce"] != proxy["cnonce"])
    }

    @Test("no more than four realms are answered")
    func realmBound() throws {
        var bench = DigestBench()
        bench.maximumRetries = 10
        let five = (1...5).map { "Proxy-Authenticate: Digest realm=\"p\($0)\",nonce=\"n\"" }
        #expect(try bench.challenged(407, five) == .retry)
        #expect(bench.credentials().count == 4)
        #expect(try bench.challenged(407, ["Proxy-Authenticate: Digest realm=\"p6\",nonce=\"n\""]) == .retry)
        let lines = bench.credentials()
        #expect(lines.count == 4)
        #expect(lines[3].contains("realm=\"p6\""))
    }

    @Test("a registrar's new realm takes the place of the one answered in an earlier exchange")
    func newRealm() throws {
        var bench = DigestBench()
        #expect(try bench.challenged("realm=\"old\",nonce=\"n\"") == .retry)
        _ = bench.credentials()
        bench.client.beginExchange()
        _ = bench.credentials()
        #expect(try bench.challenged("realm=\"new\",nonce=\"n\"") == .retry)
        let lines = bench.credentials()
        #expect(lines.count == 1)
        #expect(lines[0].contains("realm=\"new\""))
    }
}
