import CallRecords
import GRDBSQLite
import Synchronization
import Vocabulary

/// The writer's life on its thread: wait, let a group gather, commit it, answer; and when committing
/// fails, keep everything, say so, and try again with growing pauses.
///
/// Under load the writer sleeps a window after each commit and finds the next group waiting, so that
/// no shard has to wake it. Only a command that comes to an idle writer costs a wake-up.
final class CommitLoop {
    private let file: String
    private let settings: LedgerSettings
    private let queue: CommandQueue
    private let status: LedgerStatus
    private let committer: CommandCommitter
    private let onCommit: @Sendable (Int, RecordCommit) -> Void
    private var backlog: CommandBacklog
    /// When the failed backlog is tried again; `never` while the store works.
    private var retryAt = MonotonicTime.never
    private var pause: Interval

    private var isFailing: Bool { retryAt != .never }

    init(
        file: String, shards: Int, settings: LedgerSettings, queue: CommandQueue, status: LedgerStatus,
        committer: CommandCommitter, onCommit: @escaping @Sendable (Int, RecordCommit) -> Void
    ) {
        self.file = file
        self.settings = settings
        self.queue = queue
        self.status = status
        self.committer = committer
        self.onCommit = onCommit
        self.backlog = CommandBacklog(shards: shards)
        self.pause = settings.firstRetry
    }

    /// Runs until the queue is closed. Returns what could not be committed, nil when nothing is left.
    func run() -> StorageError? {
        while true {
            switch queue.wait(until: retryAt) {
            case .commands(let afterSleep):
                if afterSleep { OwnThread.pause(settings.groupWindow) }
                gather()
                if isFailing, MonotonicTime.now < retryAt {
                    reportFailing()
                } else if commit() {
                    OwnThread.pause(settings.groupWindow)
                }
            case .deadline:
                gather()
                commit()
            case .closing:
                gather()
                if !backlog.hasWork || commit() { return nil }
                let cause = status.statistics.withLock { $0.failure?.description ?? "" }
                return .commandsLost(file: file, count: backlog.commandCount, cause: cause)
            }
        }
    }

    /// Takes what the shards have handed over since the last time.
    private func gather() {
        let isFailing = isFailing
        queue.takeAll { shard, bytes, lastSequence in
            guard isFailing else {
                backlog.take(shard: shard, bytes: &bytes, lastSequence: lastSequence)
                return
            }
            let refusals = backlog.takeWhileFailing(shard: shard, bytes: &bytes, lastSequence: lastSequence, settings: settings)
            status.statistics.withLock {
                $0.openedRefused += refusals.openedRefused
                $0.recordsDropped += refusals.recordsDropped
            }
        }
    }

    /// Commits the backlog as one transaction and answers every shard in it. False when it failed.
    @discardableResult
    private func commit() -> Bool {
        let code = status.gate.withLock { _ in committer.commit(backlog) }
        guard code == SQLITE_OK else {
            commitFailed(code)
            return false
        }
        let buffers = backlog.pendingShards
        retryAt = .never
        pause = settings.firstRetry
        status.statistics.withLock {
            $0.groups += 1
            $0.buffers += UInt64(buffers)
            $0.failure = nil
        }
        for (index, shard) in backlog.shards.enumerated() where shard.isPending {
            onCommit(index, .committed(through: shard.through))
        }
        backlog.removeAll()
        return true
    }

    private func commitFailed(_ code: Int32) {
        let failure = StorageError(code: code, detail: committer.failureDetail, file: file)
        status.statistics.withLock {
            $0.failures += 1
            $0.failure = failure
        }
        retryAt = MonotonicTime.now + pause
        pause = min(pause * 2, settings.longestRetry)
        reportFailing()
    }

    /// Tells each shard once for each of its commands that the store fails.
    private func reportFailing() {
        for (index, shard) in backlog.shards.enumerated() where shard.isPending && shard.through > shard.failingReported {
            backlog.noteFailingReported(shard: index)
            onCommit(index, .failing(through: shard.through))
        }
    }
}
