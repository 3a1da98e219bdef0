import CallRecords
import Storage
import Testing
import Vocabulary

/// Queries over a ledger of sixty calls, one a minute.
@Suite("The ledger's queries")
struct LedgerReaderTests {
    let folder: TemporaryFolder
    let store: LedgerStore
    /// In the order of their identifiers.
    let records: [CallRecord]

    static let start = WallTime(microseconds: 1_750_000_000_000_000)

    init() throws {
        folder = try TemporaryFolder()
        store = try LedgerStore(folder: folder.path)
        let writer = store.startWriter(shards: 1) { _, _ in }
        var mint = CallIdentifier.Mint(origin: 3)
        records = (0..<60).map { n in
            let received = LedgerReaderTests.start + .seconds(60 * Int64(n))
            return sampleRecord(
                mint.next(at: received).rawValue, received: received.microseconds,
                caller: n % 2 == 0 ? "+1415555\(n)" : "+44207946\(n)", callee: n % 3 == 0 ? "0033\(n)" : "%_\(n)",
                mappingGateway: "customer-\(n % 4)", routingGateway: "carrier-\(n % 5)",
                endReason: n % 6 == 0 ? .calleeBusy : .normalClearing, answered: n % 6 != 0)
        }
        var shard = TestShard()
        // Calls end in another order than they begin.
        for record in records.reversed() { shard.close(record) }
        shard.submit(to: writer)
        try writer.close()
    }

    private func expected(_ condition: (Int) -> Bool) -> [CallRecord] {
        records.indices.filter(condition).reversed().map { records[$0] }
    }

    @Test("the greatest identifier is known, also of a call that is open, and none in an empty store")
    func lastIdentifier() throws {
        #expect(try store.reader.lastCallIdentifier() == records.last?.id)
        let other = try TemporaryFolder()
        let empty = try LedgerStore(folder: other.path)
        #expect(try empty.reader.lastCallIdentifier() == nil)
    }

    @Test("pages follow each other without a gap, newest first, with attempts")
    func paging() throws {
        var found: [CallRecord] = []
        var pages = 0
        while true {
            let page = try store.reader.calls(limit: 7, before: found.last?.id)
            if page.isEmpty { break }
            found += page
            pages += 1
        }
        #expect(pages == 9)
        #expect(found == expected { _ in true })
        #expect(found.allSatisfy { $0.attempts.count == 2 })
        #expect(try store.reader.calls(limit: 0).isEmpty)
    }

    @Test("each filter takes exactly its calls, and filters join")
    func filters() throws {
        func found(_ filter: CallFilter) throws -> [CallRecord] {
            let records = try store.reader.calls(limit: 100, filter: filter)
            #expect(try store.reader.count(filter: filter) == records.count)
            return records
        }
        #expect(try found(CallFilter()).count == 60)
        #expect(try found(CallFilter(mappingGateway: "customer-1")) == expected { $0 % 4 == 1 })
        #expect(try found(CallFilter(routingGateway: "carrier-2")) == expected { $0 % 5 == 2 })
        #expect(try found(CallFilter(callerPrefix: "+1415")) == expected { $0 % 2 == 0 })
        #expect(try found(CallFilter(callerPrefix: "r+1415")) == expected { $0 % 2 == 0 })
        #expect(try found(CallFilter(calleePrefix: "%_")) == expected { $0 % 3 != 0 })
        #expect(try found(CallFilter(calleePrefix: "_%")).isEmpty)
        #expect(try found(CallFilter(endReason: .calleeBusy)) == expected { $0 % 6 == 0 })
        #expect(try found(CallFilter(mappingGateway: "customer-0", callerPrefix: "+1", endReason: .calleeBusy)) == expected { $0 % 12 == 0 })
        #expect(try found(CallFilter(mappingGateway: "customer-9")).isEmpty)
    }

    @Test("a time range has its first moment and not its last")
    func timeRange() throws {
        let from = LedgerReaderTests.start + .seconds(60 * 10)
        let before = LedgerReaderTests.start + .seconds(60 * 20)
        let filter = CallFilter(receivedFrom: from, receivedBefore: before)
        #expect(try store.reader.calls(limit: 100, filter: filter) == expected { (10..<20).contains($0) })
        let page = try store.reader.calls(limit: 4, before: records[15].id, filter: filter)
        #expect(page == expected { (11..<15).contains($0) })
    }

    @Test("a call whose clock was set back is found under the time it was received at")
    func clockSetBack() throws {
        let writer = store.startWriter(shards: 1) { _, _ in }
        var mint = CallIdentifier.Mint(origin: 3)
        let last = mint.next(at: records[59].receivedAt + .seconds(1))
        let setBack = mint.next(at: records[59].receivedAt + .seconds(-300))
        #expect(setBack > last)
        let received = records[59].receivedAt + .seconds(-299)
        var shard = TestShard()
        shard.close(sampleRecord(setBack.rawValue, received: received.microseconds))
        shard.submit(to: writer)
        try writer.close()
        let filter = CallFilter(receivedFrom: received, receivedBefore: received + .microseconds(1))
        #expect(try store.reader.calls(limit: 10, filter: filter).map(\.id) == [setBack])
    }
}
