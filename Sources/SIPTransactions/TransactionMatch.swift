import SIPMessages
import Vocabulary

/// By what a request is matched to its server transaction (RFC 3261, section 17.2.3): three texts and
/// a number. With the magic cookie: branch, sent-by, method. Without (RFC 2543): top Via, Call-ID,
/// From tag and CSeq number.
struct RequestMatch {
    let first: Bytes
    let second: Bytes
    let third: Bytes
    let number: UInt32
    /// ACK matches the INVITE it acknowledges.
    let method: Method

    init(_ essentials: Essentials, as method: Method? = nil) {
        let own = method ?? essentials.cseq.method
        self.method = own == .ack ? .invite : own
        if essentials.via.hasMagicCookie {
            first = essentials.via.branch
            second = essentials.via.host
            // Methods that we do not know by name still differ from one another.
            third = self.method == .other ? essentials.cseq.methodName : .empty
            number = UInt32(essentials.via.port ?? 0)
        } else {
            first = essentials.via.text
            second = essentials.callID
            third = essentials.fromTag
            number = essentials.cseq.number
        }
    }

    func hash(seed: UInt64) -> UInt64 {
        let a = first.hash(seed: seed ^ UInt64(method.rawValue) << 32 ^ UInt64(number))
        return second.hash(seed: a)
    }
}

extension Essentials {
    /// Names a request whatever path it came by, to find merged requests (RFC 3261, section 8.2.2.2).
    func mergeHash(seed: UInt64) -> UInt64 {
        let a = callID.hash(seed: seed &+ UInt64(cseq.number))
        return fromTag.hash(seed: a ^ UInt64(cseq.method.rawValue))
    }
}
