import Vocabulary

/// What is asked of the name servers: all records of one type that belong to a name.
public struct DNSQuestion: Hashable, Sendable {
    /// The types that locating a SIP server needs, with their numbers on the wire.
    public enum RecordType: UInt16, Hashable, Sendable, CaseIterable {
        case a = 1
        case aaaa = 28
        case srv = 33
        case naptr = 35
    }

    /// In lower case, without the dot at the end.
    public var name: String
    public var type: RecordType

    public init(_ name: String, _ type: RecordType) {
        self.name = name
        self.type = type
    }
}

/// One record of an answer.
public enum DNSRecord: Hashable, Sendable {
    /// Of an A or AAAA record; the port is 0.
    case address(NetworkAddress)
    case server(SRVRecord)
    case rule(NAPTRRecord)
}

/// Where a service is offered (RFC 2782).
public struct SRVRecord: Hashable, Sendable {
    /// Lower is tried first.
    public var priority: UInt16
    /// The share of the requests among servers of one priority.
    public var weight: UInt16
    public var port: UInt16
    /// A host name in lower case; empty for the root, which says that the service is not offered.
    public var target: String

    public init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.target = target
    }
}

/// Which services a domain offers, and where their records are (RFC 3403, section 4).
public struct NAPTRRecord: Hashable, Sendable {
    /// Lower is to be used, whatever the others say.
    public var order: UInt16
    /// Among records of one order, lower is preferred.
    public var preference: UInt16
    public var flags: String
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`; others are not for us.
    public var service: String
    /// SIP uses none: a record with one is not for us.
    public var hasRegularExpression: Bool
    /// In lower case; empty for the root.
    public var replacement: String

    public init(
        order: UInt16, preference: UInt16, flags: String, service: String, hasRegularExpression: Bool = false, replacement: String
    ) {
        self.order = order
        self.preference = preference
        self.flags = flags
        self.service = service
        self.hasRegularExpression = hasRegularExpression
        self.replacement = replacement
    }
}
