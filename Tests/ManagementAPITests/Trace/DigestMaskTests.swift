import CallRecords
import ManagementAPI
import Testing
import Vocabulary

/// What is hidden of a message, in whatever form somebody wrote it.
@Suite("Masking of credentials")
struct DigestMaskTests {
    /// The fields of a message after masking.
    private func masked(_ fields: String, body: String = "") -> String {
        let lines = text(DigestMask.masked(message(["REGISTER sip:example.net SIP/2.0", fields], body: body, .sent, Host.callee)))
        return String(lines.dropFirst("REGISTER sip:example.net SIP/2.0\r\n".count))
    }

    @Test("a digest response is hidden, the rest of the credentials is not")
    func response() {
        #expect(
            masked(#"Authorization: Digest username="u", realm="r", nonce="n", uri="sip:x", response="0123abcd", cnonce="c", nc=00000001"#)
                == #"Authorization: Digest username="u", realm="r", nonce="n", uri="sip:x", response="********", cnonce="c", nc=00000001"#
                + "\r\n\r\n")
    }

    @Test(
        "it is hidden in every spelling",
        arguments: [
            #"Proxy-Authorization: Digest response="SECRET""#, #"authorization:digest RESPONSE="SECRET""#,
            "Authorization  :  Digest  response  =  \"SECRET\"  ,  realm=\"r\"", "Authorization: Digest response=SECRET,realm=\"r\"",
            "Authorization: Digest realm=\"r\",\r\n response=\"SECRET\",\r\n\tnonce=\"n\"",
            "Authorization:\r\n Digest\r\n response\r\n =\r\n \"SECRET\"",
            "Authorization: Digest response=\"SECRET", "Authorization: Digest response=\"\\\"SECRET\"",
            "Authorization: Digest username=\"open, response=\"SECRET\"",
            "Authorization: Digest realm=\"\\\", response=\"SECRET\"", "Authentication-Info: qop=auth, rspauth=\"SECRET\", nextnonce=\"n\"",
            "Proxy-Authentication-Info: rspauth=SECRET", "Authorization: Digest response=\"SEC\r\n RET\"",
            "Authorization: Basic SECRET", "Proxy-Authorization: Bearer SECRET", "Authorization: Unknown a=SECRET, b=\"SECRET\"",
            "Authorization: Digest response=\"SECRET\", Digest response=\"SECRET\"", "Authorization: , Digest response=\"SECRET\"",
        ])
    func spellings(field: String) {
        let hidden = masked(field)
        for secret in ["SECRET", "SEC", "RET"] { #expect(!hidden.contains(secret)) }
        #expect(hidden.contains("*"))
        #expect(hidden.utf8.count == field.utf8.count + 4)
    }

    @Test("several credentials in one message are all hidden, those in a body too")
    func several() {
        let inner = "REGISTER sip:example.net SIP/2.0\r\nAuthorization: Digest response=\"SECRET3\"\r\n\r\n"
        let hidden = masked(
            "Authorization: Digest realm=\"a\", response=\"SECRET1\"\r\nTo: <sip:x>\r\nProxy-Authorization: Digest realm=\"b\", response=\"SECRET2\"",
            body: inner + inner)
        #expect(!hidden.contains("SECRET"))
        #expect(hidden.components("*******") == 4)
    }

    @Test(
        "nothing else is touched",
        arguments: [
            "Subject: response=\"shown\"", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"", "Contact: <sip:x>;response=shown",
            "X-Authorization: Digest response=\"shown\"", "Authorization: Digest realm=\"r\", nonce=\"n\"", "Authentication-Info: nextnonce=\"n\"",
        ])
    func others(field: String) {
        #expect(masked(field, body: "v=0\r\nresponse=shown\r\n") == field + "\r\n\r\nv=0\r\nresponse=shown\r\n")
    }

    @Test("a trace hides unless an administrator asked, in the ladder, the document and the capture alike")
    func trace() {
        let messages = [message(["REGISTER sip:example.net SIP/2.0", "Authorization: Digest response=\"SECRET\""], .sent, Host.callee)]
        for (secrets, isShown) in [(Trace.Secrets.masked, false), (.shown, true)] {
            let trace = Trace(of: "registration x", messages, secrets: secrets)
            #expect(trace.document.json().contains("SECRET") == isShown)
            #expect(String(decoding: PacketCapture.bytes(trace), as: UTF8.self).contains("SECRET") == isShown)
            #expect(!TraceLadder.lines(trace).joined().contains("SECRET"))
            #expect(trace.document["secretsMasked"]?.text == (isShown ? "false" : "true"))
        }
    }

    @Test("random damage to a message neither shows its secret nor stops the mask")
    func damaged() {
        var generator = SplitMix(state: 7)
        let whole = Array("REGISTER sip:x SIP/2.0\r\nTo: <sip:y>\r\nAuthorization: Digest realm=\"r\", response=\"SECRET\"\r\n\r\n".utf8)
        for _ in 0..<2_000 {
            var damaged = message(["x"], .sent, Host.callee)
            damaged.bytes = whole
            // Everything but the field's name and the secret itself may be anything.
            let start = whole.count - 4 - "Authorization: Digest realm=\"r\", response=\"SECRET\"".utf8.count
            damaged.bytes[Int(generator.next() % UInt64(start - 2))] = UInt8(truncatingIfNeeded: generator.next())
            #expect(!text(DigestMask.masked(damaged)).contains("SECRET"))
        }
    }
}

extension String {
    /// How often a text stands in it.
    fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}

/// A generator that gives the same numbers every time.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
