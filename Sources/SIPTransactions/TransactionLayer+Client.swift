import Containers
import SIPMessages
import Vocabulary

/// What a response turned out to be.
public enum ResponseVerdict: Sendable, Equatable {
    /// For the user of this transaction. After a final response the transaction may be gone already.
    case deliver(TransactionUser, ClientKey)
    /// A repetition, or of interest to nobody.
    case absorbed
    /// It matches no transaction of ours.
    case stray
}

extension TransactionLayer {
    /// A new client transaction's slot and the token of its branch. The user writes the request with
    /// that branch and calls `sendRequest`.
    public mutating func open(method: Method, flow: Flow, user: TransactionUser, now: Instant) -> (key: ClientKey, branch: MintedToken) {
        let reliable = flow.transport.isReliable
        let machine: ClientMachine =
            method == .invite
            ? .invite(InviteClientTransaction(timing: timing, reliable: reliable, now: now))
            : .other(NonInviteClientTransaction(timing: timing, reliable: reliable, now: now))
        let secret = secrets.next()
        let slot = clients.insert(
            ClientTransaction(machine: machine, method: method, secret: secret, flow: flow, message: OwnedBytes(), user: user))
        return (ClientKey(slot: slot), MintedToken(shard: shard, key: slot, secret: secret))
    }

    /// Finishes the request written into `outbox`, sends it and keeps a copy for repetition.
    public mutating func sendRequest(_ key: ClientKey, outbox: inout Outbox) {
        let message = outbox.finish(to: clients[key.slot].flow)
        // The INVITE is also needed for CANCEL and ACK; another request only while it may be repeated.
        if clients[key.slot].method == .invite || !clients[key.slot].flow.transport.isReliable {
            clients[key.slot].message = OwnedBytes(copying: message)
        }
        awaitPeer(key.slot)
        schedule(client: key.slot)
    }

    /// Whether a branch is that of a request of ours that is still alive.
    public func awaits(_ branch: MintedToken) -> Bool { clients.contains(branch.key) && clients[branch.key].secret == branch.secret }

    public func isAlive(_ key: ClientKey) -> Bool { clients.contains(key.slot) }

    /// Whether a final response came.
    public func isAnswered(_ key: ClientKey) -> Bool { clients[key.slot].machine.isAnswered }

    public mutating func responseReceived(_ message: Message, _ essentials: Essentials, now: Instant, outbox: inout Outbox) -> ResponseVerdict {
        let branch = essentials.via.branch
        let cookie = Bytes(Via.magicCookie)
        guard essentials.via.hasMagicCookie, let token = MintedToken(branch.from(cookie.count)) else { return .stray }
        guard clients.contains(token.key), clients[token.key].secret == token.secret else { return .stray }
        let slot = token.key
        // A CANCEL shares the branch of its INVITE: its responses go to its own transaction.
        if essentials.cseq.method == .cancel, clients[slot].method == .invite {
            let cancel = clients[slot].cancelTransaction
            guard clients.contains(cancel) else { return .absorbed }
            let actions = clients[cancel].machine.responseReceived(status: message.status, now: now)
            if message.status >= 200 { stopAwaiting(cancel) }
            perform(actions.subtracting(.deliver), client: cancel, outbox: &outbox)
            return .absorbed
        }
        guard essentials.cseq.method == clients[slot].method else { return .stray }
        let actions = clients[slot].machine.responseReceived(status: message.status, now: now)
        if message.status >= 200 { stopAwaiting(slot) }
        if actions.contains(.acknowledge) { sendFailureAck(slot, to: essentials.to.text, outbox: &outbox) }
        if message.status < 200, clients[slot].cancelWhenAllowed, !clients[slot].machine.isAnswered {
            clients[slot].cancelWhenAllowed = false
            sendCancel(slot, now: now, outbox: &outbox)
        }
        // A 2xx that was acknowledged came again: its ACK is repeated (RFC 3261, section 13.2.2.4).
        let isRepeatedAnswer =
            clients[slot].method == .invite && (200..<300).contains(message.status) && !clients[slot].acknowledgedTag.isEmpty
            && clients[slot].acknowledgedTag.bytes.equals(essentials.toTag)
        let user = clients[slot].user
        if isRepeatedAnswer {
            outbox.send(clients[slot].message.bytes, to: clients[slot].flow)
            retransmissions += 1
        }
        perform(actions.subtracting(.acknowledge), client: slot, outbox: &outbox)
        guard actions.contains(.deliver), !isRepeatedAnswer else { return .absorbed }
        return .deliver(user, ClientKey(slot: slot))
    }

    /// The user acknowledged a 2xx with the message just finished in `outbox`: kept, to answer repetitions.
    public mutating func acknowledged(_ key: ClientKey, toTag: Bytes, ack: Bytes) {
        guard clients.contains(key.slot) else { return }
        clients[key.slot].acknowledgedTag = OwnedBytes(copying: toTag)
        clients[key.slot].message = OwnedBytes(copying: ack)
    }

    /// Gives an INVITE up: CANCEL now, or as soon as a provisional response allows it (RFC 3261, section 9.1).
    /// `reason`: a whole Reason header line, or empty.
    public mutating func cancel(_ key: ClientKey, reason: Bytes = .empty, now: Instant, outbox: inout Outbox) {
        let slot = key.slot
        guard clients.contains(slot), clients[slot].method == .invite, !clients[slot].machine.isAnswered else { return }
        guard clients[slot].cancelTransaction.generation == 0, !clients[slot].cancelWhenAllowed else { return }
        if !reason.isEmpty { clients[slot].cancelReason = OwnedBytes(copying: reason) }
        if clients[slot].machine.abandoned(now: now) {
            sendCancel(slot, now: now, outbox: &outbox)
            schedule(client: slot)
        } else {
            clients[slot].cancelWhenAllowed = true
        }
    }

    // MARK: - Inside

    mutating func perform(_ actions: TransactionActions, client key: SlabKey, outbox: inout Outbox) {
        if actions.contains(.retransmit), !clients[key].message.isEmpty {
            retransmissions += 1
            outbox.send(clients[key].message.bytes, to: clients[key].flow)
        }
        if actions.contains(.reportTimeout) {
            events.append(.requestFailed(clients[key].user, method: clients[key].method, cause: .timeout))
        }
        if actions.contains(.releaseMessage) { clients[key].message = OwnedBytes() }
        if actions.contains(.terminate) {
            var timer = clients[key].timer
            wheel.cancel(&timer)
            stopAwaiting(key)
            clients.discard(key)
        } else {
            schedule(client: key)
        }
    }

    /// ACK of a failure response: same branch, request line, Route, From and Call-ID as the INVITE, To from
    /// the response (RFC 3261, section 17.1.1.3).
    private mutating func sendFailureAck(_ key: SlabKey, to: Bytes, outbox: inout Outbox) {
        writeFromInvite(key, method: "ACK", to: to, reason: .empty, outbox: &outbox)
        outbox.finish(to: clients[key].flow)
    }

    private mutating func sendCancel(_ key: SlabKey, now: Instant, outbox: inout Outbox) {
        let flow = clients[key].flow
        let machine = NonInviteClientTransaction(timing: timing, reliable: flow.transport.isReliable, now: now)
        _ = clients[key].machine.abandoned(now: now)
        writeFromInvite(key, method: "CANCEL", to: .empty, reason: clients[key].cancelReason.bytes, outbox: &outbox)
        let message = outbox.finish(to: flow)
        let cancel = clients.insert(
            ClientTransaction(
                machine: .other(machine), method: .cancel, secret: secrets.next(), flow: flow, message: OwnedBytes(copying: message),
                user: .nobody))
        clients[key].cancelTransaction = cancel
        awaitPeer(cancel)
        schedule(client: cancel)
    }

    private mutating func writeFromInvite(_ key: SlabKey, method: StaticString, to: Bytes, reason: Bytes, outbox: inout Outbox) {
        // Our own message: it parses, and its essentials stand there.
        guard let invite = parser.parse(clients[key].message.bytes), let essentials = try? Essentials(invite) else { return }
        outbox.begin()
        outbox.append(method)
        outbox.append(UInt8(ascii: " "))
        outbox.append(invite.requestURI)
        outbox.append(" SIP/2.0\r\nVia: ")
        outbox.append(essentials.via.text)
        outbox.append("\r\nMax-Forwards: 70\r\n")
        var position = 0
        while let route = invite.next(.route, from: &position) {
            outbox.append("Route: ")
            outbox.append(route)
            outbox.append("\r\n")
        }
        outbox.append("From: ")
        outbox.append(essentials.from.text)
        outbox.append("\r\nTo: ")
        outbox.append(unfolding: to.isEmpty ? essentials.to.text : to)
        outbox.append("\r\nCall-ID: ")
        outbox.append(essentials.callID)
        outbox.append("\r\nCSeq: ")
        outbox.append(decimal: UInt64(essentials.cseq.number))
        outbox.append(UInt8(ascii: " "))
        outbox.append(method)
        outbox.append("\r\n")
        outbox.append(reason)
        outbox.append("Content-Length: 0\r\n\r\n")
    }
}
