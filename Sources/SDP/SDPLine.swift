import Vocabulary

/// One `type=value` line (RFC 8866, section 5).
public struct SDPLine {
    public let type: UInt8
    public let value: Bytes
    /// The line with its end, as it stands in the description.
    public let text: Bytes
}

/// Reads a description line by line. A line ends with CRLF or LF; the last one may lack its end.
public struct SDPLines {
    private let text: Bytes
    private var position = 0
    /// Number of the line that `next` returned last, from 1.
    public private(set) var number = 0
    /// Set when reading stopped at a line that is no `type=value`.
    public private(set) var isMalformed = false

    public init(_ text: Bytes) { self.text = text }

    /// The next line, or nil at the end and at a malformed line. Blank lines at the very end are passed over.
    public mutating func next() -> SDPLine? {
        guard position < text.count, !isMalformed else { return nil }
        let start = position
        let newline = text.firstIndex(of: 0x0A, from: start)
        position = newline.map { $0 + 1 } ?? text.count
        var end = newline ?? text.count
        if end > start, text[end - 1] == 0x0D { end -= 1 }
        number += 1
        let line = text[start..<end]
        guard line.count >= 2, line[1] == UInt8(ascii: "="), line[0].isLetter else {
            isMalformed = !(line.isEmpty && onlyLineEndsFollow)
            position = text.count
            return nil
        }
        guard line.firstIndex(of: 0x00, or: 0x0D) == nil else {
            isMalformed = true
            return nil
        }
        return SDPLine(type: line[0], value: line.from(2), text: text[start..<position])
    }

    private var onlyLineEndsFollow: Bool {
        for i in position..<text.count where text[i] != 0x0D && text[i] != 0x0A { return false }
        return true
    }
}

/// Splits a line's value at single spaces; several spaces in a row count as one.
struct SDPWords {
    private let text: Bytes
    private var position = 0

    init(_ text: Bytes) { self.text = text }

    mutating func next() -> Bytes? {
        while position < text.count, text[position] == 0x20 { position += 1 }
        guard position < text.count else { return nil }
        let start = position
        position = text.firstIndex(of: 0x20, from: start) ?? text.count
        return text[start..<position]
    }

    /// What was not read yet, without spaces around it.
    var rest: Bytes { text.from(position).trimmed }
}
