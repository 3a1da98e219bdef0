import SIPMessages
import Testing
import Vocabulary

@testable import SwitchCore

/// Answers without a transaction (RFC 3261, section 8.2.7): to strangers, and to what cannot be read.
@Suite("Stateless replies")
struct StatelessReplyTests {
    func reply(to text: String, from flow: Flow = udp("198.51.100.9:40000"), status: Int = 403, seed: UInt64 = 1) -> (message: String, flow: Flow)? {
        var parser = MessageParser()
        var outbox = Outbox()
        let written = text.crlf.withBytes { bytes in
            guard let message = parser.parse(bytes) else { return false }
            return StatelessReply.write(to: message, from: flow, status: status, reason: Bytes("Forbidden"), seed: seed, into: &outbox)
        }
        guard written else {
            #expect(outbox.count == 0)
            return nil
        }
        return (outbox.message(at: 0).string, outbox.entries[0].flow)
    }

    static func request(
        _ method: String = "INVITE",
        via: String = "Via: SIP/2.0/UDP pc.example.net:5062;branch=z9hG4bK1;rport\nVia: SIP/2.0/UDP second.example.net\n",
        from: String = "From: <sip:x@example.net>;tag=1\n", to: String = "To: <sip:y@example.net>\n", callID: String = "Call-ID: abc\n",
        cseq: String? = nil
    ) -> String { "\(method) sip:y@192.0.2.1 SIP/2.0\n\(via)\(from)\(to)\(callID)\(cseq ?? "CSeq: 9 \(method)\n")Content-Length: 0\n\n" }

    @Test("it has what every response has, goes back where the request came from, and ends properly")
    func content() throws {
        let answer = try #require(reply(to: Self.request()))
        #expect(answer.flow == udp("198.51.100.9:40000"))
        #expect(answer.message.lines[0] == "SIP/2.0 403 Forbidden")
        #expect(
            answer.message.values("Via")
                == ["SIP/2.0/UDP pc.example.net:5062;branch=z9hG4bK1;received=198.51.100.9;rport=40000", "SIP/2.0/UDP second.example.net"])
        #expect(answer.message.values("From") == ["<sip:x@example.net>;tag=1"])
        #expect(answer.message.value("To").hasPrefix("<sip:y@example.net>;tag="))
        #expect(answer.message.values("Call-ID") == ["abc"])
        #expect(answer.message.values("CSeq") == ["9 INVITE"])
        #expect(answer.message.values("Content-Length") == ["0"])
        #expect(answer.message.hasSuffix("\r\n\r\n"))
    }

    @Test("a repetition gets the same tag, another request another one, and nobody can guess it")
    func tag() throws {
        let first = try #require(reply(to: Self.request())).message.value("To")
        #expect(reply(to: Self.request())?.message.value("To") == first)
        #expect(reply(to: Self.request(callID: "Call-ID: other\n"))?.message.value("To") != first)
        #expect(reply(to: Self.request(via: "Via: SIP/2.0/UDP pc.example.net;branch=z9hG4bK2\n"))?.message.value("To") != first)
        #expect(reply(to: Self.request(), seed: 2)?.message.value("To") != first)
        #expect(reply(to: Self.request(to: "To: <sip:y@example.net>;tag=known\n"))?.message.value("To") == "<sip:y@example.net>;tag=known")
    }

    @Test("an ACK is never answered, nor is a response")
    func neverAnswered() {
        #expect(reply(to: Self.request("ACK")) == nil)
        #expect(reply(to: "SIP/2.0 200 OK\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\nFrom: <sip:x@y>\nTo: <sip:x@y>\nCall-ID: a\nCSeq: 1 BYE\n\n") == nil)
    }

    @Test(
        "a request without what an answer needs is dropped",
        arguments: [
            StatelessReplyTests.request(via: ""), StatelessReplyTests.request(via: "Via: nonsense\n"), StatelessReplyTests.request(from: ""),
            StatelessReplyTests.request(to: ""), StatelessReplyTests.request(callID: ""), StatelessReplyTests.request(cseq: ""),
        ])
    func dropped(text: String) { #expect(reply(to: text) == nil) }

    @Test("fields that cannot be understood are given back as they came")
    func malformed() throws {
        let answer = try #require(reply(to: Self.request(from: "From: \"unclosed <sip:x\n", cseq: "CSeq: many INVITE\n"), status: 400))
        #expect(answer.message.values("From") == ["\"unclosed <sip:x"])
        #expect(answer.message.values("CSeq") == ["many INVITE"])
    }

    @Test("a stranger gets 403 or silence as the operator says, and leaves nothing behind", arguments: [true, false])
    func stranger(replies: Bool) {
        let bench = ShardBench(parameters: ParameterValues(["SS_REPLY_UNAUTHORIZED": .flag(replies)]))
        for _ in 0..<3 { bench.receive(Self.request(), from: udp("198.51.100.9:40000")) }
        let sent = bench.sent()
        #expect(sent.count == (replies ? 3 : 0))
        #expect(Set(sent.map(\.message)).count <= 1)
        #expect(bench.transactionCount == 0)
        bench.receive(
            "INVITE sip:x SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\nFrom: ?\nTo: ?\nCall-ID: ?\nCSeq: 1 INVITE\n\n",
            from: udp("198.51.100.9:40000"))
        #expect(bench.sent().count == (replies ? 1 : 0))
        #expect(bench.callCount == 0)
    }
}
