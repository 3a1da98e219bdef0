import CallRecords
import GRDB
import GRDBSQLite
import Synchronization

/// The one writer of `ledger.db`: takes the commands of all shards, commits them in groups on a thread
/// of its own, and answers each shard with the number up to which its commands are committed.
///
/// Made by `LedgerStore.startWriter`, and to be closed before the store. A process that dies instead
/// loses only what was not answered with `committed`.
public final class LedgerWriter: Sendable {
    private let queue: CommandQueue
    private let status: LedgerStatus
    private let checkpointer: LedgerCheckpointer
    /// The writer's and the checkpointer's thread; empty once closed.
    private let threads: Mutex<[OwnThread]>

    init(
        database: DatabaseQueue, journal: String, checkpoints: DatabaseQueue, shards: Int, settings: LedgerSettings,
        fault: CommitFault?, onCommit: @escaping @Sendable (_ shard: Int, _ commit: RecordCommit) -> Void
    ) {
        let queue = CommandQueue(shards: shards)
        let status = LedgerStatus()
        let checkpointer = LedgerCheckpointer(database: checkpoints, settings: settings, status: status)
        let path = database.path
        let writer = OwnThread(name: "ledger") {
            // The connection is this thread's from the first commit to the last.
            let loss: StorageError? = database.inDatabase { database in
                guard let connection = database.sqliteConnection else {
                    return .failed(file: path, code: SQLITE_MISUSE, detail: "the store was closed before its writer")
                }
                checkpointer.observe(connection)
                defer { checkpointer.stopObserving(connection) }
                let committer = CommandCommitter(connection: connection, fault: fault)
                let usesJournal = settings.rowInterval > .zero
                return CommitLoop(
                    file: path, shards: shards, settings: settings, queue: queue, status: status, committer: committer,
                    journal: usesJournal ? LedgerJournal(path: journal, durability: settings.durability) : nil, onCommit: onCommit
                ).run()
            }
            status.loss.withLock { $0 = loss }
            queue.ended()
        }
        let mover = OwnThread(name: "ledger-log") { checkpointer.run() }
        self.queue = queue
        self.status = status
        self.checkpointer = checkpointer
        self.threads = Mutex([writer, mover])
    }

    /// Hands a shard's commands to the writer and leaves an empty buffer with room in `bytes`.
    ///
    /// `lastSequence` is the number of the last command in them. Costs a lock and a swap, and a wake-up
    /// only when the writer is at rest. Commands handed over after `close` began may not be written.
    public func submit(shard: Int, bytes: inout [UInt8], lastSequence: UInt64) {
        queue.submit(shard: shard, bytes: &bytes, lastSequence: lastSequence)
    }

    /// Waits until everything that was answered as committed can be read by SQL. Not from `onCommit`.
    func waitForRows() { queue.waitForRows() }

    public var statistics: LedgerStatistics { status.statistics.withLock { $0 } }

    /// Commits everything handed over before, moves the log into the file and ends both threads.
    /// Throws `commandsLost` when the store failed to the last.
    public func close() throws(StorageError) {
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        guard !threads.isEmpty else { return }
        queue.close()
        checkpointer.end()
        for thread in threads { thread.join() }
        checkpointer.truncate()
        if let loss = status.loss.withLock({ $0 }) { throw loss }
    }
}
