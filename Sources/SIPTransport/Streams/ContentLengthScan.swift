import Vocabulary

/// Finds the Content-Length of a header section without parsing the rest (RFC 3261, section 20.14).
enum ContentLengthScan {
    /// The value, or why there is none. `header` holds the start line, the header fields and the empty line.
    static func value(in header: Bytes) -> Result<UInt64, StreamFramer.Violation> {
        var found: UInt64?
        var fields = HeaderFields(header)
        while let field = fields.next() {
            guard field.name.equalsIgnoringCase("content-length") || field.name.equalsIgnoringCase("l") else { continue }
            guard let value = field.value.decimal else { return .failure(.contentLengthInvalid) }
            if let found, found != value { return .failure(.contentLengthConflicting) }
            found = value
        }
        guard let found else { return .failure(.contentLengthMissing) }
        return .success(found)
    }
}

/// Walks the header fields of a header section, folded lines included (RFC 3261, section 7.3.1).
struct HeaderFields {
    struct Field {
        var name: Bytes
        /// Trimmed; a folded value still holds its line breaks.
        var value: Bytes
        /// The whole field, without the line break at its end.
        var line: Bytes
    }

    private let header: Bytes
    private var position: Int
    /// The request line or status line.
    let startLine: Bytes

    init(_ header: Bytes) {
        self.header = header
        let end = header.firstIndex(of: 0x0A) ?? header.count
        startLine = header.upTo(end).trimmed
        position = min(end + 1, header.count)
    }

    /// The next field that has a colon; nil at the empty line or the end.
    mutating func next() -> Field? {
        while position < header.count {
            let line = takeLine()
            if line.trimmed.isEmpty { return nil }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            return Field(name: line.upTo(colon).trimmed, value: line.from(colon + 1).trimmed, line: line)
        }
        return nil
    }

    /// A line with the lines folded onto it.
    private mutating func takeLine() -> Bytes {
        let begin = position
        repeat {
            let end = header.firstIndex(of: 0x0A, from: position) ?? header.count
            position = min(end + 1, header.count)
        } while position < header.count && (header[position] == 0x20 || header[position] == 0x09)
        var end = position
        while end > begin, header[end - 1] == 0x0A || header[end - 1] == 0x0D { end -= 1 }
        return header[begin..<end]
    }
}
