import CallControl
import CallRecords
import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// Requests within a call that are passed to the other leg, and their answers on the way back.
extension Shard {
    /// Offers that meet (RFC 3261, section 14.2; RFC 3311, section 5.2). True when the request was refused.
    mutating func isGlare(_ message: Message, on leg: SlabKey, other: SlabKey, server: ServerKey, now: Moment) -> Bool {
        let status: Int
        switch message.method {
        case .invite:
            if legs[leg].inviteFromPeer.isSet {
                status = 500
            } else if legs[leg].inviteToPeer.isSet || legs[leg].updateToPeer.isSet || legs[leg].unacknowledgedAnswer != nil
                || legs[leg].unacknowledgedByUs != nil || legs[other].inviteFromPeer.isSet || legs[other].unacknowledgedAnswer != nil
                || legs[other].inviteToPeer.isSet || legs[other].updateToPeer.isSet
            {
                status = 491
            } else {
                return false
            }
        case .update where !message.body.isEmpty:
            if legs[leg].updateFromPeer.isSet {
                status = 500
            } else if legs[leg].updateToPeer.isSet || legs[other].updateToPeer.isSet
                || (legs[leg].phase == .established && legs[leg].inviteToPeer.isSet)
                || (legs[other].phase == .established && legs[other].inviteToPeer.isSet)
            {
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
    mutating func relay(_ message: Message, from leg: SlabKey, to other: SlabKey, server: ServerKey, extra: RAck? = nil, now: Moment) {
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
        if legs[leg].role == .caller { return calls[call].call.texts[calls[call].call.calleeNumber] }
        // As in From: a vendor is shown the number that is meant for it, and no other.
        let identity = calls[call].identity
        if identity.isAnonymous { return calls[call].call.texts[identity.user] }
        return calls[call].call.texts[calls[call].sending.caller]
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
        // To a PRACK both may only mean that the response which it acknowledges is over.
        if message.status == 481, essentials.cseq.method != .prack { dialogLost(on: user.leg, now: now) }
        if message.status == 408 || (message.status == 481 && essentials.cseq.method == .prack) { doubt(user.leg, now: now) }
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
