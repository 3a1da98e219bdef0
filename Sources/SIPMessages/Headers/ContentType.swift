import Vocabulary

/// The media type of a body (RFC 3261, section 20.15).
public struct ContentType {
    public let type: Bytes
    public let subtype: Bytes
    /// From the first semicolon on.
    public let parameters: Bytes

    public init?(_ text: Bytes) {
        let typeEnd = text.endOfToken(from: 0)
        type = text.upTo(typeEnd)
        var i = text.skipWhitespace(from: typeEnd)
        guard !type.isEmpty, i < text.count, text[i] == UInt8(ascii: "/") else { return nil }
        i = text.skipWhitespace(from: i + 1)
        let end = text.endOfToken(from: i)
        subtype = text[i..<end]
        parameters = text.from(end).trimmed
        guard !subtype.isEmpty, parameters.isEmpty || parameters[0] == UInt8(ascii: ";") else { return nil }
    }

    public var isSDP: Bool { type.equalsIgnoringCase("application") && subtype.equalsIgnoringCase("sdp") }
    public var isMultipart: Bool { type.equalsIgnoringCase("multipart") }
}
