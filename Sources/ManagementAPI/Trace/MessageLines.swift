import Vocabulary

/// Walks over the header fields of a kept message as they stand on the wire, folded lines and all.
///
/// It is for indexes and views: it reads whatever somebody sent, says what looks like a field, and
/// checks nothing. The switch itself reads messages with `SIPMessages`.
public struct MessageLines {
    public struct Field {
        /// As written, without the white space around it.
        public let name: Bytes
        /// Where the value stands in the message, with its folds, without the line's end.
        public let range: Range<Int>
        /// Without the white space around it.
        public let value: Bytes
    }

    private let message: Bytes
    private var position: Int
    /// The first line, without its end.
    public let startLine: Bytes

    public init(_ message: Bytes) {
        self.message = message
        let end = MessageLines.endOfLine(message, from: 0)
        startLine = message.upTo(end).trimmed
        position = min(end + 1, message.count)
    }

    /// Begins at the first byte, for a text without a first line of its own.
    public init(fieldsOf text: Bytes) {
        message = text
        startLine = .empty
        position = 0
    }

    /// The next field; nil at the empty line before the body, and at the message's end.
    public mutating func next() -> Field? {
        while let line = nextLine() { if let field = field(line) { return field } }
        return nil
    }

    /// Where the next field stands, or what stands in its place; nil as `next`.
    private mutating func nextLine() -> Range<Int>? {
        guard position < message.count else { return nil }
        let start = position
        let end = endOfField()
        return start == end || message[start] <= 0x20 && message[start..<end].trimmed.isEmpty ? nil : start..<end
    }

    /// Nil where no colon stands.
    private func field(_ line: Range<Int>) -> Field? {
        guard let colon = message[line].firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let value = line.lowerBound + colon + 1..<line.upperBound
        return Field(name: message[line].upTo(colon).trimmed, range: value, value: message[value].trimmed)
    }

    /// Where the body begins; to be asked when `next` has answered nil.
    public var body: Bytes { message.from(position) }

    /// The first value of a field by its long name and, where there is one, its compact name.
    public static func first(_ name: StaticString, compact: StaticString = "", in message: Bytes) -> Bytes? {
        // A look at its first letter passes over most lines. Letters differ from their capitals in one bit.
        func initial(_ name: StaticString) -> UInt8? { name.utf8CodeUnitCount > 0 ? name.utf8Start.pointee | 0x20 : nil }
        let (long, short) = (initial(name), initial(compact))
        var lines = MessageLines(message)
        while let line = lines.nextLine() {
            let first = message[line.lowerBound] | 0x20
            guard first == long || first == short || first <= 0x20, let field = lines.field(line) else { continue }
            if field.name.equalsIgnoringCase(name) || !field.name.isEmpty && field.name.equalsIgnoringCase(compact) { return field.value }
        }
        return nil
    }

    /// The Call-ID; nil when the message has none (RFC 3261, section 20.8).
    public static func callID(of message: Bytes) -> Bytes? {
        first("Call-ID", compact: "i", in: message).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Passes over a line and those that continue it (RFC 3261, section 7.3.1); returns where its text ends.
    private mutating func endOfField() -> Int {
        var end = MessageLines.endOfLine(message, from: position)
        let isEmpty = position == end || message[position] <= 0x20 && message[position..<end].trimmed.isEmpty
        while !isEmpty, end + 1 < message.count, message[end + 1] == 0x20 || message[end + 1] == 0x09 {
            end = MessageLines.endOfLine(message, from: end + 1)
        }
        position = min(end + 1, message.count)
        return end > 0 && end <= message.count && message[end - 1] == 0x0D ? end - 1 : end
    }

    /// Where the line's LF stands, or the message's end.
    private static func endOfLine(_ message: Bytes, from start: Int) -> Int { message.firstIndex(of: 0x0A, from: start) ?? message.count }
}
