import ManagementAPI
import Testing
import Vocabulary

/// Finding header fields in kept messages, however they are written. Not covered: what they mean (`TraceLadderTests`).
@Suite("Lines of a kept message")
struct MessageLinesTests {
    private func callID(_ fields: String) -> String? {
        "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\n\(fields)\r\n\r\nCall-ID: in-the-body\r\n".withBytes { MessageLines.callID(of: $0)?.string }
    }

    @Test(
        "the Call-ID is found by its long and its compact name, in any case, after any field",
        arguments: [
            "Call-ID: one@two", "call-id:one@two", "CALL-ID : one@two", "i: one@two", "I:one@two", "Call-ID:\r\n one@two",
            "Contact: <sip:i@192.0.2.1>\r\nContent-Length: 0\r\ni: one@two", "Subject: a\r\n Call-ID: folded\r\nCall-ID: one@two",
            "no colon here\r\nCall-ID: one@two", "Call-ID: one@two\r\nCall-ID: second", "Call-Info: x\r\nIn-Reply-To: y\r\nCall-ID: one@two",
        ])
    func found(_ fields: String) { #expect(callID(fields) == "one@two") }

    @Test("no Call-ID is found where there is none", arguments: ["To: a", "Call-ID:", "Call-IDs: a", "X-Call-ID: a", "c: a", ": a", ":"])
    func missing(_ fields: String) { #expect(callID(fields) == nil) }

    @Test("fields end at the first empty line, even one of white space", arguments: ["", " ", "\t "])
    func end(_ empty: String) {
        let text = "SIP/2.0 200 OK\r\n\(empty)\r\nCall-ID: in-the-body\r\n"
        text.withBytes { bytes in
            var lines = MessageLines(bytes)
            #expect(lines.startLine.string == "SIP/2.0 200 OK")
            let field = lines.next()?.name.string
            #expect(field == nil)
            #expect(lines.body.string == "Call-ID: in-the-body\r\n")
            #expect(MessageLines.callID(of: bytes) == nil)
        }
    }
}
