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
        let isEnding = legs[leg].phase == .established && calls.contains(call) && (calls[call].call.isAnswered || calls[call].call.isEnding)
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

    // MARK: - Relaying

    /// Offers that meet (RFC 3261, section 14.2; RFC 3311, section 5.2). True when the request was refused.
    private mutating func isGlare(_ message: Message, on leg: SlabKey, other: SlabKey, server: ServerKey, now: Moment) -> Bool {
        let status: Int
        switch message.method {
        case .invite:
            if legs[leg].inviteFromPeer.isSet {
                status = 500
            } else if legs[leg].inviteToPeer.isSet || legs[leg].updateToPeer.isSet || legs[leg].unacknowledgedAnswer != nil
                || legs[leg].unacknowledgedByUs != nil || legs[other].inviteFromPeer.isSet || legs[other].unacknowledgedAnswer != nil
            {
                status = 491
            } else {
                return false
            }
        case .update where !message.body.isEmpty:
            if legs[leg].updateFromPeer.isSet {
                status = 500
            } else if legs[leg].updateToPeer.isSet || (legs[leg].phase == .established && legs[leg].inviteToPeer.isSet) {
                status = 491
            } else {
                return false
            }
        default:
            return false
        }
        if status == 500 {
            respondInProgress(server, now: now)
        } else {
            transactions.respond(server, status: 491, now: now.instant, outbox: &outbox)
        }
        return true
    }

    /// 500 with a Retry-After of 0 to 10 s: it may be asked again (RFC 3261, section 14.2).
    mutating func respondInProgress(_ server: ServerKey, now: Moment) {
        transactions.beginResponse(server, status: 500, reason: Bytes("Request Already In Progress"), toTag: .empty, outbox: &outbox)
        outbox.append("Retry-After: ")
        outbox.append(decimal: secrets.next() % 11)
        outbox.append("\r\nContent-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: 500, now: now.instant, outbox: &outbox)
        let leg = transactions.user(of: server).leg
        if legs.contains(leg), let method = SessionRefreshMethod(transactions.method(of: server)) {
            legs[leg].session.responseSent(status: 500, to: method, now: now.instant)
        }
    }

    /// Sends the request on in the other leg's dialog; its response answers `server`.
    private mutating func relay(_ message: Message, from leg: SlabKey, to other: SlabKey, server: ServerKey, extra: RAck? = nil, now: Moment) {
        let maxForwards = (message.first(.maxForwards)?.decimal.map { Int(min($0, 255)) } ?? 70) - 1
        guard maxForwards >= 0 else {
            transactions.respond(server, status: 483, now: now.instant, outbox: &outbox)
            return
        }
        let method = message.method
        let user = TransactionUser(leg: other, peer: server.slot, purpose: .relay)
        transactions.setUser(TransactionUser(leg: leg, purpose: .relay), of: server)
        if method == .invite { transactions.respond(server, status: 100, now: now.instant, outbox: &outbox) }
        let flow = legs[other].dialog.flow
        let (client, branch) = transactions.open(method: method, flow: flow, user: user, now: now.instant)
        switch method {
        case .invite:
            legs[leg].inviteFromPeer = server
            legs[other].inviteToPeer = client
        case .update:
            legs[leg].updateFromPeer = server
            legs[other].updateToPeer = client
        default: break
        }
        let cseq = legs[other].dialog.nextCSeq()
        legs[other].dialog.writeRequest(
            message.methodName, cseq: cseq, branch: branch, maxForwards: maxForwards, endpoints: endpoints, into: &outbox)
        beginCredentialExchange(on: other)
        appendCredentials(on: other, method: message.methodName, body: message.body)
        let tailStart = outbox.unfinished.count
        if let extra { outbox.appendRAck(rseq: extra.responseNumber, cseq: extra.cseqNumber) }
        if method == .invite || method == .update {
            outbox.appendContact(user: contactUser(for: other), flow: flow, endpoints: endpoints)
            outbox.append(Capabilities.allow)
            // Reliable provisional responses are not carried across for a re-INVITE, so they are not offered.
            if method == .update {
                outbox.append(supported(on: other))
            } else if legs[other].session.policy.isEnabled {
                outbox.append(Capabilities.supportedTimer)
            }
            if legs[other].phase == .established { outbox.append(legs[other].session.requestFields) }
        }
        outbox.append(Capabilities.userAgent)
        outbox.appendPassed(from: message)
        let bodyOffset = outbox.unfinished.count
        outbox.appendBody(of: message)
        keepRelayed(on: other, method: message.methodName, cseq: cseq, maxForwards: maxForwards, tailStart: tailStart)
        keepOffer(of: message, on: other, from: bodyOffset)
        noteSize(flow)
        transactions.sendRequest(client, outbox: &outbox)
    }

    /// The user part of our Contact on a leg: the number that its peer sees on our side.
    func contactUser(for leg: SlabKey) -> Bytes {
        let call = legs[leg].call
        guard calls.contains(call) else { return .empty }
        let number = legs[leg].role == .caller ? calls[call].call.calleeNumber : calls[call].identity.user
        return calls[call].call.texts[number]
    }

    mutating func relayAnswered(_ message: Message, _ essentials: Essentials, user: TransactionUser, client: ClientKey, now: Moment) {
        let server = ServerKey(slot: user.peer)
        let isInvite = essentials.cseq.method == .invite
        let isAnswer = (200..<300).contains(message.status)
        if message.status < 200 {
            guard message.status > 100, transactions.isAlive(server), !transactions.isAnswered(server) else { return }
            passRelayed(message, server: server, now: now)
            return
        }
        if relayAgain(message, essentials, user: user, client: client, now: now) { return }
        if !legAccounts.isEmpty { legAccounts[user.leg]?.relayed = nil }
        let isFirst = clearRelay(user, server: server, client: client, isInvite: isInvite)
        var isBetweenUs = false
        if legs.contains(user.leg), legs[user.leg].phase == .established, isInvite || essentials.cseq.method == .update {
            if isAnswer { lifeSeen(.request, on: user.leg, now: now) }
            switch legs[user.leg].session.relayedRequestAnswered(status: message.status, SessionTimerResponse(message), now: now.instant) {
            case .pass(let change): sessionChanged(change, on: user.leg, now: now)
            // 422 is between this peer and us: who asked may ask again, and then with the larger interval.
            case .again: isBetweenUs = true
            }
            if essentials.cseq.method == .update, message.status == 405 || message.status == 501 { legs[user.leg].session.updateRefused() }
        }
        if legs.contains(user.leg) { legs[user.leg].offerAnswered(message.status, by: essentials.cseq.method) }
        if isBetweenUs {
            if transactions.isAlive(server), !transactions.isAnswered(server) { respondInProgress(server, now: now) }
            return
        }
        if legs.contains(user.leg), isAnswer, isInvite || essentials.cseq.method == .update {
            legs[user.leg].dialog.refreshTarget(message, endpoints: endpoints)
        }
        let serverIsOpen = transactions.isAlive(server) && !transactions.isAnswered(server)
        if isInvite, isAnswer {
            guard isFirst else { return }
            guard legs.contains(user.leg) else { return }
            legs[user.leg].unacknowledgedByUs = (client, essentials.cseq.number)
            let leg = serverIsOpen ? transactions.user(of: server).leg : user.leg
            guard serverIsOpen, legs.contains(leg), legs[leg].phase == .established else {
                // Nobody waits for it any more: acknowledge, so that the other side is not left hanging.
                legs[user.leg].unacknowledgedByUs = nil
                sendAck(on: user.leg, cseq: essentials.cseq.number, body: nil, client: client)
                return
            }
            passRelayed(message, server: server, now: now)
            legs[leg].unacknowledgedAnswer = UnacknowledgedAnswer(
                server: server, cseq: transactions.cseq(of: server), peerLeg: user.leg, client: client, clientCSeq: essentials.cseq.number,
                timing: transactions.timing, now: now.instant)
            scheduleLeg(leg)
            return
        }
        if serverIsOpen { passRelayed(message, server: server, now: now) }
        // 481 ends the dialog, not only the request (RFC 3261, section 12.2.1.2; RFC 5057, section 5.1); 408 raises a doubt.
        if message.status == 481 { dialogLost(on: user.leg, now: now) }
        if message.status == 408 { doubt(user.leg, now: now) }
    }

    mutating func relayFailed(_ user: TransactionUser, method: Method, _ cause: TransactionEvent.Cause, now: Moment) {
        let server = ServerKey(slot: user.peer)
        if method == .invite || method == .update { _ = clearRelay(user, server: server, client: .none, isInvite: method == .invite) }
        if legs.contains(user.leg) { legs[user.leg].offerAnswered(0, by: method) }
        if transactions.isAlive(server), !transactions.isAnswered(server) {
            transactions.respond(server, status: cause == .timeout ? 408 : 503, now: now.instant, outbox: &outbox)
            let leg = transactions.user(of: server).leg
            if legs.contains(leg), let refresh = SessionRefreshMethod(method) {
                legs[leg].session.responseSent(status: 408, to: refresh, now: now.instant)
            }
        }
        if cause == .timeout { doubt(user.leg, now: now) }
    }

    /// The relayed request is no longer open on either leg. False when it was cleared before.
    private mutating func clearRelay(_ user: TransactionUser, server: ServerKey, client: ClientKey, isInvite: Bool) -> Bool {
        var wasOpen = false
        if legs.contains(user.leg) {
            if isInvite, legs[user.leg].inviteToPeer.isSet, !client.isSet || legs[user.leg].inviteToPeer == client {
                legs[user.leg].inviteToPeer = .none
                wasOpen = true
            }
            if !isInvite, legs[user.leg].updateToPeer.isSet, !client.isSet || legs[user.leg].updateToPeer == client {
                legs[user.leg].updateToPeer = .none
                wasOpen = true
            }
        }
        if transactions.isAlive(server) {
            let leg = transactions.user(of: server).leg
            if legs.contains(leg) {
                if legs[leg].inviteFromPeer == server { legs[leg].inviteFromPeer = .none }
                if legs[leg].updateFromPeer == server { legs[leg].updateFromPeer = .none }
            }
        }
        return wasOpen
    }

    private mutating func passRelayed(_ message: Message, server: ServerKey, now: Moment) {
        let leg = transactions.user(of: server).leg
        transactions.beginResponse(server, status: message.status, reason: message.reasonPhrase, toTag: .empty, outbox: &outbox)
        let method = transactions.method(of: server)
        if legs.contains(leg), message.status < 300, method == .invite || method == .update {
            outbox.appendContact(user: contactUser(for: leg), flow: legs[leg].dialog.flow, endpoints: endpoints)
            outbox.append(Capabilities.allow)
            outbox.append(supported(on: leg))
        }
        let refresh = legs.contains(leg) && legs[leg].phase == .established ? SessionRefreshMethod(method) : nil
        if let refresh, (200..<300).contains(message.status), let answer = legs[leg].session.answer(to: refresh) { outbox.append(answer) }
        outbox.append(Capabilities.server)
        outbox.appendPassed(from: message)
        let bodyOffset = outbox.unfinished.count
        outbox.appendBody(of: message)
        if (200..<300).contains(message.status), method == .invite || method == .update || method == .prack {
            keepDescription(of: message, on: leg, from: bodyOffset)
        }
        transactions.finishResponse(server, status: message.status, now: now.instant, outbox: &outbox)
        guard let refresh, message.status >= 200 else { return }
        let change = legs[leg].session.responseSent(status: message.status, to: refresh, now: now.instant)
        sessionChanged(change, on: leg, now: now)
        if message.status < 300 { keepState(ofCallOf: leg, now: now) }
    }

    // MARK: - PRACK (RFC 3262)

    private mutating func prackReceived(_ message: Message, on leg: SlabKey, server: ServerKey, now: Moment) {
        guard let value = message.first(.rack), let rack = RAck(value), rack.method == .invite else {
            transactions.respond(server, status: 400, reason: Bytes("Malformed RAck Header Field"), now: now.instant, outbox: &outbox)
            return
        }
        guard let (sent, next) = legs[leg].reliable.acknowledged(rack.responseNumber, now: now.instant) else {
            transactions.respond(server, status: 481, now: now.instant, outbox: &outbox)
            return
        }
        if legs.contains(sent.peerLeg) {
            // The acknowledged response may have come from another fork than the latest.
            let current = legs[sent.peerLeg].dialog.remoteTag.array
            sent.peerTag.withBytes { legs[sent.peerLeg].dialog.selectFork(tag: $0) }
            let translated = RAck(responseNumber: sent.peerRSeq, cseqNumber: sent.peerCSeq, method: .invite)
            relay(message, from: leg, to: sent.peerLeg, server: server, extra: translated, now: now)
            current.withBytes { legs[sent.peerLeg].dialog.selectFork(tag: $0) }
        } else {
            // The attempt that it acknowledges is over.
            transactions.respond(server, status: 200, now: now.instant, outbox: &outbox)
        }
        if let next { sendReliably(next, on: leg, now: now) }
    }

    /// A reliable provisional response whose turn has come.
    private mutating func sendReliably(_ response: ReliableProvisionals.Response, on leg: SlabKey, now: Moment) {
        let server = legs[leg].inviteFromPeer
        guard transactions.isAlive(server), !transactions.isAnswered(server) else { return }
        outbox.begin()
        response.message.withBytes { outbox.append($0) }
        transactions.finishResponse(server, status: response.status, now: now.instant, outbox: &outbox)
        scheduleLeg(leg)
    }
}

extension SessionRefreshMethod {
    /// INVITE and UPDATE refresh a session; other requests do not (RFC 4028, section 7.4).
    init?(_ method: Method) {
        switch method {
        case .invite: self = .invite
        case .update: self = .update
        default: return nil
        }
    }
}
