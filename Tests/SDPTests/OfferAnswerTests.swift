import SDP
import Testing
import Vocabulary

/// Does an answer fit its offer, are two descriptions the same, and the rewriting of the origin.
@Suite("Offer and answer")
struct OfferAnswerTests {
    private static func answer(_ media: String) -> String { "v=0\no=bob 1 1 IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\n\(media)" }

    @Test(
        "answers to the offer of audio (0 8 97 101) and receive-only video (31 96)",
        arguments: [
            ("m=audio 4000 RTP/AVP 0\nm=video 4002 RTP/AVP 31\na=sendonly\n", nil),
            ("m=audio 4000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\nm=video 0 RTP/AVP 31\n", nil),
            // The same codec under another dynamic number, and one more beside it.
            ("m=audio 4000 RTP/AVP 100 9\na=rtpmap:100 ILBC/8000/1\nm=video 0 RTP/AVP 31\n", nil),
            // What a rejected stream says does not count.
            ("m=audio 4000 RTP/AVP 0\nm=video 0 RTP/SAVP 99\n", nil),
            ("m=audio 4000 RTP/AVP 0\n", .mediaCount(offered: 2, answered: 1)),
            ("m=audio 4000 RTP/AVP 0\nm=video 0 RTP/AVP 31\nm=video 0 RTP/AVP 31\n", .mediaCount(offered: 2, answered: 3)),
            ("m=video 4000 RTP/AVP 31\nm=audio 4002 RTP/AVP 0\n", .mediaType(media: 0)),
            ("m=audio 4000 RTP/SAVP 0\nm=video 0 RTP/AVP 31\n", .transport(media: 0)),
            ("m=audio 4000 RTP/AVP 9 18\nm=video 0 RTP/AVP 31\n", .noCommonFormat(media: 0)),
            // Number 97 stands for another codec here.
            ("m=audio 4000 RTP/AVP 97\na=rtpmap:97 opus/48000/2\nm=video 0 RTP/AVP 31\n", .noCommonFormat(media: 0)),
            ("m=audio 4000 RTP/AVP 0\nm=video 4002 RTP/AVP 31\n", .direction(media: 1)),
        ] as [(String, AnswerMismatch?)])
    func fits(media: String, mismatch: AnswerMismatch?) throws {
        try withDescription(offer) { offered in
            try withDescription(Self.answer(media)) { #expect($0.mismatch(asAnswerTo: offered) == mismatch) }
        }
    }

    @Test("a stream that the offer disabled stays disabled")
    func disabled() throws {
        try withDescription(Self.answer("m=audio 0 RTP/AVP 0\n")) { offered in
            try withDescription(Self.answer("m=audio 4000 RTP/AVP 0\n")) {
                #expect($0.mismatch(asAnswerTo: offered) == .acceptedDisabledMedia(media: 0))
            }
            try withDescription(Self.answer("m=audio 0 RTP/AVP 0\n")) { #expect($0.mismatch(asAnswerTo: offered) == nil) }
        }
    }

    @Test("formats that are no payload types compare as text")
    func otherFormats() throws {
        try withDescription(Self.answer("m=image 4000 udptl t38\n")) { offered in
            try withDescription(Self.answer("m=image 4000 UDPTL t38\n")) { answer in
                #expect(answer.mismatch(asAnswerTo: offered) == nil)
                #expect(answer.media(at: 0).formatsAreSubset(of: offered.media(at: 0)))
            }
            try withDescription(Self.answer("m=image 4000 udptl t30\n")) { #expect($0.mismatch(asAnswerTo: offered) == .noCommonFormat(media: 0)) }
        }
        try withDescription(offer) { offered in
            try withDescription(Self.answer("m=audio 4000 RTP/AVP 0 9\nm=video 0 RTP/AVP 31\n")) {
                #expect(!$0.media(at: 0).formatsAreSubset(of: offered.media(at: 0)))
            }
        }
    }

    @Test(
        "the same session in the same words, the version apart",
        arguments: [
            ("2890844527", "2890844528", true), ("alice", "bob", false), ("2890844526", "2890844525", false),
            ("host.example.net", "192.0.2.1", false),
            ("A call", "Another call", false), ("49170", "49172", false), ("a=recvonly\n", "", false), ("a=recvonly\n", "a=recvonly\na=x\n", false),
            ("a=tool:example\na=ptime:20\n", "a=ptime:20\na=tool:example\n", false), ("x=unknown line", "y=unknown line", false),
            ("v=0\n", "v=0\r\n", true),
        ])
    func equality(old: String, new: String, same: Bool) throws {
        try withDescription(offer) { first in
            try withDescription(offer.replacing(old, with: new)) { second in
                #expect(first.describesSameSession(as: second) == same)
                #expect(second.describesSameSession(as: first) == same)
            }
        }
        try withDescription(offer) { first in
            try withDescription(offer, crlf: true) { #expect(first.describesSameSession(as: $0)) }
        }
    }

    @Test(
        "the origin is replaced and not a byte else",
        arguments: [
            ("192.0.2.99", "o=tandem 7 18446744073709551615 IN IP4 192.0.2.99"),
            ("2001:db8::99", "o=tandem 7 18446744073709551615 IN IP6 2001:db8::99"),
        ], [false, true])
    func originRewrite(pair: (address: String, line: String), crlf: Bool) throws {
        let address = try #require(NetworkAddress(pair.address, defaultPort: 5060))
        let rewrite = OriginRewrite(username: "tandem", sessionIdentifier: 7, sessionVersion: .max, address: address)
        let expected = offer.replacing("o=alice 2890844526 2890844527 IN IP4 host.example.net", with: pair.line)
        try withDescription(offer, crlf: crlf) { session in
            var written: [UInt8] = []
            session.write(with: rewrite) { written += $0.array }
            #expect(String(decoding: written, as: UTF8.self) == (crlf ? expected.replacing("\n", with: "\r\n") : expected))
            #expect(session.length(with: rewrite) == written.count)
            try written.withBytes { bytes in
                let again = try SessionDescription(bytes)
                #expect(again.origin.username.equals("tandem"))
                #expect(again.mediaCount == session.mediaCount)
            }
        }
    }

    @Test("an origin that is the last line, without an end, is replaced too")
    func originAtTheEnd() throws {
        let rewrite = OriginRewrite(sessionIdentifier: 0, sessionVersion: 10, address: NetworkAddress(ipv4: 0xC000_0201, port: 0))
        try withDescription("v=0\no=a 1 2 IN IP4 b") { session in
            var written = ""
            session.write(with: rewrite) { written += $0.string }
            #expect(written == "v=0\no=- 0 10 IN IP4 192.0.2.1")
        }
    }
}
