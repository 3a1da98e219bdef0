import CallRecords
import Vocabulary

// What ended a call, and whether a limit or a session was outlived.
extension CallChecker {
    /// A call that nothing was wrong with is ended by its parties, an operator or a limit.
    mutating func checkCause() {
        guard evidence.plan.keepsSession, evidence.networkIsPerfect, !evidence.switchRestarted, !evidence.storeFailed else { return }
        for record in evidence.records where record.answeredAt.isSet {
            switch record.endReason {
            case .sessionExpired, .peerSilent, .dialogLost, .internalFault:
                violate(.endedForCause, "ended by \(record.endReason.name): \(record.decision)")
            default: break
            }
        }
        for party in [evidence.caller] + evidence.callees where party.sessionExpired {
            violate(.endedForCause, "the session of \(party.role) \(party.peer.name) was not refreshed")
        }
    }

    /// Neither a limit nor a session is outlived by more than a second.
    mutating func checkBounds() {
        guard let sent = evidence.facts.answerSentAt, !evidence.plan.isForked,
            let record = evidence.answeredRecords.first
        else { return }
        let end = firstEnd(of: record) ?? sent + .milliseconds(record.durationMilliseconds)
        if let decided = evidence.endDecidedAt[record.id], end > latestEnd(decided, grace: .zero) {
            violate(.endRecorded, "an end that was stored was carried out \((end - decided).inMilliseconds) ms later")
        }
        if let longest = evidence.limits.max() {
            let latest = latestEnd(sent + longest + uncertainty, grace: .zero)
            if end > latest {
                violate(
                    .limitKept,
                    "\(record.endReason.name) after \(record.durationMilliseconds) ms: \((end - latest).inMilliseconds) ms after its limit of \(longest.inSeconds) s"
                )
            }
        }
        if record.endReason == .maximumDuration || record.endReason == .noTimerLimit, let shortest = evidence.limits.min() {
            let missing = shortest.inMilliseconds - record.durationMilliseconds
            if missing > Self.clockGrain + uncertainty.inMilliseconds {
                violate(.limitKept, "cut by \(record.endReason.name) \(missing) ms before its limit of \(shortest.inSeconds) s")
            }
        }
        for callID in [record.callerCallID, record.calleeCallID] {
            guard let session = evidence.facts.sessions[callID], let seconds = session.seconds else { continue }
            // After a restart a session is given the time for one refresh.
            let latest = latestEnd(max(session.renewedAt, sent) + .seconds(seconds) + uncertainty, grace: .seconds(33))
            if end > latest { violate(.sessionKept, "it ended \((end - latest).inMilliseconds) ms after its session of \(seconds) s") }
        }
    }

    /// Until when the switch may take to end a call at `deadline`: a second, counted anew from the start of each
    /// process if none ran then.
    private func latestEnd(_ deadline: Instant, grace: Interval) -> Instant {
        evidence.outages.reduce(deadline + .seconds(1)) { latest, outage in
            outage.from <= latest || evidence.lostAt.contains(outage.from) ? max(latest, outage.to + .seconds(1) + grace) : latest
        }
    }
}
