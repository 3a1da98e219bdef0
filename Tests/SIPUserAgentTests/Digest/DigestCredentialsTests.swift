import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// The other side's reading of credentials, against those that our own client writes.
@Suite("Digest credentials")
struct DigestCredentialsTests {
    /// Whether the side that knows `password` finds the client's next credentials right.
    private func isRight(_ bench: inout DigestBench, password: String = "secret", body: String? = nil) throws -> Bool? {
        let value = try #require(bench.credentials().first?.split(separator: " ", maxSplits: 1).last.map(String.init))
        let (method, text) = (bench.method, body ?? bench.body)
        return value.withBytes { value in
            guard let credentials = DigestCredentials(value) else { return nil }
            let secret = "acme".withBytes { username in
                password.withBytes {
                    DigestResponse.secret(credentials.algorithm.family, username: username, realm: credentials.realm, password: $0)
                }
            }
            return method.withBytes { method in text.withBytes { credentials.isRight(secret: secret, method: method, body: $0) } }
        }
    }

    @Test(
        "what our client writes is read and found right, in every form; another password is wrong",
        arguments: ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"], [nil, "auth", "auth-int"])
    func roundTrip(_ algorithm: String, _ qop: String?) throws {
        var bench = DigestBench()
        bench.body = "body"
        let quality = qop.map { ",qop=\"\($0)\"" } ?? ""
        #expect(try bench.challenged("realm=\"a \\\"b\\\" c\",nonce=\"n\",algorithm=\(algorithm)\(quality)") == .retry)
        #expect(try isRight(&bench) == true)
        #expect(try isRight(&bench, password: "Secret") == false)
        #expect(try isRight(&bench, body: "other") == (qop != "auth-int"))
    }

    @Test("every field is read")
    func fields() {
        let text =
            "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:x\",response=\"00\",algorithm=SHA-256,cnonce=\"c\",qop=auth,"
            + "nc=0000001a,opaque=\"o\",userhash=true"
        text.withBytes { bytes in
            let credentials = DigestCredentials(bytes)
            #expect(credentials?.username.string == "u")
            #expect(credentials?.uri.string == "sip:x")
            #expect(credentials?.algorithm == DigestAlgorithm(.sha256))
            #expect(credentials?.quality == .authentication)
            #expect(credentials?.count == 26)
            #expect(credentials?.cnonce.string == "c")
            #expect(credentials?.opaque?.string == "o")
            #expect(credentials?.isUserhash == true)
        }
    }

    @Test(
        "credentials that lack what they need, or break the grammar, are none",
        arguments: [
            "Basic YWNtZTpzZWNyZXQ=", "Digest", "Digest username=\"u\"",
            "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"x\"",
            "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"x\",response=\"0\",algorithm=SHA-1",
            "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"x\",response=\"0\",qop=auth,cnonce=\"c\"",
            "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"x\",response=\"0\",qop=auth,cnonce=\"c\",nc=1",
            "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"x\",response=\"0\",qop=auth,nc=00000001",
            "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"x\",response=\"0\",qop=other,cnonce=\"c\",nc=00000001",
            "Digest username=\"u\",username=\"v\",realm=\"r\",nonce=\"n\",uri=\"x\",response=\"0\"",
            "Digest username=\"u,realm=\"r\",nonce=\"n\",uri=\"x\",response=\"0\"",
        ])
    func refused(_ text: String) { #expect(text.withBytes { DigestCredentials($0) == nil }) }
}
