import CallRecords
import Testing
import Vocabulary

@testable import SwitchTesting

/// The virtual clock, network, store and traces, each by itself.
@Suite struct VirtualPartsTests {
    @Test("events come in the order of time, and of setting for the same instant")
    func eventOrder() {
        var queue = EventQueue<Int>()
        var generator = SeededGenerator(seed: 3)
        let times = (0..<500).map { _ in Int64(generator.below(50)) }
        for (number, time) in times.enumerated() { queue.push(number, at: Instant(nanoseconds: time)) }
        var popped: [(Int64, Int)] = []
        while let (instant, number) = queue.pop() { popped.append((instant.nanoseconds, number)) }
        let expected = times.enumerated().map { ($1, $0) }.sorted { $0 < $1 }
        #expect(popped.map(\.0) == expected.map(\.0))
        #expect(popped.map(\.1) == expected.map(\.1))
        #expect(queue.isEmpty)
        #expect(queue.nextInstant == .never)
    }

    private let here = NetworkAddress(ipv4: 0xC000_0201, port: 5060)
    private let there = NetworkAddress(ipv4: 0xC000_0202, port: 5060)

    @Test("loss, duplication and reordering come as often as asked")
    func networkFaults() {
        let conditions = NetworkConditions(
            delay: .milliseconds(5)...(.milliseconds(10)), loss: 0.1, duplication: 0.2, reordering: 0.3, longestHold: .milliseconds(50))
        var network = VirtualNetwork(conditions: conditions, seed: 9)
        var lost = 0
        var doubled = 0
        var overtaken = 0
        var last = Instant.zero
        for number in 0..<10_000 {
            let now = Instant.zero + .milliseconds(Int64(number))
            let (first, second) = network.arrivals(from: here, to: there, transport: .udp, now: now)
            guard let first else {
                lost += 1
                continue
            }
            #expect(first >= now + .milliseconds(5))
            #expect(first <= now + conditions.longestDelay)
            if second != nil { doubled += 1 }
            if first < last { overtaken += 1 }
            last = first
        }
        #expect((850...1_150).contains(lost))
        #expect((1_600...2_000).contains(doubled))
        #expect(overtaken > 1_000)
    }

    @Test("without reordering messages of one path stay in order, and streams lose nothing")
    func networkOrder() {
        var network = VirtualNetwork(conditions: NetworkConditions(delay: .zero...(.milliseconds(30)), loss: 0.5), seed: 9)
        for transport in [TransportKind.udp, .tcp] {
            var last = Instant.zero
            var arrived = 0
            for number in 0..<1_000 {
                let now = Instant.zero + .milliseconds(Int64(number))
                guard let at = network.arrivals(from: here, to: there, transport: transport, now: now).first else { continue }
                #expect(at >= last)
                last = at
                arrived += 1
            }
            #expect(transport == .tcp ? arrived == 1_000 : arrived < 600)
        }
    }

    /// A stream with one open call.
    private func stream(opening id: Int64) -> RecordStream {
        var stream = RecordStream()
        _ = stream.begin(.opened)
        stream.append(id)
        "state".withBytes { stream.append($0) }
        return stream
    }

    @Test("the store commits groups in order, and says how far")
    func storeCommits() {
        let store = VirtualStore(shards: 1)
        var one = stream(opening: 1)
        #expect(store.take(&one, shard: 0))
        var two = stream(opening: 2)
        #expect(!store.take(&two, shard: 0), "the commit is scheduled already")
        #expect(store.openCalls.isEmpty)
        #expect(store.commit(shard: 0, now: .zero) == .committed(through: 2))
        #expect(store.openCalls.count == 2)
        #expect(store.openCalls[CallIdentifier(rawValue: 1)]?.state == Array("state".utf8))
        #expect(store.commit(shard: 0, now: .zero) == nil)
    }

    @Test("a failing store keeps what it was given and commits it when it works again")
    func storeFails() {
        let store = VirtualStore(shards: 1)
        store.isFailing = true
        var one = stream(opening: 1)
        #expect(store.take(&one, shard: 0))
        #expect(store.commit(shard: 0, now: .zero) == .failing(through: 1))
        #expect(store.openCalls.isEmpty)
        store.isFailing = false
        #expect(store.commit(shard: 0, now: .zero) == .committed(through: 1))
        #expect(store.openCalls.count == 1)
    }

    @Test("a store that dies commits whole commands from the front, and tells which records went with it")
    func storeDies() {
        for kept in 0...3 {
            let store = VirtualStore(shards: 1)
            for id in 1...3 {
                var one = stream(opening: Int64(id))
                _ = store.take(&one, shard: 0)
            }
            store.forgetUncommitted(committing: { waiting in min(kept, waiting) })
            #expect(store.openCalls.keys.map(\.rawValue).sorted() == Array((1...3).prefix(kept)).map(Int64.init))
            #expect(store.commit(shard: 0, now: .zero) == nil)
        }
    }

    @Test("what a failing store has told a shard is committed whole or not at all, and nothing while it fails")
    func storeDiesFailing() {
        let store = VirtualStore(shards: 1)
        store.isFailing = true
        var one = stream(opening: 1)
        _ = store.take(&one, shard: 0)
        var two = stream(opening: 2)
        _ = store.take(&two, shard: 0)
        #expect(store.commit(shard: 0, now: .zero) == .failing(through: 2))
        store.isFailing = false
        store.forgetUncommitted(committing: { _ in 1 })
        #expect(store.openCalls.isEmpty)
    }

    @Test("a store knows the greatest identifier that it ever had, and by how much an answer waited")
    func storeRemembers() {
        let store = VirtualStore(shards: 1)
        var one = stream(opening: 7)
        _ = store.take(&one, shard: 0, now: .zero)
        _ = store.commit(shard: 0, now: .zero + .seconds(2))
        #expect(store.lastCallIdentifier == CallIdentifier(rawValue: 7))
        #expect(store.answerDelay == [CallIdentifier(rawValue: 7): .seconds(2)])
    }

    @Test("a simulated call's number says which call it is")
    func numbers() {
        for call in [0, 7, 12_345, 9_999_999] { #expect(SimulatedNumber.call(of: SimulatedNumber.of(call)) == call) }
        #expect(SimulatedNumber.call(of: "+12125550123") == nil)
    }
}
