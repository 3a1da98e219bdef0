import GRDB
import GRDBSQLite
import Synchronization
import Vocabulary

/// Moves the write-ahead log's pages into `ledger.db`, on a thread and a connection of its own, so
/// that its waits for the disk hold no commit.
///
/// A checkpoint runs when the log has grown by `checkpointBytes`, and at least every
/// `checkpointInterval` while anything is written. A log begins anew only after a checkpoint that
/// caught up with the writer, which under unbroken load never happens by itself; so when the log is
/// longer than `logResetBytes`, the writer is held at its gate for the last part: the few pages that
/// came in during the checkpoint before it.
final class LedgerCheckpointer: Sendable {
    private struct State {
        var isWanted = false
        var isClosing = false
    }

    private enum Task { case checkpoint, end }

    private let database: DatabaseQueue
    private let settings: LedgerSettings
    private let status: LedgerStatus
    private let monitor = Monitor(State())
    /// Counts commits, so that nothing is done on a ledger at rest.
    private let commits = Atomic<UInt64>(0)
    /// Frames in the log after the last commit, and when the last checkpoint began.
    private let frames = Atomic<Int>(0)
    private let framesAtCheckpoint = Atomic<Int>(0)

    /// A frame is a page and its header of 24 bytes.
    private static let frameBytes = DatabaseOpening.pageBytes + 24

    init(database: DatabaseQueue, settings: LedgerSettings, status: LedgerStatus) {
        self.database = database
        self.settings = settings
        self.status = status
    }

    // MARK: - The writer's side

    /// Has `connection` tell of each commit. SQLite's own checkpoints, which use the same hook, end with it.
    func observe(_ connection: OpaquePointer) {
        let hook: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = { context, _, _, frames in
            if let context { Unmanaged<LedgerCheckpointer>.fromOpaque(context).takeUnretainedValue().committed(frames: Int(frames)) }
            return SQLITE_OK
        }
        sqlite3_wal_hook(connection, hook, Unmanaged.passUnretained(self).toOpaque())
    }

    func stopObserving(_ connection: OpaquePointer) { sqlite3_wal_hook(connection, nil, nil) }

    private func committed(frames count: Int) {
        commits.wrappingAdd(1, ordering: .relaxed)
        let before = frames.exchange(count, ordering: .relaxed)
        if count <= before { status.statistics.withLock { $0.logResets += 1 } }
        var start = framesAtCheckpoint.load(ordering: .relaxed)
        if count < start {
            // The log began anew.
            start = 0
            framesAtCheckpoint.store(0, ordering: .relaxed)
        }
        guard (count - start) * Self.frameBytes >= settings.checkpointBytes else { return }
        let wakes = monitor.withLock { state in
            defer { state.isWanted = true }
            return !state.isWanted
        }
        if wakes { monitor.signal() }
    }

    // MARK: - The checkpoints' side

    /// Runs on its thread until `end`.
    func run() {
        var seen: UInt64 = 0
        while true {
            let task = monitor.wait(until: MonotonicTime.now + settings.checkpointInterval) { state -> Task? in
                if state.isClosing { return .end }
                return state.isWanted ? .checkpoint : nil
            }
            if task == .end { return }
            let commitsNow = commits.load(ordering: .relaxed)
            if commitsNow != seen, checkpoint() { seen = commitsNow }
            monitor.withLock { $0.isWanted = false }
        }
    }

    func end() {
        monitor.withLock { $0.isClosing = true }
        monitor.signal()
    }

    /// Moves everything into the file and empties the log, as far as no reader needs it: at the end.
    func truncate() { _ = move(SQLITE_CHECKPOINT_TRUNCATE) }

    /// Returns whether everything that was committed when it began is in the file.
    @discardableResult
    private func checkpoint() -> Bool {
        framesAtCheckpoint.store(frames.load(ordering: .relaxed), ordering: .relaxed)
        guard let first = move(SQLITE_CHECKPOINT_PASSIVE) else { return false }
        var held = false
        // The first one moved the frames that were there when it began; the writer has gone on since.
        if frames.load(ordering: .relaxed) > first.moved, first.log * Self.frameBytes >= settings.logResetBytes {
            held = status.gate.withLock { _ in move(SQLITE_CHECKPOINT_PASSIVE) } != nil
        }
        status.statistics.withLock {
            $0.checkpoints += 1
            if held { $0.heldCheckpoints += 1 }
            $0.logFrames = first.log
        }
        return true
    }

    /// One checkpoint: the frames in the log and how many of them are in the file; nil when it failed,
    /// which the next one makes good.
    private func move(_ mode: Int32) -> (log: Int, moved: Int)? {
        let result = database.inDatabase { database -> (log: Int, moved: Int)? in
            var log: Int32 = 0
            var moved: Int32 = 0
            let code = sqlite3_wal_checkpoint_v2(database.sqliteConnection, nil, mode, &log, &moved)
            return code == SQLITE_OK ? (Int(log), Int(moved)) : nil
        }
        if let result { return result }
        status.statistics.withLock { $0.checkpointFailures += 1 }
        return nil
    }
}
