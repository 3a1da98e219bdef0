import Testing
import Vocabulary

@testable import SIPTransport

/// Covers where messages begin and end in a stream, and what is refused. Does not cover what the
/// messages mean: the shard parses them.
@Suite("Stream framer")
struct StreamFramerTests {
    private static let limits = StreamFramer.Limits(headerBytes: 200, bodyBytes: 100)

    /// Everything the framer finds when `chunks` come one after the other; messages as text.
    private func events(_ chunks: [String]) -> [String] {
        var framer = StreamFramer(limits: StreamFramerTests.limits)
        var found: [String] = []
        for chunk in chunks {
            chunk.withBytes { framer.append($0) }
            reading: while true {
                switch framer.next() {
                case .incomplete: break reading
                case .keepalive: found.append("keepalive")
                case .pong: found.append("pong")
                case .message:
                    found.append(framer.withFront(\.string))
                    framer.consumeMessage()
                case .violation(let violation):
                    found.append("\(violation)")
                    return found
                }
            }
        }
        return found
    }

    private static let simple = "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
    private static let withBody = "MESSAGE sip:a SIP/2.0\r\nl: 5\r\nVia: x\r\n\r\nhello"

    @Test(
        "one message in one chunk",
        arguments: [
            simple, withBody,
            "INVITE sip:a SIP/2.0\r\nCONTENT-LENGTH \t:\t 3 \r\n\r\nabc",
            "INVITE sip:a SIP/2.0\r\nContent-Length:\r\n 3\r\n\r\nabc",
            "INVITE sip:a SIP/2.0\r\nContent-Length: 3\r\nl: 3\r\n\r\nabc",
            "INVITE sip:a SIP/2.0\r\nSubject: l: 9\r\n l: 8\r\nl:2\r\n\r\n\r\n",
            "INVITE sip:a SIP/2.0\nl: 1\n\nx",
        ])
    func whole(_ message: String) {
        #expect(events([message]) == [message])
        #expect(events(message.map { String($0) }) == [message])
    }

    @Test("messages that come joined are told apart, wherever they are split")
    func joined() {
        let stream = StreamFramerTests.simple + StreamFramerTests.withBody + StreamFramerTests.simple
        let expected = [StreamFramerTests.simple, StreamFramerTests.withBody, StreamFramerTests.simple]
        for cut in 0...stream.utf8.count {
            let bytes = Array(stream.utf8)
            let chunks = [String(decoding: bytes[..<cut], as: UTF8.self), String(decoding: bytes[cut...], as: UTF8.self)]
            #expect(events(chunks) == expected, "cut at \(cut)")
        }
    }

    @Test("a double CRLF between messages is a keepalive, a single one is passed over")
    func keepalives() {
        let message = StreamFramerTests.simple
        #expect(events(["\r\n\r\n"]) == ["keepalive"])
        #expect(events(["\r", "\n", "\r", "\n"]) == ["keepalive"])
        #expect(events(["\r\n", message]) == [message])
        #expect(events([message, "\r\n\r\n", message]) == [message, "keepalive", message])
        #expect(events(["\r\n\r\n\r\n\r\n"]) == ["keepalive", "keepalive"])
        #expect(events(["\r\n", message, "\r\n", message]) == [message, message])
    }

    @Test(
        "where the end of a message cannot be told, the stream is given up",
        arguments: [
            ("INVITE sip:a SIP/2.0\r\nVia: x\r\n\r\n", "contentLengthMissing"),
            ("INVITE sip:a SIP/2.0\r\nContent-Length: \r\n\r\n", "contentLengthInvalid"),
            ("INVITE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n", "contentLengthInvalid"),
            ("INVITE sip:a SIP/2.0\r\nContent-Length: 1x\r\n\r\n", "contentLengthInvalid"),
            ("INVITE sip:a SIP/2.0\r\nContent-Length: 99999999999999999999999\r\n\r\n", "contentLengthInvalid"),
            ("INVITE sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n", "contentLengthConflicting"),
            ("INVITE sip:a SIP/2.0\r\nContent-Length: 101\r\n\r\n", "bodyTooLarge"),
            ("INVITE sip:a SIP/2.0\r\nContent-Length: 18446744073709551615\r\n\r\n", "bodyTooLarge"),
            ("INVITE sip:a SIP/2.0\r\nSubject: " + String(repeating: "x", count: 200) + "\r\nl: 0\r\n\r\n", "headerSectionTooLarge"),
            (String(repeating: "x", count: 201), "headerSectionTooLarge"),
        ])
    func violations(_ stream: String, _ expected: String) {
        #expect(events([stream]) == [expected])
        #expect(events(stream.map { String($0) }) == [expected])
    }

    @Test("limits are met exactly")
    func limits() {
        let body = "MESSAGE sip:a SIP/2.0\r\nl: 100\r\n\r\n" + String(repeating: "b", count: 100)
        #expect(events([body]) == [body])
        let head = "MESSAGE sip:a SIP/2.0\r\nl: 0\r\nSubject: "
        let message = head + String(repeating: "s", count: 200 - head.utf8.count - 4) + "\r\n\r\n"
        #expect(message.utf8.count == 200)
        #expect(events([message]) == [message])
    }

    @Test("a message stays at the front until it is consumed, also when more bytes come")
    func holding() {
        var framer = StreamFramer(limits: StreamFramerTests.limits)
        StreamFramerTests.simple.withBytes { framer.append($0) }
        #expect(framer.next() == .message(length: StreamFramerTests.simple.utf8.count))
        StreamFramerTests.withBody.withBytes { framer.append($0) }
        #expect(framer.next() == .message(length: StreamFramerTests.simple.utf8.count))
        #expect(framer.withFront(\.string) == StreamFramerTests.simple)
        framer.consumeMessage()
        #expect(framer.next() == .message(length: StreamFramerTests.withBody.utf8.count))
    }

    @Test("it knows whether a message is half there")
    func partial() {
        var framer = StreamFramer(limits: StreamFramerTests.limits)
        #expect(!framer.holdsPartialMessage)
        "OPTIONS sip:a SIP/2.0\r\nl: 2\r\n\r\na".withBytes { framer.append($0) }
        #expect(framer.next() == .incomplete)
        #expect(framer.holdsPartialMessage)
        "b".withBytes { framer.append($0) }
        #expect(!framer.holdsPartialMessage)
        _ = framer.next()
        framer.consumeMessage()
        #expect(!framer.holdsPartialMessage)
    }
}

/// Covers the answer to a request whose end cannot be told.
@Suite("Framing rejection")
struct FramingRejectionTests {
    private let request = """
        INVITE sip:bob@example.net SIP/2.0\r
        Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1,\r
         SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2\r
        v: SIP/2.0/TCP 192.0.2.3;branch=z9hG4bK3\r
        From: <sip:alice@example.net>;tag=1\r
        t: "a;tag=b" <sip:bob@example.net;tag=c>\r
        Call-ID: 1@example.net\r
        CSeq: 1 INVITE\r
        Subject: x\r
        \r

        """

    private func response(to request: String, _ violation: StreamFramer.Violation = .contentLengthMissing) -> String? {
        request.withBytes { FramingRejection.response(to: $0, violation) }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("it repeats Via, From, To, Call-ID and CSeq, adds a tag to To, and says what is wrong")
    func answer() throws {
        let answer = try #require(response(to: request))
        let lines = answer.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0] == "SIP/2.0 400 Missing Content-Length")
        #expect(lines[1...2] == ["Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1,", " SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2"])
        #expect(lines[3] == "v: SIP/2.0/TCP 192.0.2.3;branch=z9hG4bK3")
        #expect(lines[4] == "From: <sip:alice@example.net>;tag=1")
        #expect(lines[5].hasPrefix("t: \"a;tag=b\" <sip:bob@example.net;tag=c>;tag="))
        #expect(lines[6...] == ["Call-ID: 1@example.net", "CSeq: 1 INVITE", "Content-Length: 0", "", ""])
        #expect(response(to: request) == answer)
    }

    @Test("a tag that is there is kept")
    func tag() throws {
        let inDialog = request.replacing("sip:bob@example.net;tag=c>", with: "sip:bob@example.net>;x=1;TAG=9")
        #expect(try #require(response(to: inDialog)).contains("<sip:bob@example.net>;x=1;TAG=9\r\n"))
    }

    @Test("what may not or cannot be answered is not")
    func silence() {
        #expect(response(to: request.replacing("INVITE sip:", with: "ACK sip:")) == nil)
        #expect(response(to: request.replacing("INVITE sip:bob@example.net SIP/2.0", with: "SIP/2.0 200 OK")) == nil)
        #expect(response(to: request.replacing("Call-ID: 1@example.net\r\n", with: "")) == nil)
        #expect(response(to: request.replacing("Subject: x", with: "Call-ID: 2")) == nil)
        #expect(response(to: "garbage") == nil)
        #expect(response(to: "") == nil)
    }

    @Test("too large is said as such")
    func tooLarge() throws {
        #expect(try #require(response(to: request, .bodyTooLarge)).hasPrefix("SIP/2.0 513 Message Too Large\r\n"))
    }
}
