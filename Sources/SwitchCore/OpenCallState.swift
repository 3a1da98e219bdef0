import CallControl
import CallRecords
import Containers
import SIPTransactions
import SIPUserAgent
import Vocabulary

// The open call as the store keeps it: what ends, bills and records it after a restart.
//
// Wire form, in the record stream's integers and texts: version, source, gateway address, instants,
// numbers, Call-IDs, names, decision, then both dialogs.
extension Shard {
    private static let stateVersion: Int64 = 2

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
        appendState(legs[calls[key].call.callerLeg].storedSession(now: now))
        appendState(legs[attempt.leg].storedSession(now: now))
        records.append(legs[calls[key].call.callerLeg].description.bytes)
        records.append(legs[attempt.leg].description.bytes)
        append(legAccounts[attempt.leg]?.name ?? "")
        records.endText(start)
        return sequence
    }

    private mutating func appendState(_ session: StoredSessionTimer?) {
        records.append(Int64(session?.agreement.interval ?? 0))
        records.append(Int64(session?.agreement.refresher.rawValue ?? 0))
        records.append(session?.expiresAt.microseconds ?? 0)
        records.append(Int64(session?.largestMinSE ?? 0))
        records.append(session?.peerAllowsUpdate ?? false ? 1 : 0)
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

    /// Ten years in microseconds: no call is up longer.
    private static let oldestStamp: Int64 = 10 * 365 * 86_400 * 1_000_000

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
            _ = reader.integer()
            let source = reader.address()
            let gatewayAddress = reader.address()
            func moment(_ wall: Int64) -> Moment {
                // The monotonic clock began anew: the past is placed on it by the wall clock, never in the future.
                // A stamp that cannot be is bounded: nothing of a damaged state may stop the switch.
                let (difference, overflow) = now.wall.microseconds.subtractingReportingOverflow(wall)
                let ago = overflow ? 0 : min(max(0, difference), Shard.oldestStamp)
                return Moment(instant: Instant(nanoseconds: now.instant.nanoseconds - ago * 1_000), wall: WallTime(microseconds: wall))
            }
            let receivedAt = moment(reader.integer())
            let firstProvisionalAt = WallTime(microseconds: reader.integer())
            let ringing = reader.integer()
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
            let callerSession = reader.session(owner: .peer)
            let calleeSession = reader.session(owner: .us)
            let callerDescription = reader.text()
            let calleeDescription = reader.text()
            let accountName = reader.text().string
            // The callee's Call-ID is ours and names the shard; a shard that is no more leaves its calls to the first.
            let named = MintedToken.shard(of: calleeCallID) ?? 0
            guard (named < settings.count ? named : 0) == settings.index else { return false }
            guard endpoints.listeners.count > max(callerDialog.flow.listener, calleeDialog.flow.listener) else { return false }

            let stored = RestoredCall(
                id: id, source: source, gatewayAddress: gatewayAddress, receivedAt: receivedAt, firstProvisionalAt: firstProvisionalAt,
                ringingAt: ringing == 0 ? nil : moment(ringing), answeredAt: answeredAt, attemptStartedAt: attemptStartedAt,
                callerNumber: callerNumber, calleeNumber: calleeNumber, calleeSent: calleeSent, callerCallID: callerCallID,
                calleeCallID: calleeCallID, mappingGatewayName: mappingGatewayName, routingGatewayName: routingGatewayName, decision: decision,
                limits: limits)
            let callKey = calls.nextKey
            let ahead = Shard.cseqAhead(answeredAt: answeredAt, now: now)
            let caller = restoreLeg(.caller, call: callKey, callerDialog, cseqAhead: ahead)
            let callee = restoreLeg(.callee, call: callKey, calleeDialog, cseqAhead: ahead)
            let call = Call(restoring: stored, configuration: configuration, callerLeg: caller, calleeLeg: callee)
            _ = calls.insert(
                CallEntry(call: call, inviteTail: OwnedBytes(), callerDisplay: .none, callerUser: .none, callerHost: .none))
            restoreSession(caller, callerSession, callerDescription, now: now)
            restoreSession(callee, calleeSession, calleeDescription, now: now)
            if let index = configuration.registrationsByName[accountName] { adopt(configuration.registrations[index], on: callee) }
            scheduleCall(callKey)
            return true
        }
    }

    /// How many integers and how many texts follow one another in a state: the call's own fields and the
    /// texts of the caller's dialog, its integers, then the callee's dialog.
    private static let stateForm: [(integers: Int, texts: Int)] = [
        (14, 8 + 7), (8, 7), (8 + 6 + CallLimitKind.allCases.count + 2 * 5, 3),
    ]

    /// Whether the bytes are a whole state of the version that is written now. A store that was damaged, or
    /// written by another version, must not keep the switch from starting.
    private static func isReadable(_ state: Bytes) -> Bool {
        var position = 0
        for run in stateForm {
            position += 8 * run.integers
            for _ in 0..<run.texts {
                guard position + 4 <= state.count else { return false }
                position += 4 + (0..<4).reduce(0) { $0 | Int(state[position + $1]) << (8 * $1) }
            }
            guard position <= state.count else { return false }
        }
        var reader = RecordReader(state)
        return position == state.count && reader.integer() == stateVersion
    }

    /// A session goes on: where we refresh, the first refresh goes out soon and spread over all calls.
    private mutating func restoreSession(_ leg: SlabKey, _ stored: StoredSessionTimer?, _ description: Bytes, now: Moment) {
        legs[leg].description = OwnedBytes(copying: description)
        legs[leg].life = ProofOfLife(.answer, at: now)
        if let stored {
            let policy = SessionTimerPolicy(configuration.sessionSettings)
            let spread = Interval.milliseconds(Int64(secrets.next() % 30_000))
            legs[leg].session = SessionTimer(restoring: stored, policy: policy, spread: spread, now: now)
        }
        scheduleLeg(leg)
    }

    private mutating func restoreLeg(_ role: Leg.Role, call: SlabKey, _ stored: StoredDialog, cseqAhead: UInt32) -> SlabKey {
        var leg = Leg(role: role, call: call, secret: secrets.next(), dialog: Dialog(restoring: stored, skipping: cseqAhead))
        leg.phase = .established
        let key = legs.insert(leg)
        restoredLegs.insert(stored.localTag.hash(seed: settings.seed), key)
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

    fileprivate mutating func session(owner: SessionSide) -> StoredSessionTimer? {
        let interval = UInt32(clamping: integer())
        let refresher = SessionSide(rawValue: UInt8(truncatingIfNeeded: integer()))
        let expiresAt = WallTime(microseconds: integer())
        let largestMinSE = UInt32(clamping: integer())
        let allowsUpdate = integer() == 1
        guard interval > 0, let refresher else { return nil }
        return StoredSessionTimer(
            agreement: SessionAgreement(interval: interval, refresher: refresher), expiresAt: expiresAt, largestMinSE: largestMinSE,
            peerAllowsUpdate: allowsUpdate, callIDOwner: owner)
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
        let transport = TransportKind(rawValue: UInt8(truncatingIfNeeded: integer())) ?? .udp
        let listener = UInt16(truncatingIfNeeded: integer())
        return StoredDialog(
            callID: callID, localTag: localTag, local: local, remote: remote, remoteTag: remoteTag, remoteTarget: remoteTarget,
            routes: routes, localCSeq: localCSeq, remoteCSeq: remoteCSeq < 0 ? nil : UInt32(truncatingIfNeeded: remoteCSeq),
            flow: Flow(transport: transport, listener: listener, remote: address()))
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
