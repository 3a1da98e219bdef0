import CallControl
import CallRecords
import Containers
import Routing
import SIPTransactions
import SIPUserAgent
import Vocabulary

// The open call as the store keeps it: what ends, bills and records it after a restart. Written here, read by
// `OpenCallState+Reading`.
//
// Wire form, in the record stream's integers and texts: version, source, gateway address, instants,
// numbers, Call-IDs, names, decision, then both dialogs.
extension Shard {
    static let stateVersion: Int64 = 3

    /// Tells the store that the call is answered; returns the command's number.
    mutating func writeOpened(_ key: SlabKey, now: Moment) -> UInt64 { writeState(of: key, as: .opened, answeredAt: now, now: now) }

    /// Tells the store what a re-INVITE, UPDATE or refresh changed: remote targets, CSeq numbers, the
    /// session's end, the description.
    mutating func keepState(ofCallOf leg: SlabKey, now: Moment) {
        guard legs.contains(leg), calls.contains(legs[leg].call) else { return }
        let key = legs[leg].call
        guard let answeredAt = calls[key].call.answeredAt, !calls[key].call.isOver, let callee = calls[key].call.calleeLeg,
            legs.contains(callee), legs.contains(calls[key].call.callerLeg)
        else { return }
        _ = writeState(of: key, as: .updated, answeredAt: answeredAt, now: now)
    }

    /// Tells the store that the switch ends the call; returns the command's number.
    mutating func writeEnding(_ key: SlabKey, now: Moment) -> UInt64 {
        writeState(of: key, as: .ending, answeredAt: calls[key].call.answeredAt ?? now, now: now)
    }

    private mutating func writeState(of key: SlabKey, as tag: RecordStream.Tag, answeredAt: Moment, now: Moment) -> UInt64 {
        for leg in [calls[key].call.callerLeg, calls[key].call.calleeLeg] { if let leg, legs.contains(leg) { legs[leg].keptAt = now.instant } }
        let sequence = records.begin(tag)
        records.append(calls[key].call.id.rawValue)
        let start = records.beginText()
        records.append(Shard.stateVersion)
        let attempt = calls[key].call.attempts[calls[key].call.attempts.count - 1]
        appendState(calls[key].call.source)
        appendState(attempt.address)
        records.append(calls[key].call.receivedAt.wall.microseconds)
        records.append(calls[key].call.firstProvisionalAt.microseconds)
        records.append(calls[key].call.ringingAt?.wall.microseconds ?? 0)
        records.append(answeredAt.wall.microseconds)
        records.append(attempt.startedAt.microseconds)
        records.append(calls[key].call.texts[calls[key].call.callerNumber])
        records.append(calls[key].call.texts[calls[key].call.calleeNumber])
        records.append(calls[key].call.texts[attempt.calleeSent])
        records.append(calls[key].call.texts[calls[key].call.callerCallID])
        records.append(calls[key].call.texts[attempt.callID])
        append(mappingGatewayName(key))
        append(routingGatewayName(attempt, of: key))
        writeDecision(key)
        appendState(legs[calls[key].call.callerLeg].dialog.stored)
        appendState(legs[attempt.leg].dialog.stored)
        // The clock, the limits, both sessions.
        records.append(answeredAt.instant.nanoseconds)
        records.append(Int64(bitPattern: settings.clockName))
        records.append(max(0, (now.instant - answeredAt.instant).nanoseconds))
        let limits = calls[key].call.limits
        records.append(Int64(limits?.decision.rule.rawValue ?? 0))
        records.append(Int64(limits?.decision.reason.rawValue ?? 0))
        records.append(limits.map { max(0, ($0.noTimerFrom - answeredAt.instant).nanoseconds) } ?? 0)
        for kind in CallLimitKind.allCases { records.append(limits?.bounds[kind] ?? 0) }
        // Lengths of time on the monotonic clock, which no jump of the wall clock changes.
        let received = calls[key].call.receivedAt.instant
        records.append(max(0, (answeredAt.instant - received).nanoseconds))
        records.append(calls[key].call.ringingAt.map { max(0, ($0.instant - received).nanoseconds) } ?? -1)
        for leg in [calls[key].call.callerLeg, attempt.leg] {
            let session = legs[leg].storedSession(now: now)
            appendState(session, answeredAt: answeredAt.instant, now: now)
            appendState(legs[leg].session.policy)
            // Probing begins when the answer has passed, after this is written.
            let probeInterval = session == nil ? self.probeInterval(of: leg, in: key) : nil
            let probe = legs[leg].probe.flatMap { $0.isPassing ? nil : $0 }
            records.append(probe?.policy.interval.inSeconds ?? Int64(probeInterval ?? 0))
            records.append(Int64((legs[leg].life?.kind ?? .answer).rawValue))
            records.append(legs[leg].life.map { max(0, ($0.at.instant - answeredAt.instant).nanoseconds) } ?? 0)
        }
        records.append(legs[calls[key].call.callerLeg].description.bytes)
        records.append(legs[attempt.leg].description.bytes)
        append(legAccounts[attempt.leg]?.name ?? "")
        appendAnswer(of: calls[key].call.callerLeg)
        appendEnding(of: key, answeredAt: answeredAt.instant)
        appendNumbers(of: key)
        records.endText(start)
        return sequence
    }

    /// Until when the call is billed if a peer dies, and the end that the switch decided; a reason of 0: none. Its instant counts from the answer, on the monotonic clock.
    private mutating func appendEnding(of key: SlabKey, answeredAt: Instant) {
        records.append(Int64(calls[key].call.deathBilling.rawValue))
        let ending = calls[key].call.isEnding ? calls[key].call.endedAt : nil
        records.append(ending == nil ? 0 : Int64(calls[key].call.endReason.rawValue))
        records.append(Int64(calls[key].call.endedBy.rawValue))
        records.append(ending.map { max(0, ($0.instant - answeredAt).nanoseconds) } ?? 0)
        records.append(ending?.wall.microseconds ?? 0)
        let billedUntil = calls[key].call.billedUntil ?? ending
        records.append(billedUntil.map { max(0, ($0.instant - answeredAt).nanoseconds) } ?? 0)
        records.append(Int64(calls[key].call.reportedCause ?? -1))
        records.append(calls[key].call.texts[calls[key].call.endNote])
    }

    /// The numbers that dial plans made of those received.
    private mutating func appendNumbers(of key: SlabKey) {
        let (callerRouted, calleeRouted) = (calls[key].call.callerRouted, calls[key].call.calleeRouted)
        let callerSent = calls[key].call.attempts.last?.callerSent ?? callerRouted
        records.append(calls[key].call.texts[callerRouted])
        records.append(calls[key].call.texts[callerSent])
        records.append(calls[key].call.texts[calleeRouted])
    }

    /// The answer that is to go out, or may be lost: a process that takes over repeats it.
    private mutating func appendAnswer(of caller: SlabKey) {
        let server = legs[caller].inviteFromPeer
        let isHeld = !legs[caller].heldAnswer.isEmpty
        let flow = isHeld && transactions.isAlive(server) ? transactions.flow(of: server) : legs[caller].answerFlow ?? legs[caller].dialog.flow
        records.append(Int64(flow.transport.rawValue))
        records.append(Int64(flow.listener))
        appendState(flow.remote)
        records.append(legs[caller].heldAnswer.bytes)
    }

    /// The expiry counts from the answer: `CallClock` knows when that was.
    private mutating func appendState(_ session: StoredSessionTimer?, answeredAt: Instant, now: Moment) {
        records.append(Int64(session?.agreement.interval ?? 0))
        records.append(Int64(session?.agreement.refresher.rawValue ?? 0))
        let left = session.map { ($0.expiresAt.microseconds - now.wall.microseconds) * 1_000 } ?? 0
        records.append(left + (now.instant - answeredAt).nanoseconds)
        records.append(Int64(session?.largestMinSE ?? 0))
        records.append(session?.peerAllowsUpdate ?? false ? 1 : 0)
    }

    private mutating func appendState(_ policy: SessionTimerPolicy) {
        records.append(policy.isEnabled ? 1 : 0)
        records.append(Int64(policy.interval))
        records.append(Int64(policy.segment))
        records.append(Int64(policy.earlyHangup))
    }

    private mutating func appendState(_ address: NetworkAddress) {
        records.append(Int64(address.family.rawValue))
        records.append(Int64(bitPattern: address.high))
        records.append(Int64(bitPattern: address.low))
        records.append(Int64(address.port))
    }

    private mutating func appendState(_ dialog: StoredDialog) {
        records.append(dialog.callID)
        records.append(dialog.localTag)
        records.append(dialog.local)
        records.append(dialog.remote)
        records.append(dialog.remoteTag)
        records.append(dialog.remoteTarget)
        records.append(dialog.routes)
        records.append(Int64(dialog.localCSeq))
        records.append(dialog.remoteCSeq.map { Int64($0) } ?? -1)
        records.append(Int64(dialog.flow.transport.rawValue))
        records.append(Int64(dialog.flow.listener))
        appendState(dialog.flow.remote)
    }

    /// How far our CSeq numbers are moved ahead at a restart: by more than was sent since the state was
    /// stored. It grows with the call's age, a hundred for each second, so that a second restart moves
    /// ahead of what was sent after the first.
    static func cseqAhead(answeredAt: Moment, now: Moment) -> UInt32 {
        1_000 + UInt32(clamping: min(max(0, (now.instant - answeredAt.instant).inMilliseconds / 10), 1 << 29))
    }
}

extension Leg {
    /// The session as a restart finds it. Before our answer is passed, as that answer says it.
    func storedSession(now: Moment) -> StoredSessionTimer? {
        var timer = session
        if phase == .setup { timer.responseSent(status: 200, to: .invite, now: now.instant) }
        return timer.stored(now: now)
    }
}
