import SIPMessages
import SIPTransactions
import Vocabulary

// The REGISTER itself (RFC 3261, section 10.2).
extension RegistrationClient {
    /// Writes the whole request for the target that `send` or `storeThenSend` named, after `prepareContact`;
    /// the caller finishes it.
    public mutating func writeRequest(flow: Flow, branch: MintedToken, endpoints: LocalEndpoints, into outbox: inout Outbox) {
        let isWithdrawal = inFlight == .withdraw
        let earlier = binding?.contact
        let contact = isWithdrawal ? earlier ?? contactSent : contactSent
        let expires = isWithdrawal ? 0 : lifetimeToAsk
        outbox.begin()
        outbox.append("REGISTER ")
        outbox.append(text: account.registrar)
        outbox.append(" SIP/2.0\r\n")
        outbox.appendVia(flow: flow, branch: branch, endpoints: endpoints)
        outbox.append("Max-Forwards: 70\r\nFrom: <")
        outbox.append(text: account.addressOfRecord)
        outbox.append(">;tag=")
        outbox.append(text: identity.fromTag)
        outbox.append("\r\nTo: <")
        outbox.append(text: account.addressOfRecord)
        outbox.append(">\r\nCall-ID: ")
        outbox.append(text: identity.callID)
        outbox.append("\r\nCSeq: ")
        outbox.append(decimal: UInt64(identity.cseq))
        outbox.append(" REGISTER\r\n")
        appendContact(contact, expires: expires, transport: flow.transport, to: &outbox)
        if !isWithdrawal, let earlier, earlier != contact {
            // Our address changed meanwhile: the binding to the old one goes in the same request. It is named by its
            // address alone: with our instance, registrars that match by it would remove the new one.
            outbox.append("Contact: <")
            outbox.append(text: earlier)
            outbox.append(">;expires=0\r\n")
        }
        outbox.append("Expires: ")
        outbox.append(decimal: UInt64(expires))
        outbox.append(flow.transport.isReliable ? "\r\nSupported: path, outbound\r\n" : "\r\nSupported: path\r\n")
        if let privacy = account.privacy {
            outbox.append("Privacy: ")
            outbox.append(text: privacy)
            outbox.append("\r\n")
        }
        account.registrar.withBytes { digest.appendCredentials(method: Bytes("REGISTER"), uri: $0, body: .empty, to: &outbox) }
        outbox.append("User-Agent: Tandem\r\nContent-Length: 0\r\n\r\n")
    }

    /// Fixes our Contact for the request that is about to be written and stored.
    public mutating func prepareContact(flow: Flow, endpoints: LocalEndpoints) {
        if inFlight != .withdraw { contactSent = ownContact(flow, endpoints) }
    }

    /// The request leaves now, perhaps some time after it was asked for, as the disk came first.
    public mutating func requestLeaves(at now: Instant) {
        if let end = possibleEnd { possibleEnd = end + (now - sentAt) }
        sentAt = now
    }

    /// `sip:SECRET@192.0.2.1:5060;transport=tcp`
    private func ownContact(_ flow: Flow, _ endpoints: LocalEndpoints) -> String {
        let transport = flow.transport == .udp ? "" : ";transport=\(flow.transport)"
        return "sip:\(account.contactUser)@\(endpoints.advertised(flow))\(transport)"
    }

    private func appendContact(_ contact: String, expires: Int, transport: TransportKind, to outbox: inout Outbox) {
        outbox.append("Contact: <")
        outbox.append(text: contact)
        outbox.append(">;expires=")
        outbox.append(decimal: UInt64(expires))
        outbox.append(";+sip.instance=\"<urn:uuid:")
        outbox.append(text: account.instance)
        outbox.append(">\"")
        // Where the registrar keeps flows (RFC 5626, section 4.2); over UDP it would want STUN.
        if supportsOutbound, transport.isReliable { outbox.append(";reg-id=1") }
        outbox.append("\r\n")
    }
}

extension Outbox {
    public mutating func append(text: String) { text.withBytes { append($0) } }
}
