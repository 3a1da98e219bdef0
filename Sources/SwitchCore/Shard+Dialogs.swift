import CallControl
import CallRecords
import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// Requests inside a dialog: hung up by us, acknowledged to us, or passed to the other leg.
extension Shard {
    mutating func dialogRequestReceived(
        _ message: Message, _ essentials: Essentials, on leg: SlabKey?, server: ServerKey, from flow: Flow, now: Moment
    ) {
        guard let leg else {
            transactions.respond(server, status: 481, now: now.instant, outbox: &outbox)
            return
        }
        guard legs[leg].dialog.accept(cseq: essentials.cseq.number) else {
            transactions.respond(server, status: 500, reason: Bytes("CSeq Out Of Order"), now: now.instant, outbox: &outbox)
            return
        }
        legs[leg].dialog.requestHeard(by: flow)
        lifeSeen(.request, on: leg, now: now)
        if message.method == .bye {
            byeReceived(message, on: leg, server: server, now: now)
            return
        }
        keepLifeIfOld(leg, now: now)
        if refuseUnsupported(message, server: server, toTag: .empty, now: now) { return }
        guard Capabilities.isRelayed(message.method) else {
            respondMethodNotAllowed(server, toTag: .empty, now: now)
            return
        }
        if message.method == .prack, legs[leg].phase != .ending {
            prackReceived(message, on: leg, server: server, now: now)
            return
        }
        if message.method == .update, message.body.isEmpty, legs[leg].phase == .setup || legs[leg].phase == .established,
            calls.contains(legs[leg].call)
        {
            refreshReceived(message, on: leg, server: server, now: now)
            return
        }
        guard legs[leg].phase != .ending, calls.contains(legs[leg].call), let other = otherLeg(of: leg) else {
            transactions.respond(server, status: 481, now: now.instant, outbox: &outbox)
            return
        }
        if isGlare(message, on: leg, other: other, server: server, now: now) { return }
        if legs[leg].phase == .established, let method = SessionRefreshMethod(message.method) {
            guard let timer = sessionRequest(message, server: server, toTag: .empty, now: now) else { return }
            if refuse(legs[leg].session.requestReceived(timer, method), server: server, toTag: .empty, now: now) { return }
        }
        if message.method == .invite || message.method == .update {
            legs[leg].dialog.refreshTarget(message, endpoints: endpoints)
        }
        relay(message, from: leg, to: other, server: server, now: now)
    }

    /// The leg on the other side of the same call.
    func otherLeg(of leg: SlabKey) -> SlabKey? {
        let call = legs[leg].call
        guard calls.contains(call) else { return nil }
        let other = legs[leg].role == .caller ? calls[call].call.calleeLeg : calls[call].call.callerLeg
        guard let other, legs.contains(other), legs[other].phase == .setup || legs[other].phase == .established else { return nil }
        // Before a gateway's first response there is no dialog to send into.
        return legs[other].dialog.remoteTag.isEmpty ? nil : other
    }

    // MARK: - BYE, CANCEL, ACK

    private mutating func byeReceived(_ message: Message, on leg: SlabKey, server: ServerKey, now: Moment) {
        let call = legs[leg].call
        if legs[leg].role == .callee, legs[leg].phase == .setup {
            // A callee may not hang up what it has not answered (RFC 3261, section 15).
            transactions.respond(server, status: 481, now: now.instant, outbox: &outbox)
            return
        }
        let isEnding =
            legs[leg].phase == .established && calls.contains(call)
            && (calls[call].call.isAnswered || calls[call].call.isEnding || calls[call].call.isRecording)
        if !isEnding { answerEnd(server, isEnding: false, now: now) }
        // BYEs that crossed: ours is still awaited, its transaction removes the leg.
        if legs[leg].phase == .ending { return }
        // An attempt that was given up: its peer answered late and hung up. The call goes on elsewhere.
        if legs[leg].phase == .abandoned {
            removeLeg(leg)
            return
        }

        let isEarly = legs[leg].phase == .setup
        if !isEarly { answerPending(on: leg, now: now) }
        if let (client, cseq) = legs[leg].unacknowledgedByUs {
            legs[leg].unacknowledgedByUs = nil
            sendAck(on: leg, cseq: cseq, body: nil, client: client)
        }
        // From here on this side is not to be hung up any more.
        legs[leg].phase = .ending
        if calls.contains(call) {
            let party: CallParty = legs[leg].role == .caller ? .caller : .callee
            if !calls[call].call.isEnding {
                calls[call].call.reportedCause = ReasonHeader.q850Cause(of: message) ?? calls[call].call.reportedCause
            }
            if isEarly {
                calls[call].call.callerCancelled(&actions, now: now)
            } else {
                calls[call].call.hungUp(by: party, &actions, now: now)
            }
            perform(for: call, message: message, now: now)
        }
        if isEnding { answerEnd(server, isEnding: true, now: now) }
        // The record of a call that the switch is ending tells of both legs: this one goes with the call.
        if calls.contains(call), calls[call].call.isEnding { return }
        removeLeg(leg)
    }

    mutating func cancelReceived(_ message: Message, _ essentials: Essentials, server: ServerKey, target: ServerKey?, now: Moment) {
        guard let target, transactions.isAlive(target) else {
            if cancelRestored(essentials, server: server, now: now) { return }
            transactions.respond(server, status: 481, toTag: statelessTag(essentials), now: now.instant, outbox: &outbox)
            return
        }
        let leg = transactions.user(of: target).leg
        let tag = legs.contains(leg) ? legs[leg].dialog.localTag : statelessTag(essentials)
        transactions.respond(server, status: 200, toTag: tag, now: now.instant, outbox: &outbox)
        // Too late: the final response is out (RFC 3261, section 9.2).
        guard !transactions.isAnswered(target), legs.contains(leg) else { return }
        let call = legs[leg].call
        guard calls.contains(call) else { return }
        if legs[leg].phase == .setup {
            calls[call].call.reportedCause = ReasonHeader.q850Cause(of: message) ?? calls[call].call.reportedCause
            calls[call].call.callerCancelled(&actions, now: now)
            perform(for: call, message: message, now: now)
        } else if let other = otherLeg(of: leg), legs[other].inviteToPeer.isSet {
            // A re-INVITE is withdrawn on the other side; its final response answers this one.
            transactions.cancel(legs[other].inviteToPeer, now: now.instant, outbox: &outbox)
        }
    }

    mutating func ackReceived(_ message: Message, _ essentials: Essentials, on leg: SlabKey, now: Moment) {
        let isFirst = legs[leg].restoration != .heard || legs[leg].unacknowledgedAnswer?.cseq == essentials.cseq.number
        // With a body it tells the other side of the call something that is to outlive this process.
        defer { if isFirst, !message.body.isEmpty { keepState(ofCallOf: leg, now: now) } }
        restoredPeerHeard(leg, ack: message)
        guard let answer = legs[leg].unacknowledgedAnswer, answer.cseq == essentials.cseq.number else { return }
        legs[leg].unacknowledgedAnswer = nil
        transactions.answerAcknowledged(answer.server)
        passAck(message, answer, now: now)
        let call = legs[leg].call
        if calls.contains(call), legs[leg].role == .caller { calls[call].call.acknowledged() }
        if let reason = legs[leg].hangUpWhenAcknowledged { hangUp(leg, reason, now: now) }
    }

    /// Acknowledges the other side's answer, with the body of the ACK that came (the answer to a late offer).
    private mutating func passAck(_ message: Message?, _ answer: UnacknowledgedAnswer, now: Moment) {
        guard legs.contains(answer.peerLeg), let (client, cseq) = legs[answer.peerLeg].unacknowledgedByUs, client == answer.client else { return }
        legs[answer.peerLeg].unacknowledgedByUs = nil
        sendAck(on: answer.peerLeg, cseq: cseq, body: message, client: client)
    }

    /// No ACK came for 64*T1: the session is not up, both sides are hung up (RFC 3261, section 13.3.1.4).
    mutating func acknowledgementMissing(on leg: SlabKey, now: Moment) {
        guard let answer = legs[leg].unacknowledgedAnswer else { return }
        legs[leg].unacknowledgedAnswer = nil
        passAck(nil, answer, now: now)
        let call = legs[leg].call
        if calls.contains(call) {
            calls[call].call.acknowledgementMissing(&actions, now: now)
            perform(for: call, message: nil, now: now)
        }
        if legs.contains(leg), let reason = legs[leg].hangUpWhenAcknowledged { hangUp(leg, reason, now: now) }
    }
}
