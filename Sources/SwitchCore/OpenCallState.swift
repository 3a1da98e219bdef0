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
    private static let stateVersion: Int64 = 1

    /// Tells the store that the call is answered; returns the command's number.
    mutating func writeOpened(_ key: SlabKey, now: Moment) -> UInt64 {
        let sequence = records.begin(.opened)
        records.append(calls[key].call.id.rawValue)
        let start = records.beginText()
        records.append(Shard.stateVersion)
        let attempt = calls[key].call.attempts[calls[key].call.attempts.count - 1]
        appendState(calls[key].call.source)
        appendState(attempt.address)
        records.append(calls[key].call.receivedAt.wall.microseconds)
        records.append(calls[key].call.firstProvisionalAt.microseconds)
        records.append(calls[key].call.ringingAt?.wall.microseconds ?? 0)
        records.append(now.wall.microseconds)
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
        records.endText(start)
        return sequence
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
            let answeredAt = moment(reader.integer())
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
            // The callee's Call-ID is ours and names the shard; a shard that is no more leaves its calls to the first.
            let named = MintedToken.shard(of: calleeCallID) ?? 0
            guard (named < settings.count ? named : 0) == settings.index else { return false }
            guard endpoints.listeners.count > max(callerDialog.flow.listener, calleeDialog.flow.listener) else { return false }

            let stored = RestoredCall(
                id: id, source: source, gatewayAddress: gatewayAddress, receivedAt: receivedAt, firstProvisionalAt: firstProvisionalAt,
                ringingAt: ringing == 0 ? nil : moment(ringing), answeredAt: answeredAt, attemptStartedAt: attemptStartedAt,
                callerNumber: callerNumber, calleeNumber: calleeNumber, calleeSent: calleeSent, callerCallID: callerCallID,
                calleeCallID: calleeCallID, mappingGatewayName: mappingGatewayName, routingGatewayName: routingGatewayName, decision: decision)
            let callKey = calls.nextKey
            let ahead = Shard.cseqAhead(answeredAt: answeredAt, now: now)
            let caller = restoreLeg(.caller, call: callKey, callerDialog, cseqAhead: ahead)
            let callee = restoreLeg(.callee, call: callKey, calleeDialog, cseqAhead: ahead)
            readopt(callee, gateway: routingGatewayName)
            let call = Call(restoring: stored, configuration: configuration, callerLeg: caller, calleeLeg: callee)
            _ = calls.insert(
                CallEntry(call: call, inviteTail: OwnedBytes(), callerDisplay: .none, callerUser: .none, callerHost: .none))
            return true
        }
    }

    /// How many integers and how many texts follow one another in a state: the call's own fields and the
    /// texts of the caller's dialog, its integers, then the callee's dialog.
    private static let stateForm: [(integers: Int, texts: Int)] = [(14, 8 + 7), (8, 7), (8, 0)]

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
