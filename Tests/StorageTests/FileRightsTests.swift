import CallRecords
import Foundation
import Storage
import Testing

/// The files of the stores hold passwords: nobody but their owner reads them.
@Suite("Rights of the stores' files")
struct FileRightsTests {
    private func rights(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("a data folder and its files are made for their owner only")
    func made() throws {
        let parent = try TemporaryFolder()
        let folder = parent.file("data")
        let ledger = try LedgerStore(folder: folder)
        let config = try ConfigStore(folder: folder, auditForm: { $1 })
        let answers = Answers()
        let writer = ledger.startWriter(shards: 1, onCommit: answers.note)
        var shard = TestShard()
        shard.open(1, state: "up")
        shard.submit(to: writer)
        #expect(answers.await(.committed(through: 1)))
        #expect(try rights(folder) == 0o700)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(Set(files).isSuperset(of: ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.journal", "config.db"]))
        for file in files { #expect(try rights(folder + "/" + file) == 0o600, "\(file)") }
        try writer.close()
        try ledger.close()
        try config.close()
    }

    @Test("files that others could read are taken back at the next start")
    func takenBack() throws {
        let folder = try TemporaryFolder()
        let first = try LedgerStore(folder: folder.path)
        try first.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.file("ledger.db"))
        let second = try LedgerStore(folder: folder.path)
        #expect(try rights(folder.file("ledger.db")) == 0o600)
        try second.close()
    }
}
