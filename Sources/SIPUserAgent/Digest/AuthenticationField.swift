import SIPMessages
import Vocabulary

/// Reads the value of WWW-Authenticate, Authorization, Authentication-Info and their Proxy forms item by
/// item: schemes and their `name=value` parameters, separated by commas (RFC 3261, section 25.1; RFC 7235, section 2.1).
public struct AuthenticationField {
    public enum Item {
        /// What follows belongs to this scheme.
        case scheme(Bytes)
        /// The value stands without its quotes; escapes in it are left in place.
        case parameter(name: Bytes, value: Bytes)
        /// An element that breaks the grammar; reading goes on behind the next comma.
        case malformed
    }

    private let text: Bytes
    private var position = 0

    public init(_ value: Bytes) { text = value }

    public mutating func next() -> Item? {
        while position < text.count, text[position].isWhitespace || text[position] == UInt8(ascii: ",") { position += 1 }
        guard position < text.count else { return nil }
        let end = text.endOfToken(from: position)
        let name = text[position..<end]
        let behind = text.skipWhitespace(from: end)
        guard !name.isEmpty else { return malformed() }
        if behind < text.count, text[behind] == UInt8(ascii: "=") { return parameter(name, valueAt: behind + 1) }
        guard end == text.count || behind > end || text[end] == UInt8(ascii: ",") else { return malformed() }
        position = behind
        skipCredentialsWord()
        return .scheme(name)
    }

    private mutating func parameter(_ name: Bytes, valueAt start: Int) -> Item {
        let start = text.skipWhitespace(from: start)
        var end = start
        var value = Bytes.empty
        if start < text.count, text[start] == UInt8(ascii: "\"") {
            guard let close = text.endOfClosedQuotedString(from: start) else {
                position = text.count
                return .malformed
            }
            end = close
            value = text[start + 1..<close - 1]
        } else {
            // More than a token is read, as peers leave quotes out. Not a quote or backslash: what is sent back between
            // quotes would end early, and its rest be read as parameters.
            while end < text.count, text[end] != UInt8(ascii: ","), !text[end].isWhitespace {
                if text[end] == UInt8(ascii: "\"") || text[end] == UInt8(ascii: "\\") { return malformed() }
                end += 1
            }
            value = text[start..<end]
        }
        position = text.skipWhitespace(from: end)
        guard position == text.count || text[position] == UInt8(ascii: ",") else { return malformed() }
        // Line breaks and other controls would end up in a message of ours, and hash differently on each side.
        if value.firstControlIndex != nil { return .malformed }
        return .parameter(name: name, value: value)
    }

    /// Skips the one word that a scheme such as Negotiate has in place of parameters.
    private mutating func skipCredentialsWord() {
        var end = position
        while end < text.count, text[end] != UInt8(ascii: ","), !text[end].isWhitespace, text[end] != UInt8(ascii: "\"") { end += 1 }
        let behind = text.skipWhitespace(from: end)
        let isWord = behind == text.count || text[behind] == UInt8(ascii: ",")
        // "name=value" is a parameter; a word's only equals signs stand at its end.
        var equals = position
        while equals < end, text[equals] != UInt8(ascii: "=") { equals += 1 }
        while equals < end, text[equals] == UInt8(ascii: "=") { equals += 1 }
        if isWord, equals == end { position = behind }
    }

    private mutating func malformed() -> Item {
        while position < text.count, text[position] != UInt8(ascii: ",") {
            position = text[position] == UInt8(ascii: "\"") ? text.endOfQuotedString(from: position) : position + 1
        }
        position = min(position, text.count)
        return .malformed
    }
}
