import SIPMessages
import Testing
import Vocabulary

/// Start lines, header fields, folding, bodies and limits.
@Suite("MessageParser")
struct MessageParserTests {
    private static let head = """
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa
        From: <sip:a@example.net>;tag=1
        To: <sip:b@example.net>
        Call-ID: x@192.0.2.1
        CSeq: 1 OPTIONS

        """

    private static func request(line: String = "OPTIONS sip:b@example.net SIP/2.0", extra: String = "", body: String = "") -> String {
        "\(line)\n\(head)\(extra)\n\(body)"
    }

    @Test("the smallest request is accepted")
    func smallest() {
        #expect(verdict(of: Self.request()) == .accepted)
    }

    @Test(
        "start lines",
        arguments: [
            ("OPTIONS sip:b@example.net sip/2.0", .accepted),
            ("OPTIONS sip:b@example.net SIP/2.1", .refused(.versionUnsupported, .structure)),
            ("OPTIONS sip:b@example.net SIP/20", .refused(.versionUnsupported, .structure)),
            ("OPTIONS sip:b@example.net  SIP/2.0", .refused(.startLineMalformed, .structure)),
            ("OPTIONS  sip:b@example.net SIP/2.0", .refused(.startLineMalformed, .structure)),
            ("OPTIONS sip:b@example.net SIP/2.0 ", .refused(.startLineMalformed, .structure)),
            ("OPTIONS SIP/2.0", .refused(.startLineMalformed, .structure)),
            ("OPTIONS\tsip:b@example.net SIP/2.0", .dropped(nil)),
            ("OPTIONS sip:b@example.net", .dropped(nil)),
            ("OPT(IONS sip:b@example.net SIP/2.0", .dropped(nil)),
            (" OPTIONS sip:b@example.net SIP/2.0", .dropped(nil)),
            ("GET / HTTP/1.1", .dropped(nil)),
        ] as [(String, Verdict)])
    func startLines(line: String, expected: Verdict) {
        #expect(verdict(of: Self.request(line: line)) == expected)
    }

    @Test(
        "status lines",
        arguments: [
            ("SIP/2.0 200 OK", 200, "OK", nil), ("SIP/2.0 100 ", 100, "", nil), ("SIP/2.0 699", 699, "", nil),
            ("sip/2.0 180 Ringing", 180, "Ringing", nil),
            ("SIP/2.0 200 two  words ", 200, "two  words ", nil), ("SIP/2.0 099 x", 99, "x", .statusMalformed),
            ("SIP/2.0 700 x", 700, "x", .statusMalformed),
            ("SIP/2.0 20 OK", 0, "", .statusMalformed), ("SIP/2.0 2000 OK", 200, " OK", .statusMalformed),
            ("SIP/2.0  200 OK", 0, "", .statusMalformed),
            ("SIP/3.0 200 OK", 200, "OK", .versionUnsupported), ("SIP/2.0200 OK12", 0, "", .versionUnsupported),
        ] as [(String, Int, String, MessageDefect?)])
    func statusLines(line: String, status: Int, reason: String, defect: MessageDefect?) throws {
        try withMessage("\(line)\n\(Self.head)\n") { message in
            let message = try #require(message)
            #expect(!message.isRequest)
            #expect(message.defect == defect)
            if defect == nil || defect == .versionUnsupported && status > 0 {
                #expect(message.status == status)
                #expect(message.reasonPhrase.string == reason)
            }
        }
    }

    @Test("keepalives and scraps are dropped", arguments: ["", "\n", "\n\n\n\n\n\n\n\n", "x", "OPTIONS", "jaK"])
    func scraps(text: String) {
        #expect(verdict(of: text) == .dropped(nil))
    }

    @Test("blank lines before the start line are passed over")
    func leadingBlankLines() {
        #expect(verdict(of: "\n\n" + Self.request()) == .accepted)
    }

    @Test("lines may end with LF alone, not with CR alone")
    func lineEnds() {
        withMessage(Array(Self.request().utf8)) { #expect(Verdict(of: $0) == .accepted) }
        let bare = Self.request(extra: "X: a\rb\n")
        #expect(verdict(of: bare) == .refused(.lineBreakMalformed, .structure))
        // In the body a CR is anybody's business.
        #expect(verdict(of: Self.request(extra: "Content-Length: 3\n", body: "a\rb")) == .accepted)
    }

    @Test(
        "header field lines",
        arguments: [
            ("X-Any.Thing!%*_+`'~: value\n", .accepted), ("X:\n", .accepted), ("X :\n", .accepted), ("X\t: y\n", .accepted),
            ("X\n", .refused(.headerMalformed, .structure)),
            (": y\n", .refused(.headerMalformed, .structure)), (" : y\n", .accepted), ("X Y: z\n", .refused(.headerMalformed, .structure)),
            ("X(: z\n", .refused(.headerMalformed, .structure)), ("(: z\n", .refused(.headerMalformed, .structure)),
            ("Ü: z\n", .refused(.headerMalformed, .structure)),
        ] as [(String, Verdict)])
    func headerLines(extra: String, expected: Verdict) {
        // " : y" continues the line before, which is CSeq and then malformed.
        let verdict = verdict(of: Self.request(extra: extra))
        #expect(verdict == (extra.hasPrefix(" ") ? .refused(.cseqMalformed, .essentials) : expected))
    }

    @Test("a folded first header field has no line to continue")
    func foldedFirst() {
        #expect(verdict(of: "OPTIONS sip:b@example.net SIP/2.0\n \(Self.head)\n") == .refused(.headerMalformed, .structure))
    }

    @Test("a fold belongs to its header field, and a line of blanks is a fold, not the end")
    func folds() throws {
        try withMessage(Self.request(extra: "Subject: one\n\ttwo\n \n three\nX: y\n")) { message in
            let message = try #require(message)
            #expect(message.first(.subject)?.string == "one\r\n\ttwo\r\n \r\n three")
            #expect(message[message.fieldCount - 1].value.equals("y"))
        }
    }

    @Test("occurrences and elements come in order, by field number and by name")
    func iteration() throws {
        try withMessage(Self.request(extra: "Supported: a, b\nk: c\nsupported:\nSUPPORTED: d\n")) { message in
            let message = try #require(message)
            var elements: [String] = []
            message.forEachElement(of: .supported) { elements.append($0.string) }
            #expect(elements == ["a", "b", "c", "d"])
            #expect(message.lists("C", in: .supported))
            #expect(!message.lists("e", in: .supported))
            var position = 0
            var values: [String] = []
            while let value = message.next(.supported, from: &position) { values.append(value.string) }
            #expect(values == ["a, b", "c", "", "d"])
            #expect(message[5].writtenName.equals("Supported"))
            #expect(message[6].writtenName.equals("k"))
            #expect(message.first(.route) == nil)
        }
    }

    @Test(
        "bodies in a datagram",
        arguments: [
            ("", "body", "body", nil), ("Content-Length: 4\n", "body", "body", nil), ("Content-Length: 2\n", "body", "bo", nil),
            ("Content-Length: 0\n", "body", "", nil),
            ("Content-Length: 5\n", "body", "body", .bodyTruncated), ("l: 4\nContent-Length: 4\n", "body", "body", nil),
            ("l: 3\nContent-Length: 4\n", "body", nil, .contentLengthConflicting), ("Content-Length: -1\n", "body", nil, .contentLengthMalformed),
            ("Content-Length: 4 4\n", "body", nil, .contentLengthMalformed), ("Content-Length:\n", "body", nil, .contentLengthMalformed),
            ("Content-Length: 4294967300\n", "body", nil, .contentLengthMalformed),
            ("Content-Length: 99999999999999999999999\n", "body", nil, .contentLengthMalformed),
        ] as [(String, String, String?, MessageDefect?)])
    func datagramBodies(extra: String, body: String, expected: String?, defect: MessageDefect?) throws {
        try withMessage(Self.request(extra: extra, body: body)) { message in
            let message = try #require(message)
            #expect(message.defect == defect)
            if let expected { #expect(message.body.string == expected) }
        }
    }

    @Test("in a stream there is no body without Content-Length")
    func streamBodies() throws {
        withMessage(Self.request(body: "body"), framing: .stream) { #expect($0?.body.isEmpty == true) }
        withMessage(Self.request(extra: "Content-Length: 4\n", body: "body"), framing: .stream) { #expect($0?.body.equals("body") == true) }
    }

    @Test("a message whose header section has no end is still read")
    func unfinished() {
        withMessage(("OPTIONS sip:b@example.net SIP/2.0\n" + Self.head).crlf) { #expect(Verdict(of: $0) == .accepted) }
        let promised = ("OPTIONS sip:b@example.net SIP/2.0\n" + Self.head + "Content-Length: 1\n").crlf
        withMessage(promised) { #expect(Verdict(of: $0) == .refused(.bodyTruncated, .structure)) }
    }

    // MARK: - Limits

    @Test("message size", arguments: [(0, .accepted), (1, .refused(.tooLarge, .structure))] as [(Int, Verdict)])
    func messageSize(over: Int, expected: Verdict) {
        let text = Self.request(body: "x")
        var limits = MessageLimits()
        limits.messageSize = text.crlf.count - over
        #expect(verdict(of: text, limits: limits) == expected)
    }

    @Test("header count", arguments: [(0, .accepted), (1, .refused(.tooManyHeaders, .structure))] as [(Int, Verdict)])
    func headerCount(over: Int, expected: Verdict) {
        var limits = MessageLimits()
        limits.headerCount = 8
        #expect(verdict(of: Self.request(extra: String(repeating: "X: y\n", count: 3 + over)), limits: limits) == expected)
    }

    @Test("header length, folds counted", arguments: [(0, .accepted), (1, .refused(.headerTooLong, .structure))] as [(Int, Verdict)])
    func headerLength(over: Int, expected: Verdict) {
        var limits = MessageLimits()
        limits.headerLength = 100
        // "X: a" CRLF SP and the rest.
        let extra = "X: a\n \(String(repeating: "b", count: 93 + over))\n"
        #expect(verdict(of: Self.request(extra: extra), limits: limits) == expected)
    }

    @Test("Request-URI length", arguments: [(0, .accepted), (1, .refused(.uriTooLong, .structure))] as [(Int, Verdict)])
    func uriLength(over: Int, expected: Verdict) {
        var limits = MessageLimits()
        limits.uriLength = 100
        let uri = "sip:" + String(repeating: "u", count: 84 + over) + "@example.net"
        #expect(verdict(of: Self.request(line: "OPTIONS \(uri) SIP/2.0"), limits: limits) == expected)
    }

    @Test("the standing limits are the documented ones and the statuses the RFC's")
    func standingLimits() {
        let limits = MessageLimits()
        #expect((limits.messageSize, limits.headerCount, limits.headerLength, limits.uriLength) == (65_535, 256, 16_384, 2_048))
        #expect((MessageDefect.tooLarge.status, MessageDefect.uriTooLong.status) == (513, 414))
        #expect((MessageDefect.versionUnsupported.status, MessageDefect.uriSchemeUnsupported.status) == (505, 416))
        #expect(MessageDefect.headerMalformed.status == 400)
    }

    @Test("a parser is reused: nothing of the last message shows in the next")
    func reuse() {
        var parser = MessageParser()
        Self.request(extra: "Subject: first\nX: y\n").crlf.withBytes { _ = parser.parse($0) }
        Self.request().crlf.withBytes { view in
            let message = parser.parse(view)
            #expect(message?.fieldCount == 5)
            #expect(message?.first(.subject) == nil)
        }
    }
}
