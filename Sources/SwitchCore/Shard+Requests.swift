import CallControl
import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// Requests: who sent it, what it belongs to, and what it asks.
extension Shard {
    mutating func malformed(_ message: Message, _ defect: MessageDefect, from flow: Flow) {
        counters.malformedMessages += 1
        lastMessageWasForeign = !isKnown(flow.remote, opensCall: false)
        guard message.isRequest, mayBeAnswered(flow) else { return }
        _ = StatelessReply.write(
            to: message, from: flow, status: defect.status, reason: Bytes(defect.reasonPhrase), seed: settings.seed, into: &outbox)
    }

    mutating func requestReceived(_ message: Message, _ essentials: Essentials, from flow: Flow, now: Moment) {
        let leg = findLeg(essentials)
        if leg == nil, refuses(message, essentials, from: flow, now: now) { return }
        if message.method == .register, registerReceived(message, essentials, from: flow, now: now) { return }
        // A stranger is answered, or not, before anything is kept for it.
        if leg == nil, !isKnown(flow.remote, opensCall: message.method == .invite && essentials.toTag.isEmpty),
            registration(of: message, from: flow) == nil, message.method != .publish || publisher(at: flow.remote, now: now.instant) == nil,
            !mayBeEndpoint(message, essentials, from: flow, now: now),
            !transactions.knows(essentials)
        {
            counters.unrecognisedSources += 1
            note(.unknownSource, flow.remote, now: now)
            lastMessageWasForeign = true
            guard configuration.callSettings.repliesToUnknownSources else { return }
            if message.method == .invite, essentials.toTag.isEmpty, configuration.endpointAccounts.hasProvingGateways {
                // It may be a gateway that proves itself by password and whose From is the caller's number: its
                // credentials will name it. Nothing is kept for it before.
                respondWithoutTransaction(.challenge(isStale: false), message, essentials, from: flow, now: now)
                return
            }
            _ = StatelessReply.write(
                to: message, from: flow, status: 403, reason: Bytes("Forbidden"), seed: settings.seed, into: &outbox)
            return
        }
        if leg == nil, message.method == .invite, essentials.toTag.isEmpty, registration(of: message, from: flow) == nil,
            configuration.sources.origin(of: flow.remote) == nil, !transactions.knows(essentials),
            digestServer.claimedName(of: message) == nil, claimedEndpoint(message, essentials, from: flow)?.credentials != nil
        {
            // Who has proved nothing is challenged without a transaction: nothing is kept for it, and nothing said twice.
            respondWithoutTransaction(.challenge(isStale: false), message, essentials, from: flow, now: now)
            return
        }
        if leg == nil, transactions.count >= settings.maximumTransactions, essentials.cseq.method != .ack, essentials.cseq.method != .cancel,
            !transactions.knows(essentials)
        {
            counters.callsRefused += message.method == .invite ? 1 : 0
            note(.transactions, flow.remote, now: now)
            _ = StatelessReply.write(
                to: message, from: flow, status: 503, reason: Bytes(ReasonPhrase.of(503)), extra: "Retry-After: 10\r\n", seed: settings.seed,
                into: &outbox)
            return
        }
        let replyTo = replyAddress(of: flow.remote)
        switch transactions.requestReceived(message, essentials, from: flow, replyTo: replyTo, now: now.instant, outbox: &outbox) {
        case .repeated, .acknowledged:
            break
        case .merged(let server):
            transactions.respond(server, status: 482, toTag: statelessTag(essentials), now: now.instant, outbox: &outbox)
        case .dialogAck:
            if let leg { ackReceived(message, essentials, on: leg, now: now) } else { counters.strayMessages += 1 }
        case .cancel(let server, let target):
            cancelReceived(message, essentials, server: server, target: target, now: now)
        case .new(let server):
            if !essentials.toTag.isEmpty {
                dialogRequestReceived(message, essentials, on: leg, server: server, from: flow, now: now)
            } else {
                outsideRequestReceived(message, essentials, server: server, from: flow, now: now)
            }
        }
    }

    /// Where responses to a source go, by the setting of its mapping gateway.
    private func replyAddress(of source: NetworkAddress) -> ReplyAddress {
        guard configuration.usesReplyAddresses, let (index, _) = configuration.sources.gateway(of: source) else { return .automatic }
        return configuration.mappingGateways[index].replyAddress
    }

    /// Whether a source may be answered although its request cannot be read.
    private func mayBeAnswered(_ flow: Flow) -> Bool {
        configuration.callSettings.repliesToUnknownSources || isKnown(flow.remote, opensCall: false)
    }

    private func isKnown(_ source: NetworkAddress, opensCall: Bool) -> Bool {
        if configuration.sources.origin(of: source) != nil { return true }
        // A vendor may ask whether we are there, and end what it began.
        return !opensCall && (configuration.routingHosts.contains(source.host) || upstreamHosts.contains(source.host))
    }

    /// The leg that a request's To tag names, if Call-ID and From tag agree.
    private func findLeg(_ essentials: Essentials) -> SlabKey? {
        guard let token = MintedToken(essentials.toTag), essentials.toTag.count == MintedToken.length else { return nil }
        if legs.contains(token.key), legs[token.key].secret == token.secret, legs[token.key].dialog.matches(essentials) { return token.key }
        guard restoredLegs.count > 0 else { return nil }
        return restoredLegs.find(essentials.toTag.hash(seed: settings.seed)) { key in
            legs.contains(key) && legs[key].dialog.matches(essentials)
        }
    }

    /// A To tag for answers outside any dialog, the same for repetitions.
    func statelessTag(_ essentials: Essentials) -> Bytes { essentials.fromTag.isEmpty ? Bytes("0") : essentials.fromTag }

    // MARK: - Outside a dialog

    private mutating func outsideRequestReceived(_ message: Message, _ essentials: Essentials, server: ServerKey, from flow: Flow, now: Moment) {
        let tag = statelessTag(essentials)
        do {
            try message.checkRequest()
        } catch {
            counters.malformedMessages += 1
            transactions.respond(server, status: error.status, reason: Bytes(error.reasonPhrase), toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        switch message.method {
        case .invite:
            if refuseUnsupported(message, server: server, toTag: tag, now: now) { return }
            inviteReceived(message, essentials, server: server, from: flow, now: now)
        case .options:
            if refuseUnsupported(message, server: server, toTag: tag, now: now) { return }
            respondWithCapabilities(server, status: 200, toTag: tag, now: now)
        case .bye, .update, .prack, .info:
            transactions.respond(server, status: 481, toTag: tag, now: now.instant, outbox: &outbox)
        case .publish:
            if refuseUnsupported(message, server: server, toTag: tag, now: now) { return }
            publishReceived(message, server: server, toTag: tag, from: flow, now: now)
        case .ack, .cancel, .register, .message, .refer, .subscribe, .notify, .other:
            respondMethodNotAllowed(server, toTag: tag, now: now)
        }
    }

    /// 420 with the option tags that are required and not understood (RFC 3261, section 8.2.2.3). True when refused.
    mutating func refuseUnsupported(_ message: Message, server: ServerKey, toTag: Bytes, now: Moment) -> Bool {
        var isRefused = false
        message.forEachElement(of: .require) { if !Capabilities.isSupported($0) { isRefused = true } }
        guard isRefused else { return false }
        transactions.beginResponse(server, status: 420, reason: Bytes(ReasonPhrase.of(420)), toTag: toTag, outbox: &outbox)
        outbox.append("Unsupported: ")
        var isFirst = true
        var position = 0
        while let value = message.next(.require, from: &position) {
            var list = CommaList(value)
            while let tag = list.next() {
                if Capabilities.isSupported(tag) { continue }
                if !isFirst { outbox.append(", ") }
                isFirst = false
                outbox.append(tag)
            }
        }
        outbox.append("\r\nContent-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: 420, now: now.instant, outbox: &outbox)
        return true
    }

    mutating func respondMethodNotAllowed(_ server: ServerKey, toTag: Bytes, now: Moment) {
        transactions.beginResponse(server, status: 405, reason: Bytes(ReasonPhrase.of(405)), toTag: toTag, outbox: &outbox)
        outbox.append(Capabilities.allow)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: 405, now: now.instant, outbox: &outbox)
    }

    mutating func respondWithCapabilities(_ server: ServerKey, status: Int, toTag: Bytes, now: Moment) {
        transactions.beginResponse(server, status: status, reason: Bytes(ReasonPhrase.of(status)), toTag: toTag, outbox: &outbox)
        outbox.append(Capabilities.allow)
        outbox.append(Capabilities.accept)
        outbox.append(Capabilities.supported)
        outbox.append(Capabilities.server)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: status, now: now.instant, outbox: &outbox)
    }

    /// 503 with Retry-After: the peer may come back after `seconds` (RFC 3261, section 21.5.4).
    mutating func respondBusy(_ server: ServerKey, seconds: UInt64, toTag: Bytes, now: Moment) {
        transactions.beginResponse(server, status: 503, reason: Bytes(ReasonPhrase.of(503)), toTag: toTag, outbox: &outbox)
        outbox.append("Retry-After: ")
        outbox.append(decimal: seconds)
        outbox.append("\r\nContent-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: 503, now: now.instant, outbox: &outbox)
    }
}
