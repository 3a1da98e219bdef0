import CallControl
import CallRecords
import Containers
import Vocabulary

// Ends that the switch decides itself: an operator, a limit, the silence of a peer, a dialog that is lost. What is
// decided is stored first, and carried out when the store has it: a process that dies in between is followed by one
// that knows the end, hangs up both sides and writes the record (docs/decisions/0003-commit-before-the-answer.md).
extension Shard {
    /// Stores the end of an answered call. Its BYEs wait for the commit, at most `Call.longestEndHold`; a store that
    /// fails is not waited for.
    mutating func recordEnd(of key: SlabKey, now: Moment) {
        guard !storeIsFailing else {
            calls[key].call.endRecorded(&actions)
            return
        }
        endsAwaitingCommit.append(writeEnding(key, now: now), key)
        stopAsking(key)
        scheduleCall(key)
    }

    /// Neither side of an ending call is refreshed, probed or given up any more.
    mutating func stopAsking(_ key: SlabKey) {
        for leg in [calls[key].call.callerLeg, calls[key].call.calleeLeg] {
            guard let leg, legs.contains(leg) else { continue }
            legs[leg].session.stop()
            legs[leg].probe = nil
        }
    }

    /// The store has what comes up to this command, or cannot commit it: the ends among it are carried out.
    mutating func releaseEnds(through sequence: UInt64, now: Moment) {
        while let key = endsAwaitingCommit.pop(through: sequence) {
            guard calls.contains(key) else { continue }
            calls[key].call.endRecorded(&actions)
            perform(for: key, message: nil, now: now)
        }
    }
}
