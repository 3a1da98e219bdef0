import SIPMessages
import Testing

/// What every message must carry, and what a request is checked for before anybody acts on it.
@Suite("Essentials and request check")
struct EssentialsTests {
    private static let standing: [(String, String)] = [
        ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa"), ("From", "<sip:a@example.net>;tag=1"), ("To", "<sip:b@example.net>"),
        ("Call-ID", "x@192.0.2.1"),
        ("CSeq", "1 OPTIONS"), ("Max-Forwards", "70"),
    ]

    /// A request with some header fields replaced, removed (nil) or added.
    private static func request(_ changes: [(String, String?)], uri: String = "sip:b@example.net") -> String {
        var text = "OPTIONS \(uri) SIP/2.0\n"
        for (name, value) in standing where !changes.contains(where: { $0.0 == name }) { text += "\(name): \(value)\n" }
        for (name, value) in changes { if let value { text += "\(name): \(value)\n" } }
        return text + "\n"
    }

    @Test(
        "essentials that are missing, malformed or repeated",
        arguments: [
            ([("Via", nil)], .viaMissing), ([("Via", "SIP/2.0/UDP")], .viaMalformed), ([("Via", "")], .viaMalformed), ([("From", nil)], .fromMissing),
            ([("From", "Alice")], nil), ([("From", "<sip:a@example.net")], .fromMalformed), ([("From", "<sip:a@example.net>;tag=")], .fromMalformed),
            ([("From", "<sip:a@example.net>;tag=a b")], .fromMalformed), ([("From", "<sip:a@example.net>;;tag=a")], .fromMalformed),
            ([("To", nil)], .toMissing),
            ([("To", "")], .toMalformed), ([("To", "<sip:b@example.net>;tag=\"q\"")], .toMalformed), ([("Call-ID", nil)], .callIDMissing),
            ([("Call-ID", "")], .callIDMalformed), ([("Call-ID", "a b")], .callIDMalformed), ([("Call-ID", "a,b")], .callIDMalformed),
            ([("CSeq", nil)], .cseqMissing),
            ([("CSeq", "x OPTIONS")], .cseqMalformed), ([("CSeq", "1 INVITE")], .cseqMethodMismatch), ([("CSeq", "1 options")], .cseqMethodMismatch),
            ([("CSeq", "1 OPTIONS"), ("cseq", "1 OPTIONS")], .headerRepeated),
            ([("From", "<sip:a@example.net>"), ("f", "<sip:a@example.net>")], .headerRepeated),
            ([("To", "<sip:a@example.net>"), ("t", "<sip:a@example.net>")], .headerRepeated), ([("Call-ID", "a"), ("i", "a")], .headerRepeated),
        ] as [([(String, String?)], MessageDefect?)])
    func missingOrMalformed(changes: [(String, String?)], defect: MessageDefect?) {
        let expected = defect.map { Verdict.refused($0, .essentials) } ?? .refused(.fromMalformed, .requestCheck)
        #expect(verdict(of: Self.request(changes)) == expected)
    }

    @Test(
        "what a request is checked for",
        arguments: [
            ([("Max-Forwards", "0")], nil), ([("Max-Forwards", "255")], nil), ([("Max-Forwards", "256")], .maxForwardsMalformed),
            ([("Max-Forwards", "-1")], .maxForwardsMalformed), ([("Max-Forwards", "")], .maxForwardsMalformed), ([("Max-Forwards", nil)], nil),
            ([("Max-Forwards", "1"), ("max-forwards", "1")], .headerRepeated), ([("Contact", "*")], nil),
            ([("Contact", "<sip:a@b>, <sip:c@d>;q=1")], nil),
            ([("Contact", "<sip:a@b>, c <")], .contactMalformed), ([("Contact", "<sip:a@>")], .contactMalformed),
            ([("Contact", "<sip:a@b>;x;;")], .contactMalformed),
            ([("Contact", "<mailto:a@example.net>")], nil), ([("Route", "<sip:p.example.net;lr>")], nil),
            ([("Route", "<p.example.net>")], .routeMalformed),
            ([("Record-Route", "<sip:p.example.net;lr> x")], .routeMalformed), ([("Expires", "60")], nil), ([("Expires", "soon")], .expiresMalformed),
            ([("Expires", "99999999999999999999999")], nil), ([("Require", "100rel, timer")], nil), ([("Require", "a b")], .requireMalformed),
            ([("Proxy-Require", "a;b")], .requireMalformed), ([("Supported", "")], nil), ([("Supported", "(")], .requireMalformed),
            ([("Date", "Sat, 13 Nov 2010 23:29:00 GMT")], nil), ([("Date", "today")], nil), ([("From", "<a b>;tag=1")], .fromMalformed),
            ([("To", "<sip:>")], .toMalformed),
        ] as [([(String, String?)], MessageDefect?)])
    func requestCheck(changes: [(String, String?)], defect: MessageDefect?) {
        #expect(verdict(of: Self.request(changes)) == defect.map { .refused($0, .requestCheck) } ?? .accepted)
    }

    @Test(
        "Request-URIs",
        arguments: [
            ("sip:b@example.net", nil), ("tel:+14155550100", nil), ("sips:b@example.net", nil), ("urn:service:sos", .uriSchemeUnsupported),
            ("b@example.net", .uriMalformed), ("sip:b@example.net?Subject=x", .uriMalformed), ("sip:b@[::1", .uriMalformed),
        ] as [(String, MessageDefect?)])
    func requestURIs(uri: String, defect: MessageDefect?) {
        #expect(verdict(of: Self.request([], uri: uri)) == defect.map { .refused($0, .requestCheck) } ?? .accepted)
    }

    @Test("tags and branch are at hand, empty when absent")
    func values() throws {
        try withMessage(Self.request([("To", "<sip:b@example.net>;x=y;TAG=two")])) { message in
            let found = try essentials(of: message)
            #expect(found.fromTag.equals("1"))
            #expect(found.toTag.equals("two"))
            #expect(found.via.branch.equals("z9hG4bKa"))
            #expect(found.callID.equals("x@192.0.2.1"))
        }
        try withMessage(Self.request([("From", "sip:a@example.net")])) { message in
            let found = try essentials(of: message)
            #expect(found.fromTag.isEmpty)
        }
    }

    @Test("the topmost Via is the first element of the first header field")
    func topVia() throws {
        try withMessage(Self.request([("Via", "SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b"), ("v", "SIP/2.0/UDP c")])) { message in
            let found = try essentials(of: message)
            #expect(found.via.host.equals("a"))
        }
    }

    @Test("a response's method stands in CSeq alone, so nothing can mismatch")
    func responses() {
        let text = Self.request([("CSeq", "1 INVITE")]).replacingFirstLine(with: "SIP/2.0 200 OK")
        #expect(verdict(of: text) == .accepted)
        #expect(verdict(of: text.replacingFirstLine(with: "SIP/2.0 1000 OK")) == .dropped(.statusMalformed))
    }
}

extension String {
    fileprivate func replacingFirstLine(with line: String) -> String { line + self[(firstIndex(of: "\n") ?? endIndex)...] }
}
