import Vocabulary

/// Which transports the switch has listeners for, and by which address families: what it can send by.
public struct LocalReach: Hashable, Sendable {
    private var pairs: UInt8 = 0

    public init(_ listeners: [ListenerDescription]) {
        for listener in listeners { pairs |= LocalReach.bit(listener.transport, listener.local.family) }
    }

    /// In the order of preference where nobody says which transport to use.
    public var transports: [TransportKind] { [.udp, .tcp, .tls].filter { !families($0).isEmpty } }

    /// The families by which this transport can be used: IPv4 first.
    public func families(_ transport: TransportKind) -> [NetworkAddress.Family] {
        [.ipv4, .ipv6].filter { pairs & LocalReach.bit(transport, $0) != 0 }
    }

    private static func bit(_ transport: TransportKind, _ family: NetworkAddress.Family) -> UInt8 {
        1 << (transport.rawValue * 2 + family.rawValue)
    }
}
