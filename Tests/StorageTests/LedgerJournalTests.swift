import CallRecords
import Foundation
import GRDB
import Storage
import Synchronization
import Testing
import Vocabulary

/// Commands that are committed to the journal and not rows yet: what a killed process leaves, and when
/// they become rows.
@Suite("The ledger's journal")
struct LedgerJournalTests {
    let folder: TemporaryFolder
    let answers = Answers()

    init() throws { folder = try TemporaryFolder() }

    /// Commands become rows only when somebody asks.
    private static var patient: LedgerSettings {
        var settings = LedgerSettings()
        settings.groupWindow = .zero
        settings.rowInterval = .seconds(3600)
        return settings
    }

    /// The ledger that a start finds when the process is killed now.
    private func killed(_ damage: (TemporaryFolder) throws -> Void = { _ in }) throws -> (TemporaryFolder, LedgerStore) {
        let afterwards = try TemporaryFolder()
        try folder.copyLedger(to: afterwards)
        try damage(afterwards)
        return (afterwards, try LedgerStore(folder: afterwards.path))
    }

    private func states(_ store: LedgerStore) throws -> [Int64: String] {
        Dictionary(uniqueKeysWithValues: try store.reader.openCalls().map { ($0.id.rawValue, String(decoding: $0.state, as: UTF8.self)) })
    }

    /// Rows in a file that no store has opened since.
    private func rows(in folder: TemporaryFolder) throws -> Int {
        let database = try DatabaseQueue(path: folder.file("ledger.db"))
        defer { try? database.close() }
        return try database.read { try Int.fetchOne($0, sql: "SELECT (SELECT count(*) FROM calls) + (SELECT count(*) FROM open_slots)") ?? -1 }
    }

    @Test("what was answered as committed is there after a kill, rows or not", arguments: [Interval.zero, .seconds(3600)])
    func kill(_ rowInterval: Interval) throws {
        var settings = Self.patient
        settings.rowInterval = rowInterval
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let writer = store.startWriter(shards: 2, onCommit: answers.note)
        var shards = [TestShard(0), TestShard(1)]
        shards[0].open(1, state: "ended soon")
        shards[0].open(2, state: "still up")
        shards[0].submit(to: writer)
        shards[1].open(3, state: "elsewhere")
        shards[1].submit(to: writer)
        #expect(answers.await(.committed(through: 2), shard: 0))
        shards[0].update(2, state: "changed")
        shards[0].close(sampleRecord(1))
        shards[0].submit(to: writer)
        #expect(answers.await(.committed(through: 4), shard: 0))
        #expect(answers.await(.committed(through: 1), shard: 1))

        let copy = try TemporaryFolder()
        try folder.copyLedger(to: copy)
        #expect(try rows(in: copy) == (rowInterval == .zero ? 4 : 0))
        // Twice: a start that is killed too leaves the same.
        for _ in 0..<2 {
            let (afterwards, reopened) = try killed()
            #expect(try reopened.reader.calls(limit: 10) == [sampleRecord(1)])
            #expect(try states(reopened) == [2: "changed", 3: "elsewhere"])
            try reopened.close()
            withExtendedLifetime(afterwards) {}
        }
        try writer.close()
    }

    @Test("calls found at the start go on: updated, ended, and beside new ones")
    func goOn() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.patient)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        for id in 1...5 { shard.open(Int64(id), state: "before") }
        shard.close(sampleRecord(2))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 6)))

        let (afterwards, reopened) = try killed()
        let later = Answers()
        let second = reopened.startWriter(shards: 1, onCommit: later.note)
        var next = TestShard()
        next.update(1, state: "after")
        next.close(sampleRecord(3))
        next.open(6, state: "new")
        next.open(7, state: "new")
        next.submit(to: second)
        #expect(later.await(.committed(through: 4)))
        #expect(try states(reopened) == [1: "after", 4: "before", 5: "before", 6: "new", 7: "new"])
        #expect(try reopened.reader.count() == 2)
        try second.close()
        try reopened.close()
        withExtendedLifetime(afterwards) {}
        try writer.close()
    }

    @Test("a query sees what is committed without waiting for the interval")
    func readersSeeAll() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.patient)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        for id in 1...3 {
            shard.open(Int64(id), state: "")
            shard.close(sampleRecord(Int64(id)))
            let last = shard.submit(to: writer)
            #expect(answers.await(.committed(through: last)))
            #expect(try store.reader.count() == id)
        }
        #expect(writer.statistics.transactions == 3)
        try writer.close()
        #expect(try store.reader.count() == 3)
    }

    @Test("commands become rows by themselves, by time or by size")
    func rowsByThemselves() throws {
        var soon = Self.patient
        soon.rowInterval = .milliseconds(1)
        var small = Self.patient
        small.rowBytes = 1
        for settings in [soon, small] {
            let folder = try TemporaryFolder()
            let store = try LedgerStore(folder: folder.path, settings: settings)
            let answers = Answers()
            let written = DispatchSemaphore(value: 0)
            let writer = store.startWriter(
                shards: 1,
                fault: { stage, _ in
                    if stage == .written { written.signal() }
                    return 0
                }, onCommit: answers.note)
            var shard = TestShard()
            shard.open(1, state: "")
            shard.submit(to: writer)
            #expect(written.wait(timeout: .now() + 30) == .success)
            try writer.close()
        }
    }

    @Test("a cut or damaged end of the journal is left out, what stands before it is not")
    func tornEnd() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.patient)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "whole")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 1)))
        shard.open(2, state: "torn")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        let damages: [(inout Data) -> Void] = [
            { $0.removeLast(3) }, { $0[$0.count - 1] ^= 1 }, { $0.append(contentsOf: [UInt8](repeating: 7, count: 100)) },
        ]
        for (index, damage) in damages.enumerated() {
            let (afterwards, reopened) = try killed { folder in
                let url = URL(fileURLWithPath: folder.file("ledger.journal"))
                var bytes = try Data(contentsOf: url)
                damage(&bytes)
                try bytes.write(to: url)
            }
            #expect(try states(reopened) == (index == 2 ? [1: "whole", 2: "torn"] : [1: "whole"]))
            try reopened.close()
            withExtendedLifetime(afterwards) {}
        }
        try writer.close()
    }

    @Test("entries of an earlier generation behind the present ones are not applied")
    func staleEntries() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.patient)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        // The third entry is as long as the first, so that the second stands right behind it.
        shard.open(1, state: "aaaa")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 1)))
        shard.update(1, state: "bbbb")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        #expect(try states(store) == [1: "bbbb"])
        let length = folder.size(of: "ledger.journal")
        shard.update(1, state: "cccc")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 3)))
        #expect(folder.size(of: "ledger.journal") == length)
        let (afterwards, reopened) = try killed()
        #expect(try states(reopened) == [1: "cccc"])
        try reopened.close()
        withExtendedLifetime(afterwards) {}
        try writer.close()
    }

    @Test("while rows cannot be written the journal goes on committing, and closing loses nothing")
    func rowsFail() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.patient)
        let disk = FaultyDisk(failures: .max, code: 13)
        let writer = store.startWriter(shards: 1, fault: disk.answer, onCommit: answers.note)
        var shard = TestShard()
        for id in 1...3 {
            shard.open(Int64(id), state: "kept")
            let last = shard.submit(to: writer)
            #expect(answers.await(.committed(through: last)))
            #expect(try store.reader.openCalls().isEmpty)
        }
        #expect(writer.statistics.failure == .diskFull(file: store.path))
        try writer.close()
        #expect(answers.all.map(\.commit) == [.committed(through: 1), .committed(through: 2), .committed(through: 3)])
        try store.close()
        let reopened = try LedgerStore(folder: folder.path)
        #expect(try states(reopened) == [1: "kept", 2: "kept", 3: "kept"])
        try reopened.close()
    }

    @Test("when the journal cannot be written, groups are rows at once")
    func journalFails() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.patient)
        let writer = store.startWriter(shards: 1, fault: { stage, _ in stage == .journal ? 13 : 0 }, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "row")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 1)))
        #expect(writer.statistics.transactions == 1)
        #expect(folder.size(of: "ledger.journal") == 0)
        #expect(try states(store) == [1: "row"])
        try writer.close()
    }

    /// Why a group becomes rows without the journal.
    enum Bypass: CaseIterable { case journalFails, backlogIsLong }

    @Test(
        "older entries of the journal are not applied over what became rows without it",
        arguments: Bypass.allCases, Durability.allCases)
    func rowsBesideTheJournal(_ bypass: Bypass, _ durability: Durability) throws {
        var settings = Self.patient
        settings.durability = durability
        settings.firstRetry = .milliseconds(2)
        settings.refuseOpenedBeyond = 500
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let disk = FaultyDisk(failures: 0, code: 13)
        let doesJournalFail = Mutex(false)
        // The journal's length each time a transaction has begun.
        let journalLengths = Mutex<[Int]>([])
        let folder = folder
        let writer = store.startWriter(
            shards: 1,
            fault: { stage, connection in
                if stage == .journal { return doesJournalFail.withLock { $0 } ? 13 : 0 }
                if stage == .begun { journalLengths.withLock { $0.append(folder.size(of: "ledger.journal")) } }
                return disk.answer(stage, connection)
            }, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "older")
        shard.open(2, state: "older")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        #expect(writer.statistics.transactions == 0)
        let length = folder.size(of: "ledger.journal")

        let newer = bypass == .backlogIsLong ? String(repeating: "newer", count: 100) : "newer"
        doesJournalFail.withLock { $0 = bypass == .journalFails }
        disk.fail(times: 1)
        shard.update(1, state: newer)
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 3)))
        #expect(answers.all.map(\.commit) == [.committed(through: 2), .failing(through: 3), .committed(through: 3)])
        // What the journal has becomes rows, at the second try; then it is empty, and only then the rest becomes rows.
        #expect(journalLengths.withLock { $0 } == [length, length, 0])
        let (afterwards, reopened) = try killed()
        #expect(try states(reopened) == [1: newer, 2: "older"])
        try reopened.close()
        withExtendedLifetime(afterwards) {}

        // The journal is used again afterwards.
        doesJournalFail.withLock { $0 = false }
        shard.update(2, state: "newest")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 4)))
        #expect(folder.size(of: "ledger.journal") > 0)
        let (later, reopenedLater) = try killed()
        #expect(try states(reopenedLater) == [1: newer, 2: "newest"])
        try reopenedLater.close()
        withExtendedLifetime(later) {}
        try writer.close()
    }

    @Test("entries that are rows already are not applied over rows that came later without the journal")
    func rowsAfterTheJournal() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.patient)
        let doesJournalFail = Mutex(false)
        let writer = store.startWriter(
            shards: 1, fault: { stage, _ in stage == .journal && doesJournalFail.withLock { $0 } ? 13 : 0 }, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "older")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 1)))
        #expect(try states(store) == [1: "older"])
        doesJournalFail.withLock { $0 = true }
        shard.update(1, state: "newer")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        let (afterwards, reopened) = try killed()
        #expect(try states(reopened) == [1: "newer"])
        try reopened.close()
        withExtendedLifetime(afterwards) {}
        try writer.close()
    }

    @Test("a slot of an ended call is used again, and one whose end failed is not")
    func slots() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.patient)
        let disk = FaultyDisk(failures: 0, code: 13)
        let writer = store.startWriter(shards: 1, fault: disk.answer, onCommit: answers.note)
        var shard = TestShard()
        var last: UInt64 = 0
        for id in 1...50 {
            shard.open(Int64(id), state: "up")
            if id > 1 { shard.close(sampleRecord(Int64(id - 1))) }
            disk.fail(times: id % 7 == 0 ? 2 : 0)
            last = shard.submit(to: writer)
            #expect(answers.await(.committed(through: last)))
            if id % 5 == 0 {
                disk.fail(times: 0)
                #expect(try states(store) == [Int64(id): "up"])
            }
        }
        try writer.close()
        try store.close()
        let database = try DatabaseQueue(path: folder.file("ledger.db"))
        // Never more than two calls at once between transactions, five calls opened in one.
        #expect(try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM open_slots") ?? 0 } <= 12)
        try database.close()
    }
}
