import SIPMessages
import SIPTransactions
import Testing
import Vocabulary

/// What a response copies (RFC 3261, section 8.2.6), what it says about the request's path (18.2.1; RFC 3581),
/// and where it goes (18.2.2).
@Suite("Response head")
struct ResponseHeadTests {
    /// The response to a request that came from `source`, and where it goes.
    func response(_ request: PeerRequest, from flow: Flow = udp(), status: Int = 180, tag: String = "ours") throws -> (message: String, flow: Flow) {
        let bench = Bench()
        let key = try #require(bench.receive(request.text, from: flow)?.newKey)
        bench.respond(key, status, tag: tag)
        return try #require(bench.sent().first)
    }

    @Test("Via, From, To with our tag, Call-ID, CSeq, Record-Route and Timestamp are those of the request")
    func copied() throws {
        let request = PeerRequest().with {
            $0.via =
                "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKtop, SIP/2.0/TCP second.example.net;branch=z9hG4bKsecond\nv: SIP/2.0/UDP third.example.net;branch=z9hG4bKthird"
            $0.extra =
                "Record-Route: <sip:a.example.net;lr>, <sip:b.example.net;lr>\nRecord-Route: <sip:c.example.net;lr>\nTimestamp: 54.21\nSubject: not copied\n"
        }
        let message = try response(request).message
        #expect(message.lines[0] == "SIP/2.0 180 Ringing")
        #expect(
            message.values("Via").joined(separator: ", ")
                == "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKtop, SIP/2.0/TCP second.example.net;branch=z9hG4bKsecond, SIP/2.0/UDP third.example.net;branch=z9hG4bKthird"
        )
        #expect(message.values("Record-Route") == ["<sip:a.example.net;lr>, <sip:b.example.net;lr>", "<sip:c.example.net;lr>"])
        #expect(message.values("Timestamp") == ["54.21"])
        #expect(message.values("From") == ["<sip:+14155550101@example.net>;tag=theirs"])
        #expect(message.values("To") == ["<sip:+14155550100@example.net>;tag=ours"])
        #expect(message.values("Call-ID") == ["call-1@192.0.2.2"])
        #expect(message.values("CSeq") == ["1 INVITE"])
        #expect(message.values("Subject").isEmpty)
    }

    @Test("a To that has a tag keeps it, and a 100 without a tag gets none")
    func toTag() throws {
        let inDialog = PeerRequest().with { $0.to = "<sip:+14155550100@example.net>;tag=old" }
        #expect(try response(inDialog).message.values("To") == ["<sip:+14155550100@example.net>;tag=old"])
        #expect(try response(PeerRequest(), status: 100, tag: "").message.values("To") == ["<sip:+14155550100@example.net>"])
    }

    @Test("folded header fields come back on one line")
    func unfolded() throws {
        let request = PeerRequest().with { $0.from = "\"A\"\n  <sip:+14155550101@example.net>\n\t;tag=theirs" }
        #expect(try response(request).message.values("From") == ["\"A\" <sip:+14155550101@example.net> ;tag=theirs"])
    }

    struct PathRow: Sendable, CustomTestStringConvertible {
        let via: String
        let source: NetworkAddress
        let written: String
        let sentTo: NetworkAddress
        var testDescription: String { "\(via) from \(source)" }
    }

    static let there = NetworkAddress(ipv4: 0xC000_0202, port: 40_000)
    static let paths: [PathRow] = [
        // sent-by is where it came from: nothing to add; the answer goes to the port of sent-by.
        PathRow(
            via: "SIP/2.0/UDP 192.0.2.2:5070;branch=z9hG4bKa", source: there, written: "SIP/2.0/UDP 192.0.2.2:5070;branch=z9hG4bKa",
            sentTo: NetworkAddress(ipv4: 0xC000_0202, port: 5070)),
        // Without a port it is 5060.
        PathRow(
            via: "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKa", source: there, written: "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKa",
            sentTo: NetworkAddress(ipv4: 0xC000_0202, port: 5060)),
        // Another address, or a name: received is added, and the answer goes to the source's host.
        PathRow(
            via: "SIP/2.0/UDP 198.51.100.9:5070;branch=z9hG4bKa", source: there,
            written: "SIP/2.0/UDP 198.51.100.9:5070;branch=z9hG4bKa;received=192.0.2.2", sentTo: NetworkAddress(ipv4: 0xC000_0202, port: 5070)),
        PathRow(
            via: "SIP/2.0/UDP pc.example.net;branch=z9hG4bKa", source: there,
            written: "SIP/2.0/UDP pc.example.net;branch=z9hG4bKa;received=192.0.2.2", sentTo: NetworkAddress(ipv4: 0xC000_0202, port: 5060)),
        // rport (RFC 3581): received is added even when it is the same host, and the answer goes back to the source port.
        PathRow(
            via: "SIP/2.0/UDP 192.0.2.2:5070;rport;branch=z9hG4bKa", source: there,
            written: "SIP/2.0/UDP 192.0.2.2:5070;branch=z9hG4bKa;received=192.0.2.2;rport=40000", sentTo: there),
        PathRow(
            via: "SIP/2.0/UDP 10.1.1.1:5060;branch=z9hG4bKa;rport", source: there,
            written: "SIP/2.0/UDP 10.1.1.1:5060;branch=z9hG4bKa;received=192.0.2.2;rport=40000", sentTo: there),
        // A received or rport that the peer wrote itself is replaced by the truth.
        PathRow(
            via: "SIP/2.0/UDP pc.example.net;received=198.51.100.1;branch=z9hG4bKa;rport=1", source: there,
            written: "SIP/2.0/UDP pc.example.net;branch=z9hG4bKa;received=192.0.2.2;rport=40000", sentTo: there),
        PathRow(
            via: "SIP/2.0/UDP 192.0.2.2;received=198.51.100.1;branch=z9hG4bKa", source: there,
            written: "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKa", sentTo: NetworkAddress(ipv4: 0xC000_0202, port: 5060)),
        // maddr goes before rport (RFC 3261, section 18.2.2; RFC 3581, section 4).
        PathRow(
            via: "SIP/2.0/UDP 192.0.2.2:5070;maddr=192.0.2.7;branch=z9hG4bKa", source: there,
            written: "SIP/2.0/UDP 192.0.2.2:5070;maddr=192.0.2.7;branch=z9hG4bKa", sentTo: NetworkAddress(ipv4: 0xC000_0207, port: 5070)),
        PathRow(
            via: "SIP/2.0/UDP 192.0.2.2;maddr=192.0.2.7;rport;branch=z9hG4bKa", source: there,
            written: "SIP/2.0/UDP 192.0.2.2;maddr=192.0.2.7;branch=z9hG4bKa;received=192.0.2.2;rport=40000",
            sentTo: NetworkAddress(ipv4: 0xC000_0207, port: 5060)),
        // One that cannot be reached by this socket, or is a name, is not followed.
        PathRow(
            via: "SIP/2.0/UDP 192.0.2.2:5070;maddr=[2001:db8::1];branch=z9hG4bKa", source: there,
            written: "SIP/2.0/UDP 192.0.2.2:5070;maddr=[2001:db8::1];branch=z9hG4bKa", sentTo: NetworkAddress(ipv4: 0xC000_0202, port: 5070)),
        PathRow(
            via: "SIP/2.0/UDP 192.0.2.2:5070;maddr=m.example.net;branch=z9hG4bKa", source: there,
            written: "SIP/2.0/UDP 192.0.2.2:5070;maddr=m.example.net;branch=z9hG4bKa", sentTo: NetworkAddress(ipv4: 0xC000_0202, port: 5070)),
        // IPv6: received has no brackets (RFC 3261, section 25.1); forms of one address are one address.
        PathRow(
            via: "SIP/2.0/UDP [2001:DB8:0::2]:5070;branch=z9hG4bKa", source: NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 2, port: 40_000),
            written: "SIP/2.0/UDP [2001:DB8:0::2]:5070;branch=z9hG4bKa", sentTo: NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 2, port: 5070)),
        PathRow(
            via: "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKa;rport",
            source: NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 2, port: 40_000),
            written: "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKa;received=2001:db8::2;rport=40000",
            sentTo: NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 2, port: 40_000)),
    ]

    @Test("the topmost Via and the way back", arguments: paths)
    func path(row: PathRow) throws {
        let response = try response(PeerRequest().with { $0.via = row.via }, from: udp(row.source))
        #expect(response.message.values("Via") == [row.written])
        #expect(response.flow == udp(row.sentTo))
    }

    @Test("over a stream the answer goes back by the connection that the request came by, whatever Via says")
    func stream() throws {
        let flow = tcp(Self.there, connection: 77)
        let response = try response(PeerRequest().with { $0.via = "SIP/2.0/TCP 192.0.2.2:5070;maddr=192.0.2.7;branch=z9hG4bKa" }, from: flow)
        #expect(response.flow == flow)
    }

    @Test("other Via parameters keep their order and values")
    func otherParameters() throws {
        let request = PeerRequest().with { $0.via = "SIP/2.0/UDP pc.example.net:5062;ttl=16;branch=z9hG4bKa;keep;alias=\"x;y\"" }
        #expect(
            try response(request).message.values("Via")
                == ["SIP/2.0/UDP pc.example.net:5062;ttl=16;branch=z9hG4bKa;keep;alias=\"x;y\";received=192.0.2.2"])
    }

    @Test(
        "folds become single spaces",
        arguments: [
            ("plain", "plain"), ("a\r\n b", "a b"), ("a \r\n\t  b\r\n c", "a  b c"), ("", ""),
        ])
    func unfolding(input: String, expected: String) {
        var outbox = Outbox()
        input.withBytes { outbox.append(unfolding: $0) }
        #expect(outbox.unfinished.string == expected)
    }
}
