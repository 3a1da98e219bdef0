import Foundation
import SDP
import SIPMessages
import Testing
import Vocabulary

/// The messages of RFC 4475 and RFC 5118 with the verdict of each, and what the accepted ones mean.
///
/// `later` says what the layers above have to do with an accepted message; it is their tests that prove it.
/// Where an RFC leaves freedom, `reading` says which reading is taken.
@Suite("Torture messages")
struct TortureTests {
    struct Case: CustomStringConvertible {
        let name: String
        let section: String
        let verdict: Verdict
        var later = ""
        var reading = ""
        var description: String { "\(section) \(name)" }
    }

    static let rfc4475: [Case] = [
        Case(name: "wsinv", section: "3.1.1.1", verdict: .accepted),
        Case(name: "intmeth", section: "3.1.1.2", verdict: .accepted, later: "405: unknown method (RFC 4475 says 501 for an endpoint)"),
        Case(name: "esc01", section: "3.1.1.3", verdict: .accepted),
        Case(name: "escnull", section: "3.1.1.4", verdict: .accepted),
        Case(name: "esc02", section: "3.1.1.5", verdict: .accepted, later: "405: RE%47IST%45R is not REGISTER"),
        Case(name: "lwsdisp", section: "3.1.1.6", verdict: .accepted),
        Case(name: "longreq", section: "3.1.1.7", verdict: .accepted),
        Case(name: "dblreq", section: "3.1.1.8", verdict: .accepted, reading: "octets behind Content-Length are ignored in a datagram"),
        Case(name: "semiuri", section: "3.1.1.9", verdict: .accepted),
        Case(name: "transports", section: "3.1.1.10", verdict: .accepted),
        Case(name: "mpart01", section: "3.1.1.11", verdict: .accepted),
        Case(name: "unreason", section: "3.1.1.12", verdict: .accepted),
        Case(name: "noreason", section: "3.1.1.13", verdict: .accepted),
        Case(name: "badinv01", section: "3.1.2.1", verdict: .refused(.viaMalformed, .essentials)),
        Case(
            name: "clerr", section: "3.1.2.2", verdict: .refused(.bodyTruncated, .structure),
            reading: "a datagram; a stream waits for the rest and times out"),
        Case(name: "ncl", section: "3.1.2.3", verdict: .refused(.contentLengthMalformed, .structure)),
        Case(
            name: "scalar02", section: "3.1.2.4", verdict: .refused(.cseqMalformed, .essentials),
            reading: "CSeq is the first of three overlarge numbers"),
        Case(name: "scalarlg", section: "3.1.2.5", verdict: .dropped(.cseqMalformed)),
        Case(name: "quotbal", section: "3.1.2.6", verdict: .refused(.toMalformed, .essentials)),
        Case(name: "ltgtruri", section: "3.1.2.7", verdict: .refused(.uriMalformed, .requestCheck)),
        Case(name: "lwsruri", section: "3.1.2.8", verdict: .refused(.startLineMalformed, .structure)),
        Case(name: "lwsstart", section: "3.1.2.9", verdict: .refused(.startLineMalformed, .structure), reading: "not repaired"),
        Case(name: "trws", section: "3.1.2.10", verdict: .refused(.startLineMalformed, .structure), reading: "not repaired"),
        Case(
            name: "escruri", section: "3.1.2.11", verdict: .refused(.uriMalformed, .requestCheck),
            reading: "refused, though ignoring the header part is allowed"),
        Case(
            name: "baddate", section: "3.1.2.12", verdict: .accepted,
            reading: "Date is ignored, as the RFC allows: a call is not refused for a field that nobody here needs"),
        Case(name: "regbadct", section: "3.1.2.13", verdict: .refused(.contactMalformed, .requestCheck)),
        Case(name: "badaspec", section: "3.1.2.14", verdict: .accepted, reading: "spaces inside the angle brackets are ignored, as the RFC allows"),
        Case(name: "baddn", section: "3.1.2.15", verdict: .refused(.fromMalformed, .essentials), reading: "not repaired"),
        Case(name: "badvers", section: "3.1.2.16", verdict: .refused(.versionUnsupported, .structure)),
        Case(name: "mismatch01", section: "3.1.2.17", verdict: .refused(.cseqMethodMismatch, .essentials)),
        Case(
            name: "mismatch02", section: "3.1.2.18", verdict: .refused(.cseqMethodMismatch, .essentials),
            reading: "400 rather than 501: the message is wrong for any method"),
        Case(name: "bigcode", section: "3.1.2.19", verdict: .dropped(.statusMalformed)),
        Case(name: "badbranch", section: "3.2.1", verdict: .accepted, later: "matched by the rules of RFC 2543, since the cookie stands alone"),
        Case(name: "insuf", section: "3.3.1", verdict: .refused(.fromMissing, .essentials)),
        Case(name: "unkscm", section: "3.3.2", verdict: .refused(.uriSchemeUnsupported, .requestCheck)),
        Case(name: "novelsc", section: "3.3.3", verdict: .refused(.uriSchemeUnsupported, .requestCheck)),
        Case(name: "unksm2", section: "3.3.4", verdict: .accepted, later: "400 by the registrar: To must hold a SIP URI"),
        Case(name: "bext01", section: "3.3.5", verdict: .accepted, later: "420 with both tags of Require in Unsupported"),
        Case(name: "invut", section: "3.3.6", verdict: .accepted, later: "415 with Accept"),
        Case(name: "regaut01", section: "3.3.7", verdict: .accepted, later: "401: no usable credentials"),
        Case(
            name: "multi01", section: "3.3.8", verdict: .refused(.bodyTruncated, .structure),
            reading: "as printed its Content-Length is 154 for 152 bytes, which is met first; mended it is refused for its repeated header fields"),
        Case(name: "mcl01", section: "3.3.9", verdict: .refused(.contentLengthConflicting, .structure)),
        Case(name: "bcast", section: "3.3.10", verdict: .accepted, later: "dropped: a response for this element has one Via"),
        Case(
            name: "zeromf", section: "3.3.11", verdict: .accepted, later: "483 where it would be passed on; answered when it is for the switch itself"
        ),
        Case(name: "cparam01", section: "3.3.12", verdict: .accepted),
        Case(name: "cparam02", section: "3.3.13", verdict: .accepted),
        Case(name: "regescrt", section: "3.3.14", verdict: .accepted),
        Case(name: "sdp01", section: "3.3.15", verdict: .accepted, later: "406 where the answer would need SDP"),
        Case(name: "inv2543", section: "3.4.1", verdict: .accepted, later: "no branch, no From tag: matched by the rules of RFC 2543"),
    ]

    static let rfc5118: [Case] = [
        Case(name: "ipv6-good", section: "4.1", verdict: .accepted),
        Case(name: "ipv6-bad", section: "4.2", verdict: .refused(.uriMalformed, .requestCheck)),
        Case(name: "port-ambiguous", section: "4.3", verdict: .accepted, reading: "an address without port"),
        Case(name: "port-unambiguous", section: "4.4", verdict: .accepted),
        Case(name: "via-received-param-with-delim", section: "4.5", verdict: .accepted),
        Case(name: "via-received-param-no-delim", section: "4.5", verdict: .accepted),
        Case(name: "ipv6-in-sdp", section: "4.6", verdict: .accepted),
        Case(name: "mult-ip-in-header", section: "4.7", verdict: .accepted),
        Case(name: "mult-ip-in-sdp", section: "4.8", verdict: .accepted),
        Case(name: "ipv4-mapped-ipv6", section: "4.9", verdict: .accepted),
        Case(
            name: "ipv6-bug-abnf-3-colons", section: "4.10", verdict: .refused(.uriMalformed, .requestCheck),
            reading: "the extra colon is not repaired, which the RFC leaves open"),
        Case(name: "ipv6-correct-abnf-2-colons", section: "4.10", verdict: .accepted),
    ]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Torture")

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).sip")))
    }

    @Test("every message gets its verdict", arguments: rfc4475 + rfc5118)
    func verdicts(_ torture: Case) throws {
        let bytes = try Self.bytes(torture.name)
        withMessage(bytes) { #expect(Verdict(of: $0) == torture.verdict) }
    }

    @Test("every file has its case, and there are 49 and 12")
    func complete() throws {
        #expect(Self.rfc4475.count == 49)
        #expect(Self.rfc5118.count == 12)
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".sip") }
        #expect(Set(files) == Set((Self.rfc4475 + Self.rfc5118).map { "\($0.name).sip" }))
    }

    @Test("a refused request still shows what its answer copies", arguments: rfc4475 + rfc5118)
    func answerable(_ torture: Case) throws {
        guard case .refused = torture.verdict else { return }
        withMessage(try Self.bytes(torture.name)) { message in
            #expect(message?.first(.via) != nil)
            #expect(message?.first(.callID) != nil || torture.name == "insuf")
        }
    }

    @Test("wsinv: folds, odd spaces, compact names and escapes are all understood")
    func wsinv() throws {
        try withMessage(Self.bytes("wsinv")) { message in
            let message = try #require(message)
            let found = try essentials(of: message)
            #expect(message.method == .invite)
            #expect(found.toTag.equals("1918181833n"))
            #expect(found.fromTag.equals("98asjd8"))
            #expect(found.from.display.equals(#"J Rosenberg \\\""#))
            #expect(found.cseq.number == 9)
            #expect(message.first(.maxForwards)?.decimal == 68)
            #expect(message.first(.subject)?.isEmpty == true)
            #expect(message.body.count == 150)
            var branches: [String] = []
            var hosts: [String] = []
            message.forEachElement(of: .via) { element in
                guard let via = Via(element) else { return }
                branches.append(via.branch.string)
                hosts.append(via.host.string)
            }
            #expect(branches == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"])
            #expect(hosts == ["192.0.2.2", "spindle.example.com", "192.168.255.111"])
            #expect(!found.via.hasMagicCookie)
            let contact = try #require(NameAddress(message.first(.contact) ?? .empty))
            #expect(contact.parameter("newparam")?.value?.equals("newvalue") == true)
            #expect(contact.parameter("secondparam")?.value == nil)
            #expect(contact.parameter("q")?.value?.equals("0.33") == true)
            let unknown = (0..<message.fieldCount).map { message[$0] }.filter { $0.name == .other }
            #expect(unknown.map(\.writtenName.string) == ["NewFangledHeader", "UnknownHeaderWithUnusualValue"])
            #expect(unknown[1].value.equals(";;,,;;,;"))
            #expect(unknown[0].value.string == "newfangled value\r\n continued newfangled value")
        }
    }

    @Test("intmeth: every odd character of the grammar stays where it belongs")
    func intmeth() throws {
        try withMessage(Self.bytes("intmeth")) { message in
            let message = try #require(message)
            let found = try essentials(of: message)
            #expect(message.method == .other)
            #expect(message.methodName.equals("!interesting-Method0123456789_*+`.%indeed'~"))
            #expect(found.cseq.number == 139_122_385)
            let uri = try #require(URI(message.requestURI))
            #expect(uri.user.equals("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"))
            #expect(uri.password.equals("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"))
            #expect(uri.host.equals("example.com"))
            #expect(found.to.display.array == Array("BEL:\\\u{7} NUL:\\\u{0} DEL:\\\u{7F}".utf8))
            #expect(found.fromTag.equals("_token~1'+`*%!-."))
            #expect(found.callID.equals("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"))
            #expect(found.from.displayName.equals("token1~` token2'+_ token3*%!.-"))
        }
    }

    @Test("esc01, escnull, esc02: escapes count where the grammar has them, and only there")
    func escapes() throws {
        try withMessage(Self.bytes("esc01")) { message in
            let message = try #require(message)
            let uri = try #require(URI(message.requestURI))
            #expect(uri.scheme == .sip)
            #expect(uri.user.equals("sips%3Auser%40example.com"))
            #expect(uri.host.equals("example.net"))
            let to = try #require(URI(try essentials(of: message).to.uri))
            "sip:user@example.com".asURI { plain in #expect(plain.map { to.isEquivalent(to: $0) } == true) }
            let contact = try #require(NameAddress(message.first(.contact) ?? .empty))
            let target = try #require(URI(contact.uri))
            "sip:caller@host5.example.net;lr;name=value%2541".asURI { plain in #expect(plain.map { target.isEquivalent(to: $0) } == true) }
        }
        try withMessage(Self.bytes("escnull")) { message in
            let message = try #require(message)
            var users: [String] = []
            message.forEachElement(of: .contact) { if let uri = NameAddress($0).flatMap({ URI($0.uri) }) { users.append(uri.user.string) } }
            #expect(users == ["%00", "%00%00"])
        }
        try withMessage(Self.bytes("esc02")) { message in
            let message = try #require(message)
            #expect(message.method == .other)
            var contacts = 0
            message.forEachElement(of: .contact) { _ in contacts += 1 }
            #expect(contacts == 2)
        }
    }

    @Test("longreq: all 34 Via header fields are found under every spelling")
    func longreq() throws {
        try withMessage(Self.bytes("longreq")) { message in
            let message = try #require(message)
            var count = 0
            message.forEachElement(of: .via) { if Via($0) != nil { count += 1 } }
            #expect(count == 34)
            let found = try essentials(of: message)
            #expect(found.fromTag.count == 155)
        }
    }

    @Test("dblreq: the second request in the datagram is no part of the first")
    func dblreq() throws {
        try withMessage(Self.bytes("dblreq")) { message in
            let message = try #require(message)
            #expect(message.method == .register)
            #expect(message.body.isEmpty)
            let found = try essentials(of: message)
            #expect(found.callID.equals("dblreq.0ha0isndaksdj99sdfafnl3lk233412"))
        }
    }

    @Test("semiuri, transports, lwsdisp: user parts, transports and display names")
    func smallOnes() throws {
        try withMessage(Self.bytes("semiuri")) { message in
            let uri = try #require(URI(message?.requestURI ?? .empty))
            #expect(uri.user.equals("user;par=u%40example.net"))
            #expect(uri.parameters.isEmpty)
        }
        try withMessage(Self.bytes("transports")) { message in
            var transports: [String] = []
            message?.forEachElement(of: .via) { if let via = Via($0) { transports.append(via.transport.string) } }
            #expect(transports == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"])
        }
        try withMessage(Self.bytes("lwsdisp")) { message in
            let found = try essentials(of: message)
            #expect(found.from.displayName.equals("caller"))
        }
    }

    @Test("mpart01: a binary multipart body is kept byte for byte")
    func mpart01() throws {
        let bytes = try Self.bytes("mpart01")
        try withMessage(bytes) { message in
            let message = try #require(message)
            #expect(message.body.array == Array(bytes.suffix(553)))
            let type = try #require(ContentType(message.first(.contentType) ?? .empty))
            #expect(type.isMultipart)
            #expect(ParameterList.value("boundary", in: type.parameters)?.value?.equals("7a9cbec02ceef655") == true)
        }
    }

    @Test("unreason, noreason: reason phrases of any kind, also none")
    func reasons() throws {
        try withMessage(Self.bytes("unreason")) { message in
            #expect(message?.status == 200)
            #expect(message?.reasonPhrase.string == "= 2**3 * 5**2 но сто девяносто девять - простое")
        }
        try withMessage(Self.bytes("noreason")) { message in
            #expect(message?.status == 100)
            #expect(message?.reasonPhrase.isEmpty == true)
        }
    }

    @Test("cparam01, cparam02, regescrt: a parameter is the header field's or the URI's")
    func contactParameters() throws {
        func contact(_ name: String) throws -> (header: String, uri: String, headers: String) {
            try withMessage(Self.bytes(name)) { message in
                let contact = try #require(NameAddress(message?.first(.contact) ?? .empty))
                let uri = try #require(URI(contact.uri))
                return (contact.parameters.string, uri.parameters.string, uri.headers.string)
            }
        }
        #expect(try contact("cparam01") == (";unknownparam", "", ""))
        #expect(try contact("cparam02") == ("", ";unknownparam", ""))
        #expect(try contact("regescrt") == ("", "", "Route=%3Csip:sip.example.com%3E"))
    }

    @Test("badbranch: a bare cookie names no transaction")
    func badbranch() throws {
        try withMessage(Self.bytes("badbranch")) { message in
            let found = try essentials(of: message)
            #expect(!found.via.hasMagicCookie)
        }
    }

    @Test("multi01 with its length mended is refused for its repeated header fields")
    func multi01() throws {
        let text = String(decoding: try Self.bytes("multi01"), as: UTF8.self).replacingOccurrences(of: "l: 154", with: "l: 152")
        withMessage(Array(text.utf8)) { #expect(Verdict(of: $0) == .refused(.headerRepeated, .essentials)) }
    }

    @Test("inv2543: neither branch nor From tag, and still a request")
    func inv2543() throws {
        try withMessage(Self.bytes("inv2543")) { message in
            let message = try #require(message)
            let found = try essentials(of: message)
            #expect(found.via.branch.isEmpty)
            #expect(found.fromTag.isEmpty)
            // Without Content-Length the body reaches to the end of the datagram.
            #expect(message.body.count == 105)
            // Without angle brackets the parameter is To's, not the URI's.
            #expect(found.to.parameter("user")?.value?.equals("phone") == true)
        }
    }

    @Test("RFC 5118: IPv6 references, ports and addresses end where the brackets say")
    func ipv6() throws {
        func uri(_ name: String) throws -> (host: String, port: UInt16?) {
            try withMessage(Self.bytes(name)) { message in
                let uri = try #require(URI(message?.requestURI ?? .empty))
                return (uri.host.string, uri.port)
            }
        }
        #expect(try uri("ipv6-good") == ("[2001:db8::10]", nil))
        #expect(try uri("port-ambiguous") == ("[2001:db8::10:5070]", nil))
        #expect(try uri("port-unambiguous") == ("[2001:db8::10]", 5070))
        #expect(try uri("ipv6-correct-abnf-2-colons").host == "[2001:db8::192.0.2.1]")
        for name in ["via-received-param-with-delim", "via-received-param-no-delim"] {
            try withMessage(Self.bytes(name)) { message in
                let via = try essentials(of: message).via
                #expect(via.host.equals("[2001:db8::9:1]"))
                #expect(via.received.flatMap { NetworkAddress(parsing: $0) } == NetworkAddress("2001:db8::9:255"))
                #expect(via.branch.starts(with: "z9hG4bKas3"))
            }
        }
        try withMessage(Self.bytes("mult-ip-in-header")) { message in
            let via = try essentials(of: message).via
            #expect(via.host.equals("[2001:db8::9:1]"))
            #expect(via.port == 6050)
        }
        try withMessage(Self.bytes("ipv4-mapped-ipv6")) { message in
            let via = try essentials(of: message).via
            #expect(NetworkAddress(parsing: via.host) == NetworkAddress("192.0.2.10"))
            #expect(via.port == 19823)
        }
    }

    @Test("session descriptions of the torture messages are read")
    func descriptions() throws {
        func addresses(_ name: String) throws -> [String] {
            try withMessage(Self.bytes(name)) { message in
                let description = try SessionDescription(message?.body ?? .empty)
                return (0..<description.mediaCount).map { description.media(at: $0).address?.description ?? "none" }
            }
        }
        #expect(try addresses("wsinv") == ["192.0.2.4:49217", "192.0.2.4:3227"])
        #expect(try addresses("ipv6-in-sdp") == ["[2001:db8::20]:6000", "[2001:db8::20]:6024"])
        #expect(try addresses("mult-ip-in-sdp") == ["192.0.2.1:22334", "[2001:db8::1]:6024"])
        #expect(try addresses("ipv4-mapped-ipv6") == ["192.0.2.2:6000", "192.0.2.2:6024"])
    }
}
