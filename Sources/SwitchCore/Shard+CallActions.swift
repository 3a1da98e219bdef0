import CallControl
import CallRecords
import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// What calls ask for, done.
extension Shard {
    /// Does everything the call asked for. `message` is the one whose arrival was the event.
    mutating func perform(for key: SlabKey, message: Message?, essentials: Essentials? = nil, now: Moment) {
        var next = 0
        while next < actions.count {
            let action = actions[next]
            next += 1
            switch action {
            case .startAttempt(let candidate): startAttempt(candidate, of: key, now: now)
            case .abandonAttempt(let leg, let reason): abandon(leg, reason, message: message, now: now)
            case .passProvisional: passProvisional(message, essentials, of: key, now: now)
            case .recordAnswer: recordAnswer(message, of: key, now: now)
            case .passAnswer: passAnswer(of: key, now: now)
            case .refuseCaller(let status): refuseCaller(status, nil, of: key, now: now)
            case .passRefusal: refuseCaller(message?.status ?? 500, message, of: key, now: now)
            case .hangUpCaller(let reason):
                let leg = calls[key].call.callerLeg
                if legs.contains(leg) { hangUp(leg, reason, reasonFrom: message, now: now) }
            case .hangUpCallee(let leg, let reason):
                if legs.contains(leg) { hangUp(leg, reason, reasonFrom: message, now: now) }
            case .recordEnd: recordEnd(of: key, now: now)
            case .close: close(key, now: now)
            case .dropLeg(let leg): drop(leg, now: now)
            }
        }
        actions.removeAll(keepingCapacity: true)
    }

    // MARK: - Towards the caller

    private mutating func passProvisional(_ message: Message?, _ essentials: Essentials?, of key: SlabKey, now: Moment) {
        guard let message, let essentials else { return }
        let caller = calls[key].call.callerLeg
        guard let callee = calls[key].call.calleeLeg, legs.contains(caller) else { return }
        let server = legs[caller].inviteFromPeer
        guard transactions.isAlive(server) else { return }
        let peerRSeq = reliableNumber(message)
        if let peerRSeq, !legs[caller].supportsReliable {
            // The vendor made it reliable although it was not offered: we acknowledge it ourselves.
            sendPrack(on: callee, rseq: peerRSeq, cseq: essentials.cseq.number, now: now)
        }
        let isReliable = peerRSeq != nil && legs[caller].supportsReliable
        let status = provisionalStatus(message, for: key)
        transactions.beginResponse(
            server, status: status, reason: status == message.status ? message.reasonPhrase : Bytes(ReasonPhrase.of(status)),
            toTag: legs[caller].dialog.localTag, outbox: &outbox)
        appendOwnContact(of: key, leg: caller)
        outbox.append(Capabilities.allow)
        var rseq: UInt32 = 0
        if isReliable {
            rseq = legs[caller].reliable.nextRSeq()
            outbox.append("Require: 100rel\r\nRSeq: ")
            outbox.append(decimal: UInt64(rseq))
            outbox.append("\r\n")
        }
        outbox.append(Capabilities.server)
        outbox.appendPassed(from: message)
        let bodyOffset = outbox.unfinished.count
        outbox.appendBody(of: message)
        keepDescription(of: message, on: caller, from: bodyOffset)
        if isReliable, let peerRSeq {
            let isNext = legs[caller].reliable.add(
                ReliableProvisionals.Response(
                    rseq: rseq, status: status, peerRSeq: peerRSeq, peerCSeq: essentials.cseq.number,
                    peerTag: essentials.toTag.array, peerLeg: callee, message: outbox.unfinished.array),
                timing: transactions.timing, now: now.instant)
            guard isNext else {
                outbox.begin()
                return
            }
            scheduleLeg(caller)
        }
        transactions.finishResponse(server, status: status, now: now.instant, outbox: &outbox)
    }

    /// What the caller sees of a provisional answer with SDP (`sipRemoteRingSignal`).
    private func provisionalStatus(_ message: Message, for key: SlabKey) -> Int {
        guard message.describesMedia else { return message.status }
        switch calls[key].call.configuration.ringback(of: calls[key].call.origin) {
        case .passThrough: return message.status
        case .sessionProgress: return 183
        case .ringing: return 180
        }
    }

    /// Keeps the complete answer, and gives the store what recovery needs. The answer waits for the commit.
    private mutating func recordAnswer(_ message: Message?, of key: SlabKey, now: Moment) {
        guard let message else { return }
        let caller = calls[key].call.callerLeg
        guard legs.contains(caller), let callee = calls[key].call.calleeLeg, legs.contains(callee) else { return }
        beginSessions(message, of: key, callee: callee, now: now)
        calls[key].inviteTail = OwnedBytes()
        transactions.beginResponse(
            legs[caller].inviteFromPeer, status: message.status, reason: message.reasonPhrase, toTag: legs[caller].dialog.localTag,
            outbox: &outbox)
        appendOwnContact(of: key, leg: caller)
        outbox.append(Capabilities.allow)
        outbox.append(supported(on: caller))
        if let answer = legs[caller].session.answer(to: .invite) { outbox.append(answer) }
        outbox.append(Capabilities.server)
        outbox.appendPassed(from: message)
        let bodyOffset = outbox.unfinished.count
        outbox.appendBody(of: message)
        legs[caller].heldAnswer = OwnedBytes(copying: outbox.unfinished)
        keepDescription(of: message, on: caller, from: bodyOffset)
        outbox.begin()
        let sequence = writeOpened(key, now: now)
        calls[key].call.answerSequence = sequence
        calls[key].call.answerWrittenAt = now.instant
        awaitingCommit.append(sequence, key)
    }

    private mutating func passAnswer(of key: SlabKey, now: Moment) {
        let caller = calls[key].call.callerLeg
        guard let callee = calls[key].call.calleeLeg, legs.contains(caller), legs.contains(callee) else { return }
        counters.callsAnswered += 1
        judgeAttempts(of: key, now: now)
        let server = legs[caller].inviteFromPeer
        outbox.begin()
        outbox.append(legs[caller].heldAnswer.bytes)
        transactions.finishResponse(server, status: calls[key].call.callerStatus, now: now.instant, outbox: &outbox)
        legs[caller].phase = .established
        legs[caller].answerFlow = transactions.flow(of: server)
        legs[caller].inviteFromPeer = .none
        legs[caller].reliable.stop()
        let (client, cseq) = legs[callee].unacknowledgedByUs ?? (.none, 1)
        legs[caller].unacknowledgedAnswer = UnacknowledgedAnswer(
            server: server, cseq: transactions.cseq(of: server), peerLeg: callee, client: client, clientCSeq: cseq,
            timing: transactions.timing, now: now.instant)
        if let limits = calls[key].call.limits {
            calls[key].call.limits = CallLimits(limits.decision, bounds: limits.bounds, answeredAt: now.instant)
        }
        startSessions(of: key, callee: callee, now: now)
        // What was stored counts from before the commit; after a slow one a restart would bill the wait.
        if now.instant - calls[key].call.answerWrittenAt > Shard.slowCommit { keepState(ofCallOf: caller, now: now) }
        legs[caller].heldAnswer = OwnedBytes()
        scheduleCall(key)
    }

    /// A failure for the caller's INVITE: the vendor's own words when its refusal is passed, else ours with a Reason.
    private mutating func refuseCaller(_ status: Int, _ message: Message?, of key: SlabKey, now: Moment) {
        let caller = calls[key].call.callerLeg
        guard legs.contains(caller) else { return }
        let server = legs[caller].inviteFromPeer
        if transactions.isAlive(server), !transactions.isAnswered(server) {
            transactions.beginResponse(
                server, status: status, reason: message?.reasonPhrase ?? Bytes(ReasonPhrase.of(status)), toTag: legs[caller].dialog.localTag,
                outbox: &outbox)
            outbox.append(Capabilities.server)
            if status == 503, message == nil, calls[key].call.endReason.asksForPause {
                outbox.append("Retry-After: ")
                outbox.append(decimal: Shard.retryAfterSeconds)
                outbox.append("\r\n")
            }
            if let message {
                outbox.appendPassed(from: message)
                outbox.appendBody(of: message)
            } else {
                outbox.appendReason(cause: calls[key].call.endReason.q850Cause, text: ReasonPhrase.of(status))
                outbox.append("Content-Length: 0\r\n\r\n")
            }
            transactions.finishResponse(server, status: status, now: now.instant, outbox: &outbox)
        }
        removeLeg(caller)
    }

    private mutating func appendOwnContact(of key: SlabKey, leg: SlabKey) {
        let callee = calls[key].call.texts[calls[key].call.calleeNumber]
        outbox.appendContact(user: callee, flow: legs[leg].dialog.flow, endpoints: endpoints)
    }

    // MARK: - Towards a gateway

    /// CANCEL; the leg stays until its INVITE is finally answered.
    private mutating func abandon(_ leg: SlabKey, _ reason: EndReason, message: Message?, now: Moment) {
        guard legs.contains(leg) else { return }
        legs[leg].phase = .abandoned
        outbox.begin()
        if !appendGivenReason(message) { outbox.appendReason(cause: reason.q850Cause, text: "Attempt given up") }
        let line = OwnedBytes(copying: outbox.unfinished)
        outbox.begin()
        transactions.cancel(legs[leg].inviteToPeer, reason: line.bytes, now: now.instant, outbox: &outbox)
    }

    // MARK: - Hanging up

    /// Hangs up one leg: acknowledges an answer that is still open, waits for the ACK of our own, then BYE.
    mutating func hangUp(_ leg: SlabKey, _ reason: EndReason, reasonFrom message: Message? = nil, now: Moment) {
        guard legs[leg].phase != .ending else { return }
        if legs[leg].unacknowledgedAnswer != nil {
            legs[leg].hangUpWhenAcknowledged = reason
            return
        }
        if let (client, cseq) = legs[leg].unacknowledgedByUs {
            legs[leg].unacknowledgedByUs = nil
            sendAck(on: leg, cseq: cseq, body: nil, client: client)
        }
        answerPending(on: leg, now: now)
        legs[leg].phase = .ending
        legs[leg].hungUpFor = reason
        beginCredentialExchange(on: leg)
        sendBye(on: leg, reason, reason: message, user: TransactionUser(leg: leg, purpose: .bye), now: now)
    }

    /// Requests of a peer that cannot be answered by the other side any more (RFC 3261, section 15.1.2).
    mutating func answerPending(on leg: SlabKey, now: Moment) {
        for server in [legs[leg].inviteFromPeer, legs[leg].updateFromPeer] where server.isSet {
            guard transactions.isAlive(server), !transactions.isAnswered(server) else { continue }
            transactions.respond(server, status: 487, now: now.instant, outbox: &outbox)
        }
        legs[leg].inviteFromPeer = .none
        legs[leg].updateFromPeer = .none
        if legs[leg].inviteToPeer.isSet { transactions.cancel(legs[leg].inviteToPeer, now: now.instant, outbox: &outbox) }
    }

    mutating func sendBye(on leg: SlabKey, _ reason: EndReason, reason message: Message?, user: TransactionUser, now: Moment) {
        let flow = legs[leg].dialog.flow
        let (client, branch) = transactions.open(method: .bye, flow: flow, user: user, now: now.instant)
        let cseq = legs[leg].dialog.nextCSeq()
        legs[leg].dialog.writeRequest(Bytes("BYE"), cseq: cseq, branch: branch, endpoints: endpoints, into: &outbox)
        appendCredentials(on: leg, method: Bytes("BYE"), body: .empty)
        outbox.append(Capabilities.userAgent)
        if !appendGivenReason(message) { outbox.appendReason(cause: reason.q850Cause, text: Shard.reasonText(reason)) }
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.sendRequest(client, outbox: &outbox)
    }

    /// Copies the Reason header fields of a BYE or CANCEL at hand; false when there are none.
    private mutating func appendGivenReason(_ message: Message?) -> Bool {
        guard let message, message.method == .bye || message.method == .cancel else { return false }
        var found = false
        var position = 0
        while let value = message.next(.reason, from: &position) {
            outbox.append("Reason: ")
            outbox.append(unfolding: value)
            outbox.append("\r\n")
            found = true
        }
        return found
    }

    private static func reasonText(_ reason: EndReason) -> StaticString {
        switch reason {
        case .normalClearing: "Normal call clearing"
        case .acknowledgementMissing: "No ACK received"
        case .dialogLost: "Other side lost the call"
        case .hungUpByOperator: "Ended by operator"
        case .noTimerLimit, .maximumDuration: "Call duration limit"
        case .sessionExpired: "Session expired"
        case .peerSilent: "Other side is silent"
        case .stopping: "Switch is stopping"
        case .recordStoreFailing: "Record store failing"
        default: "Call ended"
        }
    }

    /// ACK of a 2xx (RFC 3261, section 13.2.2.4). With `client` it is kept and repeated when the 2xx is.
    mutating func sendAck(on leg: SlabKey, cseq: UInt32, body: Message?, client: ClientKey?) {
        let branch = MintedToken(shard: settings.index, key: SlabKey(index: 0, generation: 0), secret: secrets.next())
        legs[leg].dialog.writeRequest(Bytes("ACK"), cseq: cseq, branch: branch, endpoints: endpoints, into: &outbox)
        outbox.append(Capabilities.userAgent)
        let bodyOffset = outbox.unfinished.count
        outbox.appendBody(of: body)
        if let body { keepDescription(of: body, on: leg, from: bodyOffset) }
        let ack = outbox.finish(to: legs[leg].dialog.flow)
        if let client { transactions.acknowledged(client, toTag: legs[leg].dialog.remoteTag, ack: ack) }
    }

    mutating func sendPrack(on leg: SlabKey, rseq: UInt32, cseq inviteCSeq: UInt32, now: Moment) {
        let flow = legs[leg].dialog.flow
        let (client, branch) = transactions.open(
            method: .prack, flow: flow, user: TransactionUser(leg: leg, purpose: .own), now: now.instant)
        let cseq = legs[leg].dialog.nextCSeq()
        legs[leg].dialog.writeRequest(Bytes("PRACK"), cseq: cseq, branch: branch, endpoints: endpoints, into: &outbox)
        outbox.appendRAck(rseq: rseq, cseq: inviteCSeq)
        outbox.append(Capabilities.userAgent)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.sendRequest(client, outbox: &outbox)
    }

    /// Counts calls that rang and were not answered, for the dynamic blacklist of callees.
    private func watchCallee(of key: SlabKey, now: Moment) {
        let snapshot = calls[key].call.configuration
        guard snapshot.blacklistSettings.unansweredCallee != nil, calls[key].call.origin != nil else { return }
        let callee = calls[key].call.calleeRouted
        let number = calls[key].call.texts[callee]
        if calls[key].call.answeredAt != nil {
            snapshot.live.blacklist.answered(callee: number)
        } else if calls[key].call.ringingAt != nil || calls[key].call.endReason == .noAnswer, !snapshot.numberLists.isOnSystemWhiteList(number) {
            snapshot.live.blacklist.unanswered(callee: number, now: now.instant, settings: snapshot.blacklistSettings)
        }
    }

    /// A commit that takes longer makes the stored answer wrong by more than a record may be.
    private static let slowCommit = Interval.milliseconds(200)

    // MARK: - Removing

    /// Lets go of a leg whose peer is gone.
    private mutating func drop(_ leg: SlabKey, now: Moment) {
        guard legs.contains(leg) else { return }
        answerPending(on: leg, now: now)
        removeLeg(leg)
    }

    mutating func removeLeg(_ leg: SlabKey) {
        guard legs.contains(leg) else { return }
        var timer = legs[leg].timer
        wheel.cancel(&timer)
        if restoredLegs.count > 0 { restoredLegs.remove(legs[leg].dialog.localTag.hash(seed: settings.seed), leg) }
        if restoredCallers.count > 0, legs[leg].role == .caller {
            restoredCallers.remove(openingHash(callID: legs[leg].dialog.callID, callerTag: legs[leg].dialog.remoteTag), leg)
        }
        if !legAccounts.isEmpty { legAccounts[leg] = nil }
        legs.discard(leg)
    }

    private mutating func close(_ key: SlabKey, now: Moment) {
        judgeAttempts(of: key, now: now)
        watchCallee(of: key, now: now)
        writeClosed(key, now: now)
        var timer = calls[key].call.timer
        wheel.cancel(&timer)
        calls.discard(key)
    }
}

extension EndReason {
    /// Whether a 503 says by Retry-After that the whole switch is to be left alone for a while (RFC 3261, section 21.5.4):
    /// not where one customer's limit or one route's gateways are at their end.
    fileprivate var asksForPause: Bool {
        switch self {
        case .stopping, .recordStoreFailing, .overload: true
        default: false
        }
    }
}

extension Outbox {
    mutating func appendRAck(rseq: UInt32, cseq: UInt32) {
        append("RAck: ")
        append(decimal: UInt64(rseq))
        append(UInt8(ascii: " "))
        append(decimal: UInt64(cseq))
        append(" INVITE\r\n")
    }
}
