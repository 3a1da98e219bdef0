/// What is wrong with a message, and how a request with that fault is answered.
public enum MessageDefect: Error, Hashable, Sendable {
    // Structure.
    case empty
    case startLineMalformed
    case versionUnsupported
    case headerMalformed
    case lineBreakMalformed
    case tooLarge
    case tooManyHeaders
    case headerTooLong
    case uriTooLong
    case uriMalformed
    case uriSchemeUnsupported
    case statusMalformed
    // Header fields that every message needs.
    case viaMissing
    case viaMalformed
    case fromMissing
    case fromMalformed
    case toMissing
    case toMalformed
    case callIDMissing
    case callIDMalformed
    case cseqMissing
    case cseqMalformed
    case cseqMethodMismatch
    case headerRepeated
    // Other header fields.
    case maxForwardsMalformed
    case contentLengthMalformed
    case contentLengthConflicting
    case bodyTruncated
    case contactMalformed
    case routeMalformed
    case expiresMalformed
    case requireMalformed

    /// The status a request with this defect is answered with, if it can be answered.
    public var status: Int {
        switch self {
        case .versionUnsupported: 505
        case .tooLarge: 513
        case .uriTooLong: 414
        case .uriSchemeUnsupported: 416
        default: 400
        }
    }

    /// Reason phrase: says what is wrong in the answer itself.
    public var reasonPhrase: StaticString {
        switch self {
        case .empty: "Empty Message"
        case .startLineMalformed: "Malformed Request Line"
        case .versionUnsupported: "Version Not Supported"
        case .headerMalformed: "Malformed Header Field"
        case .lineBreakMalformed: "Malformed Line Break"
        case .tooLarge: "Message Too Large"
        case .tooManyHeaders: "Too Many Header Fields"
        case .headerTooLong: "Header Field Too Long"
        case .uriTooLong: "Request-URI Too Long"
        case .uriMalformed: "Malformed Request-URI"
        case .uriSchemeUnsupported: "Unsupported URI Scheme"
        case .statusMalformed: "Malformed Status Line"
        case .viaMissing: "Missing Via Header Field"
        case .viaMalformed: "Malformed Via Header Field"
        case .fromMissing: "Missing From Header Field"
        case .fromMalformed: "Malformed From Header Field"
        case .toMissing: "Missing To Header Field"
        case .toMalformed: "Malformed To Header Field"
        case .callIDMissing: "Missing Call-ID Header Field"
        case .callIDMalformed: "Malformed Call-ID Header Field"
        case .cseqMissing: "Missing CSeq Header Field"
        case .cseqMalformed: "Malformed CSeq Header Field"
        case .cseqMethodMismatch: "CSeq Method Does Not Match"
        case .headerRepeated: "Repeated Header Field"
        case .maxForwardsMalformed: "Malformed Max-Forwards Header Field"
        case .contentLengthMalformed: "Malformed Content-Length Header Field"
        case .contentLengthConflicting: "Conflicting Content-Length Header Fields"
        case .bodyTruncated: "Body Shorter Than Content-Length"
        case .contactMalformed: "Malformed Contact Header Field"
        case .routeMalformed: "Malformed Route Header Field"
        case .expiresMalformed: "Malformed Expires Header Field"
        case .requireMalformed: "Malformed Require Header Field"
        }
    }
}
