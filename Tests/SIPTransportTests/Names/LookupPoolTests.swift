import Glibc
import SIPUserAgent
import Synchronization
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers the bounds of the pool: threads, waiting lookups, waiting time.
@Suite("Lookup pool", .timeLimit(.minutes(1)))
struct LookupPoolTests {
    /// Lookups that wait until the gate opens.
    private final class Gate: Sendable {
        private struct State {
            var isOpen = false
            var inside = 0
            var most = 0
            var order: [String] = []
        }

        private let state = Mutex(State())

        var most: Int { state.withLock { $0.most } }
        var inside: Int { state.withLock { $0.inside } }
        var order: [String] { state.withLock { $0.order } }
        func open() { state.withLock { $0.isOpen = true } }

        func pass(_ question: DNSQuestion) -> DNSAnswer {
            state.withLock {
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
                $0.order.append(question.name)
            }
            while !state.withLock({ $0.isOpen }) { sched_yield() }
            state.withLock { $0.inside -= 1 }
            return .noSuchName(validFor: nil)
        }
    }

    private func settled(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

    @Test("so many threads and no more look up, and all end when nothing is left")
    func threads() async {
        let gate = Gate()
        let counter = Counter()
        let pool = LookupPool(bounds: .init(threads: 3, waiting: 100, longestWait: .seconds(60))) { gate.pass($0) }
        for index in 0..<20 { #expect(pool.submit(DNSQuestion("s\(index)", .a), .beginning) { _ in counter.add() }) }
        await settled { gate.inside == 3 }
        #expect(pool.threads == 3)
        #expect(pool.waiting == 17)
        gate.open()
        await settled { counter.value == 20 && pool.threads == 0 }
        #expect(gate.most == 3)
        #expect(pool.submit(DNSQuestion("again", .a), .beginning) { _ in counter.add() })
        await settled { counter.value == 21 }
    }

    @Test("one lookup more than may wait is refused")
    func overflow() async {
        let gate = Gate()
        let counter = Counter()
        let pool = LookupPool(bounds: .init(threads: 1, waiting: 2, longestWait: .seconds(60))) { gate.pass($0) }
        #expect(pool.submit(DNSQuestion("s0", .a), .beginning) { _ in counter.add() })
        await settled { gate.inside == 1 }
        #expect(pool.submit(DNSQuestion("s1", .a), .beginning) { _ in counter.add() })
        #expect(pool.submit(DNSQuestion("s2", .a), .continuing) { _ in counter.add() })
        #expect(!pool.submit(DNSQuestion("s3", .a), .continuing) { _ in counter.add() })
        gate.open()
        await settled { counter.value == 3 && pool.threads == 0 }
        #expect(gate.order == ["s0", "s2", "s1"])
    }

    @Test("what has waited too long is answered without being tried")
    func late() async {
        let gate = Gate()
        let counter = Counter()
        let answers = Box<DNSAnswer>()
        let pool = LookupPool(bounds: .init(threads: 1, waiting: 2, longestWait: Interval(nanoseconds: -1))) { gate.pass($0) }
        #expect(
            pool.submit(DNSQuestion("s0", .a), .beginning) { answer in
                answers.add(answer)
                counter.add()
            })
        await settled { counter.value == 1 }
        #expect(answers.all == [.failed(.overloaded)])
        #expect(gate.order.isEmpty)
    }

    @Test("a stopped pool forgets what waits and takes nothing")
    func stop() async {
        let gate = Gate()
        let counter = Counter()
        let pool = LookupPool(bounds: .init(threads: 1, waiting: 10, longestWait: .seconds(60))) { gate.pass($0) }
        for index in 0..<5 { #expect(pool.submit(DNSQuestion("s\(index)", .a), .beginning) { _ in counter.add() }) }
        await settled { gate.inside == 1 }
        pool.stop()
        #expect(!pool.submit(DNSQuestion("s9", .a), .beginning) { _ in counter.add() })
        gate.open()
        await settled { pool.threads == 0 }
        #expect(counter.value == 1)
    }
}
