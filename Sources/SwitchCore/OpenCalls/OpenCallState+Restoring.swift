import CallControl
import CallRecords
import Containers
import Routing
import SIPTransactions
import SIPUserAgent
import Vocabulary

// Calls that were up when the last process ended.
extension Shard {
    /// Takes those of the stored calls that belong to this shard. One that cannot be taken up is closed with a record of
    /// what is known of it: it must not stay open for ever, nor be gone without a trace.
    public mutating func restoreCalls(_ calls: [OpenCall], at now: Moment) {
        for call in calls where takeUp(call.id, state: call.state, at: now) == .impossible { closeUnreadable(call.id, at: now) }
    }

    /// Takes a call that was up when the last process ended: it goes on, and a BYE of either side ends it
    /// with its record. False when the state cannot be read or its shard is another.
    public mutating func restoreCall(_ id: CallIdentifier, state: [UInt8], at now: Moment) -> Bool {
        takeUp(id, state: state, at: now) == .takenUp
    }

    private enum Restoration { case takenUp, elsewhere, impossible }

    /// The record of an answered call of which nothing but its identifier can be read. Its end is now, its length unknown.
    private mutating func closeUnreadable(_ id: CallIdentifier, at now: Moment) {
        let none = NumberHistory(received: "", routed: "", sent: "")
        let reason = EndReason.processEnded
        records.append(
            closed: CallRecord(
                id: id, receivedAt: id.mintedAt, firstProvisionalAt: .unset, ringingAt: .unset, answeredAt: .unset, endedAt: now.wall,
                durationMilliseconds: 0, setupMilliseconds: 0, postDialDelayMilliseconds: -1, caller: none, callee: none, mappingGateway: "",
                routingGateway: "", callerAddress: "", calleeAddress: "", callerCallID: "", calleeCallID: "", callerStatus: 200, calleeStatus: 200,
                endReason: reason, endedBy: .server, q850Cause: reason.q850Cause,
                decision: #"{"evidence":"the stored state of this answered call cannot be read"}"#, attempts: []))
    }

    private mutating func takeUp(_ id: CallIdentifier, state: [UInt8], at now: Moment) -> Restoration {
        state.withBytes { bytes in
            // Nobody knows whose it is: the first shard deals with it.
            guard RecordReader.isOpenCall(bytes) else { return settings.index == 0 ? .impossible : .elsewhere }
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
            var callerDialog = reader.dialog()
            var calleeDialog = reader.dialog()
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
            guard (named < settings.count ? named : 0) == settings.index else { return .elsewhere }
            callerDialog.flow = present(callerDialog.flow)
            calleeDialog.flow = present(calleeDialog.flow)

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
            legs[caller].dialog.connectionEnded()
            legs[callee].dialog.connectionEnded()
            restoreSession(caller, callerSession, callerDescription, answeredAt: answeredAt, now: now)
            restoreSession(callee, calleeSession, calleeDescription, answeredAt: answeredAt, now: now)
            if ending != nil { stopAsking(callKey) }
            if !answer.isEmpty, endpoints.listeners.count > answerFlow.listener {
                legs[caller].heldAnswer = OwnedBytes(copying: answer)
                legs[caller].answerFlow = answerFlow
            }
            if let index = configuration.registrationsByName[accountName] { adopt(configuration.registrations[index], on: callee) }
            for leg in [caller, callee] { legs[leg].keptAt = now.instant }
            scheduleCall(callKey)
            return .takenUp
        }
    }

    /// The same way by the listeners of this process, whose boot file may have others: one of the same transport, else any.
    private func present(_ flow: Flow) -> Flow {
        let index = Int(flow.listener)
        if index < endpoints.listeners.count, endpoints.listeners[index].transport == flow.transport { return flow }
        return endpoints.flow(to: flow.remote, transport: flow.transport) ?? Flow(transport: flow.transport, listener: 0, remote: flow.remote)
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
