import Vocabulary

/// What a committed record survives (boot setting `durability`).
public enum Durability: String, Sendable, CaseIterable {
    /// The end of the process, by any cause. A power failure may take the records since the last
    /// checkpoint, at most `LedgerSettings.checkpointInterval` of them on a quiet switch; the file stays sound.
    case process
    /// A power failure too: every group waits for the disk (about 5 to 15 ms on a plain one).
    case power
}

/// How the ledger's writer groups, checkpoints and waits.
public struct LedgerSettings: Sendable {
    /// Default `process`.
    public var durability = Durability.process
    /// How long commands gather before they are committed together. 0 to 100 ms, default 2 ms.
    /// Longer costs less per call and lets an answer wait that much longer.
    public var groupWindow = Interval.milliseconds(2)
    /// How long committed commands may wait in the journal before they become rows of `ledger.db`, many
    /// in one transaction. Default 1 s; 0 makes every group a transaction of its own and needs no
    /// journal. Queries of `LedgerReader` see everything that is committed, whatever the value.
    public var rowInterval = Interval.seconds(1)
    /// Bytes of commands that become rows at once. Default 4 MiB, the calls of a second at 1,000 calls a second: it bounds
    /// the time of one transaction.
    public var rowBytes = 4 << 20
    /// The writer's page cache in bytes. Default 8 MiB: it holds the open calls and the end of each table.
    public var cacheBytes = 8 << 20
    /// The log's growth after which its pages are moved into the file. Default 16 MiB: pages that are
    /// written often are moved once.
    public var checkpointBytes = 16 << 20
    /// The longest time between two checkpoints while anything is written. Default 5 s.
    public var checkpointInterval = Interval.seconds(5)
    /// The length of the log at which the writer is held for the last part of a checkpoint, so that
    /// the log can begin anew under unbroken load. Default 64 MiB.
    public var logResetBytes = 64 << 20
    /// The first and the longest pause before a failed group is tried again; it doubles in between.
    /// Default 50 ms and 2 s.
    public var firstRetry = Interval.milliseconds(50)
    public var longestRetry = Interval.seconds(2)
    /// Bytes kept while the store fails; beyond it commands that open or update a call are refused. Default 64 MiB.
    public var refuseOpenedBeyond = 64 << 20
    /// Bytes kept while the store fails; beyond it the records of calls that were never answered and the
    /// states of registrations are dropped and counted. Default 512 MiB. Records of answered calls are always kept: no new call is
    /// answered meanwhile, so there are no more of them than calls were up.
    public var dropUnansweredBeyond = 512 << 20
    /// Queries that run at once. Default 4.
    public var readers = 4

    public init() {}
}
