import Foundation
import SIPMessages
import Testing
import Vocabulary

@testable import SwitchCore

/// `docs/headers.md`, the policy in the code, and what really crosses from leg to leg: all three agree.
@Suite("Header policy")
struct HeaderPolicyTests {
    enum Treatment: String { case passed, withTheBody = "with the body", writtenAnew = "written anew", byRule = "by rule", dropped }

    /// The table of `docs/headers.md`.
    static func documented() throws -> [(name: String, treatment: Treatment)] {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/headers.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") || $0.hasPrefix("| any other") }
        return try rows.map { row in
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let treatment = try #require(Treatment(rawValue: cells[1]), "\(row)")
            return (cells[0].replacingOccurrences(of: "`", with: ""), treatment)
        }
    }

    static func name(of header: HeaderName) -> String { header == .other ? "any other" : Bytes(header.name).string }

    @Test("the document has every header field once, and says what the code does")
    func document() throws {
        let rows = try Self.documented()
        #expect(Set(rows.map(\.name)).count == rows.count, "a field stands there twice")
        #expect(Set(rows.map(\.name)) == Set(HeaderName.allCases.map(Self.name)))
        for (name, treatment) in rows {
            guard let header = HeaderName.allCases.first(where: { Self.name(of: $0) == name }) else { continue }
            #expect(HeaderPolicy.isPassed(header) == (treatment == .passed), "\(name)")
            #expect(HeaderPolicy.describesBody(header) == (treatment == .withTheBody), "\(name)")
            #expect(HeaderPolicy.isIdentity(header) == (treatment == .byRule), "\(name)")
        }
    }

    @Test("no field goes both ways")
    func exclusive() { for header in HeaderName.allCases { #expect(!(HeaderPolicy.isPassed(header) && HeaderPolicy.describesBody(header))) } }

    // MARK: - What crosses

    /// Values that keep to the grammar where it is checked, each to be recognised on the other side.
    static func marked(_ header: HeaderName) -> String {
        switch header {
        case .route, .recordRoute: "<sip:marker-\(header)@192.0.2.2;lr>"
        case .expires: "3333"
        case .date: "Sat, 13 Nov 2032 23:29:00 GMT"
        case .minExpires, .retryAfter: "4444"
        case .proxyRequire: "marker"
        case .rseq: "5555"
        case .rack: "6666 1 INVITE"
        default: "marker-\(header)"
        }
    }

    /// Fields that every message has, or that change what is done with it: looked at one by one below.
    static let special: Set<HeaderName> = [
        .other, .via, .from, .to, .callID, .cseq, .maxForwards, .contact, .contentLength, .require, .supported, .rseq, .rack,
        // A session timer is each leg's own, and a value that is none is refused.
        .sessionExpires, .minSE,
    ]

    static var markedLines: String {
        HeaderName.allCases.filter { !special.contains($0) }.map { "\(name(of: $0)): \(marked($0))\n" }.joined()
            + "X-Unknown: marker-unknown\nX-Unknown: marker-again\nx-ODD-case: marker-odd\n"
    }

    func check(_ message: String, hasBody: Bool, _ kind: String) throws {
        for (name, treatment) in try Self.documented() {
            guard let header = HeaderName.allCases.first(where: { Self.name(of: $0) == name }), !Self.special.contains(header) else { continue }
            let crosses = message.values(name).contains(Self.marked(header))
            switch treatment {
            case .passed: #expect(crosses, "\(name) of the \(kind) did not cross")
            case .withTheBody: #expect(crosses == hasBody, "\(name) of the \(kind)")
            // Of requests each gateway's rules decide (`IdentityTests`).
            case .byRule: #expect(crosses || kind == "INVITE" || kind == "INFO", "\(name) of the \(kind) did not cross")
            case .writtenAnew: #expect(!crosses, "\(name) of the \(kind) crossed")
            case .dropped: #expect(message.values(name).isEmpty, "\(name) of the \(kind) was not dropped")
            }
        }
        #expect(message.values("X-Unknown") == ["marker-unknown", "marker-again"])
        #expect(message.values("x-ODD-case") == ["marker-odd"])
    }

    @Test("an INVITE", arguments: ["", "v=0\n"])
    func invite(body: String) throws {
        let bench = ShardBench()
        bench.receive(ShardBench.invite(extra: Self.markedLines, body: body), from: ShardBench.caller)
        let sent = try #require(bench.sent().first { $0.flow == ShardBench.carrier }).message
        #expect(sent.hasPrefix("INVITE sip:+14155550100@192.0.2.50:5060 SIP/2.0\r\n"))
        try check(sent, hasBody: !body.isEmpty, "INVITE")
        #expect(sent.hasSuffix("\r\n\r\n" + body.replacingOccurrences(of: "\n", with: "\r\n")))
        // The fields that every message has: nothing of the caller's side in them.
        #expect(sent.values("Via").count == 1)
        #expect(sent.value("Via").hasPrefix("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK"))
        #expect(sent.value("From").hasPrefix("\"Caller\" <sip:+14155550101@192.0.2.1:5060>;tag="))
        #expect(sent.values("To") == ["<sip:+14155550100@192.0.2.50:5060>"])
        #expect(sent.value("Contact") == "<sip:+14155550101@192.0.2.1:5060>")
        #expect(sent.value("CSeq") == "1 INVITE")
        #expect(sent.value("Max-Forwards") == "46")
        #expect(sent.values("Content-Length") == ["\(body.crlf.count)"])
        for secret in ["192.0.2.2", "customer.example.net", "callertag1", "caller-call-1", "z9hG4bKcaller", "4711", "desk"] {
            #expect(!sent.contains(secret), "\(secret) is the caller's and crossed")
        }
    }

    @Test("a provisional response, an answer, a refusal", arguments: [183, 200, 486], ["", "v=0\n"])
    func responses(status: Int, body: String) throws {
        let bench = ShardBench()
        bench.receive(ShardBench.invite(), from: ShardBench.caller)
        let invite = try #require(bench.sent().first { $0.flow == ShardBench.carrier }).message
        let extra = Self.markedLines + "Contact: <sip:gw@192.0.2.50:5070>\n"
        bench.receive(ShardBench.reply(to: invite, status, extra: extra, body: body), from: ShardBench.carrier)
        bench.commit()
        let sent = try #require(bench.sent().first { $0.message.hasPrefix("SIP/2.0 \(status)") })
        #expect(sent.flow == ShardBench.caller)
        try check(sent.message, hasBody: !body.isEmpty, "\(status)")
        #expect(sent.message.value("Via") == "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKcaller1")
        #expect(sent.message.value("From") == "\"Caller\" <sip:+14155550101@customer.example.net>;tag=callertag1")
        #expect(sent.message.value("To").hasPrefix("<sip:+14155550100@192.0.2.1>;tag="))
        #expect(sent.message.value("Call-ID") == "caller-call-1@192.0.2.2")
        #expect(sent.message.value("CSeq") == "4711 INVITE")
        #expect(sent.message.values("Content-Length") == ["\(body.crlf.count)"])
        for secret in ["192.0.2.50", "carriertag", invite.value("Call-ID")] {
            #expect(!sent.message.contains(secret), "\(secret) is the carrier's and crossed")
        }
    }

    @Test("a request inside the call")
    func inside() throws {
        let bench = ShardBench()
        let call = try #require(bench.establish())
        let info = ShardBench.request(
            "INFO", from: call.answer.value("From"), to: call.answer.value("To"), callID: call.answer.value("Call-ID"), cseq: 4712,
            via: "192.0.2.2:5060", extra: Self.markedLines, body: "Signal=5\n")
        bench.receive(info, from: ShardBench.caller)
        let sent = try #require(bench.sent().first { $0.message.hasPrefix("INFO") }).message
        try check(sent, hasBody: true, "INFO")
        #expect(sent.value("Max-Forwards") == "69")
        #expect(sent.value("CSeq") == "2 INFO")
        #expect(sent.values("Contact").isEmpty)
        for secret in ["192.0.2.2:", "callertag1", "caller-call-1"] { #expect(!sent.contains(secret)) }
    }

    @Test("of a BYE only the reason crosses")
    func bye() throws {
        let bench = ShardBench()
        let call = try #require(bench.establish())
        let bye = ShardBench.request(
            "BYE", from: call.answer.value("From"), to: call.answer.value("To"), callID: call.answer.value("Call-ID"), cseq: 4712,
            via: "192.0.2.2:5060", extra: "Reason: Q.850;cause=17\nSubject: marker\nX-Unknown: marker\n")
        bench.receive(bye, from: ShardBench.caller)
        let sent = try #require(bench.sent().first { $0.message.hasPrefix("BYE") }).message
        #expect(sent.values("Reason") == ["Q.850;cause=17"])
        #expect(!sent.contains("marker"))
    }

    @Test("the caller's 100rel is offered to the carrier, and only then")
    func reliable() throws {
        for (extra, required, supported) in [
            ("Supported: 100rel, timer, path\n", [], ["100rel, timer"]), ("Require: 100rel\n", ["100rel"], ["100rel, timer"]),
            ("Supported: path\n", [], ["timer"]),
        ] as [(String, [String], [String])] {
            let bench = ShardBench()
            bench.receive(ShardBench.invite(extra: extra), from: ShardBench.caller)
            let sent = try #require(bench.sent().first { $0.flow == ShardBench.carrier }).message
            #expect(sent.values("Require") == required)
            #expect(sent.values("Supported") == supported)
        }
    }
}
