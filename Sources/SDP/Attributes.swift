import Vocabulary

/// An `a=` line: a property, or a name with a value (RFC 8866, section 5.13).
public struct Attribute {
    public let name: Bytes
    /// Empty for a property.
    public let value: Bytes

    init?(_ text: Bytes) {
        let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
        guard colon > 0 else { return nil }
        name = text.upTo(colon)
        value = colon < text.count ? text.from(colon + 1) : .empty
    }
}

/// The attributes of one section, in order.
public struct AttributeList {
    private var lines: SDPLines

    init(_ section: Bytes) { lines = SDPLines(section) }

    public mutating func next() -> Attribute? {
        while let line = lines.next() {
            if line.type == UInt8(ascii: "a"), let attribute = Attribute(line.value) { return attribute }
        }
        return nil
    }

    /// The value of the first attribute with this name (names are case-sensitive); empty for a property, nil when absent.
    public func first(_ name: StaticString) -> Bytes? {
        var copy = self
        while let attribute = copy.next() {
            if attribute.name.equals(name) { return attribute.value }
        }
        return nil
    }

    var direction: Direction? {
        var copy = self
        while let attribute = copy.next() {
            if let direction = Direction(attribute: attribute.name) { return direction }
        }
        return nil
    }

    /// The value of `a=name:FORMAT value`.
    func value(_ name: StaticString, of format: Bytes) -> Bytes? {
        var copy = self
        while let attribute = copy.next() {
            guard attribute.name.equals(name) else { continue }
            var words = SDPWords(attribute.value)
            if let first = words.next(), first.equals(format) { return words.rest }
        }
        return nil
    }
}

/// What an RTP payload type stands for (RFC 8866, section 6.6).
public struct RTPMap {
    public let encodingName: Bytes
    /// Hertz.
    public let clockRate: UInt32
    /// Channels for audio, as written; empty when absent.
    public let parameters: Bytes

    init?(_ text: Bytes) {
        guard let slash = text.firstIndex(of: UInt8(ascii: "/")), slash > 0 else { return nil }
        let rest = text.from(slash + 1)
        let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.count
        guard let rate = rest.upTo(end).trimmed.decimal, let clockRate = UInt32(exactly: rate) else { return nil }
        encodingName = text.upTo(slash)
        self.clockRate = clockRate
        parameters = end < rest.count ? rest.from(end + 1) : .empty
    }

    private init(_ name: StaticString, _ clockRate: UInt32) {
        encodingName = Bytes(name)
        self.clockRate = clockRate
        parameters = .empty
    }

    /// The payload types that mean something without `rtpmap` (RFC 3551, section 6).
    static func assigned(_ payloadType: UInt64) -> RTPMap? {
        switch payloadType {
        case 0: RTPMap("PCMU", 8_000)
        case 3: RTPMap("GSM", 8_000)
        case 4: RTPMap("G723", 8_000)
        case 8: RTPMap("PCMA", 8_000)
        case 9: RTPMap("G722", 8_000)
        case 12: RTPMap("QCELP", 8_000)
        case 13: RTPMap("CN", 8_000)
        case 15: RTPMap("G728", 8_000)
        case 18: RTPMap("G729", 8_000)
        case 26: RTPMap("JPEG", 90_000)
        case 31: RTPMap("H261", 90_000)
        case 32: RTPMap("MPV", 90_000)
        case 34: RTPMap("H263", 90_000)
        default: nil
        }
    }

    /// Encoding names compare without case; one channel is the default.
    public func isSameCodec(as other: RTPMap) -> Bool {
        func channels(_ map: RTPMap) -> UInt64 { map.parameters.isEmpty ? 1 : map.parameters.decimal ?? 0 }
        return encodingName.equalsIgnoringCase(other.encodingName) && clockRate == other.clockRate && channels(self) == channels(other)
    }
}
