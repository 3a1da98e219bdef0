import Vocabulary

/// A customer's gateway: calls come in through it. Recognised by the source address of its requests.
public struct MappingGateway: Sendable, Hashable {
    public var name: String
    /// Source addresses; port 0 takes any port of that host.
    public var addresses: [NetworkAddress]
    /// Decides among gateways with the same address: the lower number takes the call.
    public var priority: Int
    /// A locked gateway's calls are refused (`lockType` 3).
    public var locked: Bool
    /// Whether a redirection (3xx) of a vendor is followed for this customer's calls.
    public var followRedirects: Bool
    /// Name of a `Registration`: calls that arrive at its Contact are taken for this gateway, whatever
    /// address they come from. `addresses` may then be empty.
    public var registration: String?
    /// Whether a session timer (RFC 4028) may run with it.
    public var sessionTimer = true
    /// Longest call in seconds; nil: no limit of its own.
    public var maximumDuration: Int?
    /// Seconds between in-dialog OPTIONS to a peer without session timer; nil: none are sent.
    public var probeInterval: Int?

    public init(name: String, addresses: [NetworkAddress], priority: Int = 10, locked: Bool = false, followRedirects: Bool = false) {
        self.name = name
        self.addresses = addresses
        self.priority = priority
        self.locked = locked
        self.followRedirects = followRedirects
    }
}

/// A vendor's gateway: calls go out through it.
public struct RoutingGateway: Sendable, Hashable {
    public var name: String
    /// Where INVITEs are sent; the first is used until several addresses are checked (port already filled in).
    public var addresses: [NetworkAddress]
    public var transport: TransportKind
    /// Callee prefixes it takes; the empty prefix takes any number.
    public var prefixes: [String]
    /// Lower goes first.
    public var priority: Int
    public var locked: Bool
    /// Whether an INVITE too large for one datagram goes by TCP (RFC 3261, section 18.1.1), and by UDP
    /// only when that fails. Otherwise it is sent by UDP and counted.
    public var streamForLargeRequests = false
    /// Name of the `Registration` through which its calls go: with that account's identity, by its proxy
    /// and flow. `addresses` may then be empty.
    public var registration: String?
    /// Whether a session timer (RFC 4028) may run with it.
    public var sessionTimer = true
    /// Longest call in seconds; nil: no limit of its own.
    public var maximumDuration: Int?
    /// Seconds between in-dialog OPTIONS to a peer without session timer; nil: none are sent.
    public var probeInterval: Int?

    public init(
        name: String, addresses: [NetworkAddress], transport: TransportKind = .udp, prefixes: [String] = [""],
        priority: Int = 10, locked: Bool = false
    ) {
        self.name = name
        self.addresses = addresses
        self.transport = transport
        self.prefixes = prefixes
        self.priority = priority
        self.locked = locked
    }
}
