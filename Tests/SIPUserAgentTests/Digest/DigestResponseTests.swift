import SIPUserAgent
import Testing
import Vocabulary

/// The arithmetic alone, with the examples of the RFCs.
@Suite("Digest response")
struct DigestResponseTests {
    struct Example: Sendable {
        var algorithm = DigestAlgorithm(.md5)
        var username: String
        var realm: String
        var password: String
        var nonce: String
        var cnonce: String
        var quality: QualityOfProtection? = .authentication
        var method: String
        var uri: String
        var body = ""
        var expected: String

        var response: String {
            let value = username.withBytes { username in
                realm.withBytes { realm in
                    password.withBytes { DigestResponse.secret(algorithm.family, username: username, realm: realm, password: $0) }
                }
            }
            return nonce.withBytes { nonce in
                cnonce.withBytes { cnonce in
                    let key = DigestResponse.key(algorithm, secret: value, nonce: nonce, cnonce: cnonce)
                    return method.withBytes { method in
                        uri.withBytes { uri in
                            body.withBytes { body in
                                DigestResponse.value(
                                    algorithm.family, key: key, nonce: nonce, count: 1, cnonce: cnonce, quality: quality, method: method,
                                    uri: uri, body: body
                                ).withHex { $0.string }
                            }
                        }
                    }
                }
            }
        }
    }

    private static let circle = Example(
        username: "Mufasa", realm: "http-auth@example.org", password: "Circle of Life",
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", method: "GET",
        uri: "/dir/index.html", expected: "8ca523f5e9506fed4657c9700eebdbec")

    @Test("RFC 7616, section 3.9.1: MD5 and SHA-256 for the same challenge")
    func section391() {
        var example = Self.circle
        #expect(example.response == example.expected)
        example.algorithm = DigestAlgorithm(.sha256)
        #expect(example.response == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")
    }

    @Test("RFC 7616, section 3.9.2 with its erratum 4897: SHA-512-256, a name beyond ASCII, userhash")
    func section392() {
        let example = Example(
            algorithm: DigestAlgorithm(.sha512t256), username: "J\u{E4}s\u{F8}n Doe", realm: "api@example.org", password: "Secret, or not?",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", method: "GET",
            uri: "/doe.json", expected: "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5")
        #expect(example.response == example.expected)
        let userhash = example.username.withBytes { username in
            example.realm.withBytes { DigestResponse.userhash(.sha512t256, username: username, realm: $0) }
        }
        #expect(userhash.withHex { $0.string } == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b")
    }

    @Test("RFC 2617, section 3.5")
    func rfc2617() {
        let example = Example(
            username: "Mufasa", realm: "testrealm@host.com", password: "Circle Of Life", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            cnonce: "0a4f113b", method: "GET", uri: "/dir/index.html", expected: "6629fae49393a05397450978507c4ef1")
        #expect(example.response == example.expected)
    }

    private static let bob = Example(
        username: "bob", realm: "biloxi.com", password: "zanzibar", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", cnonce: "0a4f113b",
        quality: nil, method: "INVITE", uri: "sip:bob@biloxi.com", expected: "bf57e4e0d0bffc0fbaedce64d59add5e")

    @Test("SIP's published examples (draft-smith-sip-auth-examples): without qop, with auth, and a session")
    func sipExamples() {
        var example = Self.bob
        #expect(example.response == example.expected)
        example.quality = .authentication
        #expect(example.response == "89eb0059246c02b2f6ee02c7961d5ea3")
        example.algorithm = DigestAlgorithm(.md5, isSession: true)
        #expect(example.response == "e4e4ea61d186d07a92c9e1f6919902e9")
    }

    @Test("auth-int covers the body")
    func integrity() {
        var example = Self.bob
        example.quality = .integrity
        example.body = """
            v=0
            o=bob 2890844526 2890844526 IN IP4 media.biloxi.com
            s=
            c=IN IP4 media.biloxi.com
            t=0 0
            m=audio 49170 RTP/AVP 0
            a=rtpmap:0 PCMU/8000
            m=video 51372 RTP/AVP 31
            a=rtpmap:31 H261/90000
            m=video 53000 RTP/AVP 32
            a=rtpmap:32 MPV/90000

            """.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        #expect(example.response == "41f1bde42dcddbee8ae7d65fd3474dc0")
        example.body += " "
        #expect(example.response != "41f1bde42dcddbee8ae7d65fd3474dc0")
    }

    @Test("an escaped byte of realm or nonce counts without its backslash")
    func escapes() {
        var example = Self.circle
        example.realm = "http\\-auth@\\example.org"
        #expect(example.response == example.expected)
    }
}
