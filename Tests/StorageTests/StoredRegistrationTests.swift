import CallRecords
import Foundation
import Storage
import Testing
import Vocabulary

/// What the ledger keeps of registrations between one process and the next. What shards write into the
/// state: `CallRecordsTests`.
@Suite("Registrations in the ledger")
struct StoredRegistrationTests {
    let folder: TemporaryFolder
    let answers = Answers()

    init() throws { folder = try TemporaryFolder() }

    private static func registration(_ name: String, cseq: UInt32) -> StoredRegistration {
        StoredRegistration(
            name: name, callID: "call-\(name)", fromTag: "tag", cseqBound: cseq, contactUser: "user", contact: "sip:user@192.0.2.1:5060",
            target: NetworkAddress("192.0.2.10:5060").map { Target(address: $0, transport: .udp) },
            boundUntil: WallTime(microseconds: 1_750_000_000_000_000), registrar: "sip:example.net", addressOfRecord: "sip:acme@example.net",
            authUser: "acme", password: "secret")
    }

    private func kept(_ store: LedgerStore) throws -> [StoredRegistration?] {
        try store.reader.registrations().map { StoredRegistration(name: $0.name, state: $0.state) }
    }

    @Test(
        "a registration is replaced by its next state, removed by its name, and found in the order of names",
        arguments: [Interval.zero, .seconds(3600)])
    func replaceAndRemove(_ rowInterval: Interval) throws {
        var settings = LedgerSettings()
        settings.rowInterval = rowInterval
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.keep(Self.registration("upstream-2", cseq: 1))
        shard.keep(Self.registration("upstream-1", cseq: 1))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        #expect(try kept(store) == [Self.registration("upstream-1", cseq: 1), Self.registration("upstream-2", cseq: 1)])
        shard.keep(Self.registration("upstream-1", cseq: 65))
        shard.removeRegistration("upstream-2")
        shard.removeRegistration("never-kept")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 5)))
        #expect(try kept(store) == [Self.registration("upstream-1", cseq: 65)])
        try writer.close()
        try store.close()
    }

    @Test("what was committed to the journal and is not a row yet is there after a kill")
    func kill() throws {
        var settings = LedgerSettings()
        settings.rowInterval = .seconds(3600)
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.keep(Self.registration("upstream-1", cseq: 1))
        shard.keep(Self.registration("upstream-2", cseq: 1))
        shard.keep(Self.registration("upstream-1", cseq: 65))
        shard.removeRegistration("upstream-2")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 4)))

        let afterwards = try TemporaryFolder()
        try folder.copyLedger(to: afterwards)
        let reopened = try LedgerStore(folder: afterwards.path)
        #expect(try kept(reopened) == [Self.registration("upstream-1", cseq: 65)])
        try reopened.close()
        try writer.close()
        try store.close()
    }

    @Test("while the disk fails, states are kept up to the last bound and removals beyond it")
    func failingDisk() throws {
        var settings = LedgerSettings()
        settings.groupWindow = .zero
        settings.firstRetry = .milliseconds(1)
        settings.longestRetry = .milliseconds(5)
        settings.refuseOpenedBeyond = 1
        settings.dropUnansweredBeyond = 1_000
        let disk = FaultyDisk(failures: 0, code: 13)
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let writer = store.startWriter(shards: 1, fault: disk.answer, onCommit: answers.note)
        var shard = TestShard()
        shard.keep(Self.registration("upstream-1", cseq: 1))
        shard.keep(Self.registration("upstream-2", cseq: 1))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))

        disk.fail(times: .max)
        shard.keep(Self.registration("upstream-1", cseq: 65))
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 3)))
        shard.removeRegistration("upstream-2")
        for number in 0..<10 { shard.keep(Self.registration("later-\(number)", cseq: 1)) }
        shard.submit(to: writer)
        #expect(answers.await(.failing(through: 14)))
        #expect(writer.statistics.recordsDropped == 10)
        disk.fail(times: 0)
        #expect(answers.await(.committed(through: 14)))
        #expect(try kept(store) == [Self.registration("upstream-1", cseq: 65)])
        try writer.close()
        try store.close()
    }
}
