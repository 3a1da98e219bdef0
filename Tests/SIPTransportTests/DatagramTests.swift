import CSys
import Glibc
import SwitchCore
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers the UDP side over real loopback sockets: echo, sizes, timers, failures, steering.
@Suite("Datagrams", .timeLimit(.minutes(1)))
struct DatagramTests {
    @Test("a datagram is answered to where it came from", arguments: ["127.0.0.1:0", "[::1]:0"])
    func echo(_ address: String) async throws {
        try await withSwitch([loopback(.udp, address)]) { runtime, probe in
            let peer = try LoopbackUDP(address)
            peer.send("hello", to: runtime.listeners[0].local)
            #expect(peer.receiveText() == "hello")
            let flow = Flow(transport: .udp, listener: 0, remote: peer.address)
            #expect(probe.events == [.message(shard: 0, text: "hello", flow: flow)])
        }
    }

    @Test("with a listener per family each peer is answered by its own")
    func bothFamilies() async throws {
        try await withSwitch([loopback(.udp, "[::1]:0"), loopback(.udp)]) { runtime, _ in
            let four = try LoopbackUDP()
            let six = try LoopbackUDP("[::1]:0")
            four.send("four", to: runtime.listeners[1].local)
            six.send("six", to: runtime.listeners[0].local)
            #expect(four.receiveText() == "four")
            #expect(six.receiveText() == "six")
        }
    }

    @Test("a burst longer than several batches is answered whole and in order, with few system calls")
    func burst() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, _ in
            let peer = try LoopbackUDP()
            for number in 0..<1_000 { peer.send("number \(number)", to: runtime.listeners[0].local) }
            for number in 0..<1_000 { #expect(peer.receiveText() == "number \(number)") }
            let counts = try await runtime.datagramStatistics()[0]
            #expect(counts.datagramsReceived == 1_000)
            #expect(counts.datagramsSent == 1_000)
            #expect(counts.receiveCalls <= 1_000 && counts.sendCalls <= counts.receiveCalls)
        }
    }

    @Test("the largest datagram passes, and what may be fragmented is counted")
    func largest() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, _ in
            let peer = try LoopbackUDP()
            let bytes = (0..<65_507).map { UInt8(truncatingIfNeeded: $0 / 7) }
            peer.send(bytes, to: runtime.listeners[0].local)
            #expect(peer.receive() == bytes)
            peer.send([UInt8](repeating: 1, count: 1_300), to: runtime.listeners[0].local)
            #expect(peer.receive()?.count == 1_300)
            #expect(try await runtime.datagramStatistics()[0].oversizedDatagramsSent == 1)
        }
    }

    @Test("a datagram without a byte is counted and dropped")
    func empty() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, probe in
            let peer = try LoopbackUDP()
            peer.send("", to: runtime.listeners[0].local)
            peer.send("after", to: runtime.listeners[0].local)
            #expect(peer.receiveText() == "after")
            #expect(try await runtime.datagramStatistics()[0].emptyDatagrams == 1)
            #expect(probe.events.count == 1)
        }
    }

    @Test("timers fire without traffic, in the order of their deadlines and not before them")
    func timers() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, _ in
            let early = try LoopbackUDP()
            let late = try LoopbackUDP()
            let begin = SystemClock.instant
            late.send("timer=60", to: runtime.listeners[0].local)
            early.send("timer=20", to: runtime.listeners[0].local)
            #expect(early.receiveText() == "FIRED")
            #expect(SystemClock.instant - begin >= .milliseconds(20))
            #expect(late.receiveText() == "FIRED")
            #expect(SystemClock.instant - begin >= .milliseconds(60))
        }
    }

    @Test("a closed port's ICMP error reaches the shard with its address, and others are still served", arguments: ["127.0.0.1", "[::1]"])
    func refused(_ host: String) async throws {
        try await withSwitch([loopback(.udp, "\(host):0")]) { runtime, probe in
            let closed = try LoopbackUDP("\(host):0").address
            let peer = try LoopbackUDP("\(host):0")
            peer.send("to=udp,\(closed)", to: runtime.listeners[0].local)
            await probe.first { $0 == .failed(shard: 0, Flow(transport: .udp, listener: 0, remote: closed)) }
            peer.send("still here", to: runtime.listeners[0].local)
            #expect(peer.receiveText() == "still here")
            #expect(try await runtime.datagramStatistics()[0].unreachableReports == 1)
        }
    }

    @Test("sending to another family than the listener's fails for that flow only")
    func wrongFamily() async throws {
        try await withSwitch([loopback(.udp)]) { runtime, probe in
            let peer = try LoopbackUDP()
            peer.send("to=udp,[::1]:9", to: runtime.listeners[0].local)
            peer.send("next", to: runtime.listeners[0].local)
            await probe.first { if case .failed(0, let flow) = $0 { flow.remote == NetworkAddress("[::1]:9") } else { false } }
            #expect(peer.receiveText() == "next")
            #expect(try await runtime.datagramStatistics()[0].sendFailures == 1)
        }
    }

    @Test("a message is handled by the shard that owns it, whichever socket it came in by")
    func steering() async throws {
        try await withSwitch([loopback(.udp)], shards: 2) { runtime, probe in
            let peers = try (0..<32).map { _ in try LoopbackUDP() }
            for (number, peer) in peers.enumerated() { peer.send("owner=\(number % 2) \(number)", to: runtime.listeners[0].local) }
            for (number, peer) in peers.enumerated() { #expect(peer.receiveText() == "owner=\(number % 2) \(number)") }
            for event in probe.events {
                guard case .message(let shard, let text, _) = event else { continue }
                #expect(text.hasPrefix("owner=\(shard) "))
            }
            let counts = try await runtime.datagramStatistics().reduce(DatagramStatistics(), +)
            #expect(counts.datagramsReceived == 32)
            #expect((1..<32).contains(counts.datagramsSteered))
        }
    }

    @Test("a port that is taken is named, with what helps", arguments: [1, 2])
    func portTaken(shards: Int) async throws {
        let peer = try LoopbackUDP()
        let listener = loopback(.udp, "\(peer.address)")
        await #expect(throws: TransportError.cannotListen(listener, errorNumber: EADDRINUSE)) {
            try await withSwitch([listener], shards: shards) { _, _ in }
        }
        let text = "\(TransportError.cannotListen(listener, errorNumber: EADDRINUSE))"
        #expect(text.hasPrefix("cannot listen on udp://\(peer.address): "))
        #expect(text.contains("ss -lunp 'sport = :\(peer.address.port)'"))
    }

    @Test("an address of another machine is named, with what helps")
    func foreignAddress() async throws {
        let listener = loopback(.udp, "192.0.2.1:0")
        await #expect(throws: TransportError.cannotListen(listener, errorNumber: EADDRNOTAVAIL)) {
            try await withSwitch([listener]) { _, _ in }
        }
        #expect("\(TransportError.cannotListen(listener, errorNumber: EADDRNOTAVAIL))".contains("0.0.0.0"))
    }
}

/// Covers what an endpoint does when the system does not take its datagrams.
@Suite("UDP endpoint")
struct UDPEndpointTests {
    /// Stands in for the system: takes as many datagrams as it has room for, and keeps their bytes.
    private final class Wire {
        var room = 0
        var error: Int32 = EAGAIN
        var taken: [String] = []

        func transmit(_ batch: OpaquePointer, _ from: Int32, _ to: Int32) -> Int32 {
            if room == 0 { return -error }
            let count = min(Int32(room), to - from)
            for slot in from..<from + count {
                let datagram = csys_send_get(batch, slot)
                taken.append(Bytes(datagram.bytes, count: datagram.length).string)
            }
            room -= Int(count)
            return count
        }
    }

    private let remote = NetworkAddress(ipv4: 0x7F00_0001, port: 9)

    private func endpoint(_ wire: Wire, bound: Int) throws -> UDPEndpoint {
        try UDPEndpoint(
            socket: LoopbackUDP().socket, listener: 2, delayedBound: .init(messages: bound, bytes: 1 << 20),
            transmit: { wire.transmit($1, $2, $3) })
    }

    @Test("datagrams wait in order while the socket is full, and those beyond the bound are counted")
    func delay() throws {
        let wire = Wire()
        wire.room = 1
        var report = SendReport()
        var endpoint = try endpoint(wire, bound: 3)
        for text in ["a", "b", "c"] as [StaticString] { endpoint.send(Bytes(text), to: remote, &report) }
        endpoint.flush(&report)
        #expect(endpoint.isDelaying == true)
        for text in ["d", "e"] as [StaticString] { endpoint.send(Bytes(text), to: remote, &report) }
        endpoint.flush(&report)
        #expect(report.statistics.datagramsDelayed == 3)
        #expect(report.statistics.delayedDatagramsDropped == 1)
        wire.room = 2
        endpoint.becameWritable(&report)
        #expect(wire.taken == ["a", "b", "c"])
        #expect(endpoint.isDelaying == true)
        wire.room = 10
        endpoint.becameWritable(&report)
        #expect(wire.taken == ["a", "b", "c", "d"])
        #expect(endpoint.isDelaying == false)
        endpoint.send(Bytes("f"), to: remote, &report)
        endpoint.flush(&report)
        #expect(wire.taken.last == "f")
        #expect(report.failures.isEmpty)
    }

    @Test("many delayed datagrams leave over several batches")
    func longDelay() throws {
        let wire = Wire()
        var report = SendReport()
        var endpoint = try endpoint(wire, bound: 1_000)
        for number in 0..<500 {
            "\(number)".withBytes {
                endpoint.send($0, to: remote, &report)
                endpoint.flush(&report)
            }
        }
        #expect(report.statistics.datagramsDelayed == 500)
        wire.room = 1_000
        endpoint.becameWritable(&report)
        #expect(wire.taken == (0..<500).map(String.init))
        #expect(endpoint.isDelaying == false)
    }

    @Test("a full queue of the machine loses datagrams without blaming their destination")
    func localDrop() throws {
        let wire = Wire()
        wire.error = ENOBUFS
        var report = SendReport()
        var endpoint = try endpoint(wire, bound: 3)
        endpoint.send(Bytes("a"), to: remote, &report)
        endpoint.flush(&report)
        #expect(report.statistics.datagramsDroppedLocally == 1)
        #expect(report.failures.isEmpty)
        #expect(endpoint.isDelaying == false)
    }

    @Test("an error that stays after a second try fails the destination")
    func failure() throws {
        let wire = Wire()
        wire.error = ENETUNREACH
        var report = SendReport()
        var endpoint = try endpoint(wire, bound: 3)
        endpoint.send(Bytes("a"), to: remote, &report)
        endpoint.flush(&report)
        #expect(report.failures == [Flow(transport: .udp, listener: 2, remote: remote)])
        #expect(report.statistics.sendFailures == 1)
    }
}

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test("an address survives the system's form", arguments: ["192.0.2.7:5060", "[2001:db8::ff00:42:8329]:5061", "127.0.0.1:0", "[::1]:65535"])
    func roundTrip(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        let batch = try #require(csys_send_batch_new())
        defer { csys_send_batch_free(batch) }
        csys_send_put(batch, 3, Bytes("x").base, 1, address.system)
        #expect(NetworkAddress(csys_send_get(batch, 3).peer) == address)
    }
}
