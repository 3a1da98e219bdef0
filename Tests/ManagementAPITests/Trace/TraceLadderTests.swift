import CallRecords
import ManagementAPI
import Testing
import Vocabulary

/// How traces look as text and as JSON. What is hidden in them: `DigestMaskTests`.
@Suite("Ladder and document of a trace")
struct TraceLadderTests {
    @Test("a call: the caller left, Tandem, then each gateway; methods, statuses, SDP, CSeq, times, retransmissions")
    func call() {
        #expect(
            TraceLadder.lines(Trace(of: "call x", sampleCall)) == [
                "call x, from 2026-01-31T12:00:00.000Z",
                "",
                "   seconds  192.0.2.10:5060 udp              Tandem                      192.0.2.20:5080 udp             [2001:db8::30]:5061 tls",
                "              |                                 |                                 |                                 |",
                "     0.000    |--------- INVITE (SDP) --------->|                                 |                                 |   1 INVITE",
                "     0.001    |<---------- 100 Trying ----------|                                 |                                 |   1 INVITE",
                "     0.002    |                                 |--------- INVITE (SDP) --------->|                                 |   1 INVITE",
                "     0.502    |                                 |--------- INVITE (SDP) --------->|                                 |   1 INVITE, retransmission",
                "     0.600    |                                 |<--- 503 Service Unavailable ----|                                 |   1 INVITE",
                "     1.601    |                                 |----------------------------- INVITE ----------------------------->|   1 INVITE",
            ])
    }

    @Test("a registration: Tandem left, the registrar right, with lifetimes and credentials noted")
    func registration() {
        let messages = [
            message(["REGISTER sip:example.net SIP/2.0", "CSeq: 7 REGISTER", "Contact: <sip:u@192.0.2.1;expires=9>;expires=0"], .sent, Host.callee),
            message(["SIP/2.0 401 Unauthorized", "CSeq: 7 REGISTER"], .received, Host.callee, 20),
            message(
                [
                    "REGISTER sip:example.net SIP/2.0", "CSeq: 8 REGISTER", "m: <sip:u@192.0.2.1>", "Expires: 3600",
                    "Authorization: Digest response=\"abc\"",
                ], .sent, Host.callee, 21),
            message(["SIP/2.0 200 OK", "CSeq: 8 REGISTER"], .received, Host.callee, 40),
        ]
        let lines = TraceLadder.lines(Trace(of: "registration upstream-1", messages))
        #expect(
            Array(lines.dropFirst(2)) == [
                "   seconds  Tandem                     192.0.2.20:5080 udp",
                "              |                                 |",
                "     0.000    |----- REGISTER (expires 0) ----->|   7 REGISTER",
                "     0.020    |<------- 401 Unauthorized -------|   7 REGISTER",
                "     0.021    |--- REGISTER (expires 3600) ---->|   8 REGISTER, with credentials",
                "     0.040    |<------------ 200 OK ------------|   8 REGISTER",
            ])
    }

    @Test("a long title is cut, and what a stranger wrote cannot steer the terminal")
    func strangers() throws {
        let hostile = message(
            ["SIP/2.0 486 \u{1B}[2JBusy\u{202E}\u{7} and then a very long phrase indeed", "CSeq: 1\u{1B} INVITE"], .received, Host.caller)
        let lines = TraceLadder.lines(Trace(of: "call \u{1B}x", [hostile]))
        let line = try #require(lines.last)
        #expect(line.contains("486 ?[2JBusy?? and then a v"))
        #expect(line.contains("1? INVITE"))
        #expect(lines.joined().unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
    }

    @Test("a message that is no SIP at all is shown as well")
    func noSIP() throws {
        for bytes: [UInt8] in [[], [0xFF, 0xFE], Array("\r\n\r\n".utf8), Array("SIP/2.0".utf8), Array("X".utf8)] {
            var odd = message(["x"], .received, Host.caller)
            odd.bytes = bytes
            #expect(TraceLadder.lines(Trace(of: "x", [odd])).count == 5)
        }
    }

    @Test("a trace without messages says so, and one that is cut says so")
    func edges() {
        #expect(TraceLadder.lines(Trace(of: "call x", [])) == ["No message of call x is kept."])
        #expect(TraceLadder.lines(Trace(of: "call x", sampleCall, isCut: true)).last?.hasPrefix("There are more messages") == true)
    }

    @Test("the same bytes on another way, or the other way, are no retransmission")
    func retransmissions() {
        let lines = ["OPTIONS sip:example.net SIP/2.0", "CSeq: 1 OPTIONS"]
        let trace = Trace(
            of: "x",
            [
                message([lines[0], lines[1]], .received, Host.caller), message([lines[0], lines[1]], .sent, Host.caller, 1),
                message([lines[0], lines[1]], .received, Host.callee, 2), message([lines[0], lines[1]], .received, Host.caller, 3, transport: .tcp),
                message([lines[0], lines[1]], .received, Host.caller, 4),
            ])
        #expect(trace.entries.map(\.isRetransmission) == [false, false, false, false, true])
    }

    @Test("the document holds every message with its envelope and its text")
    func document() throws {
        let document = Trace(of: "call x", sampleCall, isCut: true).document
        #expect(document["subject"]?.text == "call x")
        #expect(document["isCut"]?.text == "true")
        #expect(document["secretsMasked"]?.text == "true")
        let messages = try #require(document["messages"]?.elements)
        #expect(messages.count == 6)
        let last = messages[5]
        let expected = [
            "time": "2026-01-31T12:00:01.601Z", "microseconds": "1769860801601000", "direction": "sent", "transport": "tls",
            "local": "192.0.2.1:5060", "remote": "[2001:db8::30]:5061", "connection": "3", "startLine": "INVITE sip:0111@[2001:db8::30] SIP/2.0",
            "callID": "c", "cseq": "1 INVITE", "isRetransmission": "false", "text": text(sampleCall[5]),
        ]
        for (field, value) in expected { #expect(last[field]?.text == value, "\(field)") }
        #expect(messages[3]["isRetransmission"]?.text == "true")
    }
}
