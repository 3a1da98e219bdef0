import CallRecords
import SIPMessages
import Vocabulary

/// Judges one call by what its parties, the wire and the store saw.
public struct CallChecker {
    /// Most messages that one party may get in one call, repetitions and doubled datagrams included.
    static let mostMessages = 250

    let evidence: CallEvidence
    let now: Instant
    private(set) var violations: [Violation] = []

    /// What was found of one call.
    public struct Judgement {
        public var violations: [Violation]
        /// Its duration in milliseconds, as recorded and by the model; `tolerance` is nil where they are the same.
        public var billed: (recorded: Int64, model: Int64, tolerance: Int64?)?
    }

    var billed: (recorded: Int64, model: Int64, tolerance: Int64?)?

    public static func judge(_ evidence: CallEvidence, now: Instant) -> Judgement {
        var checker = CallChecker(evidence: evidence, now: now)
        checker.checkRecord()
        checker.checkLengths()
        checker.checkCause()
        checker.checkBounds()
        checker.checkEnds()
        checker.checkHiding()
        for party in [evidence.caller] + evidence.callees { checker.checkAnswers(to: party) }
        return Judgement(violations: checker.violations, billed: checker.billed)
    }

    private init(evidence: CallEvidence, now: Instant) {
        self.evidence = evidence
        self.now = now
    }

    mutating func violate(_ rule: Violation.Rule, _ detail: String) {
        violations.append(Violation(rule, call: evidence.index, "\(evidence.plan.behaviour.rawValue): \(detail)", at: now))
    }

    // MARK: - The record

    private mutating func checkRecord() {
        if evidence.switchRestarted {
            checkRecordAfterRestart()
            return
        }
        let records = evidence.records
        let expected = evidence.facts.invitesEntered > 0 ? 1 : 0
        guard records.count == expected else {
            // While the store fails, a new call is refused before anything is begun for it.
            let wasRefusedAtTheDoor =
                evidence.storeFailed && records.isEmpty && evidence.facts.attemptCallIDs.isEmpty
                && !evidence.caller.wasAnswered
            // A session interval that is too small is refused before a call begins.
            let wasTooShort = records.isEmpty && evidence.caller.clients.first?.finals == [422] && !evidence.caller.wasAnswered
            if !wasRefusedAtTheDoor, !wasTooShort { violate(.oneRecordPerCall, "\(records.count) records, expected \(expected)") }
            return
        }
        guard let record = records.first else { return }
        if evidence.caller.wasAnswered, !record.answeredAt.isSet { violate(.answerRecorded, "the caller was answered, the record says not") }
        if record.answeredAt.isSet {
            checkAnswered(record)
        } else if evidence.facts.answerSentAt != nil {
            violate(.answerRecorded, "an answer left the switch, the record says none")
        }
        if evidence.plan.mustBeAnswered, evidence.networkIsPerfect, !evidence.storeFailed, !evidence.wasHungUp, !evidence.caller.wasAnswered {
            violate(.answerRecorded, "the call had to be answered and ended with \(record.endReason.name), \(record.callerStatus)")
        }
        let recorded = record.attempts.map(\.callID)
        if evidence.facts.attemptCallIDs.contains(where: { !recorded.contains($0) }) || recorded.count != evidence.facts.attemptCallIDs.count {
            violate(.attemptsTrue, "the record names \(recorded), gateways got \(evidence.facts.attemptCallIDs)")
        }
    }

    /// A set-up that was under way is gone, and a repeated INVITE may have begun the call anew. But an
    /// answer that left the switch is recorded, once.
    private mutating func checkRecordAfterRestart() {
        let isSent = evidence.facts.answerSentAt != nil
        let answered = evidence.answeredRecords
        // A process that dies between the commit and the answer leaves a record of an answer that nobody heard.
        // So does one whose answer was lost on the way, when a limit ended its call before the INVITE came again.
        if answered.count > 1, answered.count <= evidence.facts.callerLegTags.count { return }
        guard answered.count == 1 || (!isSent && answered.isEmpty) else {
            let all = evidence.records.map { "\($0.endReason.name) after \($0.durationMilliseconds) ms" }
            violate(.oneRecordPerCall, "\(answered.count) records of an answered call after a restart, expected \(isSent ? 1 : 0), of \(all)")
            return
        }
        if isSent, let record = answered.first { checkAnswered(record) }
    }

    private mutating func checkAnswered(_ record: CallRecord) {
        guard let sent = evidence.facts.answerSentAt else {
            violate(.answerRecorded, "the record says answered, no answer left the switch")
            return
        }
        if let opened = evidence.openedAt[record.id] {
            if opened > sent { violate(.answerAfterCommit, "the answer left before the commit") }
        } else {
            violate(.answerAfterCommit, "the answer was never committed")
        }
        guard !evidence.plan.isForked else { return }
        let seenEnd = firstEnd(of: record)
        if seenEnd == nil {
            // A peer that does not answer at all ends the call by its silence.
            if record.endReason != .dialogLost { violate(.durationTrue, "an answered call without any BYE, ended by \(record.endReason.name)") }
        }
        // The end that the switch decided stands, however long its BYEs waited for the store.
        guard let end = [evidence.endDecidedAt[record.id], seenEnd].compactMap({ $0 }).min() else { return }
        let seen = (end - sent).inMilliseconds
        let tolerance = evidence.switchRestarted ? Self.clockGrain + uncertainty.inMilliseconds : 1
        if abs(seen - record.durationMilliseconds) > tolerance {
            violate(.durationTrue, "recorded \(record.durationMilliseconds) ms, seen \(seen) ms")
        }
        checkBilling(record, seen: seen, tolerance: evidence.switchRestarted ? tolerance : nil)
    }

    /// When the wire first showed the end of the call, as far as a process lived to record it.
    func firstEnd(of record: CallRecord) -> Instant? {
        guard let sent = evidence.facts.answerSentAt else { return nil }
        let lost = evidence.endLostAt[record.id] ?? .zero
        return evidence.facts.ends.first { $0.at >= sent && $0.at > lost && [record.callerCallID, record.calleeCallID].contains($0.callID) }?.at
    }

    /// What a restored duration may differ by when all clocks are right, in milliseconds.
    static let clockGrain: Int64 = 5

    /// By how much no process could know better.
    var uncertainty: Interval { evidence.answerError + evidence.clockError + lateAnswer }

    /// A process that died between the commit and the answer left the answer to the next one.
    private var lateAnswer: Interval {
        guard evidence.switchRestarted, let sent = evidence.facts.answerSentAt, let record = evidence.answeredRecords.first,
            let opened = evidence.openedAt[record.id]
        else { return .zero }
        return max(.zero, sent - opened)
    }

    /// No length of time is negative, or longer than the call's whole life.
    private mutating func checkLengths() {
        if Set(evidence.records.map(\.id)).count != evidence.records.count { violate(.recordOfBegunCall, "a record was committed twice") }
        guard let begin = evidence.facts.firstInviteAt else {
            if !evidence.records.isEmpty { violate(.recordOfBegunCall, "a record of a call that never came in") }
            return
        }
        let life = (now - begin).inMilliseconds + uncertainty.inMilliseconds + Self.clockGrain
        for record in evidence.records {
            let lengths = [record.durationMilliseconds, record.setupMilliseconds, max(0, record.postDialDelayMilliseconds)]
            if record.billedMilliseconds < 0 || record.billedMilliseconds > record.durationMilliseconds {
                violate(.lengthsPossible, "\(record.billedMilliseconds) ms billed of \(record.durationMilliseconds) ms")
            }
            if lengths.contains(where: { !(0...life).contains($0) }) { violate(.lengthsPossible, "duration, set-up, post-dial delay: \(lengths)") }
            if record.postDialDelayMilliseconds > record.setupMilliseconds + Self.clockGrain {
                violate(.lengthsPossible, "it rang after \(record.postDialDelayMilliseconds) ms of \(record.setupMilliseconds) ms")
            }
            guard evidence.answeredRecords == [record], let sent = evidence.facts.answerSentAt else { continue }
            let setup = (sent - begin).inMilliseconds
            if record.setupMilliseconds > setup + Self.clockGrain {
                violate(.lengthsPossible, "set-up \(record.setupMilliseconds) ms, seen \(setup) ms")
            }
        }
    }

    // MARK: - Ends and identifiers

    private mutating func checkEnds() {
        // A BYE that was lost is not repeated by a process that was killed.
        var parties = evidence.switchRestarted && !evidence.networkIsPerfect ? [] : [evidence.caller] + evidence.callees
        if evidence.switchRestarted {
            // Attempts that were given up, and other forks, are in no store: the next process does not know them.
            let recorded = evidence.answeredRecords.flatMap { [$0.callerCallID, $0.calleeCallID] }
            parties.removeAll { !recorded.contains($0.callID) || (evidence.plan.isForked && $0.role == .callee) }
            // A caller may get its BYE only after its ACK (RFC 3261, section 15): one that owes it is not known to the next either.
            let end = evidence.answeredRecords.first.flatMap { firstEnd(of: $0) }
            if let end, end < evidence.caller.acknowledgedAt ?? .never { parties.removeAll { $0.role == .caller } }
        }
        for party in parties where party.wasAnswered && !party.hasEnded && !party.isGone {
            violate(.bothLegsEnd, "\(party.role) \(party.peer.name) still has its dialog")
        }
    }

    private mutating func checkHiding() {
        let facts = evidence.facts
        if facts.attemptCallIDs.contains(facts.callerCallID) { violate(.topologyHidden, "both legs have the same Call-ID") }
        if !facts.callerLegTags.isDisjoint(with: facts.calleeLegTags) { violate(.topologyHidden, "both legs have the same tag") }
    }

    // MARK: - Requests

    private mutating func checkAnswers(to party: PeerCall) {
        if party.messagesReceived > Self.mostMessages {
            violate(.boundedRepetition, "\(party.role) \(party.peer.name) got \(party.messagesReceived) messages")
        }
        // What a killed process had not answered stays unanswered.
        guard !evidence.switchRestarted else { return }
        guard !party.isGone else { return }
        for client in party.clients {
            let name = "\(Bytes(client.method.name).string) \(client.cseq) of \(party.role) \(party.peer.name)"
            if client.finals.count > 1 { violate(.oneFinalAnswer, "\(name) was answered with \(client.finals)") }
            let isExcused = client.lostFinals > 0 || client.lostCopies == client.sentCopies
            if !client.hasFinal, !isExcused { violate(.oneFinalAnswer, "\(name) was never answered") }
        }
    }
}
