import CallControl
import Containers
import SIPMessages
import SIPUserAgent
import Vocabulary

// What each leg is told about the media, as the messages are written: `Leg.description` keeps it for refreshes.
// A description begins at `offset` of the message that is being written.
extension Shard {
    /// Whether a message's end tells anything: one without a body ends with its Content-Length.
    static func isDescription(_ end: Bytes) -> Bool { !end.isEmpty && !end.startsIgnoringCase(with: "Content-Length: 0\r") }

    /// A request that is being passed on to this leg may carry an offer.
    mutating func keepOffer(of message: Message, on leg: SlabKey, from offset: Int) {
        guard message.describesMedia, message.method == .invite || message.method == .update || message.method == .prack else { return }
        legs[leg].offers(outbox.unfinished.from(offset), by: message.method)
    }

    /// This leg is being told by a response or an ACK.
    mutating func keepDescription(of message: Message, on leg: SlabKey, from offset: Int) {
        guard legs.contains(leg), message.describesMedia else { return }
        legs[leg].told(outbox.unfinished.from(offset))
    }
}

extension Message {
    /// Whether the body is a session description, perhaps among other parts. A body without a type counts as one.
    var describesMedia: Bool {
        guard !body.isEmpty else { return false }
        guard let type = first(.contentType).flatMap({ ContentType($0) }) else { return true }
        return type.isSDP || type.isMultipart
    }
}
