import CallControl
import CallRecords
import Containers
import Routing
import SIPMessages
import SIPUserAgent
import Vocabulary

// Records for the store, written straight from what the call holds.
extension Shard {
    /// The closed call: its record and its attempts (`CallRecord`'s wire form).
    mutating func writeClosed(_ key: SlabKey, now: Moment) {
        _ = records.begin(.closed)
        let answered = calls[key].call.answeredAt
        let ended = calls[key].call.endedAt ?? now
        let received = calls[key].call.receivedAt
        let ringing = calls[key].call.ringingAt
        let last = calls[key].call.attempts.last
        let reason = calls[key].call.endReason

        records.append(calls[key].call.id.rawValue)
        records.append(received.wall.microseconds)
        records.append(calls[key].call.firstProvisionalAt.microseconds)
        records.append(ringing?.wall.microseconds ?? 0)
        records.append(answered?.wall.microseconds ?? 0)
        records.append(ended.wall.microseconds)
        let duration = answered.map { max(0, (ended.instant - $0.instant).inMilliseconds) } ?? 0
        records.append(duration)
        records.append(max(0, ((answered ?? ended).instant - received.instant).inMilliseconds))
        records.append(ringing.map { max(0, ($0.instant - received.instant).inMilliseconds) } ?? -1)
        records.append(Int64(calls[key].call.callerStatus))
        records.append(Int64(last?.status ?? 0))
        records.append(Int64(reason.rawValue))
        records.append(Int64(calls[key].call.endedBy.rawValue))
        records.append(Int64(calls[key].call.reportedCause ?? reason.q850Cause))
        let billedUntil = calls[key].call.billedUntil ?? ended
        records.append(answered.map { min(max(0, (billedUntil.instant - $0.instant).inMilliseconds), duration) } ?? 0)

        let caller = calls[key].call.callerNumber
        let callee = calls[key].call.calleeNumber
        append(caller, of: key)
        append(calls[key].call.callerRouted, of: key)
        append(last?.callerSent ?? .none, of: key)
        append(callee, of: key)
        append(calls[key].call.calleeRouted, of: key)
        append(last?.calleeSent ?? .none, of: key)
        append(mappingGatewayName(key))
        append(last.map { routingGatewayName($0, of: key) } ?? "")
        records.append(calls[key].call.source)
        if let last { records.append(last.address) } else { records.append(Bytes.empty) }
        append(calls[key].call.callerCallID, of: key)
        append(last?.callID ?? .none, of: key)
        writeDecision(key, isOver: true)

        records.append(Int64(calls[key].call.attempts.count))
        for index in calls[key].call.attempts.indices {
            let attempt = calls[key].call.attempts[index]
            records.append(attempt.startedAt.microseconds)
            records.append(attempt.firstProvisionalAt.microseconds)
            records.append(attempt.ringingAt.microseconds)
            records.append(attempt.answeredAt.microseconds)
            records.append((attempt.endedAt.isSet ? attempt.endedAt : ended.wall).microseconds)
            records.append(Int64(attempt.status))
            records.append(Int64((attempt.outcome ?? .abandoned).rawValue))
            append(routingGatewayName(attempt, of: key))
            records.append(attempt.address)
            append(attempt.callID, of: key)
            append(attempt.calleeSent, of: key)
        }
    }

    private mutating func append(_ place: StoredBytes, of key: SlabKey) { records.append(calls[key].call.texts[place]) }

    mutating func append(_ text: String) { text.withBytes { records.append($0) } }

    // MARK: - The decision

    /// Whom the call was taken for and every candidate with its verdict, as JSON.
    /// With the end: the rule and limit that held, what showed the end, and each side's last proof of life.
    mutating func writeDecision(_ key: SlabKey, isOver: Bool = false) {
        if let stored = calls[key].call.stored {
            let text = calls[key].call.texts[stored.decision]
            guard isOver, decisionText.resume(text) else {
                records.append(text)
                return
            }
        } else {
            writeDecisionText(key)
        }
        if isOver { writeEnd(key) }
        decisionText.end()
        decisionText.bytes.withBytes { records.append($0) }
    }

    /// The decision without what the end adds, and without the brace that closes it.
    private mutating func writeDecisionText(_ key: SlabKey) {
        guard let origin = calls[key].call.origin else { return }
        let configuration = calls[key].call.configuration
        decisionText.begin(origin, rule: calls[key].call.sourceRule, source: calls[key].call.source, in: configuration)
        let routed = calls[key].call.calleeRouted
        let (caller, callee, callerRouted) = (calls[key].call.callerNumber, calls[key].call.calleeNumber, calls[key].call.callerRouted)
        let rules = calls[key].call.rewriting
        decisionText.numbers(
            caller: calls[key].call.texts[caller], callee: calls[key].call.texts[callee], callerRouted: calls[key].call.texts[callerRouted],
            calleeRouted: calls[key].call.texts[routed], callerRule: configuration.callerRule(rules.caller, of: origin, period: rules.period),
            calleeRule: configuration.calleeRule(rules.callee, of: origin, period: rules.period))
        if let refusal = calls[key].call.refusal {
            decisionText.refusal(refusal, detail: calls[key].call.refusalDetail, of: origin, in: configuration)
        }
        decisionText.beginCandidates()
        for index in calls[key].call.candidates.indices {
            let candidate = calls[key].call.candidates[index]
            decisionText.beginCandidate(
                candidate, calleeRouted: calls[key].call.texts[routed], why: calls[key].call.texts[candidate.why], in: configuration)
            if let attempt = calls[key].call.attempts.last(where: { $0.candidate == index }) {
                decisionText.sent(caller: calls[key].call.texts[attempt.callerSent], callee: calls[key].call.texts[attempt.calleeSent])
            }
            decisionText.endCandidate()
        }
        decisionText.endCandidates()
        if let stop = calls[key].call.switchStop, stop != .listAtEnd { decisionText.stop(stop) }
        if calls[key].call.isForwarded { decisionText.forwarded() }
    }

    private mutating func writeEnd(_ key: SlabKey) {
        if let limits = calls[key].call.limits {
            let answered = calls[key].call.answeredAt
            let limit = limits.limit.map { limit in
                // The wall clock as it stood at the answer: this plus the limit is when the limit ends the call.
                (
                    seconds: limit.seconds, of: limit.kind.sourceName,
                    from: answered.map { $0.wall + (limits.start(of: limit, answeredAt: $0.instant) - $0.instant) }
                )
            }
            decisionText.rule(limits.decision.rule.name, why: limits.decision.reason.text, limit: limit)
        }
        if !calls[key].call.endNote.isEmpty { decisionText.evidence(calls[key].call.texts[calls[key].call.endNote]) }
        writeLife(calls[key].call.callerLeg, .caller)
        if let callee = calls[key].call.attempts.last?.leg { writeLife(callee, .callee) }
    }

    private mutating func writeLife(_ leg: SlabKey, _ side: DecisionSide) {
        guard legs.contains(leg), let life = legs[leg].life else { return }
        decisionText.lastSeen(side, at: life.at.wall, by: life.kind.name)
    }
}
