import SIPMessages
import Vocabulary

/// How many calls at once a gateway takes, as the body of its PUBLISH says; nil: any number.
///
/// The reference does not name a format, so the forms are ours: `capacity=N` as text, or the basic status of a
/// presence document (RFC 3863, section 4.1.4).
struct PublishedState: Equatable {
    var capacity: Int?

    /// The media types that are read, as a 415 lists them.
    static let accept: StaticString = "Accept: application/pidf+xml, application/x-tandem-capacity, text/plain\r\n"
    /// The only event package for which state is taken.
    static let event: StaticString = "presence"

    /// More calls than any gateway has are a mistake.
    private static let largestCapacity: UInt64 = 1_000_000

    init(capacity: Int?) { self.capacity = capacity }

    init(_ message: Message) throws(PublishRefusal) {
        if let encoding = message.first(.contentEncoding), !encoding.equalsIgnoringCase("identity") { throw .encodingUnsupported }
        guard let type = message.first(.contentType).flatMap({ ContentType($0) }) else { throw .typeUnsupported }
        let isApplication = type.type.equalsIgnoringCase("application")
        if isApplication, type.subtype.equalsIgnoringCase("pidf+xml") {
            guard let isOpen = BasicStatus.isOpen(in: message.body) else { throw .stateMalformed }
            capacity = isOpen ? nil : 0
        } else if isApplication && type.subtype.equalsIgnoringCase("x-tandem-capacity")
            || type.type.equalsIgnoringCase("text") && type.subtype.equalsIgnoringCase("plain")
        {
            let line = message.body.trimmed
            guard line.startsIgnoringCase(with: "capacity=") else { throw .stateMalformed }
            guard let value = line.from("capacity=".utf8.count).decimal, value <= PublishedState.largestCapacity else { throw .stateMalformed }
            capacity = Int(value)
        } else {
            throw .typeUnsupported
        }
    }
}

/// The basic status of a presence document.
enum BasicStatus {
    /// Whether one of its tuples is open; nil when none has a basic status that can be read. Nothing but the
    /// elements called `basic` is looked at, in any namespace; comments are passed over.
    static func isOpen(in document: Bytes) -> Bool? {
        var found: Bool?
        var position = 0
        while let at = document.firstIndex(of: UInt8(ascii: "<"), from: position) {
            let rest = document.from(at + 1)
            if rest.starts(with: "!--") {
                guard let end = endOfComment(in: document, from: at + 4) else { return nil }
                position = end
                continue
            }
            guard let close = document.firstIndex(of: UInt8(ascii: ">"), from: at) else { return nil }
            position = close + 1
            guard isBasic(document[(at + 1)..<close]) else { continue }
            guard let end = document.firstIndex(of: UInt8(ascii: "<"), from: position) else { return nil }
            let value = document[position..<end].trimmed
            if value.equals("open") { return true }
            guard value.equals("closed") else { return nil }
            found = false
        }
        return found
    }

    /// Whether a start tag, without its brackets, is that of an element `basic`.
    private static func isBasic(_ tag: Bytes) -> Bool {
        guard !tag.isEmpty, tag[0] != UInt8(ascii: "/") else { return false }
        var end = 0
        while end < tag.count, !tag[end].isWhitespace { end += 1 }
        let name = tag.upTo(end)
        if name.equals("basic") { return true }
        guard let colon = name.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return name.from(colon + 1).equals("basic")
    }

    private static func endOfComment(in document: Bytes, from start: Int) -> Int? {
        var position = start
        while let dash = document.firstIndex(of: UInt8(ascii: "-"), from: position) {
            if document.from(dash).starts(with: "-->") { return dash + 3 }
            position = dash + 1
        }
        return nil
    }
}

/// Why a PUBLISH is not carried out (RFC 3903, section 6), and how it is answered.
enum PublishRefusal: Error, Hashable, CaseIterable {
    case eventUnknown
    case conditionMalformed
    case conditionFailed
    case lifetimeTooBrief
    case stateMissing
    case typeUnsupported
    case encodingUnsupported
    case stateMalformed

    var status: Int {
        switch self {
        case .eventUnknown: 489
        case .conditionMalformed, .stateMissing, .stateMalformed: 400
        case .conditionFailed: 412
        case .lifetimeTooBrief: 423
        case .typeUnsupported, .encodingUnsupported: 415
        }
    }

    var reasonPhrase: StaticString {
        switch self {
        case .conditionMalformed: "Malformed SIP-If-Match Header Field"
        case .stateMissing: "No Body In An Initial PUBLISH"
        case .stateMalformed: "Body Names No Capacity"
        case .eventUnknown, .conditionFailed, .lifetimeTooBrief, .typeUnsupported, .encodingUnsupported: ReasonPhrase.of(status)
        }
    }

    /// What the peer needs to do better.
    var fields: StaticString {
        switch self {
        case .eventUnknown: "Allow-Events: presence\r\n"
        case .lifetimeTooBrief: "Min-Expires: 30\r\n"
        case .typeUnsupported: PublishedState.accept
        case .encodingUnsupported: "Accept-Encoding: identity\r\n"
        case .conditionMalformed, .conditionFailed, .stateMissing, .stateMalformed: ""
        }
    }
}
