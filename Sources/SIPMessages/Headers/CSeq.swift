import Vocabulary

/// Sequence number and method of a transaction (RFC 3261, section 20.16).
public struct CSeq {
    /// Below 2^31 (section 8.1.1.5).
    public let number: UInt32
    public let method: Method
    public let methodName: Bytes

    public init?(_ text: Bytes) {
        var i = 0
        while i < text.count, text[i].isDigit { i += 1 }
        guard let value = text.upTo(i).decimal, value < 1 << 31, i < text.count, text[i].isWhitespace else { return nil }
        number = UInt32(value)
        methodName = text.from(i).trimmed
        guard methodName.isToken else { return nil }
        method = Method(methodName)
    }
}
