import CallRecords
import Foundation
import GRDBSQLite
import Storage
import Testing
import Vocabulary

/// The writer on a disk that fails: what shards are told, what is kept, and that it goes on by itself.
@Suite("A ledger that cannot be written")
struct LedgerFailureTests {
    let folder: TemporaryFolder
    let answers = Answers()

    init() throws { folder = try TemporaryFolder() }

    /// Every group is a transaction of its own, and a failed one is tried again after a fixed pause.
    private static func settings(retryAfter pause: Interval = .milliseconds(2)) -> LedgerSettings {
        var settings = LedgerSettings()
        settings.groupWindow = .zero
        settings.rowInterval = .zero
        settings.firstRetry = pause
        settings.longestRetry = pause
        return settings
    }

    @Test("a failure is told once, and the same commands are committed when the disk works again")
    func recovery() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.settings())
        let disk = FaultyDisk(failures: 4, code: SQLITE_IOERR)
        let writer = store.startWriter(shards: 2, fault: disk.answer, onCommit: answers.note)
        var shard = TestShard(1)
        shard.open(1, state: "a")
        shard.open(2, state: "b")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2), shard: 1))
        #expect(answers.all.map(\.commit) == [.failing(through: 2), .committed(through: 2)])
        #expect(writer.statistics.failures == 4)
        #expect(writer.statistics.failure == nil)
        #expect(try store.reader.openCalls().count == 2)
        try writer.close()
    }

    @Test("commands that come while the store fails are told so at once, and its cause can be read")
    func failingGoesOn() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.settings(retryAfter: .seconds(3600)))
        let disk = FaultyDisk(failures: 1, code: SQLITE_FULL)
        let writer = store.startWriter(shards: 2, fault: disk.answer, onCommit: answers.note)
        var first = TestShard(0)
        var second = TestShard(1)
        first.open(1, state: "a")
        first.submit(to: writer)
        #expect(answers.await(.failing(through: 1), shard: 0))
        #expect(writer.statistics.failure == .diskFull(file: store.path))
        second.open(2, state: "b")
        second.submit(to: writer)
        #expect(answers.await(.failing(through: 1), shard: 1))
        first.close(sampleRecord(1))
        first.submit(to: writer)
        #expect(answers.await(.failing(through: 2), shard: 0))
        #expect(answers.all.count == 3)
        // Closing tries at once.
        try writer.close()
        #expect(answers.all.suffix(2).map(\.commit) == [.committed(through: 2), .committed(through: 1)])
        #expect(try store.reader.openCalls().map(\.id.rawValue) == [2])
        #expect(try store.reader.count() == 1)
    }

    @Test("a file that may not grow is a full disk, and growing room is found without a restart")
    func fullDisk() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.settings())
        let lock = NSLock()
        nonisolated(unsafe) var isFull = true
        let writer = store.startWriter(
            shards: 1,
            fault: { stage, connection in
                guard stage == .begun else { return 0 }
                let limit = lock.withLock { isFull } ? "1" : "1000000"
                // SQLite takes the file's present length for anything smaller.
                return sqlite3_exec(connection, "PRAGMA max_page_count = \(limit)", nil, nil, nil)
            }, onCommit: answers.note)
        var shard = TestShard()
        for id in 1...100 { shard.close(sampleRecord(Int64(id))) }
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 100)))
        #expect(writer.statistics.failure == .diskFull(file: store.path))
        #expect(try store.reader.count() == 0)
        lock.withLock { isFull = false }
        #expect(answers.await(.committed(through: 100)))
        #expect(try store.reader.count() == 100)
        try writer.close()
    }

    @Test("another program's lock delays a commit and loses nothing")
    func locked() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.settings())
        var other: OpaquePointer?
        #expect(sqlite3_open(store.path, &other) == SQLITE_OK)
        #expect(sqlite3_exec(other, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "a")
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 1)))
        #expect(writer.statistics.failure == .busy(file: store.path))
        #expect(sqlite3_exec(other, "COMMIT", nil, nil, nil) == SQLITE_OK)
        #expect(sqlite3_close(other) == SQLITE_OK)
        #expect(answers.await(.committed(through: 1)))
        try writer.close()
    }

    @Test("beyond the first bound new answers are refused and ends are kept")
    func refuseOpened() throws {
        var settings = Self.settings(retryAfter: .seconds(3600))
        settings.refuseOpenedBeyond = 10
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let disk = FaultyDisk(failures: 1, code: SQLITE_FULL)
        let writer = store.startWriter(shards: 1, fault: disk.answer, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "before the bound")
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 1)))
        shard.open(2, state: "beyond it")
        shard.update(1, state: "beyond it")
        shard.close(sampleRecord(3))
        shard.close(sampleRecord(4, answered: false))
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 5)))
        #expect(writer.statistics.openedRefused == 1)
        #expect(writer.statistics.recordsDropped == 0)
        try writer.close()
        #expect(answers.all.last?.commit == .committed(through: 5))
        #expect(try store.reader.openCalls().map(\.id.rawValue) == [1])
        #expect(try store.reader.calls(limit: 10).map(\.id.rawValue) == [4, 3])
    }

    @Test("a call refused in the very turn in which the disk works again is told so before later commands are committed")
    func refusedAsTheDiskRecovers() throws {
        // Without a pause each turn of the writer tries again; the first one does it twice.
        var settings = Self.settings(retryAfter: .zero)
        settings.refuseOpenedBeyond = 10
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let disk = FaultyDisk(failures: 2, code: SQLITE_FULL)
        let (isTold, goesOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let answers = answers
        let writer = store.startWriter(shards: 2, fault: disk.answer) { shard, commit in
            answers.note(shard, commit)
            guard commit == .failing(through: 1), shard == 0 else { return }
            // The writer stands still until the next commands are there.
            isTold.signal()
            goesOn.wait()
        }
        var first = TestShard(0)
        var second = TestShard(1)
        first.open(1, state: "before the bound")
        first.submit(to: writer)
        #expect(isTold.wait(timeout: .now() + 30) == .success)
        first.open(2, state: "beyond it")
        first.close(sampleRecord(3))
        first.submit(to: writer)
        second.close(sampleRecord(4))
        second.submit(to: writer)
        goesOn.signal()
        #expect(answers.await(.committed(through: 3), shard: 0))
        #expect(answers.await(.committed(through: 1), shard: 1))
        try writer.close()
        #expect(answers.all.filter { $0.shard == 0 }.map(\.commit) == [.failing(through: 1), .failing(through: 3), .committed(through: 3)])
        // Nothing of the other shard was refused.
        #expect(answers.all.filter { $0.shard == 1 }.map(\.commit) == [.committed(through: 1)])
        #expect(writer.statistics.openedRefused == 1)
        #expect(try store.reader.openCalls().map(\.id.rawValue) == [1])
        #expect(try store.reader.calls(limit: 10).map(\.id.rawValue).sorted() == [3, 4])
    }

    @Test("beyond the second bound records of unanswered calls are dropped and counted, answered ones are kept")
    func dropUnanswered() throws {
        var settings = Self.settings(retryAfter: .seconds(3600))
        settings.refuseOpenedBeyond = 10
        settings.dropUnansweredBeyond = 10
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let disk = FaultyDisk(failures: 1, code: SQLITE_FULL)
        let writer = store.startWriter(shards: 1, fault: disk.answer, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "")
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 1)))
        shard.close(sampleRecord(2, answered: false))
        shard.close(sampleRecord(3))
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 3)))
        #expect(writer.statistics.recordsDropped == 1)
        try writer.close()
        #expect(try store.reader.calls(limit: 10).map(\.id.rawValue) == [3])
    }

    @Test("closing a store that fails to the last says how much is lost and why")
    func lost() throws {
        let store = try LedgerStore(folder: folder.path, settings: Self.settings())
        let disk = FaultyDisk(failures: .max, code: SQLITE_FULL)
        let writer = store.startWriter(shards: 1, fault: disk.answer, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "a")
        shard.update(1, state: "b")
        shard.close(sampleRecord(2))
        shard.submit(to: writer)
        #expect(
            throws: StorageError.commandsLost(
                file: store.path, count: 3, cause: StorageError.diskFull(file: store.path).description)
        ) { try writer.close() }
        #expect(try store.reader.count() == 0)
    }
}

/// The single integer that a statement answers, read on the writer's own connection.
func integer(_ sql: String, _ connection: OpaquePointer) -> Int32? {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else { return nil }
    defer { sqlite3_finalize(statement) }
    return sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : nil
}
