import CallRecords
import SIPMessages
import Vocabulary

/// Everything that is known about one finished call without asking the switch.
public struct CallEvidence {
    public var index: Int
    public var plan: CallPlan
    public var caller: PeerCall
    public var callees: [PeerCall]
    public var records: [CallRecord]
    public var facts: WireTap.Facts
    /// When the store committed the call as answered, by identifier.
    public var openedAt: [CallIdentifier: Instant]
    public var networkIsPerfect: Bool
    public var storeFailed: Bool
    /// The switch was killed and started again while the call was on.
    public var switchRestarted = false
    /// How long the store takes for a commit.
    public var commitDelay = Interval.zero
    /// An operator ended it.
    public var wasHungUp = false
}

/// Judges one call by what its parties, the wire and the store saw.
public struct CallChecker {
    /// Most messages that one party may get in one call, repetitions and doubled datagrams included.
    static let mostMessages = 250

    let evidence: CallEvidence
    let now: Instant
    private(set) var violations: [Violation] = []

    public static func judge(_ evidence: CallEvidence, now: Instant) -> [Violation] {
        var checker = CallChecker(evidence: evidence, now: now)
        checker.checkRecord()
        checker.checkEnds()
        checker.checkHiding()
        for party in [evidence.caller] + evidence.callees { checker.checkAnswers(to: party) }
        return checker.violations
    }

    private init(evidence: CallEvidence, now: Instant) {
        self.evidence = evidence
        self.now = now
    }

    private mutating func violate(_ rule: Violation.Rule, _ detail: String) {
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
            if !wasRefusedAtTheDoor { violate(.oneRecordPerCall, "\(records.count) records, expected \(expected)") }
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
        let answered = evidence.records.filter(\.answeredAt.isSet)
        let expected = evidence.facts.answerSentAt == nil ? 0 : 1
        // The new process cannot know that an INVITE which comes again began a call that was answered: two calls.
        if expected == 1, answered.count == 2, evidence.facts.invitesEntered > 1 { return }
        guard answered.count == expected else {
            violate(.oneRecordPerCall, "\(answered.count) records of an answered call after a restart, expected \(expected)")
            return
        }
        if let record = answered.first { checkAnswered(record) }
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
        // A dialog that is lost ends the call without any BYE on its own side.
        guard !evidence.plan.isForked, record.endReason != .dialogLost else { return }
        // A call that was brought back after both had left lasts until somebody notices.
        guard !(evidence.switchRestarted && record.endReason == .hungUpByOperator) else { return }
        let ends = [record.callerCallID, record.calleeCallID].flatMap { evidence.facts.byesAt[$0] ?? [] }
        guard let end = ends.min() else {
            violate(.durationTrue, "an answered call without any BYE, ended by \(record.endReason.name)")
            return
        }
        if evidence.switchRestarted {
            // What was restored counts from when the answer was written down, before its commit. A process that
            // was killed before its record was committed did not end the call: a later BYE did.
            let tolerance = 1 + evidence.commitDelay.inMilliseconds
            if ends.contains(where: { abs(($0 - sent).inMilliseconds - record.durationMilliseconds) <= tolerance }) { return }
        }
        let seen = (end - sent).inMilliseconds
        if abs(seen - record.durationMilliseconds) > 1 {
            violate(.durationTrue, "recorded \(record.durationMilliseconds) ms, seen \(seen) ms")
        }
    }

    // MARK: - Ends and identifiers

    private mutating func checkEnds() {
        // A BYE that was lost is not repeated by a process that was killed.
        let parties = evidence.switchRestarted && !evidence.networkIsPerfect ? [] : [evidence.caller] + evidence.callees
        for party in parties where party.wasAnswered && !party.hasEnded {
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
        for client in party.clients {
            let name = "\(Bytes(client.method.name).string) \(client.cseq) of \(party.role) \(party.peer.name)"
            if client.finals.count > 1 { violate(.oneFinalAnswer, "\(name) was answered with \(client.finals)") }
            let isExcused = client.lostFinals > 0 || client.lostCopies == client.sentCopies
            if !client.hasFinal, !isExcused { violate(.oneFinalAnswer, "\(name) was never answered") }
        }
    }
}
