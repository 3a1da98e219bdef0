import Glibc
import SIPUserAgent
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers what is read from the answers of a real name server on loopback. What the answers lead to is
/// `ServerLocation`'s matter.
@Suite("System resolver", .timeLimit(.minutes(1)))
struct SystemResolverTests {
    @Test("each type of record is read whole")
    func records() async throws {
        try await withNameServer { server in
            let naptr = [
                DNSRecord.rule(NAPTRRecord(order: 10, preference: 50, flags: "s", service: "SIP+D2U", replacement: "_sip._udp.example.net")),
                .rule(
                    NAPTRRecord(order: 20, preference: 7, flags: "u", service: "E2U+sip", hasRegularExpression: true, replacement: "")),
            ]
            let srv = [
                DNSRecord.server(SRVRecord(priority: 1, weight: 65_535, port: 5_060, target: "sip1.example.net")),
                .server(SRVRecord(priority: 2, weight: 0, port: 0, target: "")),
            ]
            let a = [record("192.0.2.1"), record("255.255.255.254")]
            let aaaa = [record("2001:db8:1:2:3:4:5:6")]
            server["example.net", .naptr] = DNSReply(records: naptr.map { ($0, 300) })
            server["example.net", .srv] = DNSReply(records: srv.map { ($0, 200) })
            server["example.net", .a] = DNSReply(records: a.map { ($0, 100) })
            server["example.net", .aaaa] = DNSReply(records: aaaa.map { ($0, 0) })
            let resolver = SystemResolver.quick(server)
            #expect(resolver.lookUp(DNSQuestion("example.net", .naptr)) == .records(naptr, validFor: .seconds(300)))
            #expect(resolver.lookUp(DNSQuestion("example.net", .srv)) == .records(srv, validFor: .seconds(200)))
            #expect(resolver.lookUp(DNSQuestion("example.net", .a)) == .records(a, validFor: .seconds(100)))
            #expect(resolver.lookUp(DNSQuestion("example.net", .aaaa)) == .records(aaaa, validFor: .zero))
        }
    }

    @Test("names are read in lower case")
    func letterCase() async throws {
        try await withNameServer { server in
            server["_sip._udp.example.net", .srv] = .records(.server(SRVRecord(priority: 1, weight: 1, port: 5060, target: "SIP1.Example.NET")))
            let answer = SystemResolver.quick(server).lookUp(DNSQuestion("_sip._udp.example.net", .srv))
            let expected = SRVRecord(priority: 1, weight: 1, port: 5060, target: "sip1.example.net")
            #expect(answer == .records([.server(expected)], validFor: .seconds(300)))
        }
    }

    @Test("the time to live is the smallest of the records and of the alias before them")
    func alias() async throws {
        try await withNameServer { server in
            server["sip.example.net", .a] = DNSReply(
                records: [(record("192.0.2.1"), 300), (record("192.0.2.2"), 200)], alias: ("pool.example.net", 60))
            let answer = SystemResolver.quick(server).lookUp(DNSQuestion("sip.example.net", .a))
            #expect(answer == .records([record("192.0.2.1"), record("192.0.2.2")], validFor: .seconds(60)))
            server["sip.example.net", .a] = DNSReply(alias: ("pool.example.net", 60))
            #expect(SystemResolver.quick(server).lookUp(DNSQuestion("sip.example.net", .a)) == .noSuchData(validFor: nil))
        }
    }

    @Test("records of another name than the one asked for are not used")
    func otherOwner() async throws {
        try await withNameServer { server in
            server["sip.example.net", .a] = DNSReply(records: [(record("192.0.2.66"), 300)], owner: "bank.example.org")
            #expect(SystemResolver.quick(server).lookUp(DNSQuestion("sip.example.net", .a)) == .noSuchData(validFor: nil))
        }
    }

    @Test("an answer that is too long for UDP comes by TCP, whole up to the bound on records")
    func truncation() async throws {
        try await withNameServer { server in
            let records = (0..<100).map { (DNSRecord.address(NetworkAddress(ipv4: 0xC000_0200 + UInt32($0), port: 0)), ttl: UInt32(60)) }
            server["sip.example.net", .a] = DNSReply(records: records, isTruncated: true)
            let answer = SystemResolver.quick(server).lookUp(DNSQuestion("sip.example.net", .a))
            #expect(answer == .records(records.prefix(64).map { $0.0 }, validFor: .seconds(60)))
            #expect(server.askedByTCP == 1)
        }
    }

    @Test("an absence holds as its zone's SOA record says: the smaller of its time to live and its last field")
    func absence() async throws {
        try await withNameServer { server in
            server["a.example.net", .a] = DNSReply(code: 3, authority: (ttl: 900, minimum: 120))
            server["b.example.net", .a] = DNSReply(code: 0, authority: (ttl: 50, minimum: 120))
            server["c.example.net", .a] = DNSReply(code: 3)
            let resolver = SystemResolver.quick(server)
            #expect(resolver.lookUp(DNSQuestion("a.example.net", .a)) == .noSuchName(validFor: .seconds(120)))
            #expect(resolver.lookUp(DNSQuestion("b.example.net", .a)) == .noSuchData(validFor: .seconds(50)))
            #expect(resolver.lookUp(DNSQuestion("c.example.net", .a)) == .noSuchName(validFor: nil))
        }
    }

    @Test("a refusal is told from silence", arguments: [UInt8(2), 4, 5])
    func failures(_ code: UInt8) async throws {
        try await withNameServer { server in
            server["sip.example.net", .a] = DNSReply(code: code)
            server["quiet.example.net", .a] = .silence
            let resolver = SystemResolver.quick(server)
            #expect(resolver.lookUp(DNSQuestion("sip.example.net", .a)) == .failed(.serverFailure))
            #expect(resolver.lookUp(DNSQuestion("quiet.example.net", .a)) == .failed(.noAnswer))
        }
    }

    @Test("when one name server is silent the next is asked, of either family")
    func nextServer() async throws {
        try await withNameServer { server in
            try await withNameServer { quiet in
                quiet["sip.example.net", .a] = .silence
                server["sip.example.net", .a] = .records(record("192.0.2.1"))
                var resolver = SystemResolver.quick(server)
                let nobody = NetworkAddress(ipv6High: 0, low: 1, port: 9)
                resolver.nameServers = [nobody, quiet.address, server.address]
                #expect(resolver.lookUp(DNSQuestion("sip.example.net", .a)) == .records([record("192.0.2.1")], validFor: .seconds(300)))
                #expect(quiet.asked.count == 1)
            }
        }
    }

    @Test("a name server that nobody runs is silent")
    func nobodyThere() async throws {
        let server = try LocalNameServer()
        server.stop()
        var resolver = SystemResolver.quick(server)
        resolver.nameServers = [NetworkAddress(ipv4: 0x7F00_0001, port: 9)]
        #expect(resolver.lookUp(DNSQuestion("sip.example.net", .a)) == .failed(.noAnswer))
    }

    @Test(
        "broken messages are an answer without records or a failure, never more",
        arguments: [[], [0xC0], [0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 60, 0, 200, 1], [0xC0, 0xFF, 0, 1], [UInt8](repeating: 0xFF, count: 300)])
    func garbage(_ bytes: [UInt8]) async throws {
        try await withNameServer { server in
            for type in DNSQuestion.RecordType.allCases {
                server["sip.example.net", type] = DNSReply(records: [(record("192.0.2.1"), 60)], garbage: bytes)
                switch SystemResolver.quick(server).lookUp(DNSQuestion("sip.example.net", type)) {
                case .records: Issue.record("records from \(bytes)")
                case .noSuchName, .noSuchData, .failed: break
                }
            }
        }
    }

    @Test("a record whose data has the wrong form is left out")
    func wrongForm() async throws {
        try await withNameServer { server in
            let short = NAPTRRecord(order: 1, preference: 1, flags: "s", service: String(repeating: "x", count: 40), replacement: "x.example.net")
            let good = NAPTRRecord(order: 2, preference: 1, flags: "s", service: "SIP+D2U", replacement: "x.example.net")
            server["example.net", .naptr] = .records(.rule(short), .rule(good))
            #expect(SystemResolver.quick(server).lookUp(DNSQuestion("example.net", .naptr)) == .records([.rule(good)], validFor: .seconds(300)))
            server["sip.example.net", .a] = .records(record("2001:db8::1"))
            #expect(SystemResolver.quick(server).lookUp(DNSQuestion("sip.example.net", .a)) == .noSuchData(validFor: nil))
        }
    }

    @Test("addresses of a name without a dot are looked for in the search domains, then as the name stands")
    func searchDomains() async throws {
        try await withNameServer { server in
            server["proxy.second.example.net", .a] = .records(record("192.0.2.1"))
            server["bare", .a] = .records(record("192.0.2.2"))
            server["proxy.broken.example.net", .a] = .serverFailure
            var resolver = SystemResolver.quick(server)
            resolver.searchDomains = ["first.example.net", "second.example.net"]
            #expect(resolver.lookUp(DNSQuestion("proxy", .a)) == .records([record("192.0.2.1")], validFor: .seconds(300)))
            #expect(resolver.lookUp(DNSQuestion("bare", .a)) == .records([record("192.0.2.2")], validFor: .seconds(300)))
            #expect(resolver.lookUp(DNSQuestion("proxy", .naptr)) == .noSuchName(validFor: nil))
            let before = server.asked.count
            #expect(resolver.lookUp(DNSQuestion("sip.example.net", .a)) == .noSuchName(validFor: nil))
            #expect(server.asked.count == before + 1)
            resolver.searchDomains = ["broken.example.net", "second.example.net"]
            #expect(resolver.lookUp(DNSQuestion("proxy", .a)) == .failed(.serverFailure))
        }
    }

    @Test("a host in the hosts file has the addresses written there, and no name server is asked")
    func hosts() async throws {
        try await withNameServer { server in
            try withFile("192.0.2.9 sip.example.net\n") { path in
                let resolver = SystemResolver.quick(server, hosts: HostsFile(path: path))
                let minute = Interval.seconds(60)
                #expect(resolver.lookUp(DNSQuestion("sip.example.net", .a)) == .records([record("192.0.2.9")], validFor: minute))
                #expect(resolver.lookUp(DNSQuestion("sip.example.net", .aaaa)) == .noSuchData(validFor: minute))
                #expect(resolver.lookUp(DNSQuestion("sip.example.net", .naptr)) == .noSuchData(validFor: minute))
                #expect(resolver.lookUp(DNSQuestion("_sip._udp.sip.example.net", .srv)) == .noSuchData(validFor: minute))
                #expect(server.asked.isEmpty)
                #expect(resolver.lookUp(DNSQuestion("_sip._udp.example.net", .srv)) == .noSuchName(validFor: nil))
                #expect(server.asked.count == 1)
            }
        }
    }
}
