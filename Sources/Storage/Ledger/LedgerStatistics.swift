import Synchronization

/// Counts of the ledger's writer since it was started, and what stops it if it fails.
public struct LedgerStatistics: Sendable, Equatable {
    /// Groups committed, to the journal or as rows.
    public var groups: UInt64 = 0
    /// Transactions that made rows.
    public var transactions: UInt64 = 0
    /// Transactions that failed and were, or will be, tried again.
    public var failures: UInt64 = 0
    /// The cause, while commands cannot be made rows; nil while they can.
    public var failure: StorageError?
    /// Commands refused at the bound `LedgerSettings.refuseOpenedBeyond`.
    public var openedRefused: UInt64 = 0
    /// Records of unanswered calls and states of registrations dropped at the bound `LedgerSettings.dropUnansweredBeyond`.
    public var recordsDropped: UInt64 = 0
    /// Frames (pages) in the write-ahead log at the last checkpoint.
    public var logFrames = 0
    /// How often the log began anew.
    public var logResets: UInt64 = 0
    public var checkpoints: UInt64 = 0
    public var checkpointFailures: UInt64 = 0
    /// Checkpoints for whose last part the writer was held.
    public var heldCheckpoints: UInt64 = 0

    public init() {}
}

/// What the writer, the checkpointer and those who ask share: the counts, and the gate between a
/// commit and the last part of a checkpoint.
final class LedgerStatus: Sendable {
    let statistics = Mutex(LedgerStatistics())
    /// Held by the writer for each transaction, and by the checkpointer when no commit may come in between.
    let gate = Mutex(())
    /// What the writer could not write when it was closed.
    let loss = Mutex<StorageError?>(nil)
}
