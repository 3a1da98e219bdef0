import Vocabulary

/// A SIP message as it lies in its buffer: the start line taken apart, header fields located, nothing
/// decoded and nothing copied (RFC 3261, section 7).
///
/// It borrows the buffer and the parser's table: valid until the parser reads the next message.
public struct Message {
    /// A header field's place in the message.
    struct Field {
        var nameOffset: UInt32
        var nameLength: UInt32
        var valueOffset: UInt32
        var valueLength: UInt32
        var name: HeaderName
    }

    /// The first line.
    public enum StartLine {
        case request(method: Method, name: Bytes, uri: Bytes)
        case response(status: Int, reason: Bytes)
    }

    /// The whole message.
    public let bytes: Bytes
    public let startLine: StartLine
    /// The body, cut to Content-Length.
    public let body: Bytes
    let fields: UnsafePointer<Field>
    /// Number of header fields.
    public let fieldCount: Int
    /// The first structural defect met. Such a message is never processed, only answered or dropped.
    public let defect: MessageDefect?

    public var isRequest: Bool { if case .request = startLine { true } else { false } }

    /// The method of a request; `other` for a response (its method stands in CSeq).
    public var method: Method { if case .request(let method, _, _) = startLine { method } else { .other } }
    public var methodName: Bytes { if case .request(_, let name, _) = startLine { name } else { .empty } }
    public var requestURI: Bytes { if case .request(_, _, let uri) = startLine { uri } else { .empty } }
    /// 100 to 699, or 0 for a request.
    public var status: Int { if case .response(let status, _) = startLine { status } else { 0 } }
    public var reasonPhrase: Bytes { if case .response(_, let reason) = startLine { reason } else { .empty } }

    /// One header field: its name, the name as written, and its value without white space around it.
    /// A folded value still has its line breaks.
    public struct HeaderField {
        public let name: HeaderName
        public let writtenName: Bytes
        public let value: Bytes
    }

    public subscript(index: Int) -> HeaderField {
        precondition(index >= 0 && index < fieldCount)
        let field = fields[index]
        return HeaderField(
            name: field.name, writtenName: bytes[Int(field.nameOffset)..<Int(field.nameOffset + field.nameLength)],
            value: bytes[Int(field.valueOffset)..<Int(field.valueOffset + field.valueLength)])
    }

    /// The value of the first header field with this name.
    public func first(_ name: HeaderName) -> Bytes? {
        for i in 0..<fieldCount where fields[i].name == name {
            return bytes[Int(fields[i].valueOffset)..<Int(fields[i].valueOffset + fields[i].valueLength)]
        }
        return nil
    }

    /// The value of the first header field of this name at or after field number `start`; `start` moves behind it.
    public func next(_ name: HeaderName, from start: inout Int) -> Bytes? {
        while start < fieldCount {
            defer { start += 1 }
            if fields[start].name == name {
                return bytes[Int(fields[start].valueOffset)..<Int(fields[start].valueOffset + fields[start].valueLength)]
            }
        }
        return nil
    }

    /// Calls `body` with every element of a comma-separated header field, over all its occurrences, in order.
    public func forEachElement(of name: HeaderName, _ body: (Bytes) -> Void) {
        var position = 0
        while let value = next(name, from: &position) {
            var list = CommaList(value)
            while let element = list.next() { body(element) }
        }
    }

    /// Whether an option tag or method name stands in a comma-separated header field (RFC 3261, section 20.32, 20.37).
    public func lists(_ token: StaticString, in name: HeaderName) -> Bool {
        var found = false
        forEachElement(of: name) { if $0.equalsIgnoringCase(token) { found = true } }
        return found
    }
}

/// Splits a header field's value at commas outside quotes and angle brackets (RFC 3261, section 7.3.1).
public struct CommaList {
    private var rest: Bytes

    public init(_ value: Bytes) { rest = value }

    /// The next element without white space around it; empty elements are skipped.
    public mutating func next() -> Bytes? {
        while rest.count > 0 {
            let end = Self.endOfElement(rest)
            let element = rest.upTo(end).trimmed
            rest = end < rest.count ? rest.from(end + 1) : .empty
            if !element.isEmpty { return element }
        }
        return nil
    }

    private static func endOfElement(_ text: Bytes) -> Int {
        var i = 0
        var inBrackets = false
        while i < text.count {
            switch text[i] {
            case UInt8(ascii: "\""): i = text.endOfQuotedString(from: i) - 1
            case UInt8(ascii: "<"): inBrackets = true
            case UInt8(ascii: ">"): inBrackets = false
            case UInt8(ascii: ",") where !inBrackets: return i
            default: break
            }
            i += 1
        }
        return text.count
    }
}
