import Vocabulary

/// The small words of RFC 3261's grammar (section 25.1) that several header fields share.
extension Bytes {
    /// Whether this is a `token`: at least one byte, all of letters, digits and `-.!%*_+`'~`.
    public var isToken: Bool {
        guard count > 0 else { return false }
        for i in 0..<count where !self[i].isTokenByte { return false }
        return true
    }

    /// Offset behind the quoted string that begins at `start` (a double quote), escapes honoured;
    /// `count` when it does not end.
    public func endOfQuotedString(from start: Int) -> Int {
        endOfClosedQuotedString(from: start) ?? count
    }

    /// Offset behind the quoted string that begins at `start`, or nil when its closing quote is missing
    /// (one behind a backslash does not close it).
    public func endOfClosedQuotedString(from start: Int) -> Int? {
        var i = start + 1
        while i < count {
            switch self[i] {
            case UInt8(ascii: "\\"): i += 2
            case UInt8(ascii: "\""): return i + 1
            default: i += 1
            }
        }
        return nil
    }

    /// Offset behind the comment that begins at `start` (an opening parenthesis), or nil when it does
    /// not end; comments nest and hold escapes (RFC 3261, section 25.1).
    public func endOfComment(from start: Int) -> Int? {
        var depth = 0
        var i = start
        while i < count {
            switch self[i] {
            case UInt8(ascii: "\\"): i += 1
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return i + 1 }
            default: break
            }
            i += 1
        }
        return nil
    }

    /// Offset behind white space, line folds included.
    public func skipWhitespace(from start: Int) -> Int {
        var i = start
        while i < count, self[i].isWhitespace { i += 1 }
        return i
    }

    /// Offset behind the token that begins at `start`.
    public func endOfToken(from start: Int) -> Int {
        var i = start
        while i < count, self[i].isTokenByte { i += 1 }
        return i
    }

    /// The text inside the quotes, escapes left in place; the whole when it is not quoted.
    public var unquoted: Bytes {
        guard count >= 2, self[0] == UInt8(ascii: "\""), self[count - 1] == UInt8(ascii: "\"") else { return self }
        return self[1..<count - 1]
    }
}

extension UInt8 {
    public var isTokenByte: Bool {
        // Bit sets of the token characters in 0x20-0x3F and 0x40-0x7F.
        if self < 0x40 { return 0x03FF_6CA2_0000_0000 >> UInt64(self) & 1 == 1 }
        if self < 0x80 { return 0x47FF_FFFF_87FF_FFFE >> UInt64(self - 0x40) & 1 == 1 }
        return false
    }
}

/// `;name=value` parameters of a header field or URI, read one after the other.
public struct ParameterList {
    public let text: Bytes
    private var position = 0
    /// Set when what was read so far breaks the grammar.
    public private(set) var isMalformed = false

    /// `text` begins with the first semicolon, or is empty.
    public init(_ text: Bytes) { self.text = text }

    public struct Parameter {
        public let name: Bytes
        /// Nil for a parameter without "="; a quoted value keeps its quotes.
        public let value: Bytes?
    }

    public mutating func next() -> Parameter? {
        position = text.skipWhitespace(from: position)
        guard position < text.count else { return nil }
        guard text[position] == UInt8(ascii: ";") else { return fail() }
        position = text.skipWhitespace(from: position + 1)
        let nameStart = position
        while position < text.count, !text[position].endsParameterName { position += 1 }
        let name = text[nameStart..<position]
        guard !name.isEmpty else {
            // A lone semicolon at the end is harmless.
            if position >= text.count { return nil }
            return fail()
        }
        let afterName = text.skipWhitespace(from: position)
        guard afterName < text.count, text[afterName] == UInt8(ascii: "=") else {
            position = afterName
            if position < text.count, text[position] != UInt8(ascii: ";") { return fail() }
            return Parameter(name: name, value: nil)
        }
        position = text.skipWhitespace(from: afterName + 1)
        let valueStart = position
        if position < text.count, text[position] == UInt8(ascii: "\"") {
            guard let end = text.endOfClosedQuotedString(from: position) else { return fail() }
            position = end
        } else {
            while position < text.count, text[position] != UInt8(ascii: ";"), !text[position].isWhitespace { position += 1 }
        }
        let value = text[valueStart..<position]
        position = text.skipWhitespace(from: position)
        if position < text.count, text[position] != UInt8(ascii: ";") { return fail() }
        return Parameter(name: name, value: value)
    }

    /// The first parameter with this name, from the beginning; names compare without case.
    public static func value(_ name: StaticString, in text: Bytes) -> Parameter? {
        var list = ParameterList(text)
        while let parameter = list.next() {
            if parameter.name.equalsIgnoringCase(name) { return parameter }
        }
        return nil
    }

    private mutating func fail() -> Parameter? {
        isMalformed = true
        position = text.count
        return nil
    }
}

extension UInt8 {
    fileprivate var endsParameterName: Bool {
        self == UInt8(ascii: ";") || self == UInt8(ascii: "=") || isWhitespace || self == UInt8(ascii: ",") || self == UInt8(ascii: "\"")
    }
}
