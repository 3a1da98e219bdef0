import Testing
import Vocabulary

@testable import SIPUserAgent

/// Covers which questions are asked and which targets follow (RFC 3263, section 4). Lifetimes, reasons and
/// weights have suites of their own.
@Suite("Server location")
struct ServerLocationTests {
    @Test(
        "a numeric address asks nothing",
        arguments: [
            (NextHop(host: "192.0.2.7"), "udp 192.0.2.7:5060"),
            (NextHop(host: "192.0.2.7", port: 5070, transport: .tcp), "tcp 192.0.2.7:5070"),
            (NextHop(host: "192.0.2.7", transport: .tls), "tls 192.0.2.7:5061"),
            (NextHop(host: "2001:db8::7"), "udp [2001:db8::7]:5060"),
        ])
    func numeric(_ hop: NextHop, _ place: String) {
        let (resolution, asked) = Zone().locate(hop, .both)
        #expect(resolution?.places == [place])
        #expect(resolution?.lifetime == .seconds(86_400))
        #expect(asked.isEmpty)
    }

    @Test("with a port only the host's addresses are asked for, by UDP unless a transport is given")
    func explicitPort() {
        var zone = Zone()
        zone["sip.example.net", .a] = addresses("192.0.2.7")
        let (resolution, asked) = zone.locate(NextHop(host: "sip.example.net", port: 5080))
        #expect(resolution?.places == ["udp 192.0.2.7:5080"])
        #expect(asked == [DNSQuestion("sip.example.net", .a)])
        #expect(zone.resolve(NextHop(host: "sip.example.net", port: 5081, transport: .tls))?.places == ["tls 192.0.2.7:5081"])
        #expect(zone.resolve(NextHop(host: "sip.example.net", port: 5080), .only(.tcp))?.places == ["tcp 192.0.2.7:5080"])
    }

    @Test(
        "with a transport its SRV records are asked for, and no NAPTR",
        arguments: [(TransportKind.udp, "_sip._udp"), (.tcp, "_sip._tcp"), (.tls, "_sips._tcp")])
    func explicitTransport(_ transport: TransportKind, _ prefix: String) {
        var zone = Zone()
        zone["\(prefix).example.net", .srv] = servers(server("sip1.example.net", port: 5090))
        zone["sip1.example.net", .a] = addresses("192.0.2.7")
        let (resolution, asked) = zone.locate(NextHop(host: "example.net", transport: transport))
        #expect(resolution?.places == ["\(transport.name) 192.0.2.7:5090"])
        #expect(asked == [DNSQuestion("\(prefix).example.net", .srv), DNSQuestion("sip1.example.net", .a)])
    }

    @Test("without SRV records the host's addresses serve at the transport's usual port")
    func noServers() {
        var zone = Zone()
        zone["example.net", .a] = addresses("192.0.2.7")
        #expect(zone.resolve(NextHop(host: "example.net", transport: .tls))?.places == ["tls 192.0.2.7:5061"])
        zone["_sip._tcp.example.net", .srv] = .noSuchData(validFor: nil)
        #expect(zone.resolve(NextHop(host: "example.net", transport: .tcp))?.places == ["tcp 192.0.2.7:5060"])
    }

    @Test("with neither, NAPTR is asked; its best order decides, its preference sorts")
    func services() {
        var zone = Zone()
        zone["example.net", .naptr] = rules(
            rule("SIP+D2T", "_sip._tcp.example.net", order: 20),
            rule("SIP+D2U", "_sip._udp.example.net", preference: 30),
            rule("SIPS+D2T", "secure.example.net", preference: 20))
        zone["_sip._udp.example.net", .srv] = servers(server("sip1.example.net"))
        zone["secure.example.net", .srv] = servers(server("sip2.example.net", port: 5061))
        zone["sip1.example.net", .a] = addresses("192.0.2.1")
        zone["sip2.example.net", .a] = addresses("192.0.2.2")
        let (resolution, asked) = zone.locate(NextHop(host: "example.net"))
        #expect(resolution?.places == ["tls 192.0.2.2:5061", "udp 192.0.2.1:5060"])
        #expect(!asked.contains(DNSQuestion("_sip._tcp.example.net", .srv)))
    }

    @Test("an order without a transport of ours is passed over, and so are records that are not SIP's")
    func unusableServices() {
        var zone = Zone()
        zone["example.net", .naptr] = rules(
            rule("SIPS+D2T", "secure.example.net", order: 5),
            rule("SIP+D2S", "sctp.example.net", order: 6),
            rule("E2U+sip", "other.example.net", order: 7, flags: "u"),
            rule("SIP+D2U", "regular.example.net", order: 8, regular: true),
            rule("SIP+D2U", "", order: 9),
            rule("sip+d2u", "main.example.net", order: 10, flags: "S"))
        zone["main.example.net", .srv] = servers(server("sip1.example.net"))
        zone["sip1.example.net", .a] = addresses("192.0.2.1")
        let (resolution, asked) = zone.locate(NextHop(host: "example.net"), .only(.udp))
        #expect(resolution?.places == ["udp 192.0.2.1:5060"])
        #expect(asked.map(\.name) == ["example.net", "main.example.net", "sip1.example.net"])
    }

    @Test(
        "without a usable NAPTR record every transport of ours is asked for, UDP first",
        arguments: [
            DNSAnswer.noSuchData(validFor: nil), .noSuchName(validFor: nil), .failed(.serverFailure), rules(rule("SIP+D2S", "x.example.net")),
        ])
    func everyTransport(_ naptr: DNSAnswer) {
        var zone = Zone()
        zone["example.net", .naptr] = naptr
        zone["_sip._udp.example.net", .srv] = servers(server("sip1.example.net"))
        zone["_sips._tcp.example.net", .srv] = servers(server("sip1.example.net", port: 5061))
        zone["sip1.example.net", .a] = addresses("192.0.2.1")
        let (resolution, asked) = zone.locate(NextHop(host: "example.net"))
        #expect(resolution?.places == ["udp 192.0.2.1:5060", "tls 192.0.2.1:5061"])
        #expect(asked.filter { $0.type == .srv }.map(\.name) == ["_sip._udp.example.net", "_sip._tcp.example.net", "_sips._tcp.example.net"])
        #expect(asked.filter { $0.type == .a }.count == 1)
    }

    @Test("a domain with nothing but an address is reached by UDP, or by the first transport of ours")
    func bareHost() {
        var zone = Zone()
        zone["example.net", .a] = addresses("192.0.2.1")
        #expect(zone.resolve(NextHop(host: "Example.NET."))?.places == ["udp 192.0.2.1:5060"])
        #expect(zone.resolve(NextHop(host: "example.net"), .only(.tls))?.places == ["tls 192.0.2.1:5061"])
    }

    @Test("services without SRV records leave the host's address by the preferred transport that NAPTR named")
    func namedServiceWithoutServers() {
        var zone = Zone()
        zone["example.net", .naptr] = rules(rule("SIP+D2T", "_sip._tcp.example.net"))
        zone["example.net", .a] = addresses("192.0.2.1")
        #expect(zone.resolve(NextHop(host: "example.net"))?.places == ["tcp 192.0.2.1:5060"])
    }

    @Test("IPv4 stands before IPv6, and only families with a listener are asked for")
    func families() {
        var zone = Zone()
        zone["sip.example.net", .a] = addresses("192.0.2.1")
        zone["sip.example.net", .aaaa] = addresses("2001:db8::1")
        let hop = NextHop(host: "sip.example.net", port: 5060)
        #expect(zone.resolve(hop, .both)?.places == ["udp 192.0.2.1:5060", "udp [2001:db8::1]:5060"])
        #expect(zone.locate(hop, .ipv4).asked.map(\.type) == [.a])
        let (resolution, asked) = zone.locate(hop, .ipv6)
        #expect(resolution?.places == ["udp [2001:db8::1]:5060"])
        #expect(asked.map(\.type) == [.aaaa])
    }

    @Test("each transport has the families of its own listeners")
    func familiesOfTransport() {
        var zone = Zone()
        zone["_sip._udp.example.net", .srv] = servers(server("sip.example.net"))
        zone["_sip._tcp.example.net", .srv] = servers(server("sip.example.net"))
        zone["sip.example.net", .a] = addresses("192.0.2.1")
        zone["sip.example.net", .aaaa] = addresses("2001:db8::1")
        let reach = LocalReach(LocalReach.listeners([.udp], "192.0.2.9") + LocalReach.listeners([.tcp], "2001:db8::9"))
        #expect(zone.resolve(NextHop(host: "example.net"), reach)?.places == ["udp 192.0.2.1:5060", "tcp [2001:db8::1]:5060"])
    }

    @Test("a server without address is passed over; the others stay in order")
    func serverWithoutAddress() {
        var zone = Zone()
        zone["_sip._udp.example.net", .srv] = servers(
            server("gone.example.net", priority: 1), server("second.example.net", priority: 2), server("third.example.net", priority: 3),
            server("badport.example.net", port: 0, priority: 0))
        zone["second.example.net", .a] = addresses("192.0.2.2", "0.0.0.0")
        zone["third.example.net", .a] = addresses("192.0.2.3")
        zone["badport.example.net", .a] = addresses("192.0.2.4")
        #expect(zone.resolve(NextHop(host: "example.net", transport: .udp))?.places == ["udp 192.0.2.2:5060", "udp 192.0.2.3:5060"])
    }

    @Test("servers and targets are bounded, and none stands twice")
    func bounds() {
        var zone = Zone()
        let many = (0..<40).map { DNSRecord.server(server("sip\($0).example.net", priority: UInt16($0))) }
        zone["_sip._udp.example.net", .srv] = .records(many, validFor: .seconds(60))
        for host in 0..<40 {
            zone["sip\(host).example.net", .a] = .records(
                (0..<10).map { .address(NetworkAddress(ipv4: 0xC000_0200 + UInt32(host * 10 + $0), port: 0)) }, validFor: .seconds(60))
        }
        let (resolution, asked) = zone.locate(NextHop(host: "example.net", transport: .udp))
        #expect(resolution?.places.count == ServerLocation.maximumTargets)
        #expect(asked.count == 1 + ServerLocation.maximumServers)

        zone["_sip._udp.example.net", .srv] = servers(server("sip0.example.net", priority: 1), server("sip0.example.net", priority: 2))
        zone["sip0.example.net", .a] = addresses("192.0.2.1", "192.0.2.1")
        #expect(zone.resolve(NextHop(host: "example.net", transport: .udp))?.places == ["udp 192.0.2.1:5060"])
    }

    @Test("many NAPTR records lead to few questions")
    func manyServices() {
        var zone = Zone()
        zone["example.net", .naptr] = .records(
            (0..<60).map { .rule(rule("SIP+D2U", "service\($0).example.net")) }, validFor: .seconds(60))
        #expect(zone.locate(NextHop(host: "example.net")).asked.filter { $0.type == .srv }.count == ServerLocation.maximumServices)
    }

    @Test("answers that were not asked for, or come twice, change nothing")
    func strayAnswers() {
        var location = ServerLocation(NextHop(host: "sip.example.net", port: 5060), reach: .ipv4)
        var generator = LocationGenerator(seed: 1)
        var actions: [ServerLocation.Action] = []
        let question = DNSQuestion("sip.example.net", .a)
        location.answered(question, addresses("192.0.2.1"), using: &generator, actions: &actions)
        #expect(actions.isEmpty)
        location.begin(actions: &actions)
        location.begin(actions: &actions)
        #expect(actions == [.ask(question)])
        location.answered(DNSQuestion("other.example.net", .a), addresses("192.0.2.9"), using: &generator, actions: &actions)
        #expect(actions.count == 1)
        location.answered(question, addresses("192.0.2.1"), using: &generator, actions: &actions)
        location.answered(question, addresses("192.0.2.9"), using: &generator, actions: &actions)
        #expect(actions.count == 2)
    }

    @Test("all answers of a step are waited for, in whatever order they come")
    func orderOfAnswers() {
        var location = ServerLocation(NextHop(host: "sip.example.net", port: 5060), reach: .both)
        var generator = LocationGenerator(seed: 1)
        var actions: [ServerLocation.Action] = []
        location.begin(actions: &actions)
        actions = []
        location.answered(DNSQuestion("sip.example.net", .aaaa), addresses("2001:db8::1"), using: &generator, actions: &actions)
        #expect(actions.isEmpty)
        location.answered(DNSQuestion("sip.example.net", .a), addresses("192.0.2.1"), using: &generator, actions: &actions)
        guard case .finish(let resolution)? = actions.first else {
            Issue.record("not finished")
            return
        }
        #expect(resolution.places == ["udp 192.0.2.1:5060", "udp [2001:db8::1]:5060"])
    }
}
