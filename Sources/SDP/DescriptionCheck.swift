import Vocabulary

/// Takes the lines of a description in order and refuses what does not fit (RFC 8866, section 5).
struct DescriptionCheck {
    let limits: SDPLimits
    private(set) var origin: Origin?
    private(set) var name: Bytes?
    private(set) var mediaCount = 0
    private var sessionHasConnection = false
    /// Line of the `m=` section being read that is in use and has no `c=` yet; 0 when there is none.
    private var unconnectedMedia = 0

    init(limits: SDPLimits) { self.limits = limits }

    mutating func take(_ line: SDPLine, number: Int) throws(SDPDefect) {
        guard number <= limits.lines else { throw .tooManyLines(line: number) }
        if number == 1 {
            guard line.type == UInt8(ascii: "v") else { throw .versionMissing }
            guard line.value.trimmed.equals("0") else { throw .versionUnsupported(line: number) }
            return
        }
        switch line.type {
        case UInt8(ascii: "v"): throw .lineRepeated(line: number)
        case UInt8(ascii: "o"):
            guard origin == nil, mediaCount == 0 else { throw .lineRepeated(line: number) }
            guard let value = Origin(line.value) else { throw .originMalformed(line: number) }
            origin = value
        case UInt8(ascii: "s"):
            guard name == nil, mediaCount == 0 else { throw .lineRepeated(line: number) }
            name = line.value
        case UInt8(ascii: "c"): try takeConnection(line.value, number: number)
        case UInt8(ascii: "b"): if Bandwidth(line.value) == nil { throw .bandwidthMalformed(line: number) }
        case UInt8(ascii: "t"): if SessionTime(line.value) == nil { throw .timeMalformed(line: number) }
        case UInt8(ascii: "a"): if Attribute(line.value) == nil { throw .attributeMalformed(line: number) }
        case UInt8(ascii: "m"): try takeMedia(line, number: number)
        default: break
        }
    }

    mutating func finish() throws(SDPDefect) {
        if unconnectedMedia > 0 { throw .connectionMissing(line: unconnectedMedia) }
        if origin == nil { throw .originMissing }
    }

    private mutating func takeConnection(_ value: Bytes, number: Int) throws(SDPDefect) {
        guard Connection(value) != nil else { throw .connectionMalformed(line: number) }
        if mediaCount == 0 {
            if sessionHasConnection { throw .lineRepeated(line: number) }
            sessionHasConnection = true
        } else {
            // Layered multicast may name several addresses for one medium; the first counts.
            unconnectedMedia = 0
        }
    }

    private mutating func takeMedia(_ line: SDPLine, number: Int) throws(SDPDefect) {
        if unconnectedMedia > 0 { throw .connectionMissing(line: unconnectedMedia) }
        guard mediaCount < limits.media else { throw .tooManyMedia(line: number) }
        guard let media = MediaDescription(line: line.value, text: line.text, index: mediaCount, sessionSection: .empty) else {
            throw .mediaMalformed(line: number)
        }
        mediaCount += 1
        unconnectedMedia = sessionHasConnection || media.isRejected ? 0 : number
    }
}
