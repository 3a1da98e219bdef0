import Vocabulary

/// One `m=` line with the lines that belong to it (RFC 8866, section 5.14), a view of the description's bytes.
public struct MediaDescription {
    /// Position among the media descriptions, from 0.
    public let index: Int
    /// The section's lines, the `m=` line first.
    public let text: Bytes
    /// `audio`, `video`, `image`, …
    public let type: Bytes
    /// 0 rejects the stream (RFC 3264, section 6), or offers it disabled.
    public let port: UInt16
    /// Number of consecutive port pairs, 1 when not given.
    public let portCount: Int
    /// `RTP/AVP`, `RTP/SAVP`, `udptl`, …
    public let transport: Bytes
    /// The formats as written, separated by spaces: payload types for RTP.
    public let formats: Bytes
    private let sessionSection: Bytes

    /// `text` begins with the `m=` line.
    init?(_ text: Bytes, index: Int, sessionSection: Bytes) {
        var lines = SDPLines(text)
        guard let line = lines.next(), line.type == UInt8(ascii: "m") else { return nil }
        self.init(line: line.value, text: text, index: index, sessionSection: sessionSection)
    }

    init?(line: Bytes, text: Bytes, index: Int, sessionSection: Bytes) {
        var words = SDPWords(line)
        guard let type = words.next(), let ports = words.next(), let transport = words.next() else { return nil }
        let slash = ports.firstIndex(of: UInt8(ascii: "/"))
        guard let port = ports.upTo(slash ?? ports.count).decimal, port <= 65_535 else { return nil }
        var portCount: UInt64 = 1
        if let slash {
            guard let count = ports.from(slash + 1).decimal, (1...65_535).contains(count) else { return nil }
            portCount = count
        }
        guard !words.rest.isEmpty else { return nil }
        self.index = index
        self.text = text
        self.type = type
        self.port = UInt16(port)
        self.portCount = Int(portCount)
        self.transport = transport
        formats = words.rest
        self.sessionSection = sessionSection
    }

    public var isRejected: Bool { port == 0 }
    public var lines: SDPLines { SDPLines(text) }
    public var attributes: AttributeList { AttributeList(text) }

    /// The `c=` line of this section, else the session's.
    public var connection: Connection? { SessionDescription.connection(in: text) ?? SessionDescription.connection(in: sessionSection) }

    /// Where media of this stream is to be sent; nil for a host name.
    public var address: NetworkAddress? {
        connection?.numeric.map {
            var address = $0
            address.port = port
            return address
        }
    }

    /// Bandwidth stated for this stream under this type, e.g. `AS`.
    public func bandwidth(_ type: StaticString) -> UInt64? { SessionDescription.bandwidth(type, in: text) }

    /// The direction as written, here or for the session; `sendrecv` when none is (RFC 8866, section 6.7).
    public var direction: Direction { attributes.direction ?? AttributeList(sessionSection).direction ?? .sendReceive }

    /// The direction with an unspecified address (`0.0.0.0`) taken as not receiving (RFC 3264, section 8.4).
    public var effectiveDirection: Direction {
        let written = direction
        return connection?.isUnspecified == true ? Direction(sends: written.sends, receives: false) : written
    }

    /// Whether the stream is in use and does not flow both ways.
    public var isOnHold: Bool { !isRejected && effectiveDirection != .sendReceive }

    /// Milliseconds of media in a packet; this section's value or the session's.
    public var packetTime: Int? {
        (attributes.first("ptime") ?? AttributeList(sessionSection).first("ptime"))?.trimmed.decimal.flatMap { Int(exactly: $0) }
    }
}

// MARK: - Formats

extension MediaDescription {
    /// The formats one after the other.
    public struct FormatList {
        private var words: SDPWords
        init(_ formats: Bytes) { words = SDPWords(formats) }
        public mutating func next() -> Bytes? { words.next() }
    }

    public var formatList: FormatList { FormatList(formats) }

    public func hasFormat(_ format: Bytes) -> Bool {
        var list = formatList
        while let candidate = list.next() { if candidate.equals(format) { return true } }
        return false
    }

    /// What a payload type stands for: its `rtpmap`, or its assigned meaning.
    public func rtpMap(of format: Bytes) -> RTPMap? {
        if let text = attributes.value("rtpmap", of: format) { return RTPMap(text) }
        return format.decimal.flatMap { RTPMap.assigned($0) }
    }

    /// The parameters of a format (`a=fmtp:`).
    public func formatParameters(of format: Bytes) -> Bytes? { attributes.value("fmtp", of: format) }

    /// Whether a format of this section means the same as one of the other section.
    public func offers(_ format: Bytes, of other: MediaDescription) -> Bool {
        guard let codec = other.rtpMap(of: format) else { return hasFormat(format) }
        var list = formatList
        while let candidate = list.next() {
            if let own = rtpMap(of: candidate), own.isSameCodec(as: codec) { return true }
        }
        return false
    }
}
