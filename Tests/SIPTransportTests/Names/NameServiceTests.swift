import SIPUserAgent
import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers the service over a real name server on loopback: whole procedures, sharing, bounds.
@Suite("Name service", .timeLimit(.minutes(1)))
struct NameServiceTests {
    @Test("a domain is followed from NAPTR over SRV to addresses")
    func wholeWay() async throws {
        try await withNameServer { server in
            server["example.net", .naptr] = .records(
                .rule(NAPTRRecord(order: 1, preference: 2, flags: "s", service: "SIP+D2T", replacement: "_sip._tcp.example.net")),
                .rule(NAPTRRecord(order: 1, preference: 1, flags: "s", service: "SIP+D2U", replacement: "_sip._udp.example.net")))
            server["_sip._udp.example.net", .srv] = .records(
                .server(SRVRecord(priority: 2, weight: 1, port: 5070, target: "sip2.example.net")),
                .server(SRVRecord(priority: 1, weight: 1, port: 5060, target: "sip1.example.net")))
            server["_sip._tcp.example.net", .srv] = .records(
                .server(SRVRecord(priority: 1, weight: 1, port: 5060, target: "sip1.example.net")))
            server["sip1.example.net", .a] = .records(record("192.0.2.1"), ttl: 70)
            server["sip2.example.net", .a] = DNSReply(records: [(record("192.0.2.2"), 300)], alias: ("pool.example.net", 90))
            let service = NameService.forTest(server)
            let resolution = await service.resolution(NextHop(host: "example.net"))
            guard case .targets(let targets, let validFor) = resolution else {
                Issue.record("\(resolution)")
                return
            }
            #expect(targets == [target("192.0.2.1:5060"), target("192.0.2.2:5070"), target("192.0.2.1:5060", .tcp)])
            #expect(validFor.inSeconds == 70 || validFor.inSeconds == 69)
            service.stop()
        }
    }

    @Test("answers are kept for as long as they hold: the same hop asks once, and so does a failing one")
    func cache() async throws {
        try await withNameServer { server in
            server["sip.example.net", .a] = .records(record("192.0.2.1"))
            server["bad.example.net", .a] = .serverFailure
            let service = NameService.forTest(server)
            for port in [5060, 5061, 5062] as [UInt16] {
                let resolution = await service.resolution(NextHop(host: "sip.example.net", port: port))
                guard case .targets([target("192.0.2.1:\(port)")], _) = resolution else {
                    Issue.record("\(resolution)")
                    return
                }
                let none = await service.resolution(NextHop(host: "gone.example.net", port: port))
                #expect(none == .failed(reason: "gone.example.net does not exist", validFor: .seconds(30)) || port > 5060)
                let bad = await service.resolution(NextHop(host: "bad.example.net", port: port))
                #expect(bad == .failed(reason: "the name servers cannot answer for bad.example.net", validFor: .seconds(15)))
            }
            #expect(server.asked.filter { $0.name == "sip.example.net" }.count == 1)
            #expect(server.asked.filter { $0.name == "gone.example.net" }.count == 1)
            #expect(service.statistics.cacheHits == 6)
            service.stop()
        }
    }

    @Test("one question is on its way however many wait for it, and each gets its answer")
    func sharing() async throws {
        try await withNameServer { server in
            server["sip.example.net", .a] = .records(record("192.0.2.1"))
            server.hold()
            let service = NameService.forTest(server)
            let counter = Counter()
            for index in 0..<500 { service.resolve(NextHop(host: "sip.example.net", port: UInt16(5_000 + index))) { _ in counter.add() } }
            while server.asked.isEmpty { await Task.yield() }
            #expect(service.statistics.locationsInWork == 500)
            server.release()
            while counter.value < 500 { await Task.yield() }
            #expect(server.asked.count == 1)
            #expect(service.statistics.locationsInWork == 0)
            service.stop()
        }
    }

    @Test("silent name servers end in a failure within the resolver's time")
    func silence() async throws {
        try await withNameServer { server in
            server["sip.example.net", .a] = .silence
            let service = NameService.forTest(server, seconds: 1)
            let resolution = await service.resolution(NextHop(host: "sip.example.net", port: 5060))
            #expect(resolution == .failed(reason: "no answer from the name servers", validFor: .seconds(15)))
            #expect(service.statistics.silences == 1)
            service.stop()
        }
    }

    @Test("questions beyond the waiting list are answered with a failure, and asked anew when there is room")
    func overflow() async throws {
        try await withNameServer { server in
            for index in 0..<10 { server["s\(index).example.net", .a] = .records(record("192.0.2.1")) }
            server.hold()
            let service = NameService.forTest(server, bounds: .init(threads: 1, waiting: 2, longestWait: .seconds(60)))
            let answers = Box<Resolution>()
            service.resolve(NextHop(host: "s0.example.net", port: 5060)) { answers.add($0) }
            while server.asked.isEmpty { await Task.yield() }
            for index in 1..<10 { service.resolve(NextHop(host: "s\(index).example.net", port: 5060)) { answers.add($0) } }
            let refused = Resolution.failed(reason: "too many names wait to be looked up", validFor: .seconds(15))
            #expect(answers.all == Array(repeating: refused, count: 7))
            server.release()
            while answers.all.count < 10 { await Task.yield() }
            let again = await service.resolution(NextHop(host: "s9.example.net", port: 5060))
            guard case .targets([target("192.0.2.1:5060")], _) = again else {
                Issue.record("\(again)")
                return
            }
            service.stop()
        }
    }

    @Test("the names of TLS targets are noted: the name that was given, not the server's own")
    func serverNames() async throws {
        try await withNameServer { server in
            server["_sips._tcp.example.net", .srv] = .records(
                .server(SRVRecord(priority: 1, weight: 1, port: 5081, target: "sip1.example.net")))
            server["sip1.example.net", .a] = .records(record("192.0.2.1"))
            let names = ServerNames()
            let service = NameService.forTest(server, serverNames: names)
            _ = await service.resolution(NextHop(host: "example.net", transport: .tls))
            _ = await service.resolution(NextHop(host: "sip1.example.net", port: 5060, transport: .tcp))
            _ = await service.resolution(NextHop(host: "192.0.2.9", port: 5061, transport: .tls))
            #expect(names.names(for: target("192.0.2.1:5081").address) == ["example.net"])
            #expect(names.names(for: target("192.0.2.1:5060").address).isEmpty)
            #expect(names.names(for: target("192.0.2.9:5061").address).isEmpty)
            service.stop()
        }
    }

    @Test("after a stop nobody is answered any more")
    func stop() async throws {
        try await withNameServer { server in
            server["sip.example.net", .a] = .records(record("192.0.2.1"))
            server.hold()
            let service = NameService.forTest(server)
            let counter = Counter()
            service.resolve(NextHop(host: "sip.example.net", port: 5060)) { _ in counter.add() }
            while server.asked.isEmpty { await Task.yield() }
            service.stop()
            service.resolve(NextHop(host: "192.0.2.1")) { _ in counter.add() }
            server.release()
            while service.statistics.threads > 0 { await Task.yield() }
            #expect(counter.value == 0)
        }
    }

    @Test("a full mailbox still takes the name service's answers, in order")
    func fullMailbox() throws {
        let mailbox = try Mailbox(bounds: .init(commands: 1))
        #expect(mailbox.post(.shard(.withdrawRegistrations)) == .accepted)
        #expect(mailbox.post(.shard(.withdrawRegistrations)) == .full)
        let hops = (0..<100).map { NextHop(host: "s\($0).example.net") }
        for hop in hops { mailbox.post(.failed(reason: "", validFor: .zero), of: hop) }
        var contents = Mailbox.Contents(bounds: mailbox.bounds)
        _ = mailbox.take(into: &contents)
        #expect(contents.resolutions.map(\.hop) == hops)
        #expect(contents.commands.count == 1)
        contents.removeAll()
        #expect(contents.resolutions.isEmpty)
    }
}
