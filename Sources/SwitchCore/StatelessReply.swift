import SIPMessages
import SIPTransactions
import Vocabulary

/// Answers without a transaction (RFC 3261, section 8.2.7): to malformed requests and to strangers.
/// The To tag is a hash of the request, so that repetitions get the same one.
enum StatelessReply {
    /// Writes the answer if the request has what an answer needs; false when it must be dropped.
    static func write(
        to message: Message, from flow: Flow, status: Int, reason: Bytes, extra: StaticString = "", retryAfter: UInt64? = nil, seed: UInt64,
        into outbox: inout Outbox
    ) -> Bool {
        guard message.isRequest, message.method != .ack else { return false }
        guard let viaValue = message.first(.via), let from = message.first(.from), let to = message.first(.to),
            let callID = message.first(.callID), let cseq = message.first(.cseq)
        else { return false }
        var vias = CommaList(viaValue)
        guard let top = vias.next(), let via = Via(top) else { return false }

        outbox.begin()
        outbox.append("SIP/2.0 ")
        outbox.append(decimal: UInt64(status))
        outbox.append(UInt8(ascii: " "))
        outbox.append(reason)
        outbox.append("\r\n")
        ResponseHead.writeVias(message, topmost: via, source: flow.remote, into: &outbox)
        copy("From: ", from, into: &outbox)
        outbox.append("To: ")
        outbox.append(unfolding: to)
        if let address = NameAddress(to), address.tag == nil {
            outbox.append(";tag=")
            outbox.append(token: via.text.hash(seed: callID.hash(seed: seed)))
        }
        outbox.append("\r\n")
        copy("Call-ID: ", callID, into: &outbox)
        copy("CSeq: ", cseq, into: &outbox)
        outbox.append(extra)
        if let retryAfter {
            outbox.append("Retry-After: ")
            outbox.append(decimal: retryAfter)
            outbox.append("\r\n")
        }
        outbox.append(Capabilities.server)
        outbox.append("Content-Length: 0\r\n\r\n")
        outbox.finish(to: ResponseHead.replyFlow(via, cameBy: flow))
        return true
    }

    private static func copy(_ name: StaticString, _ value: Bytes, into outbox: inout Outbox) {
        outbox.append(name)
        outbox.append(unfolding: value)
        outbox.append("\r\n")
    }
}
