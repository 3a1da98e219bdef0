import SIPMessages
import Vocabulary

/// The sockets that the switch sends from, to write Via and Contact and to choose a way to a peer.
public struct LocalEndpoints: Sendable {
    public let listeners: [ListenerDescription]

    public init(_ listeners: [ListenerDescription]) { self.listeners = listeners }

    /// The address to write for a message that goes out by this flow. A socket bound to every address
    /// says loopback to loopback peers, whom no other address of this host need concern.
    public func advertised(_ flow: Flow) -> NetworkAddress {
        let listener = listeners[Int(flow.listener)]
        guard listener.advertisesByDefault, flow.remote.isLoopback else { return listener.advertised }
        return flow.remote.family == .ipv4
            ? NetworkAddress(ipv4: 0x7F00_0001, port: listener.advertised.port)
            : NetworkAddress(ipv6High: 0, low: 1, port: listener.advertised.port)
    }

    /// The first listener of this transport and address family; nil when there is none.
    public func listener(_ transport: TransportKind, _ family: NetworkAddress.Family) -> UInt16? {
        for (index, listener) in listeners.enumerated() where listener.transport == transport && listener.local.family == family {
            return UInt16(index)
        }
        return nil
    }

    /// A way to `address`; nil when nothing listens for that transport and family.
    public func flow(to address: NetworkAddress, transport: TransportKind) -> Flow? {
        listener(transport, address.family).map { Flow(transport: transport, listener: $0, remote: address) }
    }

    /// The same, by the listener with this port when one is asked for.
    public func flow(to address: NetworkAddress, transport: TransportKind, localPort: UInt16?) -> Flow? {
        guard let localPort else { return flow(to: address, transport: transport) }
        for (index, listener) in listeners.enumerated()
        where listener.transport == transport && listener.local.family == address.family && listener.local.port == localPort {
            return Flow(transport: transport, listener: UInt16(index), remote: address)
        }
        return nil
    }

    /// The way to the peer behind a URI, given the way its last message came. A numeric host is followed;
    /// a stream that stands to that host is kept; a host name stays with the known way.
    public func flow(toward uri: URI, known: Flow) -> Flow {
        guard let address = uri.address else { return known }
        let transport = uri.transport ?? known.transport
        if transport == known.transport {
            if address == known.remote { return known }
            if transport.isReliable, address.hasSameHost(as: known.remote) { return known }
            // The peer knows the socket that it has been talking to, and a firewall may let only that one through.
            if address.family == known.remote.family { return Flow(transport: transport, listener: known.listener, remote: address) }
        }
        return flow(to: address, transport: transport) ?? known
    }

    /// Whether an address is one of ours.
    public func isOwn(_ address: NetworkAddress) -> Bool {
        listeners.contains {
            $0.advertised == address || $0.local == address || ($0.local.isUnspecified && $0.local.port == address.port && address.isLoopback)
        }
    }
}
