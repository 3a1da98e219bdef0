import CallRecords
import Foundation
import Storage
import Testing
import Vocabulary

/// What the ledger keeps of where phones and gateways registered. What shards write into the state: `CallRecordsTests`.
@Suite("Bindings in the ledger")
struct StoredBindingTests {
    let folder: TemporaryFolder
    let answers = Answers()

    init() throws { folder = try TemporaryFolder() }

    private static func bindings(_ account: String, cseq: UInt32) -> StoredBindings {
        StoredBindings(
            account: account, clock: 7,
            bindings: [
                StoredBinding(
                    contact: Array("sip:\(account)@192.0.2.7:5060".utf8), path: [], source: NetworkAddress(ipv4: 0xC000_0207, port: 5060),
                    transport: .udp,
                    listener: 0, connection: 0, until: WallTime(microseconds: 1_767_225_600_000_000), untilInstant: Instant(nanoseconds: 5), q: 1_000,
                    callID: Array("call".utf8), cseq: cseq, instance: [], flowNumber: 0, isBehindNAT: false, registeredAt: .unset, updatedAt: .unset,
                    userAgent: [])
            ])
    }

    private func kept(_ store: LedgerStore) throws -> [StoredBindings?] {
        try store.reader.bindings().map { StoredBindings(account: $0.account, state: $0.state) }
    }

    @Test(
        "an account's bindings are replaced together, removed by its name, and found in the order of names",
        arguments: [Interval.zero, .seconds(3600)])
    func replaceAndRemove(_ rowInterval: Interval) throws {
        var settings = LedgerSettings()
        settings.rowInterval = rowInterval
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.keep(Self.bindings("1002", cseq: 1))
        shard.keep(Self.bindings("1001", cseq: 1))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 2)))
        #expect(try kept(store) == [Self.bindings("1001", cseq: 1), Self.bindings("1002", cseq: 1)])
        shard.keep(Self.bindings("1001", cseq: 2))
        shard.keep(StoredBindings(account: "1002", clock: 7, bindings: []))
        shard.keep(StoredBindings(account: "never kept", clock: 7, bindings: []))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 5)))
        #expect(try kept(store) == [Self.bindings("1001", cseq: 2)])
        #expect(try store.reader.registrations().isEmpty)
        try writer.close()
        try store.close()
    }

    @Test("what was committed to the journal and is not a row yet is there for the next process")
    func reopened() throws {
        var settings = LedgerSettings()
        settings.rowInterval = .seconds(3600)
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let writer = store.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.keep(Self.bindings("1001", cseq: 1))
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 1)))
        try writer.close()
        try store.close()
        let reopened = try LedgerStore(folder: folder.path, settings: settings)
        #expect(try kept(reopened) == [Self.bindings("1001", cseq: 1)])
        try reopened.close()
    }
}
