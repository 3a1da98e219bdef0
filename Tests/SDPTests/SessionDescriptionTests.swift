import SDP
import Testing
import Vocabulary

/// Calls `body` with the description of a text whose lines are written with LF (they stay so unless `crlf`).
func withDescription<R>(_ text: String, crlf: Bool = false, limits: SDPLimits = SDPLimits(), _ body: (SessionDescription) throws -> R) throws -> R {
    let written = crlf ? text.replacing("\n", with: "\r\n") : text
    return try written.withBytes { try body(SessionDescription($0, limits: limits)) }
}

func defect(of text: String, limits: SDPLimits = SDPLimits()) -> SDPDefect? {
    text.withBytes { bytes in
        do throws(SDPDefect) {
            _ = try SessionDescription(bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }
}

/// An offer with two streams and most kinds of lines.
let offer = """
    v=0
    o=alice 2890844526 2890844527 IN IP4 host.example.net
    s=A call
    i=Nothing special
    u=http://www.example.net/
    c=IN IP4 192.0.2.10
    b=CT:1000
    t=2873397496 2873404696
    k=clear:old
    a=tool:example
    a=ptime:20
    x=unknown line
    m=audio 49170 RTP/AVP 0 8 97 101
    b=AS:80
    b=TIAS:64000
    a=rtpmap:97 iLBC/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-16
    a=ptime:30
    m=video 51372/2 RTP/AVP 31 96
    c=IN IP6 2001:db8::20
    a=rtpmap:96 H264/90000
    a=fmtp:96 profile-level-id=42e01f;packetization-mode=1
    a=recvonly

    """

/// Reading descriptions: every field, inheritance, defects with their lines, limits.
@Suite("SessionDescription")
struct SessionDescriptionTests {
    @Test("every line of an offer is understood, with LF and with CRLF", arguments: [false, true])
    func fields(crlf: Bool) throws {
        try withDescription(offer, crlf: crlf) { session in
            #expect(session.origin.username.equals("alice"))
            #expect(session.origin.sessionIdentifier.equals("2890844526"))
            #expect(session.origin.sessionVersion.equals("2890844527"))
            #expect(session.origin.networkType.equals("IN"))
            #expect(session.origin.addressType.equals("IP4"))
            #expect(session.origin.address.equals("host.example.net"))
            #expect(session.name.equals("A call"))
            #expect(session.connection?.numeric == NetworkAddress("192.0.2.10"))
            #expect(session.bandwidth("CT") == 1000)
            #expect(session.bandwidth("AS") == nil)
            #expect(session.time?.start == 2_873_397_496)
            #expect(session.time?.stop == 2_873_404_696)
            #expect(session.attributes.first("tool")?.equals("example") == true)
            #expect(session.direction == .sendReceive)
            #expect(session.mediaCount == 2)

            let audio = session.media(at: 0)
            #expect(audio.type.equals("audio"))
            #expect(audio.port == 49_170)
            #expect(audio.portCount == 1)
            #expect(audio.transport.equals("RTP/AVP"))
            #expect(audio.formats.equals("0 8 97 101"))
            #expect(audio.address == NetworkAddress("192.0.2.10:49170"))
            #expect(audio.bandwidth("AS") == 80)
            #expect(audio.bandwidth("TIAS") == 64_000)
            #expect(audio.packetTime == 30)
            #expect(audio.direction == .sendReceive)

            let video = session.media(at: 1)
            #expect(video.index == 1)
            #expect(video.portCount == 2)
            #expect(video.address == NetworkAddress("[2001:db8::20]:51372"))
            #expect(video.direction == .receiveOnly)
            // The session's value counts where the medium has none.
            #expect(video.packetTime == 20)
            #expect(video.bandwidth("AS") == nil)
        }
    }

    @Test("payload types mean what rtpmap says, or what they are assigned")
    func codecs() throws {
        try withDescription(offer) { session in
            let audio = session.media(at: 0)
            func name(_ format: String) -> String? { format.withBytes { audio.rtpMap(of: $0)?.encodingName.string } }
            #expect(["0", "8", "97", "101", "9", "96", "x"].map(name) == ["PCMU", "PCMA", "iLBC", "telephone-event", "G722", nil, nil])
            "101".withBytes { #expect(audio.formatParameters(of: $0)?.equals("0-16") == true) }
            "10".withBytes { #expect(audio.formatParameters(of: $0) == nil) }
            #expect(audio.lines.numberOfLines == 7)
            let video = session.media(at: 1)
            "96".withBytes { #expect(video.formatParameters(of: $0)?.equals("profile-level-id=42e01f;packetization-mode=1") == true) }
            "96".withBytes { #expect(video.rtpMap(of: $0)?.clockRate == 90_000) }
        }
    }

    @Test("order and unknown lines stay: the lines together are the text", arguments: [false, true])
    func linesKept(crlf: Bool) throws {
        try withDescription(offer, crlf: crlf) { session in
            var lines = session.lines
            var text: [UInt8] = []
            var types = ""
            while let line = lines.next() {
                text += line.text.array
                types.append(Character(Unicode.Scalar(line.type)))
            }
            #expect(text == session.text.array)
            #expect(types == "vosiucbtkaaxmbbaaaamcaaa")
        }
    }

    private static let start = "v=0\no=- 1 1 IN IP4 192.0.2.1\n"

    @Test(
        "what peers leave out or add without harm is accepted",
        arguments: [
            "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\n",
            // No s= and no t=, no end of the last line, blank lines behind it.
            "v=0\no=- 1 1 IN IP4 192.0.2.1",
            "v=0\no=- 1 1 IN IP4 192.0.2.1\n\n\r\n",
            "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP 0",
            // Ids beyond 64 bits.
            "v=0\no=- 99999999999999999999999999 1 IN IP4 192.0.2.1\n",
            // No address is needed for a rejected stream.
            "v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 0 RTP/AVP 0\n",
            "v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 233.252.0.1/127/3\nm=image 4000 udptl t38\nc=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.2\n",
        ])
    func lenient(text: String) {
        #expect(defect(of: text) == nil)
    }

    @Test(
        "defects name their line",
        arguments: [
            ("", .originMissing), ("o=- 1 1 IN IP4 192.0.2.1\n", .versionMissing), ("v=1\n", .versionUnsupported(line: 1)), ("v=0\n", .originMissing),
            ("v=0\nv=0\n", .lineRepeated(line: 2)), ("v=0\no=- 1 1 IN IP4\n", .originMalformed(line: 2)),
            ("v=0\no=- 1 1 IN IP4 a b\n", .originMalformed(line: 2)),
            ("v=0\no=- x 1 IN IP4 a\n", .originMalformed(line: 2)), (start + "o=- 1 1 IN IP4 a\n", .lineRepeated(line: 3)),
            (start + "s=\ns=\n", .lineRepeated(line: 4)),
            (start + "c=IN IP4\n", .connectionMalformed(line: 3)), (start + "c=IN IP4 a\nc=IN IP4 b\n", .lineRepeated(line: 4)),
            (start + "b=AS\n", .bandwidthMalformed(line: 3)),
            (start + "b=AS:x\n", .bandwidthMalformed(line: 3)), (start + "t=0\n", .timeMalformed(line: 3)),
            (start + "t=a 0\n", .timeMalformed(line: 3)),
            (start + "a=\n", .attributeMalformed(line: 3)), (start + "a=:x\n", .attributeMalformed(line: 3)),
            (start + "m=audio 1 RTP/AVP\n", .mediaMalformed(line: 3)),
            (start + "m=audio 65536 RTP/AVP 0\n", .mediaMalformed(line: 3)), (start + "m=audio x RTP/AVP 0\n", .mediaMalformed(line: 3)),
            (start + "m=audio 1/0 RTP/AVP 0\n", .mediaMalformed(line: 3)), (start + "m=audio 1 RTP/AVP 0\na=x\n", .connectionMissing(line: 3)),
            (start + "m=audio 1 RTP/AVP 0\nm=video 1 RTP/AVP 31\nc=IN IP4 a\n", .connectionMissing(line: 3)),
            (start + "nonsense\n", .lineMalformed(line: 3)),
            (start + "\ns=-\n", .lineMalformed(line: 3)), (start + "=x\n", .lineMalformed(line: 3)), (start + "s=a\rb\n", .lineMalformed(line: 3)),
            (start + "s=a\u{0}b\n", .lineMalformed(line: 3)), (start + "m =audio 1 RTP/AVP 0\n", .lineMalformed(line: 3)),
        ] as [(String, SDPDefect)])
    func defects(text: String, expected: SDPDefect) {
        #expect(defect(of: text) == expected)
    }

    @Test("limits hold at their edges")
    func limits() {
        var limits = SDPLimits()
        limits.size = offer.utf8.count
        #expect(defect(of: offer, limits: limits) == nil)
        limits.size -= 1
        #expect(defect(of: offer, limits: limits) == .tooLarge)
        limits = SDPLimits()
        limits.lines = 24
        #expect(defect(of: offer, limits: limits) == nil)
        limits.lines = 23
        #expect(defect(of: offer, limits: limits) == .tooManyLines(line: 24))
        limits = SDPLimits()
        limits.media = 2
        #expect(defect(of: offer, limits: limits) == nil)
        limits.media = 1
        #expect(defect(of: offer, limits: limits) == .tooManyMedia(line: 20))
    }
}

extension SDPLines {
    fileprivate var numberOfLines: Int {
        var copy = self
        while copy.next() != nil {}
        return copy.number
    }
}
