import CByteScan
import Vocabulary

/// Finds the parts of a SIP message in its buffer: line ends and colons by vector search, no
/// allocation, no decoding. One parser serves one thread and is reused for every message.
public struct MessageParser: ~Copyable {
    private let fields: UnsafeMutablePointer<Message.Field>
    public let limits: MessageLimits

    public init(limits: MessageLimits = MessageLimits()) {
        self.limits = limits
        fields = .allocate(capacity: limits.headerCount)
    }

    deinit { fields.deallocate() }

    /// How the end of the body is known (RFC 3261, section 18.3).
    public enum Framing: Sendable {
        /// A datagram: without Content-Length the body reaches to its end; what lies beyond Content-Length is ignored.
        case datagram
        /// A stream's message, already cut by its Content-Length; without one it has no body.
        case stream
    }

    /// Parses one message. A message with a defect is still returned as far as it could be read, so
    /// that a request can be answered. Nil: not SIP at all (empty, keepalive, no start line), to be dropped.
    public mutating func parse(_ whole: Bytes, framing: Framing = .datagram) -> Message? {
        var bytes = whole
        // Blank lines before the start line are ignored (RFC 3261, section 7.5).
        var skip = 0
        while skip < bytes.count, bytes[skip] == 0x0D || bytes[skip] == 0x0A { skip += 1 }
        if skip > 0 { bytes = bytes.from(skip) }
        guard bytes.count >= 12 else { return nil }

        var defect: MessageDefect? = bytes.count > limits.messageSize ? .tooLarge : nil
        func note(_ found: MessageDefect) { if defect == nil { defect = found } }

        var position = 0
        let firstLine = line(bytes, &position, note)
        guard let startLine = parseStartLine(firstLine, note) else { return nil }

        var count = 0
        var contentLength: Int? = nil
        var sawEnd = false
        while position < bytes.count {
            let start = position
            var value = line(bytes, &position, note)
            if value.isEmpty {
                sawEnd = true
                break
            }
            // A line that begins with white space continues the one before (RFC 3261, section 7.3.1).
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
                let more = line(bytes, &position, note)
                value = bytes[start..<offset(of: more, in: bytes) + more.count]
            }
            if value.count > limits.headerLength {
                note(.headerTooLong)
                continue
            }
            guard let colon = value.firstIndex(of: UInt8(ascii: ":")), colon > 0 else {
                note(.headerMalformed)
                continue
            }
            var nameLength = colon
            while nameLength > 0, value[nameLength - 1] == 0x20 || value[nameLength - 1] == 0x09 { nameLength -= 1 }
            let writtenName = value.upTo(nameLength)
            let name = HeaderName(writtenName)
            if name == .other, !writtenName.isToken {
                note(.headerMalformed)
                continue
            }
            guard count < limits.headerCount else {
                note(.tooManyHeaders)
                break
            }
            let content = value.from(colon + 1).trimmed
            fields[count] = Message.Field(
                nameOffset: UInt32(start), nameLength: UInt32(nameLength),
                valueOffset: UInt32(offset(of: content, in: bytes)), valueLength: UInt32(content.count), name: name)
            count += 1
            if name == .contentLength {
                guard let length = content.decimal, length <= UInt64(Int32.max) else {
                    note(.contentLengthMalformed)
                    continue
                }
                if let known = contentLength, known != Int(length) { note(.contentLengthConflicting) }
                contentLength = Int(length)
            }
        }
        if !sawEnd, position >= bytes.count, defect == nil, contentLength ?? 0 > 0 { note(.bodyTruncated) }

        let available = bytes.count - position
        // A stream has no other end of message than Content-Length: without it there is no body.
        var bodyLength = framing == .datagram ? available : 0
        if let contentLength {
            if contentLength > available { note(.bodyTruncated) }
            bodyLength = min(contentLength, available)
        }
        return Message(
            bytes: bytes, startLine: startLine, body: bytes[position..<position + bodyLength], fields: UnsafePointer(fields),
            fieldCount: count, defect: defect)
    }

    private func offset(of part: Bytes, in whole: Bytes) -> Int { part.base - whole.base }

    /// The line at `position` without its end; `position` moves behind the end. CRLF ends a line; a
    /// single LF is taken as well. A CR elsewhere is a defect: some peers would see a line end there.
    private func line(_ bytes: Bytes, _ position: inout Int, _ note: (MessageDefect) -> Void) -> Bytes {
        let start = position
        var search = start
        while let end = bytes.firstIndex(of: 0x0D, or: 0x0A, from: search) {
            if bytes[end] == 0x0A {
                position = end + 1
                return bytes[start..<end]
            }
            if end + 1 < bytes.count, bytes[end + 1] == 0x0A {
                position = end + 2
                return bytes[start..<end]
            }
            note(.lineBreakMalformed)
            search = end + 1
        }
        position = bytes.count
        return bytes.from(start)
    }

    private func parseStartLine(_ line: Bytes, _ note: (MessageDefect) -> Void) -> Message.StartLine? {
        if line.startsIgnoringCase(with: "SIP/") {
            return parseStatusLine(line, note)
        }
        guard let space = line.firstIndex(of: 0x20), space > 0 else { return nil }
        let name = line.upTo(space)
        // The version is the last word; what lies between is the Request-URI.
        var lastSpace = line.count - 1
        while lastSpace > space, line[lastSpace] != 0x20 { lastSpace -= 1 }
        let version = line.from(lastSpace + 1)
        guard name.isToken, version.startsIgnoringCase(with: "SIP/") else {
            // "INVITE sip:a@b SIP/2.0  " has its version before trailing white space.
            guard name.isToken, line.trimmed.count < line.count else { return nil }
            note(.startLineMalformed)
            return .request(method: Method(name), name: name, uri: line.from(space).trimmed)
        }
        if !version.equalsIgnoringCase("SIP/2.0") { note(.versionUnsupported) }
        guard lastSpace > space + 1 else {
            note(.startLineMalformed)
            return .request(method: Method(name), name: name, uri: .empty)
        }
        let uri = line[space + 1..<lastSpace]
        if uri.count > limits.uriLength { note(.uriTooLong) }
        if uri.firstIndex(of: 0x20, or: 0x09) != nil { note(.startLineMalformed) }
        return .request(method: Method(name), name: name, uri: uri)
    }

    private func parseStatusLine(_ line: Bytes, _ note: (MessageDefect) -> Void) -> Message.StartLine? {
        if !line.startsIgnoringCase(with: "SIP/2.0 ") { note(.versionUnsupported) }
        guard let space = line.firstIndex(of: 0x20), line.count >= space + 4, let status = line[space + 1..<space + 4].decimal else {
            note(.statusMalformed)
            return .response(status: 0, reason: .empty)
        }
        let rest = line.from(space + 4)
        if status < 100 || status > 699 || !(rest.isEmpty || rest[0] == 0x20) { note(.statusMalformed) }
        return .response(status: Int(status), reason: rest.isEmpty ? rest : rest.from(1))
    }
}
