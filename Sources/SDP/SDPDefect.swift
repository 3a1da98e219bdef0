/// What makes a session description unusable, with the line it was met in (counted from 1).
public enum SDPDefect: Error, Hashable, Sendable {
    case tooLarge
    case tooManyLines(line: Int)
    case tooManyMedia(line: Int)
    /// Not of the form `type=value`, or with a NUL or a lone CR in it.
    case lineMalformed(line: Int)
    /// The first line is not `v=`.
    case versionMissing
    case versionUnsupported(line: Int)
    case originMissing
    case originMalformed(line: Int)
    case connectionMalformed(line: Int)
    /// A media description in use for which neither it nor the session names an address.
    case connectionMissing(line: Int)
    case bandwidthMalformed(line: Int)
    case timeMalformed(line: Int)
    case attributeMalformed(line: Int)
    case mediaMalformed(line: Int)
    /// `v=`, `o=`, `s=` or a second `c=` where only one may stand.
    case lineRepeated(line: Int)

    /// A short text for a Warning header field or a trace.
    public var text: StaticString {
        switch self {
        case .tooLarge: "Session Description Too Large"
        case .tooManyLines: "Too Many Lines"
        case .tooManyMedia: "Too Many Media Descriptions"
        case .lineMalformed: "Malformed Line"
        case .versionMissing: "Missing Version"
        case .versionUnsupported: "Unsupported Version"
        case .originMissing: "Missing Origin"
        case .originMalformed: "Malformed Origin"
        case .connectionMalformed: "Malformed Connection"
        case .connectionMissing: "Missing Connection"
        case .bandwidthMalformed: "Malformed Bandwidth"
        case .timeMalformed: "Malformed Time"
        case .attributeMalformed: "Malformed Attribute"
        case .mediaMalformed: "Malformed Media Description"
        case .lineRepeated: "Repeated Line"
        }
    }
}

/// Bounds on a session description from the network.
public struct SDPLimits: Sendable {
    /// Bytes of the whole description.
    public var size = 16_384
    /// Lines, those of all media counted.
    public var lines = 512
    /// Media descriptions (`m=` lines).
    public var media = 16

    public init() {}
}
