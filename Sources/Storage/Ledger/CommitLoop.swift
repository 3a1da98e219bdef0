import CallRecords
import GRDBSQLite
import Synchronization
import Vocabulary

/// The writer's life on its thread: wait, let a group gather, commit it, answer; and when committing
/// fails, keep everything, say so, and try again with growing pauses.
///
/// A group is committed by one write to the journal. Its commands become rows with those of many other
/// groups in one transaction, every `rowInterval` or when a reader asks: a thread that wakes for a few
/// rows finds its caches cold and pays several times for each. Where the journal cannot be written, the
/// group is committed as rows; where neither works, the store fails. A start applies the journal over the
/// rows, so what became rows without it must not find older entries there: they are rows first, then the
/// journal is emptied, then the rest becomes rows.
///
/// Under load the writer sleeps a window after each commit and finds the next group waiting, so that
/// no shard has to wake it. Only a command that comes to an idle writer costs a wake-up.
final class CommitLoop {
    private let file: String
    private let settings: LedgerSettings
    private let queue: CommandQueue
    private let status: LedgerStatus
    private let committer: CommandCommitter
    /// Nil when every group is to be rows at once, and when the file cannot be opened.
    private let journal: LedgerJournal?
    private let onCommit: @Sendable (Int, RecordCommit) -> Void
    private var backlog: CommandBacklog
    /// When the commands that wait for an answer are tried again; `never` while the store works.
    private var retryAt = MonotonicTime.never
    /// When the backlog is made rows; `never` while it is empty.
    private var rowsAt = MonotonicTime.never
    private var pause: Interval
    private var doRowsFail = false

    private var isFailing: Bool { retryAt != .never }
    private var areRowsDue: Bool {
        MonotonicTime.now >= rowsAt || !doRowsFail && backlog.byteCount >= settings.rowBytes
    }

    init(
        file: String, shards: Int, settings: LedgerSettings, queue: CommandQueue, status: LedgerStatus,
        committer: CommandCommitter, journal: LedgerJournal?, onCommit: @escaping @Sendable (Int, RecordCommit) -> Void
    ) {
        self.file = file
        self.settings = settings
        self.queue = queue
        self.status = status
        self.committer = committer
        self.journal = journal
        self.onCommit = onCommit
        self.backlog = CommandBacklog(shards: shards)
        self.pause = settings.firstRetry
    }

    /// Runs until the queue is closed. Returns what could not be committed, nil when nothing is left.
    func run() -> StorageError? {
        while true {
            switch queue.wait(until: min(retryAt, rowsAt)) {
            case .commands(let afterSleep):
                if afterSleep { OwnThread.pause(settings.groupWindow) }
                gather()
                if isFailing, MonotonicTime.now < retryAt {
                    reportFailing()
                } else {
                    commitGroup()
                    if areRowsDue { writeRows() }
                    if !isFailing { OwnThread.pause(settings.groupWindow) }
                }
            case .deadline:
                gather()
                commitGroup()
                if areRowsDue { writeRows() }
            case .rowsWanted(let ticket):
                gather()
                _ = journalGroup()
                writeRows()
                queue.rowsWritten(ticket)
            case .closing:
                gather()
                return finish()
            }
        }
    }

    /// Takes what the shards have handed over since the last time. A shard of which a call is refused
    /// hears so before anything else: the disk may work again in this very turn.
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
        guard isFailing else { return }
        for (index, shard) in backlog.shards.enumerated() where shard.isRefusalUntold { reportFailing(shard: index) }
    }

    /// Commits what waits for an answer: to the journal, else as rows.
    private func commitGroup() {
        if backlog.isAnswerDue, !journalGroup() { writeRows() }
    }

    /// Commits what waits for an answer to the journal. False when there is none or it cannot be written.
    private func journalGroup() -> Bool {
        guard backlog.isAnswerDue else { return true }
        guard
            let journal, backlog.byteCount <= settings.refuseOpenedBeyond,
            !committer.refusesJournal, journal.append(backlog)
        else { return false }
        backlog.noteJournaled()
        if rowsAt == .never { rowsAt = MonotonicTime.now + settings.rowInterval }
        answerCommitted()
        return true
    }

    /// Makes everything in the backlog rows, in one transaction unless a part of it is not in the journal.
    private func writeRows() {
        guard backlog.byteCount > 0 || backlog.isAnswerDue else {
            rowsAt = .never
            return
        }
        guard retireJournal() else { return }
        let code = status.gate.withLock { _ in committer.commit(backlog) }
        guard code == SQLITE_OK else {
            rowsFailed(code, committer.failureDetail)
            return
        }
        journal?.beginAnew()
        rowsAt = .never
        pause = settings.firstRetry
        doRowsFail = false
        status.statistics.withLock {
            $0.transactions += 1
            $0.failure = nil
        }
        if backlog.isAnswerDue { answerCommitted() }
        backlog.removeAll()
    }

    /// Before commands that are not in the journal become rows: makes rows of those that are, and empties
    /// it. False when that fails; the backlog then holds what is not in rows.
    private func retireJournal() -> Bool {
        guard let journal, journal.mayBeApplied, backlog.holdsUnjournaled else { return true }
        if backlog.holdsJournaled {
            let code = status.gate.withLock { _ in committer.commit(backlog, onlyJournaled: true) }
            guard code == SQLITE_OK else {
                rowsFailed(code, committer.failureDetail)
                return false
            }
            status.statistics.withLock { $0.transactions += 1 }
        }
        guard journal.truncate() else {
            rowsFailed(SQLITE_IOERR, "\(LedgerJournal.fileName) cannot be emptied")
            return false
        }
        backlog.removeJournaled()
        return true
    }

    private func answerCommitted() {
        retryAt = .never
        status.statistics.withLock { $0.groups += 1 }
        for (index, shard) in backlog.shards.enumerated() where shard.isAnswerDue {
            backlog.noteAnswered(shard: index)
            onCommit(index, .committed(through: shard.through))
        }
    }

    /// Tries again after a pause. The store fails for the shards only if one waits for an answer: what
    /// is in the journal is committed.
    private func rowsFailed(_ code: Int32, _ detail: String) {
        let failure = StorageError(code: code, detail: detail, file: file)
        status.statistics.withLock {
            $0.failures += 1
            $0.failure = failure
        }
        let next = MonotonicTime.now + pause
        pause = min(pause * 2, settings.longestRetry)
        rowsAt = next
        doRowsFail = true
        if backlog.isAnswerDue {
            retryAt = next
            reportFailing()
        }
    }

    /// Tells each shard once for each of its commands that the store fails.
    private func reportFailing() {
        for (index, shard) in backlog.shards.enumerated() where shard.isAnswerDue && shard.through > shard.failingReported {
            reportFailing(shard: index)
        }
    }

    private func reportFailing(shard index: Int) {
        backlog.noteFailingReported(shard: index)
        onCommit(index, .failing(through: backlog.shards[index].through))
    }

    /// The last try. What is in the journal is not lost: the next start makes it rows.
    private func finish() -> StorageError? {
        _ = journalGroup()
        writeRows()
        if backlog.byteCount == 0 {
            // A journal that keeps its bytes is applied once more, which is harmless: nothing in it is older than the rows.
            _ = journal?.truncate()
            return nil
        }
        commitGroup()
        let count = backlog.commandsNotJournaled
        guard count > 0 else { return nil }
        let cause = status.statistics.withLock { $0.failure?.description ?? "" }
        return .commandsLost(file: file, count: count, cause: cause)
    }
}
