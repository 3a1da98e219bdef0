import CallRecords
import GRDB
import GRDBSQLite
import Synchronization
import Vocabulary

/// `ledger.db`: the calls that are up, and the records of those that ended; with `ledger.journal`, the
/// commands that are committed and not yet rows. One writer, many readers.
public final class LedgerStore: Sendable {
    public static let fileName = "ledger.db"

    public let path: String
    public let settings: LedgerSettings
    /// Queries; they never hold the writer.
    public let reader: LedgerReader

    private let database: DatabaseQueue
    private let checkpoints: DatabaseQueue
    private let journal: String
    private let writer = RunningWriter()

    /// Opens the ledger in a data folder, makes what is missing and brings its layout up to date.
    public init(folder: String, settings: LedgerSettings = LedgerSettings()) throws(StorageError) {
        path = try DatabaseOpening.prepare(file: LedgerStore.fileName, in: folder)
        self.settings = settings
        let durability = settings.durability == .power ? "FULL" : "NORMAL"
        database = try DatabaseOpening.writer(
            path: path, label: "ledger",
            pragmas: [
                "PRAGMA synchronous = \(durability)",
                "PRAGMA wal_autocheckpoint = 0",
                "PRAGMA cache_size = -\(max(1, settings.cacheBytes / 1024))",
                "PRAGMA temp_store = MEMORY",
                // Debian's SQLite overwrites deleted rows with zeros unless told otherwise: more pages per ended call.
                "PRAGMA secure_delete = OFF",
                "PRAGMA journal_size_limit = \(settings.logResetBytes * 2)",
            ])
        try DatabaseOpening.migrate(database, with: LedgerSchema.migrator)
        journal = try DatabaseOpening.prepare(file: LedgerJournal.fileName, in: folder)
        try LedgerStore.applyJournal(journal, to: database)
        try LedgerJournal.empty(path: journal, folder: folder)
        checkpoints = try DatabaseOpening.writer(
            path: path, label: "ledger-log",
            pragmas: [
                "PRAGMA synchronous = \(durability)",
                "PRAGMA wal_autocheckpoint = 0",
            ])
        reader = LedgerReader(
            connections: try DatabaseOpening.readers(path: path, label: "ledger-read", count: settings.readers), writer: writer)
    }

    /// Makes rows of what a process that died had committed to the journal.
    private static func applyJournal(_ journal: String, to database: DatabaseQueue) throws(StorageError) {
        let commands = try LedgerJournal.read(path: journal)
        guard !commands.isEmpty else { return }
        try naming(database.path) {
            try database.inDatabase { connection in
                guard let handle = connection.sqliteConnection else { return }
                let committer = CommandCommitter(connection: handle, fault: nil)
                let code = committer.commit(CommandBacklog(journal: commands))
                if code != SQLITE_OK { throw StorageError(code: code, detail: committer.failureDetail, file: database.path) }
            }
        }
    }

    /// Starts the writer for the shards 0..<`shards`. At most one at a time.
    ///
    /// `onCommit` is called on the writer's thread, for every shard with commands in a group, and must not block.
    public func startWriter(
        shards: Int, onCommit: @escaping @Sendable (_ shard: Int, _ commit: RecordCommit) -> Void
    ) -> LedgerWriter {
        startWriter(shards: shards, fault: nil, onCommit: onCommit)
    }

    /// The same with a disk that fails when `fault` says so, for tests.
    package func startWriter(
        shards: Int, fault: CommitFault?,
        onCommit: @escaping @Sendable (_ shard: Int, _ commit: RecordCommit) -> Void
    ) -> LedgerWriter {
        let started = LedgerWriter(
            database: database, journal: journal, checkpoints: checkpoints, shards: shards, settings: settings, fault: fault,
            onCommit: onCommit)
        writer.current.withLock { $0 = started }
        return started
    }

    /// Closes the file's connections. The writer is closed before.
    public func close() throws(StorageError) {
        writer.current.withLock { $0 = nil }
        try naming(path) {
            try reader.close()
            try checkpoints.close()
            try database.close()
        }
    }
}

/// The writer that runs, if one does, for readers that have to wait for its rows.
final class RunningWriter: Sendable {
    let current = Mutex<LedgerWriter?>(nil)

    func waitForRows() {
        let writer = current.withLock { $0 }
        writer?.waitForRows()
    }
}
