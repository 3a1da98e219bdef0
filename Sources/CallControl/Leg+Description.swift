import Containers
import SIPMessages
import Vocabulary

// What the peer of a leg was last told about the media. A re-INVITE of ours that only refreshes repeats it to the letter
// (RFC 4028, section 7.4), and so asks for no answer that would have to come from the other side of the call.
extension Leg {
    /// Whether a session timer runs, or may begin with the answer that is under way: a refresh may then have to be a
    /// re-INVITE, also where the peer's Allow lists UPDATE, as it may refuse that later.
    public var needsDescription: Bool {
        if role == .callee, phase == .setup { return offer.policy.isEnabled }
        return session.agreement != nil || session.answer(to: .invite) != nil || session.answer(to: .update) != nil
    }

    /// The peer was told this: an offer that it accepted, an answer to its own, or an offer in a 2xx.
    public mutating func told(_ description: Bytes) {
        guard needsDescription else {
            if !self.description.isEmpty { self.description = OwnedBytes() }
            return
        }
        self.description = OwnedBytes(copying: description)
    }

    /// A request of ours tells it this; it counts when the request is accepted (RFC 3261, section 14.1).
    public mutating func offers(_ description: Bytes, by method: Method) {
        openOffer = OwnedBytes(copying: description)
        openOfferMethod = method
    }

    /// The final response to a request of ours; 0: there was none.
    public mutating func offerAnswered(_ status: Int, by method: Method) {
        guard openOfferMethod == method, !openOffer.isEmpty else { return }
        if (200..<300).contains(status) { told(openOffer.bytes) }
        openOffer = OwnedBytes()
    }

    /// The 2xx to the INVITE that opened the leg; `offered`: what that INVITE told, empty in a late offer. What an early
    /// UPDATE or PRACK told after it goes before.
    public mutating func openingAnswered(offered: Bytes) {
        if !needsDescription || description.isEmpty { told(offered) }
    }
}
