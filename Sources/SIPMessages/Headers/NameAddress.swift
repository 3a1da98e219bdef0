import Vocabulary

/// The form of From, To, Contact, Route, Record-Route, Refer-To and the identity header fields:
/// an optional display name, a URI, and parameters (RFC 3261, section 20.10).
public struct NameAddress {
    /// The whole element as written.
    public let text: Bytes
    /// Display name as written, quotes included; empty when there is none.
    public let displayName: Bytes
    /// The URI without angle brackets, not yet taken apart.
    public let uri: Bytes
    /// Header parameters, from the first semicolon on.
    public let parameters: Bytes

    /// Nil when the text breaks the grammar.
    public init?(_ text: Bytes) {
        self.text = text
        var open: Int? = nil
        var i = 0
        while i < text.count {
            let byte = text[i]
            if byte == UInt8(ascii: "\"") {
                guard let end = text.endOfClosedQuotedString(from: i) else { return nil }
                i = end
                continue
            }
            if byte == UInt8(ascii: "<") {
                open = i
                break
            }
            i += 1
        }
        if let open {
            guard let close = text.firstIndex(of: UInt8(ascii: ">"), from: open) else { return nil }
            displayName = text.upTo(open).trimmed
            uri = text[open + 1..<close].trimmed
            parameters = text.from(close + 1).trimmed
            guard NameAddress.isDisplayName(displayName) else { return nil }
        } else {
            // Without brackets a semicolon, question mark or comma ends the URI (section 20.10).
            let plain = text.trimmed
            // A display name needs brackets around the URI.
            guard plain.count > 0, plain[0] != UInt8(ascii: "\"") else { return nil }
            let end = plain.firstIndex(of: UInt8(ascii: ";")) ?? plain.count
            displayName = .empty
            uri = plain.upTo(end).trimmed
            parameters = plain.from(end)
            guard uri.firstIndex(of: UInt8(ascii: "?"), or: UInt8(ascii: ",")) == nil else { return nil }
        }
        guard !uri.isEmpty, parameters.isEmpty || parameters[0] == UInt8(ascii: ";") else { return nil }
    }

    /// The `tag` parameter; nil when absent.
    public var tag: Bytes? { ParameterList.value("tag", in: parameters)?.value }

    public func parameter(_ name: StaticString) -> ParameterList.Parameter? { ParameterList.value(name, in: parameters) }

    /// The display name without quotes.
    public var display: Bytes { displayName.unquoted }

    private static func isDisplayName(_ name: Bytes) -> Bool {
        if name.isEmpty { return true }
        if name[0] == UInt8(ascii: "\"") { return name.endOfQuotedString(from: 0) == name.count }
        // Tokens separated by white space; bytes above ASCII are accepted as many peers send them unquoted.
        for i in 0..<name.count where !(name[i].isTokenByte || name[i].isWhitespace || name[i] >= 0x80) { return false }
        return true
    }
}
