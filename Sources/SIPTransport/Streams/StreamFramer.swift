import Vocabulary

/// Cuts a byte stream into SIP messages by their Content-Length (RFC 3261, sections 7.5 and 18.3),
/// and finds the keepalives between them (RFC 5626, section 3.5.1).
///
/// Bytes go in as they come; `next()` says what stands at the front. A message stays at the front
/// until `consumeMessage()`, so that a receiver without room can look again later.
struct StreamFramer {
    struct Limits: Sendable {
        /// Longest header section with its empty line, in bytes.
        var headerBytes: Int
        /// Longest body, in bytes.
        var bodyBytes: Int
    }

    /// Why the end of a message cannot be told. Nothing after it can be read.
    enum Violation: Sendable, Equatable {
        case headerSectionTooLarge
        case contentLengthMissing
        case contentLengthInvalid
        /// Two Content-Length header fields that differ.
        case contentLengthConflicting
        case bodyTooLarge
    }

    enum Event: Equatable {
        /// More bytes are needed.
        case incomplete
        /// A double CRLF, to be answered with one CRLF. It is consumed.
        case keepalive
        /// The single CRLF that was expected. It is consumed.
        case pong
        /// A whole message of this many bytes.
        case message(length: Int)
        case violation(Violation)
    }

    private let limits: Limits
    private var buffer: [UInt8] = []
    /// Where the message at the front begins.
    private var start = 0
    /// Up to where the end of the header section has been looked for; always the beginning of a line.
    private var scanned = 0
    /// Empty lines since the last message or keepalive.
    private var emptyLines = 0
    /// A keepalive was sent and its answer has not come.
    private var expectsPong = false
    /// The length of the message at the front, when its header section is complete.
    private var messageLength: Int?
    private var violation: Violation?

    init(limits: Limits) { self.limits = limits }

    /// Whether a message has begun and is not yet whole, or a keepalive is half there.
    var holdsPartialMessage: Bool {
        guard start < buffer.count else { return false }
        guard let messageLength else { return true }
        return buffer.count - start < messageLength
    }

    /// Bytes held: of a message that is not whole, or not yet taken.
    var byteCount: Int { buffer.count - start }

    mutating func append(_ bytes: Bytes) {
        if start > 0 {
            buffer.removeSubrange(..<start)
            scanned -= start
            start = 0
        }
        buffer.append(contentsOf: bytes.buffer)
    }

    /// From now on a single CRLF between messages is the answer to a keepalive, once; or no longer.
    mutating func expectPong(_ expects: Bool) {
        expectsPong = expects
        if expects { emptyLines = 0 }
    }

    mutating func next() -> Event {
        if let violation { return .violation(violation) }
        if messageLength == nil, let event = skipEmptyLines() { return event }
        if messageLength == nil, let failure = findMessageLength() {
            violation = failure
            return .violation(failure)
        }
        guard let messageLength, buffer.count - start >= messageLength else { return .incomplete }
        return .message(length: messageLength)
    }

    /// The message at the front, or after a violation what there is of its header section.
    func withFront<R>(_ body: (Bytes) -> R) -> R {
        buffer.withBytes { bytes in
            body(bytes[start..<min(bytes.count, start + (messageLength ?? min(bytes.count - start, limits.headerBytes)))])
        }
    }

    /// Removes the whole message at the front.
    mutating func consumeMessage() {
        guard let messageLength, buffer.count - start >= messageLength else { return }
        start += messageLength
        scanned = start
        self.messageLength = nil
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 16 * 1024)
            start = 0
            scanned = 0
        }
    }

    // MARK: -

    /// Passes the empty lines before a message; not nil when they are a keepalive or its answer.
    private mutating func skipEmptyLines() -> Event? {
        while hasEmptyLine(at: start) {
            if expectsPong, emptyLines == 0 {
                // Two at once are the peer's own keepalive. Half of the second: the next byte tells.
                if buffer.count - start == 3, buffer[start + 2] == 0x0D { return .incomplete }
                if !hasEmptyLine(at: start + 2) {
                    expectsPong = false
                    start += 2
                    scanned = start
                    return .pong
                }
            }
            start += 2
            scanned = start
            emptyLines += 1
            if emptyLines == 2 {
                emptyLines = 0
                return .keepalive
            }
        }
        return nil
    }

    private func hasEmptyLine(at position: Int) -> Bool {
        position + 1 < buffer.count && buffer[position] == 0x0D && buffer[position + 1] == 0x0A
    }

    /// Looks for the end of the header section and sets `messageLength` from it.
    private mutating func findMessageLength() -> Violation? {
        let isHalfEmptyLine = buffer.count - start == 1 && buffer[start] == 0x0D
        guard start < buffer.count, !isHalfEmptyLine else { return nil }
        emptyLines = 0
        let (end, scannedTo) = buffer.withBytes { StreamFramer.endOfHeaderSection($0, from: scanned) }
        scanned = scannedTo
        guard let end else { return buffer.count - start > limits.headerBytes ? .headerSectionTooLarge : nil }
        guard end - start <= limits.headerBytes else { return .headerSectionTooLarge }
        switch buffer.withBytes({ ContentLengthScan.value(in: $0[start..<end]) }) {
        case .failure(let failure): return failure
        case .success(let length):
            guard length <= UInt64(limits.bodyBytes) else { return .bodyTooLarge }
            messageLength = end - start + Int(length)
            return nil
        }
    }

    /// The offset after the empty line that ends the header section, and where to look on when there
    /// is none yet: the beginning of the last, incomplete line.
    private static func endOfHeaderSection(_ bytes: Bytes, from begin: Int) -> (end: Int?, scanned: Int) {
        var line = begin
        while let feed = bytes.firstIndex(of: 0x0A, from: line) {
            let isEmpty = feed == line || (feed == line + 1 && bytes[line] == 0x0D)
            line = feed + 1
            if isEmpty { return (line, line) }
        }
        return (nil, line)
    }
}

extension StreamFramer.Violation: Error {}
