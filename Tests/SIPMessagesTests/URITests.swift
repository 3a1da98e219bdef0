import SIPMessages
import Testing
import Vocabulary

/// URIs: the parts of well-formed ones, refusals, and the comparison of RFC 3261, section 19.1.4.
@Suite("URI")
struct URITests {
    @Test(
        "parts",
        arguments: [
            ("sip:example.net", .sip, "", "", "example.net", nil, "", ""),
            ("SIP:alice@example.net", .sip, "alice", "", "example.net", nil, "", ""),
            (
                "sips:alice:secret@example.net:5061;transport=tcp?Subject=x&Priority=urgent", .sips, "alice", "secret", "example.net", 5061,
                ";transport=tcp", "Subject=x&Priority=urgent"
            ),
            ("sip:+14155550100@192.0.2.1:5060;user=phone", .sip, "+14155550100", "", "192.0.2.1", 5060, ";user=phone", ""),
            ("sip:a@[2001:db8::1]", .sip, "a", "", "[2001:db8::1]", nil, "", ""),
            ("sip:[2001:db8::1]:5062;lr", .sip, "", "", "[2001:db8::1]", 5062, ";lr", ""),
            ("sip:a;b?c=d&e/f$g+h,i@example.net", .sip, "a;b?c=d&e/f$g+h,i", "", "example.net", nil, "", ""),
            ("sip:a:b=c@example.net", .sip, "a", "b=c", "example.net", nil, "", ""),
            ("sip:a:@example.net", .sip, "a", "", "example.net", nil, "", ""),
            ("sip:example.net?Route=%3Csip:x%3E", .sip, "", "", "example.net", nil, "", "Route=%3Csip:x%3E"),
            ("sip:example.net;a?b", .sip, "", "", "example.net", nil, ";a", "b"),
            ("tel:+1-415-555-0100;phone-context=example.net", .tel, "+1-415-555-0100", "", "", nil, ";phone-context=example.net", ""),
            ("tel:*69#", .tel, "*69#", "", "", nil, "", ""),
            ("urn:service:sos", .other, "", "", "", nil, "", ""),
            ("http://www.example.com/", .other, "", "", "", nil, "", ""),
        ] as [(String, URI.Scheme, String, String, String, UInt16?, String, String)])
    func parts(
        text: String, scheme: URI.Scheme, user: String, password: String, host: String, port: UInt16?, parameters: String, headers: String
    ) throws {
        try text.asURI { uri in
            let uri = try #require(uri)
            #expect(uri.scheme == scheme)
            #expect(uri.user.string == user)
            #expect(uri.hasUser == !user.isEmpty)
            #expect(uri.password.string == password)
            #expect(uri.host.string == host)
            #expect(uri.port == port)
            #expect(uri.parameters.string == parameters)
            #expect(uri.headers.string == headers)
            #expect(uri.text.string == text)
        }
    }

    @Test(
        "malformed",
        arguments: [
            "", ":", "sip", "sip:", "alice@example.net", "1sip:a@b", "s ip:a@b", "sip:@example.net", "sip:a@", "sip:a@:5060", "sip:a@b:",
            "sip:a@b:65536",
            "sip:a@b:50x", "sip:a@b c", "sip:a b@c", "<sip:a@b>", "sip:a@[::1", "sip:a@[::g]", "sip:a@b/c", "sip:%4@b", "sip:%zz@b", "sip:a@b;x=%4",
            "sip:a@b?x=%",
            "sip:a%40", "sip:2001:db8::10", "sip:a@b\"", "sip:a@b\u{7F}", "sip:a@b@c", "tel:", "tel:abcg", "tel:+", "tel:-()", "tel:1+2", "urn:",
            "sip:a@b\r\n",
        ])
    func malformed(text: String) {
        text.asURI { #expect($0 == nil) }
    }

    @Test(
        "equal (RFC 3261, section 19.1.4)",
        arguments: [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
            ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"
            ),
            ("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
            ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]"),
            ("tel:+1-415-555-0100", "tel:+14155550100"),
            ("tel:+1(415)555.0100;phone-context=a", "tel:+14155550100;Phone-Context=A"),
            ("urn:service:sos", "urn:service:sos"),
        ])
    func equal(a: String, b: String) {
        #expect(Self.equivalent(a, b))
        #expect(Self.equivalent(b, a))
    }

    @Test(
        "not equal (RFC 3261, section 19.1.4)",
        arguments: [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtlanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:a@example.net", "sips:a@example.net"),
            ("sip:a@example.net", "sip:example.net"),
            ("sip:a:x@example.net", "sip:a:y@example.net"),
            ("sip:a@example.net", "sip:a@example.net;maddr=192.0.2.1"),
            ("sip:a@example.net", "sip:a@example.net;ttl=1"),
            ("sip:a@example.net", "sip:a@example.net;user=phone"),
            ("sip:a@example.net", "sip:a@example.net;method=INVITE"),
            ("sip:a@example.net?x=1&x=1", "sip:a@example.net?x=1&y=2"),
            ("tel:+14155550100", "tel:14155550100"),
            ("tel:+14155550100", "tel:+14155550100;ext=1"),
            ("urn:service:sos", "urn:service:SOS"),
        ])
    func notEqual(a: String, b: String) {
        #expect(!Self.equivalent(a, b))
        #expect(!Self.equivalent(b, a))
    }

    private static func equivalent(_ a: String, _ b: String) -> Bool {
        a.asURI { first in
            b.asURI { second in
                guard let first, let second else {
                    Issue.record("\(a) or \(b) is no URI")
                    return false
                }
                return first.isEquivalent(to: second)
            }
        }
    }

    @Test(
        "where a URI leads",
        arguments: [
            ("sip:a@192.0.2.1", "192.0.2.1:5060", nil), ("sip:a@192.0.2.1:5070;transport=tcp", "192.0.2.1:5070", .tcp),
            ("sips:a@192.0.2.1", "192.0.2.1:5061", .tls), ("sip:a@[2001:db8::1];transport=TLS", "[2001:db8::1]:5061", .tls),
            ("sips:a@192.0.2.1;transport=tcp", "192.0.2.1:5061", .tls), ("sip:a@192.0.2.1;transport=sctp", "192.0.2.1:5060", nil),
            ("sip:a@example.net", nil, nil),
        ] as [(String, String?, TransportKind?)])
    func targets(text: String, address: String?, transport: TransportKind?) throws {
        try text.asURI { uri in
            let uri = try #require(uri)
            #expect(uri.address?.description == address)
            #expect(uri.transport == transport)
        }
    }

    @Test("parameters are found by name")
    func parameters() throws {
        try "sip:example.net;lr;maddr=192.0.2.1".asURI { uri in
            let uri = try #require(uri)
            #expect(uri.parameter("LR") != nil)
            #expect(uri.parameter("lr")?.value == nil)
            #expect(uri.parameter("maddr")?.value?.equals("192.0.2.1") == true)
            #expect(uri.parameter("transport") == nil)
        }
    }
}
