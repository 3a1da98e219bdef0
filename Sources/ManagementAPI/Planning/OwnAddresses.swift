import Vocabulary

/// Where the switch itself is reached: what is sent there comes back.
public struct OwnAddresses: Hashable, Sendable {
    /// One listener.
    public struct Listener: Hashable, Sendable {
        /// As bound; the unspecified address stands for every host of this machine.
        public var address: NetworkAddress
        public var transport: TransportKind

        public init(address: NetworkAddress, transport: TransportKind) {
            self.address = address
            self.transport = transport
        }
    }

    public var listeners: [Listener]
    /// The addresses of this machine's interfaces, port 0.
    public var hosts: Set<NetworkAddress>

    public init(listeners: [Listener] = [], hosts: Set<NetworkAddress> = []) {
        self.listeners = listeners
        self.hosts = hosts
    }

    /// Whether a message to this address arrives at one of our listeners.
    func contains(_ address: NetworkAddress, _ transport: TransportKind) -> Bool {
        listeners.contains { listener in
            guard listener.transport == transport, listener.address.port == address.port else { return false }
            guard listener.address.isUnspecified else { return listener.address.hasSameHost(as: address) }
            // An IPv6 socket takes IPv4 too; an IPv4 socket takes nothing else.
            guard listener.address.family == address.family || listener.address.family == .ipv6 else { return false }
            return address.isLoopback || hosts.contains(address.host)
        }
    }
}
