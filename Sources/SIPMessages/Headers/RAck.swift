import Vocabulary

/// Which reliable provisional response a PRACK acknowledges (RFC 3262, section 7.2).
public struct RAck {
    public let responseNumber: UInt32
    public let cseqNumber: UInt32
    public let method: Method

    public init(responseNumber: UInt32, cseqNumber: UInt32, method: Method) {
        self.responseNumber = responseNumber
        self.cseqNumber = cseqNumber
        self.method = method
    }

    public init?(_ text: Bytes) {
        var i = 0
        while i < text.count, text[i].isDigit { i += 1 }
        guard let response = text.upTo(i).decimal, response < 1 << 32, i < text.count, text[i].isWhitespace else { return nil }
        guard let cseq = CSeq(text.from(i).trimmed) else { return nil }
        responseNumber = UInt32(response)
        cseqNumber = cseq.number
        method = cseq.method
    }
}
