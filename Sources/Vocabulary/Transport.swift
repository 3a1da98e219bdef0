/// The transport a SIP message travels on (RFC 3261, section 18).
public enum TransportKind: UInt8, Hashable, Sendable, CaseIterable {
    case udp, tcp, tls

    /// Whether the transport itself retransmits, so that SIP must not (RFC 3261, section 17).
    public var isReliable: Bool { self != .udp }
    /// The transport parameter of a URI, in lower case.
    public var name: StaticString {
        switch self {
        case .udp: "udp"
        case .tcp: "tcp"
        case .tls: "tls"
        }
    }
    /// The transport as it stands in a Via header field.
    public var viaName: StaticString {
        switch self {
        case .udp: "UDP"
        case .tcp: "TCP"
        case .tls: "TLS"
        }
    }
    public var defaultPort: UInt16 { self == .tls ? 5061 : 5060 }
}

/// The way a message came or is to go: which of our listeners, which peer, and for a stream which connection.
/// Answers go back through the flow that the request came in by (RFC 3261, section 18.2.2; RFC 3581).
public struct Flow: Hashable, Sendable {
    public var remote: NetworkAddress
    public var transport: TransportKind
    /// Index of the listener in the boot file's order.
    public var listener: UInt16
    /// The stream connection's number; 0 for datagrams, and for a stream that is still to be opened.
    public var connection: UInt32

    public init(transport: TransportKind, listener: UInt16, remote: NetworkAddress, connection: UInt32 = 0) {
        self.transport = transport
        self.listener = listener
        self.remote = remote
        self.connection = connection
    }
}

/// One socket that the switch listens on.
public struct ListenerDescription: Sendable, Hashable {
    public var transport: TransportKind
    /// The address bound.
    public var local: NetworkAddress
    /// The address written into Via and Contact (the public one behind a NAT); `local` unless configured.
    public var advertised: NetworkAddress
    /// Whether the socket is bound to every address and nobody said what to write: the shell then puts
    /// the address by which this host reaches others into `advertised`.
    public private(set) var advertisesByDefault: Bool

    public init(transport: TransportKind, local: NetworkAddress, advertised: NetworkAddress? = nil) {
        self.transport = transport
        self.local = local
        self.advertised = advertised ?? local
        advertisesByDefault = advertised == nil && local.isUnspecified
    }
}
