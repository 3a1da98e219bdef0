import Containers
import SIPMessages
import SIPTransactions
import Testing
import Vocabulary

/// A peer that cannot be reached (RFC 3261, section 17.1.4): who hears of it, and what a storm of reports costs.
@Suite("Transaction layer: transport failures")
struct TransportFailureTests {
    let otherPeer = NetworkAddress(ipv4: 0xC000_0203, port: 5060)

    func user(_ index: Int) -> TransactionUser { TransactionUser(leg: SlabKey(index: UInt32(index), generation: 1), purpose: .initialInvite) }

    @Test("every request that waits for the peer fails at once; others go on")
    func failsThoseThatWait() {
        let bench = Bench()
        let (invite, _) = bench.send(.invite, user: user(1))
        let (options, _) = bench.send(.options, user: user(2))
        let (other, _) = bench.send(.invite, flow: udp(otherPeer), user: user(3))
        let (port, _) = bench.send(.invite, flow: udp(NetworkAddress(ipv4: 0xC000_0202, port: 5080)), user: user(4))
        let (stream, _) = bench.send(.invite, flow: tcp(), user: user(5))
        bench.layer.transportFailed(udp(), outbox: &bench.outbox)
        let events = bench.takeEvents()
        #expect(events.count == 2)
        #expect(events.contains(.requestFailed(user(1), method: .invite, cause: .transport)))
        #expect(events.contains(.requestFailed(user(2), method: .options, cause: .transport)))
        #expect(!bench.isAlive(invite) && !bench.isAlive(options))
        #expect(bench.isAlive(other) && bench.isAlive(port) && bench.isAlive(stream))
        bench.layer.transportFailed(udp(), outbox: &bench.outbox)
        #expect(bench.takeEvents() == [])
    }

    @Test("a request that rings fails too, one that is answered does not")
    func answeredStays() {
        let bench = Bench()
        let (_, ringing) = bench.send(.invite, user: user(1))
        _ = bench.answer(bench.response(180, "INVITE", branch: ringing))
        let (accepted, acceptedBranch) = bench.send(.invite, user: user(2))
        _ = bench.answer(bench.response(200, "INVITE", branch: acceptedBranch))
        let (refused, refusedBranch) = bench.send(.invite, user: user(3))
        _ = bench.answer(bench.response(486, "INVITE", branch: refusedBranch))
        bench.layer.transportFailed(udp(), outbox: &bench.outbox)
        #expect(bench.takeEvents() == [.requestFailed(user(1), method: .invite, cause: .transport)])
        #expect(bench.isAlive(accepted) && bench.isAlive(refused))
        // What was answered still does its work.
        #expect(bench.answer(bench.response(486, "INVITE", branch: refusedBranch)) == .absorbed)
        bench.pass(until: at(40_000))
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }

    @Test("a lost connection fails its own requests, and a connection that could not be opened all that wait for the peer")
    func connections() {
        let bench = Bench()
        _ = bench.send(.options, flow: tcp(connection: 1), user: user(1))
        _ = bench.send(.options, flow: tcp(connection: 2), user: user(2))
        _ = bench.send(.options, flow: tcp(connection: 0), user: user(3))
        bench.layer.transportFailed(tcp(connection: 1), outbox: &bench.outbox)
        let first = bench.takeEvents()
        #expect(first.contains(.requestFailed(user(1), method: .options, cause: .transport)))
        #expect(!first.contains(.requestFailed(user(2), method: .options, cause: .transport)))
        bench.layer.transportFailed(tcp(connection: 0), outbox: &bench.outbox)
        #expect(bench.takeEvents().contains(.requestFailed(user(2), method: .options, cause: .transport)))
        #expect(bench.layer.count == 0)
    }

    @Test("the CANCEL of an INVITE fails with it")
    func cancelFails() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user(1))
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        bench.layer.cancel(key, now: bench.now, outbox: &bench.outbox)
        #expect(bench.layer.count == 2)
        bench.layer.transportFailed(udp(), outbox: &bench.outbox)
        #expect(bench.layer.count == 0)
        #expect(bench.takeEvents().contains(.requestFailed(user(1), method: .invite, cause: .transport)))
    }

    @Test("requests that join, are answered and end in any order leave the others findable")
    func anyOrder() {
        var generator = Generator(state: 11)
        let bench = Bench()
        let peers = (0..<5).map { NetworkAddress(ipv4: 0xC000_0210 + UInt32($0), port: 5060) }
        var waiting: [Int: (peer: Int, branch: String)] = [:]
        for step in 0..<4_000 {
            bench.outbox.removeAll()
            switch generator.next() % 8 {
            case 0...4:
                let peer = Int(generator.next() % 5)
                waiting[step] = (peer, bench.send(.options, flow: udp(peers[peer]), user: user(step)).branch)
            case 5...6:
                guard let chosen = waiting.keys.sorted().dropFirst(Int(generator.next() % 7)).first else { continue }
                let verdict = bench.answer(bench.response(200, "OPTIONS", branch: waiting[chosen]?.branch ?? ""))
                if case .deliver(let found, _) = verdict { #expect(found == user(chosen)) } else { Issue.record("lost \(chosen)") }
                waiting[chosen] = nil
            default:
                guard generator.next() % 20 == 0 else { continue }
                let peer = Int(generator.next() % 5)
                bench.layer.transportFailed(udp(peers[peer]), outbox: &bench.outbox)
                let expected = waiting.filter { $0.value.peer == peer }.keys.sorted()
                let failed = bench.takeEvents().compactMap { event -> Int? in
                    guard case .requestFailed(let user, _, .transport) = event else { return nil }
                    return Int(user.leg.index)
                }
                #expect(failed.sorted() == expected)
                for key in expected { waiting[key] = nil }
            }
        }
        bench.pass(until: at(100_000))
        #expect(bench.takeEvents().count == waiting.count)
        #expect(bench.layer.count == 0)
    }

    @Test("a storm of reports costs what it ends: it looks at no transaction that does not wait for that peer")
    func storm() {
        let bench = Bench()
        // A busy switch: many calls up at one gateway, many others being set up there.
        for index in 0..<20_000 {
            let (_, branch) = bench.send(.invite, user: user(index))
            if index % 2 == 0 { _ = bench.answer(bench.response(200, "INVITE", branch: branch)) }
            bench.outbox.removeAll()
        }
        // Every INVITE to a dead gateway is reported by itself. Were each report to look at every transaction,
        // these would be four hundred million looks, minutes in a debug build.
        for index in 0..<20_000 {
            let dead = udp(NetworkAddress(ipv4: 0xC000_0300 + UInt32(index % 3), port: 5060))
            _ = bench.send(.invite, flow: dead, user: user(100_000 + index))
            bench.layer.transportFailed(dead, outbox: &bench.outbox)
            bench.layer.transportFailed(dead, outbox: &bench.outbox)
            bench.outbox.removeAll()
        }
        #expect(bench.takeEvents().count == 20_000)
        #expect(bench.layer.count == 20_000)
        // The gateway with calls up dies as well: the answered half is not looked at, report for report.
        for _ in 0..<20_000 { bench.layer.transportFailed(udp(), outbox: &bench.outbox) }
        #expect(bench.takeEvents().count == 10_000)
    }
}

/// A small repeatable source of numbers (SplitMix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
