import CallRecords
import Routing
import Vocabulary

// What a call bills: all of its duration, or, when a party was gone and the operator has it so, the time until that party
// was last there.
extension CallChecker {
    /// `seen`: the duration by the model. `tolerance`: by how much it may be wrong; nil: not at all.
    mutating func checkBilling(_ record: CallRecord, seen: Int64, tolerance: Int64?) {
        guard let party = deadParty(of: record), evidence.deathBilling != [.detection] else {
            if record.billedMilliseconds != record.durationMilliseconds {
                violate(.billedAsModel, "\(record.billedMilliseconds) ms billed of \(record.durationMilliseconds) ms, \(record.endReason.name)")
            }
            billed = (record.billedMilliseconds, seen, tolerance)
            return
        }
        var range = billable(of: party, record, seen: seen)
        // A call that two processes may have taken, under different parameters.
        if evidence.deathBilling.contains(.detection) { range = range.lowerBound...max(range.upperBound, seen) }
        let slack = tolerance ?? 1
        if !(range.lowerBound - slack...range.upperBound + slack).contains(record.billedMilliseconds) {
            violate(
                .billedAsModel, "\(record.billedMilliseconds) ms billed of \(record.durationMilliseconds) ms, its party was there until \(range) ms")
        }
        billed = (record.billedMilliseconds, range.upperBound, range.upperBound - range.lowerBound + slack)
    }

    /// The side that counts as dead by a finding of the switch's own.
    private func deadParty(of record: CallRecord) -> CallParty? {
        switch record.endReason {
        case .sessionExpired, .peerSilent, .dialogLost: break
        default: return nil
        }
        return [CallParty.caller, .callee].first { record.decision.contains(#""evidence":"\#($0.name): "#) }
    }

    /// Between what showed beyond doubt that the party was there, and the last that was heard of it, in milliseconds from
    /// the answer. A restart may know less than was heard.
    private func billable(of party: CallParty, _ record: CallRecord, seen: Int64) -> ClosedRange<Int64> {
        guard let sent = evidence.facts.answerSentAt else { return 0...max(0, seen) }
        let end = sent + .milliseconds(max(0, seen))
        /// The last of these before the end.
        func length(_ moments: [Instant]?) -> Int64 { moments?.last { $0 <= end }.map { max(0, ($0 - sent).inMilliseconds) } ?? 0 }
        let callID = party == .caller ? record.callerCallID : record.calleeCallID
        let upper = length(evidence.facts.heardAt[callID])
        let lower = evidence.switchRestarted ? 0 : length(evidence.facts.provedAt[callID])
        return min(lower, upper)...upper
    }
}
