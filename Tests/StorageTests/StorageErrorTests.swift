import Foundation
import GRDB
import Storage
import Testing
import Vocabulary

/// What an operator reads when a file cannot be opened. (The tests may run as root, so missing
/// permissions are not among them.)
@Suite("Opening a store that cannot be opened")
struct StorageErrorTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a missing data folder is made, for its owner only")
    func folderMade() throws {
        let path = folder.file("data")
        try ConfigStore(folder: path, auditForm: { $1 }).close()
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        #expect(FileManager.default.fileExists(atPath: path + "/config.db"))
    }

    @Test("a data folder that is a file, or cannot be made, is named with the remedy")
    func folderUnusable() throws {
        let file = folder.file("data")
        try Data().write(to: URL(fileURLWithPath: file))
        for path in [file, folder.file("missing/data")] {
            let error = try #require(throws: StorageError.self) { try LedgerStore(folder: path) }
            guard case .folderUnusable(path, _) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(error.description.contains(path))
            #expect(error.description.contains("boot file"))
        }
    }

    @Test("a file that is no database is called damaged")
    func damaged() throws {
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: folder.file("ledger.db")))
        let error = try #require(throws: StorageError.self) { try LedgerStore(folder: folder.path) }
        guard case .damaged(let file, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(file == folder.file("ledger.db"))
        #expect(error.description.contains(file))
    }

    @Test("a journal that cannot be written is named")
    func journal() throws {
        try FileManager.default.createDirectory(atPath: folder.file("ledger.journal"), withIntermediateDirectories: false)
        let error = try #require(throws: StorageError.self) { try LedgerStore(folder: folder.path) }
        #expect(error.description.contains(folder.file("ledger.journal")))
    }

    @Test("a file that a newer version changed is left alone", arguments: ["ledger.db", "config.db"])
    func newerVersion(_ name: String) throws {
        try LedgerStore(folder: folder.path).close()
        try ConfigStore(folder: folder.path, auditForm: { $1 }).close()
        let database = try DatabaseQueue(path: folder.file(name))
        try database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9 of the future')") }
        try database.close()
        #expect(throws: StorageError.newerVersion(file: folder.file(name))) {
            if name == "ledger.db" { _ = try LedgerStore(folder: folder.path) } else { _ = try ConfigStore(folder: folder.path, auditForm: { $1 }) }
        }
    }
}
