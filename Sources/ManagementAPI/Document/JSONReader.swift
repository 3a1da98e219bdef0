/// Why a text is not a document, and where.
public struct DocumentSyntaxError: Error, Hashable, Sendable {
    public var position: SourcePosition
    public var rule: String

    public init(_ rule: String, at position: SourcePosition) {
        self.rule = rule
        self.position = position
    }
}

extension DocumentNode {
    /// Reads a JSON text (RFC 8259) as a tree with positions. Numbers, `true`, `false` and `null`
    /// become plain scalars; a key that stands twice is refused; at most 64 levels deep.
    public init(json text: String) throws(DocumentSyntaxError) {
        var reader = JSONReader(text)
        self = try reader.document()
    }
}

/// A recursive-descent reader of one JSON value.
private struct JSONReader {
    private let bytes: [UInt8]
    private var index = 0
    private var position = SourcePosition(line: 1, column: 1)
    private var depth = 0
    private static let deepest = 64

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func document() throws(DocumentSyntaxError) -> DocumentNode {
        let node = try value()
        skipSpace()
        guard index == bytes.count else { throw error("something follows the JSON value") }
        return node
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func error(_ rule: String) -> DocumentSyntaxError { DocumentSyntaxError(rule, at: position) }

    private mutating func advance() {
        let byte = bytes[index]
        index += 1
        if byte == UInt8(ascii: "\n") {
            position = SourcePosition(line: position.line + 1, column: 1)
        } else if byte & 0xC0 != 0x80 {
            position.column += 1
        }
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { advance() }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        advance()
        return true
    }

    private mutating func value() throws(DocumentSyntaxError) -> DocumentNode {
        skipSpace()
        let start = position
        guard let first = next else { throw error("the JSON text ends where a value should stand") }
        depth += 1
        defer { depth -= 1 }
        guard depth <= JSONReader.deepest else { throw error("more than \(JSONReader.deepest) levels of nesting") }
        switch first {
        case UInt8(ascii: "{"): return DocumentNode(.mapping(try entries()), at: start)
        case UInt8(ascii: "["): return DocumentNode(.sequence(try elements()), at: start)
        case UInt8(ascii: "\""): return DocumentNode(.scalar(.init(try string(), style: .quoted)), at: start)
        default: return DocumentNode(.scalar(.init(try word(), style: .plain)), at: start)
        }
    }

    private mutating func entries() throws(DocumentSyntaxError) -> [DocumentNode.Entry] {
        advance()
        var entries: [DocumentNode.Entry] = []
        var seen: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return entries }
        while true {
            skipSpace()
            let place = position
            guard next == UInt8(ascii: "\"") else { throw error("a key in double quotes should stand here") }
            let key = try string()
            guard seen.insert(key).inserted else { throw DocumentSyntaxError("the key \"\(key)\" stands twice", at: place) }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("a colon should stand here") }
            entries.append(.init(key, try value(), keyPosition: place))
            skipSpace()
            if take(UInt8(ascii: "}")) { return entries }
            guard take(UInt8(ascii: ",")) else { throw error("a comma or } should stand here") }
        }
    }

    private mutating func elements() throws(DocumentSyntaxError) -> [DocumentNode] {
        advance()
        var elements: [DocumentNode] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value())
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw error("a comma or ] should stand here") }
        }
    }

    private mutating func word() throws(DocumentSyntaxError) -> String {
        let start = position
        let from = index
        while let byte = next, byte.isJSONWord { advance() }
        let text = String(decoding: bytes[from..<index], as: UTF8.self)
        guard ["true", "false", "null"].contains(text) || text.isJSONNumber else {
            throw DocumentSyntaxError(text.isEmpty ? "no JSON value begins like this" : "\(text) is no JSON value", at: start)
        }
        return text
    }

    private mutating func string() throws(DocumentSyntaxError) -> String {
        advance()
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                advance()
                text.append(contentsOf: String(try escaped()).utf8)
            case 0..<0x20: throw error("a control character stands in a string")
            default:
                text.append(byte)
                advance()
            }
        }
        throw error("the JSON text ends inside a string")
    }

    private mutating func escaped() throws(DocumentSyntaxError) -> Character {
        guard let byte = next else { throw error("the JSON text ends inside a string") }
        let simple: [UInt8: Character] = [
            UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
            UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
        ]
        if let character = simple[byte] {
            advance()
            return character
        }
        guard byte == UInt8(ascii: "u") else { throw error("no such escape in JSON") }
        advance()
        var unit = try hexadecimal()
        if unit & 0xFC00 == 0xD800 {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error("half a surrogate pair") }
            let low = try hexadecimal()
            guard low & 0xFC00 == 0xDC00 else { throw error("half a surrogate pair") }
            unit = 0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF
        }
        guard let scalar = Unicode.Scalar(unit) else { throw error("half a surrogate pair") }
        return Character(scalar)
    }

    private mutating func hexadecimal() throws(DocumentSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("four hexadecimal digits should stand here")
            }
            value = value << 4 | UInt32(digit)
            advance()
        }
        return value
    }
}

extension UInt8 {
    fileprivate var isJSONWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension String {
    /// Whether the text is a number as JSON writes it (RFC 8259, section 6).
    var isJSONNumber: Bool {
        var rest = Substring(self)
        func digits() -> Int {
            let count = rest.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == "-" { rest = rest.dropFirst() }
        let leadingZero = rest.first == "0"
        let whole = digits()
        guard whole > 0, !leadingZero || whole == 1 else { return false }
        if rest.first == "." {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first == "e" || rest.first == "E" {
            rest = rest.dropFirst()
            if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
