import Vocabulary

/// Hides what proves that somebody knows a password: digest responses (RFC 7616, sections 3.4 and 3.5)
/// and the credentials of every other scheme. Bytes become asterisks, so that lengths and lines stay true.
///
/// Without the response the rest of a digest (user, realm, nonces) gives no way to try passwords.
public enum DigestMask {
    private static let star = UInt8(ascii: "*")

    /// The message with every secret hidden.
    public static func masked(_ message: TracedMessage) -> TracedMessage {
        var masked = message
        for range in secrets(in: message.bytes) {
            for position in range where !masked.bytes[position].isWhitespace { masked.bytes[position] = star }
        }
        return masked
    }

    /// Where secrets stand. Bodies are searched too: one may carry a message of its own (message/sip).
    private static func secrets(in bytes: [UInt8]) -> [Range<Int>] {
        bytes.withBytes { message in
            var found: [Range<Int>] = []
            var start = 0
            while start < message.count {
                var lines = MessageLines(fieldsOf: message.from(start))
                while let field = lines.next() {
                    let range = start + field.range.lowerBound..<start + field.range.upperBound
                    switch kind(of: field.name) {
                    case .credentials:
                        if field.value.startsIgnoringCase(with: "digest") {
                            appendParameters(named: "response", in: message, range, to: &found)
                        } else {
                            appendBehindScheme(message, range, to: &found)
                        }
                    case .authenticationInfo: appendParameters(named: "rspauth", in: message, range, to: &found)
                    case .other: break
                    }
                }
                start = message.count - lines.body.count
            }
            return found
        }
    }

    private enum Kind { case credentials, authenticationInfo, other }

    private static func kind(of name: Bytes) -> Kind {
        if name.equalsIgnoringCase("Authorization") || name.equalsIgnoringCase("Proxy-Authorization") { return .credentials }
        if name.equalsIgnoringCase("Authentication-Info") || name.equalsIgnoringCase("Proxy-Authentication-Info") {
            return .authenticationInfo
        }
        return .other
    }

    /// The values of every `name=` in the range. Quotes around other values are not followed: a quote that
    /// somebody left open must not show what comes behind it.
    private static func appendParameters(named name: StaticString, in message: Bytes, _ range: Range<Int>, to found: inout [Range<Int>]) {
        let length = name.utf8CodeUnitCount
        var position = range.lowerBound
        while position + length < range.upperBound {
            guard message[position..<position + length].equalsIgnoringCase(name) else {
                position += 1
                continue
            }
            position = skipWhitespace(message, from: position + length, to: range.upperBound)
            guard position < range.upperBound, message[position] == UInt8(ascii: "=") else { continue }
            position = skipWhitespace(message, from: position + 1, to: range.upperBound)
            let value = valueRange(message, from: position, to: range.upperBound)
            found.append(value)
            position = value.upperBound
        }
    }

    /// A quoted string without its quotes, or what stands before the next comma or white space.
    private static func valueRange(_ message: Bytes, from start: Int, to end: Int) -> Range<Int> {
        let isQuoted = start < end && message[start] == UInt8(ascii: "\"")
        var position = isQuoted ? start + 1 : start
        let first = position
        while position < end {
            let byte = message[position]
            if isQuoted, byte == UInt8(ascii: "\\") {
                position += 2
                continue
            }
            if isQuoted ? byte == UInt8(ascii: "\"") : byte == UInt8(ascii: ",") || byte.isWhitespace { break }
            position += 1
        }
        return first..<min(position, end)
    }

    /// Everything behind the scheme's name (`Basic`, `Bearer`).
    private static func appendBehindScheme(_ message: Bytes, _ range: Range<Int>, to found: inout [Range<Int>]) {
        var position = skipWhitespace(message, from: range.lowerBound, to: range.upperBound)
        while position < range.upperBound, !message[position].isWhitespace { position += 1 }
        position = skipWhitespace(message, from: position, to: range.upperBound)
        found.append(position..<range.upperBound)
    }

    private static func skipWhitespace(_ message: Bytes, from start: Int, to end: Int) -> Int {
        var position = start
        while position < end, message[position].isWhitespace { position += 1 }
        return position
    }
}
