import SIPMessages
import Vocabulary

/// The sockets that the switch sends from, to write Via and Contact and to choose a way to a peer.
public struct LocalEndpoints: Sendable {
    public let listeners: [ListenerDescription]

    public init(_ listeners: [ListenerDescription]) { self.listeners = listeners }

    /// The address to write for a message that goes out by this flow.
    public func advertised(_ flow: Flow) -> NetworkAddress { listeners[Int(flow.listener)].advertised }

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

    /// The way to the peer behind a URI, given the way its last message came. A numeric host is followed;
    /// a stream that stands to that host is kept; a host name stays with the known way.
    public func flow(toward uri: URI, known: Flow) -> Flow {
        guard let address = uri.address else { return known }
        let transport = uri.transport ?? known.transport
        if transport == known.transport {
            if address == known.remote { return known }
            if transport.isReliable, address.hasSameHost(as: known.remote) { return known }
        }
        return flow(to: address, transport: transport) ?? known
    }

    /// Whether an address is one of ours.
    public func isOwn(_ address: NetworkAddress) -> Bool {
        listeners.contains { $0.advertised == address || $0.local == address || ($0.local.isUnspecified && $0.local.port == address.port && address.isLoopback) }
    }
}
