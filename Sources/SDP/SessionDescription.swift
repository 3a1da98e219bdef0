import Vocabulary

/// A session description as it lies in a message's body: checked once, decoded where asked, nothing
/// copied (RFC 8866). Order and unknown lines stay as they are.
///
/// It borrows the body's bytes and is valid as long as they are. What RFC 8866 requires but peers leave
/// out without harm (`s=` and `t=`) is not missed.
public struct SessionDescription {
    public let text: Bytes
    /// The lines before the first `m=` line.
    public let sessionSection: Bytes
    private let mediaText: Bytes
    public let mediaCount: Int
    public let origin: Origin
    /// The `s=` line's value; empty when absent.
    public let name: Bytes

    /// Checks the whole description. Throws the first defect.
    public init(_ text: Bytes, limits: SDPLimits = SDPLimits()) throws(SDPDefect) {
        guard text.count <= limits.size else { throw .tooLarge }
        var check = DescriptionCheck(limits: limits)
        var lines = SDPLines(text)
        var firstMedia: Int? = nil
        while let line = lines.next() {
            if firstMedia == nil, line.type == UInt8(ascii: "m") { firstMedia = line.text.base - text.base }
            try check.take(line, number: lines.number)
        }
        if lines.isMalformed { throw .lineMalformed(line: lines.number) }
        try check.finish()
        guard let origin = check.origin else { throw .originMissing }
        self.text = text
        self.origin = origin
        name = check.name ?? .empty
        sessionSection = text.upTo(firstMedia ?? text.count)
        mediaText = text.from(firstMedia ?? text.count)
        mediaCount = check.mediaCount
    }

    /// The session section's attributes.
    public var attributes: AttributeList { AttributeList(sessionSection) }
    /// All lines in order.
    public var lines: SDPLines { SDPLines(text) }
    /// The session's `c=` line; a media description's own overrides it.
    public var connection: Connection? { SessionDescription.connection(in: sessionSection) }
    /// The direction for media that state none.
    public var direction: Direction { attributes.direction ?? .sendReceive }
    public func bandwidth(_ type: StaticString) -> UInt64? { SessionDescription.bandwidth(type, in: sessionSection) }

    /// The first `t=` line.
    public var time: SessionTime? {
        var lines = SDPLines(sessionSection)
        while let line = lines.next() { if line.type == UInt8(ascii: "t") { return SessionTime(line.value) } }
        return nil
    }

    /// The media descriptions in order.
    public var media: MediaList { MediaList(mediaText, sessionSection: sessionSection) }

    /// The media description at `index`, which must be below `mediaCount`.
    public func media(at index: Int) -> MediaDescription {
        precondition(index >= 0 && index < mediaCount, "no such media description")
        var list = media
        while let description = list.next() { if description.index == index { return description } }
        preconditionFailure("checked media descriptions are missing")
    }

    /// Whether every stream in use is held, one way or both (and there is one).
    public var isOnHold: Bool {
        var held = false
        var list = media
        while let description = list.next() {
            if description.isRejected { continue }
            if !description.isOnHold { return false }
            held = true
        }
        return held
    }

    static func connection(in section: Bytes) -> Connection? {
        var lines = SDPLines(section)
        while let line = lines.next() { if line.type == UInt8(ascii: "c") { return Connection(line.value) } }
        return nil
    }

    static func bandwidth(_ type: StaticString, in section: Bytes) -> UInt64? {
        var lines = SDPLines(section)
        while let line = lines.next() {
            if line.type == UInt8(ascii: "b"), let bandwidth = Bandwidth(line.value), bandwidth.type.equals(type) { return bandwidth.value }
        }
        return nil
    }
}

/// Cuts the media part of a description into its sections.
public struct MediaList {
    private let text: Bytes
    private let sessionSection: Bytes
    private var position = 0
    private var index = 0

    init(_ text: Bytes, sessionSection: Bytes) {
        self.text = text
        self.sessionSection = sessionSection
    }

    public mutating func next() -> MediaDescription? {
        guard position < text.count else { return nil }
        let rest = text.from(position)
        var lines = SDPLines(rest)
        var length = lines.next()?.text.count ?? rest.count
        while let line = lines.next(), line.type != UInt8(ascii: "m") { length += line.text.count }
        defer {
            position += length
            index += 1
        }
        return MediaDescription(rest.upTo(length), index: index, sessionSection: sessionSection)
    }
}
