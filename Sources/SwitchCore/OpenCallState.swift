import CallControl
import CallRecords
import Containers
import Routing
import SIPTransactions
import SIPUserAgent
import Vocabulary

// The open call as the store keeps it: what ends, bills and records it after a restart.
//
// Wire form, in the record stream's integers and texts: version, source, gateway address, instants,
// numbers, Call-IDs, names, decision, then both dialogs.
extension Shard {
    private static let stateVersion: Int64 = 3
    /// The oldest version that is read: it knows no ends that the switch decided.
    private static let oldestVersion: Int64 = 2

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
    private static func cseqAhead(answeredAt: Moment, now: Moment) -> UInt32 {
        1_000 + UInt32(clamping: min(max(0, (now.instant - answeredAt.instant).inMilliseconds / 10), 1 << 29))
    }

    /// Takes those of the stored calls that belong to this shard.
    public mutating func restoreCalls(_ calls: [OpenCall], at now: Moment) {
        for call in calls { _ = restoreCall(call.id, state: call.state, at: now) }
    }

    /// Takes a call that was up when the last process ended: it goes on, and a BYE of either side ends it
    /// with its record. False when the state cannot be read or its shard is another.
    public mutating func restoreCall(_ id: CallIdentifier, state: [UInt8], at now: Moment) -> Bool {
        state.withBytes { bytes in
            guard Shard.isReadable(bytes) else { return false }
            var reader = RecordReader(bytes)
            let version = reader.integer()
            let source = reader.address()
            let gatewayAddress = reader.address()
            let receivedWall = WallTime(microseconds: reader.integer())
            let firstProvisionalAt = WallTime(microseconds: reader.integer())
            let ringingWall = WallTime(microseconds: reader.integer())
            let answeredWall = WallTime(microseconds: reader.integer())
            let attemptStartedAt = WallTime(microseconds: reader.integer())
            let callerNumber = reader.text()
            let calleeNumber = reader.text()
            let calleeSent = reader.text()
            let callerCallID = reader.text()
            let calleeCallID = reader.text()
            let mappingGatewayName = reader.text()
            let routingGatewayName = reader.text()
            let decision = reader.text()
            let callerDialog = reader.dialog()
            let calleeDialog = reader.dialog()
            let clock = CallClock(
                answeredAt: answeredWall, answeredInstant: Instant(nanoseconds: reader.integer()),
                clockName: UInt64(bitPattern: reader.integer()), knownAge: Interval(nanoseconds: reader.integer()))
            let answeredAt = clock.restoredAnswer(now: now, clockName: settings.clockName)
            let limits = reader.limits(answeredAt: answeredAt.instant)
            let setup = reader.interval()
            let ring = reader.integer()
            var callerSession = reader.session(owner: .peer, answeredAt: answeredAt.instant, now: now)
            var calleeSession = reader.session(owner: .us, answeredAt: answeredAt.instant, now: now)
            let callerDescription = reader.text()
            let calleeDescription = reader.text()
            let accountName = reader.text().string
            let answerFlow = reader.flow()
            let answer = reader.text()
            let deathBilling = version > 2 ? DeathBilling(rawValue: UInt8(truncatingIfNeeded: reader.integer())) ?? .detection : .detection
            let ending = version > 2 ? reader.ending(answeredAt: answeredAt.instant, now: now) : nil
            let numbers = version > 2 ? (reader.text(), reader.text(), reader.text()) : (callerNumber, callerNumber, calleeNumber)
            // The callee's Call-ID is ours and names the shard; a shard that is no more leaves its calls to the first.
            let named = MintedToken.shard(of: calleeCallID) ?? 0
            guard (named < settings.count ? named : 0) == settings.index else { return false }
            guard endpoints.listeners.count > max(callerDialog.flow.listener, calleeDialog.flow.listener) else { return false }

            let origin = configuration.origin(named: mappingGatewayName)
            let destination = configuration.destination(named: routingGatewayName)
            callerSession.apply(configuration.switches(of: origin))
            calleeSession.apply(configuration.switches(of: destination))
            let receivedAt = Moment(instant: Instant(nanoseconds: answeredAt.instant.nanoseconds - setup.nanoseconds), wall: receivedWall)
            let ringingAt = ring < 0 ? nil : Moment(instant: receivedAt.instant + min(Interval(nanoseconds: ring), setup), wall: ringingWall)
            var stored = RestoredCall(
                id: id, source: source, gatewayAddress: gatewayAddress, receivedAt: receivedAt, firstProvisionalAt: firstProvisionalAt,
                ringingAt: ringingAt, answeredAt: answeredAt, attemptStartedAt: attemptStartedAt,
                callerNumber: callerNumber, calleeNumber: calleeNumber, calleeSent: calleeSent, callerCallID: callerCallID,
                calleeCallID: calleeCallID, mappingGatewayName: mappingGatewayName, routingGatewayName: routingGatewayName, decision: decision,
                limits: limits)
            stored.deathBilling = deathBilling
            stored.ending = ending
            (stored.callerRouted, stored.callerSent, stored.calleeRouted) = numbers
            mint.skip(past: id)
            let callKey = calls.nextKey
            let ahead = Shard.cseqAhead(answeredAt: answeredAt, now: now)
            let caller = restoreLeg(.caller, call: callKey, callerDialog, cseqAhead: ahead)
            let callee = restoreLeg(.callee, call: callKey, calleeDialog, cseqAhead: ahead)
            let call = Call(restoring: stored, configuration: configuration, callerLeg: caller, calleeLeg: callee)
            _ = calls.insert(CallEntry(call: call))
            // It was let in already: whatever the limits say now, it has its places.
            if let origin { calls[callKey].callerPlaces.seats = configuration.resume(origin) }
            if let destination { calls[callKey].calleePlaces.seats = configuration.resume(destination) }
            legs[caller].dialog.requestAddress = configuration.requestAddress(of: origin)
            legs[callee].dialog.requestAddress = configuration.requestAddress(of: destination)
            restoreSession(caller, callerSession, callerDescription, answeredAt: answeredAt, now: now)
            restoreSession(callee, calleeSession, calleeDescription, answeredAt: answeredAt, now: now)
            if ending != nil { stopAsking(callKey) }
            if !answer.isEmpty, endpoints.listeners.count > answerFlow.listener {
                legs[caller].heldAnswer = OwnedBytes(copying: answer)
                legs[caller].answerFlow = answerFlow
            }
            if let index = configuration.registrationsByName[accountName] { adopt(configuration.registrations[index], on: callee) }
            scheduleCall(callKey)
            return true
        }
    }

    /// How many integers and how many texts follow one another in a state: the call's own fields and the
    /// texts of the caller's dialog, its integers, then the callee's dialog.
    private static let stateForm: [(integers: Int, texts: Int)] = [
        (14, 8 + 7), (8, 7), (8 + 6 + CallLimitKind.allCases.count + 2 + 2 * 12, 3), (6, 1),
    ]
    /// What version 3 has after that: billing after a death, the end that the switch decided, and the numbers that dial
    /// plans made.
    private static let endingForm: (integers: Int, texts: Int) = (7, 1 + 3)

    /// Whether the bytes are a whole state of a version that is read. A store that was damaged, or written by
    /// another version, must not keep the switch from starting.
    private static func isReadable(_ state: Bytes) -> Bool {
        guard state.count >= 8 else { return false }
        var reader = RecordReader(state)
        let version = reader.integer()
        guard (oldestVersion...stateVersion).contains(version) else { return false }
        var position = 0
        for run in version > 2 ? stateForm + [endingForm] : stateForm {
            position += 8 * run.integers
            for _ in 0..<run.texts {
                guard position + 4 <= state.count else { return false }
                position += 4 + (0..<4).reduce(0) { $0 | Int(state[position + $1]) << (8 * $1) }
            }
            guard position <= state.count else { return false }
        }
        return position == state.count
    }

    /// A session goes on: where we refresh, the first refresh goes out soon and spread over all calls.
    private mutating func restoreSession(
        _ leg: SlabKey, _ stored: StoredLegSession, _ description: Bytes, answeredAt: Moment, now: Moment
    ) {
        legs[leg].description = OwnedBytes(copying: description)
        let seen = answeredAt.instant + min(stored.lifeAfterAnswer, now.instant - answeredAt.instant)
        legs[leg].life = ProofOfLife(stored.life, at: Moment(instant: seen, wall: now.wall + (seen - now.instant)))
        let spread = Interval.milliseconds(Int64(secrets.next() % 30_000))
        if let timer = stored.timer {
            legs[leg].session = SessionTimer(restoring: timer, policy: stored.policy, spread: spread, now: now)
        } else {
            legs[leg].session = SessionTimer(stored.policy, callIDOwner: legs[leg].role == .caller ? .peer : .us)
        }
        if stored.probeInterval > 0 {
            let policy = DialogProbePolicy(interval: .seconds(stored.probeInterval))
            legs[leg].probe = DialogProbe(policy, random: secrets.next(), now: now.instant)
        }
        scheduleLeg(leg)
    }

    private mutating func restoreLeg(_ role: Leg.Role, call: SlabKey, _ stored: StoredDialog, cseqAhead: UInt32) -> SlabKey {
        var leg = Leg(role: role, call: call, secret: secrets.next(), dialog: Dialog(restoring: stored, skipping: cseqAhead))
        leg.phase = .established
        leg.restoration = .unheard
        let key = legs.insert(leg)
        restoredLegs.insert(stored.localTag.hash(seed: settings.seed), key)
        if role == .caller { restoredCallers.insert(openingHash(callID: stored.callID, callerTag: stored.remoteTag), key) }
        return key
    }
}

extension RecordReader {
    fileprivate mutating func address() -> NetworkAddress {
        let family = integer()
        let high = UInt64(bitPattern: integer())
        let low = UInt64(bitPattern: integer())
        let port = UInt16(truncatingIfNeeded: integer())
        return family == 0
            ? NetworkAddress(ipv4: UInt32(truncatingIfNeeded: low), port: port) : NetworkAddress(ipv6High: high, low: low, port: port)
    }

    fileprivate mutating func limits(answeredAt: Instant) -> CallLimits? {
        let rule = CallRule(rawValue: UInt8(truncatingIfNeeded: integer()))
        let reason = CallRuleReason(rawValue: UInt8(truncatingIfNeeded: integer()))
        let noTimerFrom = answeredAt + Interval(nanoseconds: max(0, integer()))
        var bounds = CallBounds()
        for kind in CallLimitKind.allCases {
            let seconds = Int(clamping: integer())
            guard seconds > 0 else { continue }
            switch kind {
            case .noTimerLimit: bounds.noTimerLimit = seconds
            case .mappingGateway: bounds.mappingGateway = seconds
            case .routingGateway: bounds.routingGateway = seconds
            case .account: bounds.account = seconds
            case .systemMaximum: bounds.systemMaximum = seconds
            }
        }
        guard let rule, let reason else { return nil }
        return CallLimits(CallRuleDecision(rule, reason), bounds: bounds, answeredAt: answeredAt, noTimerFrom: noTimerFrom)
    }

    /// A length of time; one that no call can have is bounded.
    fileprivate mutating func interval() -> Interval { min(max(Interval(nanoseconds: integer()), .zero), CallClock.oldest) }

    fileprivate mutating func session(owner: SessionSide, answeredAt: Instant, now: Moment) -> StoredLegSession {
        let interval = UInt32(clamping: integer())
        let refresher = SessionSide(rawValue: UInt8(truncatingIfNeeded: integer()))
        let expiresAt = now.wall + (answeredAt + self.interval() - now.instant)
        let largestMinSE = UInt32(clamping: integer())
        let allowsUpdate = integer() == 1
        let policy = SessionTimerPolicy(
            isEnabled: integer() == 1, interval: UInt32(clamping: integer()), segment: UInt32(clamping: integer()),
            earlyHangup: UInt32(clamping: integer()))
        var stored = StoredLegSession(
            policy: policy, probeInterval: min(max(integer(), 0), 86_400),
            life: ProofOfLife.Kind(rawValue: UInt8(truncatingIfNeeded: integer())) ?? .answer, lifeAfterAnswer: self.interval())
        if interval > 0, let refresher {
            stored.timer = StoredSessionTimer(
                agreement: SessionAgreement(interval: interval, refresher: refresher), expiresAt: expiresAt, largestMinSE: largestMinSE,
                peerAllowsUpdate: allowsUpdate, callIDOwner: owner)
        }
        return stored
    }

    /// The end that the process before had decided. A reason that this version does not know ends the call all the same.
    fileprivate mutating func ending(answeredAt: Instant, now: Moment) -> StoredEnding? {
        let reason = integer()
        let party = CallParty(rawValue: UInt8(truncatingIfNeeded: integer())) ?? .server
        let endedAt = Moment(instant: min(answeredAt + interval(), now.instant), wall: WallTime(microseconds: integer()))
        let billed = min(answeredAt + interval(), endedAt.instant)
        let cause = integer()
        let note = text()
        guard reason != 0 else { return nil }
        return StoredEnding(
            reason: Int16(exactly: reason).flatMap { EndReason(rawValue: $0) } ?? .processEnded, party: party, endedAt: endedAt,
            billedUntil: Moment(instant: billed, wall: endedAt.wall + (billed - endedAt.instant)),
            reportedCause: cause < 0 ? nil : Int(cause), note: note)
    }

    fileprivate mutating func dialog() -> StoredDialog {
        let callID = text()
        let localTag = text()
        let local = text()
        let remote = text()
        let remoteTag = text()
        let remoteTarget = text()
        let routes = text()
        let localCSeq = UInt32(clamping: min(integer(), 1 << 30))
        let remoteCSeq = integer()
        return StoredDialog(
            callID: callID, localTag: localTag, local: local, remote: remote, remoteTag: remoteTag, remoteTarget: remoteTarget,
            routes: routes, localCSeq: localCSeq, remoteCSeq: remoteCSeq < 0 ? nil : UInt32(truncatingIfNeeded: remoteCSeq),
            flow: flow())
    }

    fileprivate mutating func flow() -> Flow {
        let transport = TransportKind(rawValue: UInt8(truncatingIfNeeded: integer())) ?? .udp
        let listener = UInt16(truncatingIfNeeded: integer())
        return Flow(transport: transport, listener: listener, remote: address())
    }
}

/// What a restart must know of a leg beside its dialog.
private struct StoredLegSession {
    var policy: SessionTimerPolicy
    /// Nil: no session expiration.
    var timer: StoredSessionTimer?
    /// Seconds between probes; 0: none.
    var probeInterval: Int64
    /// The last proof of life that was stored, and how long after the answer it came.
    var life: ProofOfLife.Kind
    var lifeAfterAnswer: Interval

    /// The switches that the leg's gateway has today hold; without a gateway of its name those of the call's begin do.
    mutating func apply(_ switches: GatewaySwitches?) {
        guard let switches, timer == nil else { return }
        policy.isEnabled = switches.sessionTimer
        probeInterval = Int64(switches.probeInterval ?? 0)
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
