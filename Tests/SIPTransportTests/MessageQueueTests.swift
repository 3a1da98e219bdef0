import Testing
import Vocabulary

@testable import SIPTransport

/// Covers order, bounds and reuse of the queue of message copies.
@Suite("Message queue")
struct MessageQueueTests {
    private let flow = Flow(transport: .udp, listener: 3, remote: NetworkAddress(ipv4: 0x7F00_0001, port: 5060))

    @Test("messages come out in order, each with its flow, after the memory has grown")
    func order() {
        var queue = MessageQueue(bound: .init(messages: 10_000, bytes: 1 << 20))
        for number in 0..<3_000 {
            var flow = flow
            flow.connection = UInt32(number)
            let appended = "message \(number)".withBytes { queue.append($0, flow: flow) }
            #expect(appended)
        }
        for number in 0..<3_000 {
            #expect(Bytes(UnsafeRawBufferPointer(queue.message(at: number))).string == "message \(number)")
            #expect(queue.flow(at: number).connection == UInt32(number))
        }
    }

    @Test("a message over the bound on number or bytes is refused, and there is room again after emptying")
    func bounds() {
        var queue = MessageQueue(bound: .init(messages: 2, bytes: 10))
        #expect(queue.append(Bytes("12345"), flow: flow) == true)
        #expect(queue.append(Bytes("123456"), flow: flow) == false)
        #expect(queue.append(Bytes("12345"), flow: flow) == true)
        #expect(queue.append(Bytes.empty, flow: flow) == false)
        queue.removeAll()
        #expect(queue.isEmpty == true)
        #expect(queue.append(Bytes("1234567890"), flow: flow) == true)
    }
}

/// Counts how many of its kind are alive.
private final class Census {
    var alive = 0
}

private struct Counted: ~Copyable {
    let census: Census
    init(_ census: Census) {
        self.census = census
        census.alive += 1
    }
    deinit { census.alive -= 1 }
}

@Suite("Fixed table")
struct FixedTableTests {
    private struct Failure: Error {}

    @Test("values that were made are destroyed when a later one cannot be made")
    func failureInTheMiddle() {
        let census = Census()
        #expect(throws: Failure.self) {
            _ = try FixedTable<Counted>(count: 5) { (index) throws(Failure) in
                if index == 3 { throw Failure() }
                return Counted(census)
            }
        }
        #expect(census.alive == 0)
    }

    @Test("values are destroyed with the table")
    func end() {
        let census = Census()
        do {
            let table = FixedTable<Counted>(count: 4) { _ in Counted(census) }
            #expect(table.count == 4)
            #expect(census.alive == 4)
        }
        #expect(census.alive == 0)
    }
}
