/// Where a request is to go, as an operator or a URI names it, before names are looked up (RFC 3263).
public struct NextHop: Hashable, Sendable {
    /// A host name in lower case, or a numeric address without brackets.
    public var host: String
    /// Nil: an SRV record says it, or the transport's usual port holds.
    public var port: UInt16?
    /// Nil: NAPTR and SRV records choose it, and UDP holds where there are none.
    public var transport: TransportKind?

    public init(host: String, port: UInt16? = nil, transport: TransportKind? = nil) {
        self.host = host.lowercased()
        self.port = port
        self.transport = transport
    }

    /// The only target of a numeric host, which needs no name server; nil for a name.
    public var numericTarget: Target? {
        guard var address = NetworkAddress(host) else { return nil }
        let transport = transport ?? .udp
        address.port = port ?? transport.defaultPort
        return Target(address: address, transport: transport)
    }
}

/// One address to try for a next hop, with its port and transport.
public struct Target: Hashable, Sendable {
    public var address: NetworkAddress
    public var transport: TransportKind

    public init(address: NetworkAddress, transport: TransportKind) {
        self.address = address
        self.transport = transport
    }
}

/// What the name servers said about a next hop.
public enum Resolution: Hashable, Sendable {
    /// In the order to try them: priorities and weights are applied. At least one. `validFor`: by the records' TTL.
    case targets([Target], validFor: Interval)
    /// `reason` for people: "sip.example.net does not exist". It holds for `validFor` (negative caching).
    case failed(reason: String, validFor: Interval)
}

extension String {
    /// A host name or numeric address as it stands in a URI: an IPv6 address in brackets.
    public var asURIHost: String {
        guard utf8.first != UInt8(ascii: "["), NetworkAddress(self)?.family == .ipv6 else { return self }
        return "[\(self)]"
    }
}
