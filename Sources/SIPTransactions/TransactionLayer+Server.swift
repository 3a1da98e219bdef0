import Containers
import SIPMessages
import Vocabulary

/// What a request turned out to be.
public enum RequestVerdict: Sendable, Equatable {
    /// A new transaction: the user answers it.
    case new(ServerKey)
    /// A CANCEL, already in a transaction of its own (answer it with 200, or 481 when `target` is nil).
    case cancel(ServerKey, target: ServerKey?)
    /// A request that came before: the last response was repeated.
    case repeated
    /// ACK of a failure response: done.
    case acknowledged
    /// ACK that belongs to a dialog (of a 2xx).
    case dialogAck
    /// The same request by another path: answer with 482 (RFC 3261, section 8.2.2.2).
    case merged(ServerKey)
}

extension TransactionLayer {
    /// Matches a request to its transaction or opens one. `flow` is the way the request came.
    public mutating func requestReceived(
        _ message: Message, _ essentials: Essentials, from flow: Flow, replyTo: ReplyAddress = .automatic, now: Instant,
        outbox: inout Outbox
    ) -> RequestVerdict {
        let match = RequestMatch(essentials)
        let hash = match.hash(seed: seed)
        if let key = find(match, hash) {
            if essentials.cseq.method == .ack {
                guard servers[key].method == .invite else { return .repeated }
                let actions = servers[key].machine.ackReceived(now: now)
                if actions.contains(.deliver) { return .dialogAck }
                perform(actions, server: key, outbox: &outbox)
                return .acknowledged
            }
            let actions = servers[key].machine.requestRepeated()
            perform(actions, server: key, outbox: &outbox)
            return .repeated
        }
        if essentials.cseq.method == .ack { return .dialogAck }

        let isOutsideDialog = essentials.toTag.isEmpty && essentials.cseq.method != .cancel
        let mergeHash = isOutsideDialog ? essentials.mergeHash(seed: seed) | 1 : 0
        let isMerged = isOutsideDialog && mergeIndex.find(mergeHash, where: { _ in true }) != nil
        let key = open(
            message, essentials, match: match, hash: hash, mergeHash: isMerged ? 0 : mergeHash, flow: flow, replyTo: replyTo, outbox: &outbox)
        if isMerged { return .merged(ServerKey(slot: key)) }
        if essentials.cseq.method == .cancel {
            let target = RequestMatch(essentials, as: .invite)
            return .cancel(ServerKey(slot: key), target: find(target, target.hash(seed: seed)).map { ServerKey(slot: $0) })
        }
        return .new(ServerKey(slot: key))
    }

    /// Whether a request belongs to a transaction that is there: a repetition, or the ACK of a failure.
    public func knows(_ essentials: Essentials) -> Bool {
        let match = RequestMatch(essentials)
        return find(match, match.hash(seed: seed)) != nil
    }

    /// Whether a CANCEL has an INVITE transaction to cancel (RFC 3261, section 9.2).
    public func knowsInvite(of cancel: Essentials) -> Bool {
        let match = RequestMatch(cancel, as: .invite)
        return find(match, match.hash(seed: seed)) != nil
    }

    /// Whether the transaction still exists (it may have ended while its user waited for something).
    public func isAlive(_ key: ServerKey) -> Bool { servers.contains(key.slot) }
    /// Whether a final response was sent on it.
    public func isAnswered(_ key: ServerKey) -> Bool { servers[key.slot].machine.isAnswered }
    public func user(of key: ServerKey) -> TransactionUser { servers[key.slot].user }
    public func method(of key: ServerKey) -> Method { servers[key.slot].method }
    /// CSeq number of the request.
    public func cseq(of key: ServerKey) -> UInt32 { servers[key.slot].cseq }
    public func flow(of key: ServerKey) -> Flow { servers[key.slot].flow }
    public mutating func setUser(_ user: TransactionUser, of key: ServerKey) { servers[key.slot].user = user }

    // MARK: - Answering

    /// Starts a response: status line, Via, Record-Route, From, To (with `toTag` when the request had none),
    /// Call-ID and CSeq. The user appends its header fields and the body, then calls `finishResponse`.
    public func beginResponse(_ key: ServerKey, status: Int, reason: Bytes, toTag: Bytes, outbox: inout Outbox) {
        outbox.begin()
        outbox.append("SIP/2.0 ")
        outbox.append(decimal: UInt64(status))
        outbox.append(UInt8(ascii: " "))
        outbox.append(reason)
        outbox.append("\r\n")
        outbox.append(servers[key.slot].head.bytes)
        if !servers[key.slot].hasToTag, !toTag.isEmpty {
            outbox.append(";tag=")
            outbox.append(toTag)
        }
        outbox.append("\r\n")
    }

    /// Sends the response and keeps it for repetition. After a final response nothing further goes out
    /// (RFC 3261, section 17.2.2).
    public mutating func finishResponse(_ key: ServerKey, status: Int, now: Instant, outbox: inout Outbox) {
        let slot = key.slot
        guard !servers[slot].machine.isAnswered else {
            outbox.begin()
            return
        }
        let response = outbox.finish(to: servers[slot].flow)
        servers[slot].lastResponse = OwnedBytes(copying: response)
        if status >= 200 { servers[slot].head = OwnedBytes() }
        let actions = servers[slot].machine.responded(status: status, now: now)
        perform(actions, server: slot, outbox: &outbox)
    }

    /// A response without body and further header fields.
    public mutating func respond(_ key: ServerKey, status: Int, reason: Bytes? = nil, toTag: Bytes = .empty, now: Instant, outbox: inout Outbox) {
        beginResponse(key, status: status, reason: reason ?? Bytes(ReasonPhrase.of(status)), toTag: toTag, outbox: &outbox)
        outbox.append("Content-Length: 0\r\n\r\n")
        finishResponse(key, status: status, now: now, outbox: &outbox)
    }

    /// Sends the last response again: the user's repetition of a 2xx or of a reliable provisional response.
    public mutating func repeatLastResponse(_ key: ServerKey, outbox: inout Outbox) {
        guard servers.contains(key.slot), !servers[key.slot].lastResponse.isEmpty else { return }
        retransmissions += 1
        outbox.send(servers[key.slot].lastResponse.bytes, to: servers[key.slot].flow)
    }

    /// Counts a copy that the user sent itself.
    public mutating func noteRetransmission() { retransmissions += 1 }

    /// The ACK of a 2xx came: the answer will not be repeated any more, so its copy is freed.
    public mutating func answerAcknowledged(_ key: ServerKey) {
        guard servers.contains(key.slot) else { return }
        servers[key.slot].lastResponse = OwnedBytes()
    }

    // MARK: - Inside

    func find(_ match: RequestMatch, _ hash: UInt64) -> SlabKey? {
        serverIndex.find(hash) { key in servers[key].matches(match) }
    }

    private mutating func open(
        _ message: Message, _ essentials: Essentials, match: RequestMatch, hash: UInt64, mergeHash: UInt64, flow: Flow,
        replyTo: ReplyAddress, outbox: inout Outbox
    ) -> SlabKey {
        let method = essentials.cseq.method
        let reliable = flow.transport.isReliable
        let machine: ServerMachine =
            method == .invite
            ? .invite(InviteServerTransaction(timing: timing, reliable: reliable))
            : .other(NonInviteServerTransaction(timing: timing, reliable: reliable))
        outbox.begin()
        ResponseHead.write(message, essentials, source: flow.remote, into: &outbox)
        let head = OwnedBytes(copying: outbox.unfinished)
        outbox.begin()
        outbox.append(match.first)
        outbox.append(match.second)
        outbox.append(match.third)
        let kept = OwnedBytes(copying: outbox.unfinished)
        outbox.begin()
        let key = servers.insert(
            ServerTransaction(
                machine: machine, method: method, matchHash: hash, mergeHash: mergeHash,
                number: match.number, cseq: essentials.cseq.number, flow: ResponseHead.replyFlow(essentials.via, cameBy: flow, to: replyTo),
                head: head,
                hasToTag: !essentials.toTag.isEmpty, match: kept,
                matchLengths: (UInt16(clamping: match.first.count), UInt16(clamping: match.second.count)), user: .nobody))
        serverIndex.insert(hash, key)
        if mergeHash != 0 { mergeIndex.insert(mergeHash, key) }
        return key
    }

    mutating func perform(_ actions: TransactionActions, server key: SlabKey, outbox: inout Outbox) {
        if actions.contains(.retransmit), !servers[key].lastResponse.isEmpty {
            retransmissions += 1
            outbox.send(servers[key].lastResponse.bytes, to: servers[key].flow)
        }
        if actions.contains(.releaseMessage) { servers[key].lastResponse = OwnedBytes() }
        if actions.contains(.terminate) {
            removeServer(key)
        } else {
            schedule(server: key)
        }
    }

    private mutating func removeServer(_ key: SlabKey) {
        var timer = servers[key].timer
        wheel.cancel(&timer)
        serverIndex.remove(servers[key].matchHash, key)
        if servers[key].mergeHash != 0 { mergeIndex.remove(servers[key].mergeHash, key) }
        servers.discard(key)
    }
}
