import CallRecords
import Foundation
import GRDB
import Storage
import Testing
import Vocabulary

/// The writer on a disk that works: grouping, numbering and what each command does, every group as rows
/// at once. The journal: `LedgerJournalTests`. Failing disks: `LedgerFailureTests`. Queries: `LedgerReaderTests`.
@Suite("The ledger's writer")
struct LedgerWriterTests {
    let folder: TemporaryFolder
    let store: LedgerStore
    let answers = Answers()

    init() throws {
        folder = try TemporaryFolder()
        var settings = LedgerSettings()
        settings.rowInterval = .zero
        store = try LedgerStore(folder: folder.path, settings: settings)
    }

    @Test("a shard's commands are committed in order and answered with the last one's number")
    func order() throws {
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "first")
        shard.update(1, state: "second")
        shard.open(2, state: "other")
        let last = shard.submit(to: writer)
        #expect(last == 3)
        #expect(shard.bufferLeft.isEmpty)
        #expect(answers.await(.committed(through: 3)))
        shard.update(2, state: "another")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 4)))
        #expect(answers.all.map(\.commit) == [.committed(through: 3), .committed(through: 4)])
        let open = try store.reader.openCalls()
        #expect(open.map(\.id.rawValue) == [1, 2])
        #expect(open.map { String(decoding: $0.state, as: UTF8.self) } == ["second", "another"])
        try writer.close()
    }

    @Test("the end that a shard decided is kept with the open call, and its record ends it")
    func decidedEnd() throws {
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "up")
        shard.end(1, state: "to be ended")
        // One that is over already has nothing to keep.
        shard.end(2, state: "unknown")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 3)))
        #expect(try store.reader.openCalls().map { String(decoding: $0.state, as: UTF8.self) } == ["to be ended"])
        shard.close(sampleRecord(1))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 4)))
        #expect(try store.reader.openCalls().isEmpty)
        try writer.close()
    }

    @Test("of each call only the last state of a group becomes a row, and none when its record is in the group")
    func lastStates() throws {
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "short")
        shard.open(2, state: "first")
        shard.update(1, state: "short, changed")
        shard.update(2, state: "second")
        shard.end(1, state: "short, ending")
        shard.close(sampleRecord(1))
        // What comes after the record has nothing to keep.
        shard.update(1, state: "too late")
        shard.end(2, state: "third")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 8)))
        #expect(try store.reader.openCalls().map { String(decoding: $0.state, as: UTF8.self) } == ["third"])
        #expect(try store.reader.calls(limit: 10).map(\.id.rawValue) == [1])
        // A state of one group and the record in the next: the row is void.
        shard.update(2, state: "fourth")
        shard.close(sampleRecord(2))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 10)))
        #expect(try store.reader.openCalls().isEmpty)
        try writer.close()
        try store.close()
        let database = try DatabaseQueue(path: folder.file("ledger.db"))
        #expect(try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM open_slots") } == 1)
    }

    @Test("a record from before there was a billed time, in the journal or in rows, bills its duration")
    func withoutBilling() throws {
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.closeWithoutBilling(sampleRecord(1))
        shard.close(sampleRecord(2))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        let records = try store.reader.calls(limit: 10)
        #expect(records.map(\.billedMilliseconds) == [59_500, 61_000])
        #expect(records.map(\.durationMilliseconds) == [61_000, 61_000])
        #expect(records.map(\.decision) == [sampleRecord(2).decision, sampleRecord(1).decision])
        #expect(records[1].attempts == sampleRecord(1).attempts)
        try writer.close()
        try store.close()

        // Rows of the layout before: the column is added, and is empty in them.
        let database = try DatabaseQueue(path: folder.file("ledger.db"))
        try database.write { database in
            try database.execute(sql: "ALTER TABLE calls DROP COLUMN billed_milliseconds")
            try database.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '4 billed time'")
        }
        try database.close()
        let reopened = try LedgerStore(folder: folder.path)
        #expect(try reopened.reader.calls(limit: 10).map(\.billedMilliseconds) == [61_000, 61_000])
        try reopened.close()
    }

    @Test("everything handed over during a commit is the next group, for all shards in one transaction")
    func grouping() throws {
        let firstBegun = DispatchSemaphore(value: 0)
        let firstMayEnd = DispatchSemaphore(value: 0)
        let isFirst = NSLock()
        nonisolated(unsafe) var groupsBegun = 0
        let writer = store.startWriter(
            shards: 3,
            fault: { stage, _ in
                guard stage == .begun else { return 0 }
                let group = isFirst.withLock {
                    groupsBegun += 1
                    return groupsBegun
                }
                if group == 1 {
                    firstBegun.signal()
                    firstMayEnd.wait()
                }
                return 0
            }, onCommit: answers.note)
        var shards = [TestShard(0), TestShard(1), TestShard(2)]
        shards[0].open(1, state: "")
        shards[0].submit(to: writer)
        firstBegun.wait()
        for round in 0..<10 {
            for index in shards.indices {
                shards[index].open(Int64(100 + round * 3 + index), state: "x")
                shards[index].submit(to: writer)
            }
        }
        firstMayEnd.signal()
        #expect(answers.await(.committed(through: 11), shard: 0))
        #expect(answers.await(.committed(through: 10), shard: 1))
        #expect(answers.await(.committed(through: 10), shard: 2))
        #expect(answers.all.count == 4)
        try writer.close()
        #expect(writer.statistics.groups == 2)
        #expect(try store.reader.openCalls().count == 31)
    }

    @Test("a record is read back with every field as it was written")
    func roundTrip() throws {
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        var record = sampleRecord(7, caller: "Żółć;\u{1F4DE}", mappingGateway: "")
        shard.close(record)
        record.id = CallIdentifier(rawValue: 8)
        record.attempts = []
        record.decision = String(repeating: "long ", count: 4000)
        shard.close(record)
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        #expect(try store.reader.call(id: CallIdentifier(rawValue: 7)) == sampleRecord(7, caller: "Żółć;\u{1F4DE}", mappingGateway: ""))
        #expect(try store.reader.call(id: record.id) == record)
        #expect(try store.reader.call(id: CallIdentifier(rawValue: 9)) == nil)
        try writer.close()
    }

    @Test("the end of a call writes its record and removes the open call, both or neither")
    func endIsOneTransaction() throws {
        let disk = FaultyDisk(failures: 0, code: 13)
        let writer = store.startWriter(shards: 1, fault: disk.answer, onCommit: answers.note)
        var shard = TestShard()
        shard.open(5, state: "up")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 1)))
        disk.fail(times: .max)
        shard.close(sampleRecord(5))
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 2)))
        #expect(try store.reader.openCalls().count == 1)
        #expect(try store.reader.call(id: CallIdentifier(rawValue: 5)) == nil)
        disk.fail(times: 0)
        #expect(answers.await(.committed(through: 2)))
        #expect(try store.reader.openCalls().isEmpty)
        #expect(try store.reader.call(id: CallIdentifier(rawValue: 5)) == sampleRecord(5))
        try writer.close()
    }

    @Test("an end that comes again changes nothing, and an update of an ended call does not bring it back")
    func duplicates() throws {
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.open(5, state: "up")
        shard.close(sampleRecord(5))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        var second = sampleRecord(5, endReason: .processEnded)
        second.attempts.append(second.attempts[0])
        shard.close(second)
        shard.update(5, state: "late")
        shard.close(second)
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 5)))
        #expect(try store.reader.count() == 1)
        #expect(try store.reader.calls(limit: 10) == [sampleRecord(5)])
        #expect(try store.reader.openCalls().isEmpty)
        try writer.close()
    }

    @Test("closing commits what was handed over and leaves no log behind")
    func close() throws {
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        for id in 1...200 { shard.close(sampleRecord(Int64(id))) }
        shard.submit(to: writer)
        try writer.close()
        try writer.close()
        #expect(answers.all.last?.commit == .committed(through: 200))
        #expect(folder.size(of: "ledger.db-wal") == 0)
        #expect(folder.size(of: "ledger.journal") == 0)
        try store.close()
        let reopened = try LedgerStore(folder: folder.path)
        #expect(try reopened.reader.count() == 200)
        try reopened.close()
    }

    @Test("the log begins anew again and again under unbroken load")
    func checkpoints() throws {
        var settings = LedgerSettings()
        settings.groupWindow = .zero
        settings.rowInterval = .zero
        settings.checkpointBytes = 128 << 10
        settings.logResetBytes = 256 << 10
        let folder = try TemporaryFolder()
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        var id: Int64 = 0
        while writer.statistics.logResets < 3, id < 200_000 {
            id += 1
            shard.close(sampleRecord(id))
            let last = shard.submit(to: writer)
            if id % 50 == 0 { #expect(answers.await(.committed(through: last))) }
        }
        #expect(writer.statistics.logResets >= 3)
        #expect(writer.statistics.checkpointFailures == 0)
        try writer.close()
        #expect(try store.reader.count() == Int(id))
        try store.close()
    }

    @Test("durability decides whether a commit waits for the disk", arguments: [(Durability.process, Int32(1)), (.power, 2)])
    func durability(_ durability: Durability, _ synchronous: Int32) throws {
        var settings = LedgerSettings()
        settings.durability = durability
        settings.rowInterval = .zero
        let folder = try TemporaryFolder()
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let seen = NSLock()
        nonisolated(unsafe) var level: Int32?
        let writer = store.startWriter(
            shards: 1,
            fault: { _, connection in
                seen.withLock { level = integer("PRAGMA synchronous", connection) }
                return 0
            }, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 1)))
        #expect(seen.withLock { level } == synchronous)
        try writer.close()
    }
}
