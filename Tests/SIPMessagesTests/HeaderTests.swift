import SIPMessages
import Testing
import Vocabulary

/// One header field type after the other, as tables of what is read and what is refused.
@Suite("Header fields")
struct HeaderTests {
    @Test(
        "name-addr and addr-spec",
        arguments: [
            ("<sip:a@example.net>", "", "sip:a@example.net", ""),
            ("sip:a@example.net", "", "sip:a@example.net", ""),
            // Without brackets a parameter belongs to the header field.
            ("sip:a@example.net;tag=1", "", "sip:a@example.net", ";tag=1"),
            ("<sip:a@example.net;lr>;tag=1", "", "sip:a@example.net;lr", ";tag=1"),
            ("Alice <sip:a@example.net>", "Alice", "sip:a@example.net", ""),
            ("Alice<sip:a@example.net>", "Alice", "sip:a@example.net", ""),
            ("A. Bell  of Example <sip:a@example.net> ; x", "A. Bell  of Example", "sip:a@example.net", "; x"),
            (#""A, <B> \" C" <sip:a@example.net>"#, #""A, <B> \" C""#, "sip:a@example.net", ""),
            (#""" <sip:a@example.net>"#, #""""#, "sip:a@example.net", ""),
            ("Jürgen <sip:j@example.net>", "Jürgen", "sip:j@example.net", ""),
            ("< sip:a@example.net >", "", "sip:a@example.net", ""),
            ("sip:a@example.net ;x=\"<\"", "", "sip:a@example.net", ";x=\"<\""),
            ("<sip:a@example.net?Subject=x>", "", "sip:a@example.net?Subject=x", ""),
            ("tel:+14155550100;tag=1", "", "tel:+14155550100", ";tag=1"),
        ])
    func nameAddresses(text: String, display: String, uri: String, parameters: String) throws {
        try text.withBytes { view in
            let address = try #require(NameAddress(view))
            #expect(address.displayName.string == display)
            #expect(address.uri.string == uri)
            #expect(address.parameters.string == parameters)
        }
    }

    @Test(
        "malformed name-addr",
        arguments: [
            "", "<>", "< >", "Alice", "<sip:a@example.net", "Alice <sip:a@example.net", "\"Alice <sip:a@example.net>", "Bell, A <sip:a@example.net>",
            "\"A\" B <sip:a@example.net>", "<sip:a@example.net>x", "sip:a@example.net?x=y", "sip:a,b@example.net", "\"a\"", "\"a\" sip:a@example.net",
            "\"a\\\" <sip:a@example.net>", ";tag=1", "a@b <sip:a@example.net>",
        ])
    func malformedNameAddresses(text: String) {
        guard text != "Alice" else {
            // A bare word may still be a URI of some kind; its grammar is checked with the URI.
            text.withBytes { #expect(URI($0) == nil) }
            return
        }
        text.withBytes { #expect(NameAddress($0) == nil) }
    }

    @Test(
        "Via",
        arguments: [
            ("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "UDP", "192.0.2.1", nil, "z9hG4bK1", false),
            ("SIP/2.0/TCP host.example.net:5062", "TCP", "host.example.net", 5062, "", false),
            ("SIP / 2.0 / TLS [2001:db8::1] : 5061 ;rport; branch=x", "TLS", "[2001:db8::1]", 5061, "x", true),
            ("SIP/2.0/UDP a;rport=5070;branch=b", "UDP", "a", nil, "b", true),
            ("sip/2.0/udp a", "udp", "a", nil, "", false),
            ("SIP/2.0/UDP\r\n a_b.example.net;branch=z", "UDP", "a_b.example.net", nil, "z", false),
        ] as [(String, String, String, UInt16?, String, Bool)])
    func vias(text: String, transport: String, host: String, port: UInt16?, branch: String, rport: Bool) throws {
        try text.withBytes { view in
            let via = try #require(Via(view))
            #expect(via.transport.string == transport)
            #expect(via.host.string == host)
            #expect(via.port == port)
            #expect(via.branch.string == branch)
            #expect(via.hasRport == rport)
        }
    }

    @Test(
        "malformed Via",
        arguments: [
            "", "SIP", "SIP/2.0", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/3.0/UDP a", "HTTP/2.0/UDP a", "SIP/2.0/UDP a b", "SIP/2.0/UDP a:65536",
            "SIP/2.0/UDP a:",
            "SIP/2.0/UDP :5060", "SIP/2.0/UDP [::1", "SIP/2.0/UDP [x]", "SIP/2.0/UDP a;;branch=b", "SIP/2.0/UDP a;branch=\"b", "SIP/2.0UDP a",
            "SIP/2.0/UDP\u{1}a",
        ])
    func malformedVias(text: String) {
        text.withBytes { #expect(Via($0) == nil) }
    }

    @Test("received, rport and maddr are read, the cookie is told from a bare one")
    func viaParameters() throws {
        try "SIP/2.0/UDP a;received=192.0.2.9;rport=5070;maddr=192.0.2.8;branch=Z9HG4BKx".withBytes { view in
            let via = try #require(Via(view))
            #expect(via.received?.equals("192.0.2.9") == true)
            #expect(via.rport == 5070)
            #expect(via.maddr?.equals("192.0.2.8") == true)
            #expect(via.hasMagicCookie)
        }
        "SIP/2.0/UDP a;rport;branch=z9hG4bK".withBytes { view in
            #expect(Via(view)?.rport == nil)
            #expect(Via(view)?.hasMagicCookie == false)
        }
    }

    @Test(
        "CSeq",
        arguments: [
            ("1 INVITE", 1, .invite), ("0009\r\n  INVITE", 9, .invite), ("2147483647 BYE", 2_147_483_647, .bye), ("0\tFOO", 0, .other),
        ] as [(String, UInt32, SIPMessages.Method)])
    func cseqs(text: String, number: UInt32, method: SIPMessages.Method) throws {
        try text.withBytes { view in
            let cseq = try #require(CSeq(view))
            #expect(cseq.number == number)
            #expect(cseq.method == method)
        }
    }

    @Test(
        "malformed CSeq",
        arguments: ["", "1", "INVITE", "1INVITE", "2147483648 INVITE", "-1 INVITE", "1 INVITE x", "1 ", "36893488147419103232 INVITE"])
    func malformedCSeqs(text: String) {
        text.withBytes { #expect(CSeq($0) == nil) }
    }

    @Test("RAck names response, request and method")
    func racks() throws {
        try "776656 1 INVITE".withBytes { view in
            let rack = try #require(RAck(view))
            #expect((rack.responseNumber, rack.cseqNumber, rack.method) == (776_656, 1, .invite))
        }
        "4294967295 1 INVITE".withBytes { #expect(RAck($0)?.responseNumber == .max) }
        for text in ["", "1", "1 2", "1 2 ", "4294967296 1 INVITE", "a 1 INVITE", "1  INVITE"] { text.withBytes { #expect(RAck($0) == nil) } }
    }

    @Test(
        "Content-Type",
        arguments: [
            ("application/sdp", "application", "sdp", "", true), ("Application / SDP ; charset=utf-8", "Application", "SDP", "; charset=utf-8", true),
            ("multipart/mixed;boundary=\"x y\"", "multipart", "mixed", ";boundary=\"x y\"", false),
        ] as [(String, String, String, String, Bool)])
    func contentTypes(text: String, type: String, subtype: String, parameters: String, isSDP: Bool) throws {
        try text.withBytes { view in
            let found = try #require(ContentType(view))
            #expect((found.type.string, found.subtype.string, found.parameters.string, found.isSDP) == (type, subtype, parameters, isSDP))
        }
    }

    @Test("malformed Content-Type", arguments: ["", "application", "application/", "/sdp", "application/sdp x", "application sdp"])
    func malformedContentTypes(text: String) {
        text.withBytes { #expect(ContentType($0) == nil) }
    }

    @Test(
        "seconds, with comment and parameters",
        arguments: [
            ("0", 0, ""), ("3600", 3600, ""), ("4294967295", .max, ""), ("4294967296", .max, ""), ("10000000000000000000000000000000", .max, ""),
            ("18000;duration=3600", 18_000, ";duration=3600"), ("120 (I'm in a meeting)", 120, ""),
            ("120 (a (b) \\) c);duration=60", 120, ";duration=60"),
            ("1800;refresher=uac", 1800, ";refresher=uac"),
        ] as [(String, UInt32, String)])
    func deltaSeconds(text: String, seconds: UInt32, parameters: String) throws {
        try text.withBytes { view in
            let found = try #require(DeltaSeconds(view))
            #expect(found.seconds == seconds)
            #expect(found.parameters.string == parameters)
        }
    }

    @Test("malformed seconds", arguments: ["", "-1", "x", "1x", "1 2", "1 (", "1 ((a)", "1 (a\\)", "1.5"])
    func malformedDeltaSeconds(text: String) {
        text.withBytes { #expect(DeltaSeconds($0) == nil) }
    }

    @Test("Reason gives cause and text, and the Q.850 cause is found among several")
    func reasons() throws {
        try #"Q.850;cause=16;text="Normal call clearing""#.withBytes { view in
            let reason = try #require(ReasonHeader(view))
            #expect(reason.proto.equals("Q.850"))
            #expect(reason.cause == 16)
            #expect(reason.text.equals("Normal call clearing"))
        }
        "SIP;text=x;cause=abc".withBytes { #expect(ReasonHeader($0)?.cause == nil) }
        for text in ["", ";cause=1", "Q.850 cause=1"] { text.withBytes { #expect(ReasonHeader($0) == nil) } }
        let bye = """
            BYE sip:a@example.net SIP/2.0
            Reason: SIP;cause=200;text="a, b", q.850;cause=31
            Reason: Q.850;cause=17

            """
        withMessage(bye) { #expect($0.flatMap { ReasonHeader.q850Cause(of: $0) } == 31) }
        withMessage("BYE sip:a@example.net SIP/2.0\n\n") { #expect($0.flatMap { ReasonHeader.q850Cause(of: $0) } == nil) }
    }

    @Test(
        "dates",
        arguments: [
            ("Sat, 13 Nov 2010 23:29:00 GMT", 1_289_690_940), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000), ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Mon, 01 Jan 1601 00:00:00 GMT", -11_644_473_600),
        ] as [(String, Int64)])
    func dates(text: String, seconds: Int64) throws {
        try text.withBytes { view in
            let date = try #require(SIPDate(view))
            #expect(date.wall == WallTime(microseconds: seconds * 1_000_000))
            #expect(date.text == text)
        }
    }

    @Test(
        "malformed and impossible dates",
        arguments: [
            "", "Fri, 01 Jan 2010 16:00:00 EST", "Fri 01 Jan 2010 16:00:00 GMT", "Foo, 01 Jan 2010 16:00:00 GMT", "Fri, 01 Foo 2010 16:00:00 GMT",
            "Fri, 32 Jan 2010 16:00:00 GMT", "Fri, 00 Jan 2010 16:00:00 GMT", "Fri, 29 Feb 2010 16:00:00 GMT", "Wed, 29 Feb 2100 16:00:00 GMT",
            "Fri, 31 Apr 2010 16:00:00 GMT", "Fri, 01 Jan 2010 24:00:00 GMT", "Fri, 01 Jan 2010 16:60:00 GMT", "Fri, 01 Jan 2010 16:00:61 GMT",
            "Fri, 01 Jan 2010 16:00 GMT", "Fri, +1 Jan 2010 16:00:00 GMT", "Fri, 01 Jan 10 16:00:00 GMT", "Fri, 01 Jan 2010 16:00:00 GMT x",
            "Fri, 01 Jan 2010 -1:00:00 GMT",
        ])
    func malformedDates(text: String) {
        text.withBytes { #expect(SIPDate($0) == nil) }
    }

    @Test("a clock says the date of every second, and of one that lies before")
    func dateClock() {
        var clock = SIPDateClock()
        for microseconds in [0, 999_999, 1_000_000, 86_400_000_000, 1_000_000, -1] as [Int64] {
            let wall = WallTime(microseconds: microseconds)
            #expect(clock.text(at: wall) == Array(SIPDate(wall).text.utf8))
        }
    }

    @Test("a leap second is taken as the first second after it")
    func leapSecond() {
        "Sat, 31 Dec 2016 23:59:60 GMT".withBytes { #expect(SIPDate($0)?.text == "Sun, 01 Jan 2017 00:00:00 GMT") }
    }
}
