import CallRecords
import Containers
import Routing
import Vocabulary

// How calls end, and who ended them.
extension Call {
    /// Keeps in words what showed that the call is over; the first word stands.
    public mutating func noteEnd(_ text: String) {
        if endNote.isEmpty { endNote = text.withBytes { texts.store($0) } }
    }

    /// CANCEL, or BYE in the early dialog, from the caller.
    public mutating func callerCancelled(_ actions: inout [CallAction], now: Moment) {
        guard phase == .trying || phase == .recording else { return }
        refuse(487, .callerCancelled, by: .caller, &actions, now: now)
    }

    /// BYE from an answered party.
    public mutating func hungUp(by party: CallParty, _ actions: inout [CallAction], now: Moment) {
        switch phase {
        case .answered, .connected: end(.normalClearing, by: party, caller: party != .caller, callee: party != .callee, &actions, now: now)
        case .recording where party == .callee:
            // The vendor hung up between its 200 and ours.
            refuse(480, .calleeUnavailable, by: .callee, &actions, now: now)
        // It hung up while the end that the switch decided is being stored: that end stands.
        case .ending: leave(party)
        case .trying, .recording, .over: break
        }
    }

    public mutating func acknowledged() {
        if phase == .answered { phase = .connected }
    }

    /// No ACK came for the answer that was passed.
    public mutating func acknowledgementMissing(_ actions: inout [CallAction], now: Moment) {
        decideEnd(.acknowledgementMissing, by: .server, &actions, now: now)
    }

    /// No PRACK came for a reliable provisional response (RFC 3262, section 3).
    public mutating func provisionalUnacknowledged(_ actions: inout [CallAction], now: Moment) {
        guard phase == .trying || phase == .recording else { return }
        refuse(504, .reliableProvisionalUnacknowledged, by: .server, &actions, now: now)
    }

    /// One party answered 481 or 408 to a request inside its dialog: it no longer knows the call (RFC 5057).
    /// `lastProof`: its last proof of life, where our own refresh or probe found out. `isHungUp`: it gets a BYE all the same.
    public mutating func dialogLost(
        by party: CallParty, lastProof: ProofOfLife? = nil, isHungUp: Bool = false, _ actions: inout [CallAction], now: Moment
    ) {
        decideEnd(.dialogLost, by: party, lastProof: lastProof, &actions, now: now)
        if phase == .ending, !isHungUp { leave(party) }
    }

    /// The switch ends the call: an operator, a limit, a dead peer, or its own stop.
    /// `lastProof`: the last proof of life of a peer that counts as dead.
    public mutating func end(_ reason: EndReason, lastProof: ProofOfLife? = nil, _ actions: inout [CallAction], now: Moment) {
        switch phase {
        case .trying, .recording: refuse(reason == .stopping ? 503 : 480, reason, by: .server, &actions, now: now)
        case .answered, .connected: decideEnd(reason, by: .server, lastProof: lastProof, &actions, now: now)
        case .ending, .over: break
        }
    }

    /// The store has the end, or is not waited for any longer: who is still up is hung up.
    public mutating func endRecorded(_ actions: inout [CallAction]) {
        guard phase == .ending, let callee = calleeLeg else { return }
        phase = .over
        if isStillUp.caller { actions.append(.hangUpCaller(endReason)) }
        if isStillUp.callee { actions.append(.hangUpCallee(leg: callee, endReason)) }
        actions.append(.close)
        if !isStillUp.caller { actions.append(.dropLeg(callerLeg)) }
        if !isStillUp.callee { actions.append(.dropLeg(callee)) }
    }

    /// How long an end waits for the store before its BYEs go out: a limit is not outlived by a second, and a disk that
    /// hangs keeps no call alive.
    public static let longestEndHold = Interval.milliseconds(500)

    // MARK: - Steps

    /// Ends a call that the caller has no answer to yet.
    mutating func refuse(_ status: Int, _ reason: EndReason, by party: CallParty, _ actions: inout [CallAction], now: Moment) {
        if isAttempting {
            let attempt = attempts[attempts.count - 1]
            if phase == .recording {
                actions.append(.hangUpCallee(leg: attempt.leg, reason))
                attempts[attempts.count - 1].endedAt = now.wall
                isAttempting = false
            } else {
                actions.append(.abandonAttempt(leg: attempt.leg, reason: reason))
                endAttempt(reason == .callerCancelled ? .cancelledByCaller : .abandoned, status: 0, now: now)
            }
        }
        over(reason, by: party, now: now)
        callerStatus = reason == .callerCancelled ? status : configuration.failureCode(status, for: origin)
        actions.append(.refuseCaller(status: callerStatus))
        actions.append(.close)
    }

    /// Ends an answered call of the switch's own accord: that is stored before anybody hears of it.
    private mutating func decideEnd(
        _ reason: EndReason, by party: CallParty, lastProof: ProofOfLife? = nil, _ actions: inout [CallAction], now: Moment
    ) {
        guard phase == .answered || phase == .connected else { return }
        billedUntil = lastProof?.billedUntil(deathBilling, detectedAt: now)
        attempts[attempts.count - 1].endedAt = now.wall
        over(reason, by: party, now: now)
        phase = .ending
        hangUpAt = now.instant + Call.longestEndHold
        actions.append(.recordEnd)
    }

    private mutating func leave(_ party: CallParty) {
        switch party {
        case .caller: isStillUp.caller = false
        case .callee: isStillUp.callee = false
        case .server: break
        }
    }

    /// Ends an answered call that a party hung up; `caller` and `callee` say who is still to be hung up.
    private mutating func end(
        _ reason: EndReason, by party: CallParty, caller: Bool, callee: Bool, _ actions: inout [CallAction], now: Moment
    ) {
        guard phase == .answered || phase == .connected else { return }
        if caller { actions.append(.hangUpCaller(reason)) }
        if callee, let leg = calleeLeg { actions.append(.hangUpCallee(leg: leg, reason)) }
        attempts[attempts.count - 1].endedAt = now.wall
        over(reason, by: party, now: now)
        actions.append(.close)
    }

    mutating func over(_ reason: EndReason, by party: CallParty, now: Moment) {
        phase = .over
        endReason = reason
        endedBy = party
        endedAt = now
        stageDeadline = .never
        for index in candidates.indices where candidates[index].verdict == .waiting { candidates[index].verdict = .notNeeded }
    }
}
