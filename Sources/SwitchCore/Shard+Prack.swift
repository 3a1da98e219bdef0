import CallControl
import CallRecords
import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// Reliable provisional responses and their acknowledgements (RFC 3262).
extension Shard {
    mutating func prackReceived(_ message: Message, on leg: SlabKey, server: ServerKey, now: Moment) {
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
