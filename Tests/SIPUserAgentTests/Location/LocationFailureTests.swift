import Testing
import Vocabulary

@testable import SIPUserAgent

/// Covers reasons in words, and how long resolutions hold.
@Suite("Server location: failures and lifetimes")
struct LocationFailureTests {
    private let hop = NextHop(host: "sip.example.net", port: 5060)

    @Test("a name that does not exist is said to not exist, for as long as its zone says")
    func noSuchName() {
        var zone = Zone()
        zone["sip.example.net", .a] = .noSuchName(validFor: .seconds(120))
        #expect(zone.resolve(hop) == .failed(reason: "sip.example.net does not exist", validFor: .seconds(120)))
        #expect(zone.resolve(NextHop(host: "sip.example.net"))?.reason == "sip.example.net does not exist")
    }

    @Test(
        "the lifetime of an absence is the zone's within bounds, 30 s where it says nothing",
        arguments: [(Interval?.none, 30), (.seconds(0), 5), (.seconds(86_400), 3_600), (.seconds(45), 45)] as [(Interval?, Int64)])
    func negativeLifetime(_ said: Interval?, _ seconds: Int64) {
        var zone = Zone()
        zone["sip.example.net", .a] = .noSuchData(validFor: said)
        #expect(zone.resolve(hop) == .failed(reason: "sip.example.net has no IPv4 address", validFor: .seconds(seconds)))
    }

    @Test("a name with addresses of another family says which family it lacks")
    func noData() {
        var zone = Zone()
        zone["sip.example.net", .a] = .noSuchData(validFor: nil)
        zone["sip.example.net", .aaaa] = .noSuchData(validFor: nil)
        #expect(zone.resolve(hop, .ipv6)?.reason == "sip.example.net has no IPv6 address")
        #expect(zone.resolve(hop, .both)?.reason == "sip.example.net has no address")
        zone["sip.example.net", .aaaa] = .noSuchName(validFor: nil)
        #expect(zone.resolve(hop, .both)?.reason == "sip.example.net has no address")
    }

    @Test("a server that an SRV record names wrongly is named with its domain")
    func serverUnknown() {
        var zone = Zone()
        zone["_sip._udp.example.net", .srv] = servers(server("gone.example.net"))
        #expect(
            zone.resolve(NextHop(host: "example.net", transport: .udp))?.reason
                == "gone.example.net, a server of example.net, does not exist")
    }

    @Test("a failure says whether the name servers were silent or refused, and holds 15 s")
    func failures() {
        var zone = Zone()
        zone["sip.example.net", .a] = .failed(.noAnswer)
        #expect(zone.resolve(hop) == .failed(reason: "no answer from the name servers", validFor: .seconds(15)))
        zone["sip.example.net", .a] = .failed(.serverFailure)
        #expect(zone.resolve(hop) == .failed(reason: "the name servers cannot answer for sip.example.net", validFor: .seconds(15)))
        zone["sip.example.net", .a] = .failed(.overloaded)
        #expect(zone.resolve(hop) == .failed(reason: "too many names wait to be looked up", validFor: .seconds(15)))
    }

    @Test("a next hop whose first question was not tried asks no further")
    func overloaded() {
        var zone = Zone()
        zone["example.net", .naptr] = .failed(.overloaded)
        zone["example.net", .a] = addresses("192.0.2.1")
        let (resolution, asked) = zone.locate(NextHop(host: "example.net"))
        #expect(resolution == .failed(reason: "too many names wait to be looked up", validFor: .seconds(15)))
        #expect(asked == [DNSQuestion("example.net", .naptr)])
    }

    @Test("when SRV questions fail, the domain's own address is not taken for its server")
    func serverQuestionFails() {
        var zone = Zone()
        zone["_sip._udp.example.net", .srv] = .failed(.noAnswer)
        zone["example.net", .a] = addresses("192.0.2.1")
        let (resolution, asked) = zone.locate(NextHop(host: "example.net"))
        #expect(resolution == .failed(reason: "no answer from the name servers", validFor: .seconds(15)))
        #expect(!asked.contains(DNSQuestion("example.net", .a)))
    }

    @Test("a failure beside an answer makes the resolution short-lived")
    func partialFailure() {
        var zone = Zone()
        zone["_sip._udp.example.net", .srv] = servers(server("sip.example.net"))
        zone["_sip._tcp.example.net", .srv] = .failed(.serverFailure)
        zone["sip.example.net", .a] = addresses("192.0.2.1")
        #expect(zone.resolve(NextHop(host: "example.net"))?.places == ["udp 192.0.2.1:5060"])
        #expect(zone.resolve(NextHop(host: "example.net"))?.lifetime == .seconds(15))
        zone["_sip._tcp.example.net", .srv] = .noSuchData(validFor: nil)
        zone["sip.example.net", .aaaa] = .failed(.serverFailure)
        #expect(zone.resolve(NextHop(host: "example.net"), .both)?.lifetime == .seconds(15))
        zone["sip.example.net", .aaaa] = .noSuchData(validFor: nil)
        #expect(zone.resolve(NextHop(host: "example.net"), .both)?.lifetime == .seconds(300))
        zone["example.net", .naptr] = .failed(.noAnswer)
        #expect(zone.resolve(NextHop(host: "example.net"), .both)?.lifetime == .seconds(15))
    }

    @Test("a service whose target is the root is not offered, and nothing else is tried for it")
    func declined() {
        var zone = Zone()
        zone["_sip._udp.example.net", .srv] = servers(server("", port: 0))
        zone["example.net", .a] = addresses("192.0.2.1")
        let (resolution, asked) = zone.locate(NextHop(host: "example.net"))
        #expect(resolution == .failed(reason: "example.net offers no SIP service to us (SRV target \".\")", validFor: .seconds(300)))
        #expect(!asked.contains(DNSQuestion("example.net", .a)))
        zone["_sip._tcp.example.net", .srv] = servers(server("sip.example.net"))
        zone["sip.example.net", .a] = addresses("192.0.2.2")
        #expect(zone.resolve(NextHop(host: "example.net"))?.places == ["tcp 192.0.2.2:5060"])
    }

    @Test("the resolution holds as long as the shortest-lived record it used, between 5 s and a day")
    func lifetimes() {
        func resolved(naptr: Int64, srv: Int64, a: Int64) -> Interval? {
            var zone = Zone()
            zone["example.net", .naptr] = rules(rule("SIP+D2U", "_sip._udp.example.net"), validFor: .seconds(naptr))
            zone["_sip._udp.example.net", .srv] = servers(server("sip.example.net"), validFor: .seconds(srv))
            zone["sip.example.net", .a] = addresses("192.0.2.1", validFor: .seconds(a))
            return zone.resolve(NextHop(host: "example.net"))?.lifetime
        }
        #expect(resolved(naptr: 100, srv: 200, a: 300) == .seconds(100))
        #expect(resolved(naptr: 300, srv: 200, a: 300) == .seconds(200))
        #expect(resolved(naptr: 300, srv: 200, a: 60) == .seconds(60))
        #expect(resolved(naptr: 300, srv: 200, a: 0) == .seconds(5))
        #expect(resolved(naptr: 1_000_000, srv: 1_000_000, a: 1_000_000) == .seconds(86_400))
    }

    @Test(
        "what cannot be a host name is refused unasked",
        arguments: [
            "", ".", "a..example.net", "sip example.net", "sip.example.net:5060:1", "ex\\.ample", String(repeating: "a", count: 64),
            "münchen.example",
        ])
    func badName(_ host: String) {
        let (resolution, asked) = Zone().locate(NextHop(host: host))
        #expect(resolution?.reason == "\"\(host)\" is not a host name")
        #expect(asked.isEmpty)
    }

    @Test("a host name of 253 bytes is asked for, a longer one not")
    func longName() {
        let label = String(repeating: "a", count: 62)
        let longest = [label, label, label, label, "b"].joined(separator: ".")
        #expect(longest.utf8.count == 253)
        #expect(Zone().locate(NextHop(host: longest, port: 5060)).asked.count == 1)
        #expect(Zone().locate(NextHop(host: longest + "b", port: 5060)).asked.isEmpty)
    }

    @Test("a transport or family without a listener is refused unasked, with the listener that is missing")
    func unreachable() {
        #expect(Zone().resolve(NextHop(host: "example.net", transport: .tls), .only(.udp))?.reason == "this switch has no TLS listener")
        #expect(Zone().resolve(NextHop(host: "2001:db8::1"), .ipv4)?.reason == "this switch has no UDP listener on IPv6")
        #expect(Zone().resolve(NextHop(host: "192.0.2.1"), .ipv6)?.reason == "this switch has no UDP listener on IPv4")
        #expect(Zone().resolve(NextHop(host: "example.net"), LocalReach([]))?.reason == "this switch has no listener")
    }
}
