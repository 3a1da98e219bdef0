import SIPTransactions
import Vocabulary

/// The 200s to BYEs that ended an answered call, held until the call's record is committed.
///
/// A peer that has its 200 never speaks of the call again: a process that died before the commit would
/// bring the call back and nobody would end it. Without its 200 the peer repeats the BYE (RFC 3261,
/// section 17.1.2.2) until a process answers it. Copies that come meanwhile are absorbed by the transaction.
struct HeldByeAnswers {
    private struct Entry {
        var sequence: UInt64
        var server: ServerKey
        var releaseAt: Instant
    }

    /// How long a commit is waited for. The peer waits 32 s (timer F); a store that hangs without a word
    /// must not make hang-ups fail.
    static let longestHold = Interval.seconds(8)

    /// In the order of the store's commands, and of time.
    private var entries: [Entry] = []
    private var head = 0

    /// When `popDue` has something at the latest.
    var nextDeadline: Instant { head < entries.count ? entries[head].releaseAt : .never }

    /// Holds the answer of `server` until the store's command `sequence` is committed.
    mutating func hold(_ server: ServerKey, until sequence: UInt64, now: Instant) {
        entries.append(Entry(sequence: sequence, server: server, releaseAt: now + HeldByeAnswers.longestHold))
    }

    /// The next answer whose command is at or below `sequence`.
    mutating func pop(through sequence: UInt64) -> ServerKey? {
        guard head < entries.count, entries[head].sequence <= sequence else { return nil }
        return popFirst()
    }

    /// The next answer that was held long enough.
    mutating func popDue(now: Instant) -> ServerKey? {
        guard nextDeadline <= now else { return nil }
        return popFirst()
    }

    private mutating func popFirst() -> ServerKey {
        let server = entries[head].server
        head += 1
        if head == entries.count || head > 4_096 {
            entries.removeFirst(head)
            head = 0
        }
        return server
    }
}

extension Shard {
    /// Answers a BYE or CANCEL with 200: at once, or, with `isEnding`, when the record that the event just
    /// wrote is committed. A store that fails holds nothing back: the record follows when it works again.
    mutating func answerEnd(_ server: ServerKey, isEnding: Bool, now: Moment) {
        guard isEnding, !storeIsFailing else {
            sendEndAnswer(server, now: now)
            return
        }
        heldByeAnswers.hold(server, until: records.lastSequence, now: now.instant)
    }

    mutating func releaseByeAnswers(through sequence: UInt64, now: Moment) {
        while let server = heldByeAnswers.pop(through: sequence) { sendEndAnswer(server, now: now) }
    }

    mutating func releaseDueByeAnswers(now: Moment) {
        while let server = heldByeAnswers.popDue(now: now.instant) { sendEndAnswer(server, now: now) }
    }

    private mutating func sendEndAnswer(_ server: ServerKey, now: Moment) {
        guard transactions.isAlive(server), !transactions.isAnswered(server) else { return }
        transactions.beginResponse(server, status: 200, reason: Bytes("OK"), toTag: .empty, outbox: &outbox)
        outbox.append(Capabilities.server)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: 200, now: now.instant, outbox: &outbox)
    }
}
