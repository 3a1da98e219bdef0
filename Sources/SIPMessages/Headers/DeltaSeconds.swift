import Vocabulary

/// A number of seconds with optional comment and parameters: Expires, Min-Expires, Retry-After,
/// Session-Expires and Min-SE (RFC 3261, sections 20.19, 20.23, 20.33; RFC 4028, section 4).
public struct DeltaSeconds {
    /// Capped at 2^32 - 1, as the RFC allows.
    public let seconds: UInt32
    /// From the first semicolon on; empty when there are none.
    public let parameters: Bytes

    public init?(_ text: Bytes) {
        var i = 0
        while i < text.count, text[i].isDigit { i += 1 }
        guard i > 0 else { return nil }
        // A number beyond 64 bits is still a number: it counts as the largest.
        seconds = UInt32(clamping: text.upTo(i).decimal ?? .max)
        i = text.skipWhitespace(from: i)
        // Retry-After may carry a comment in parentheses.
        if i < text.count, text[i] == UInt8(ascii: "(") {
            guard let end = text.endOfComment(from: i) else { return nil }
            i = text.skipWhitespace(from: end)
        }
        parameters = text.from(i)
        guard parameters.isEmpty || parameters[0] == UInt8(ascii: ";") else { return nil }
    }
}
