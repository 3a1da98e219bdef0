import CSys
import Glibc
import SwitchCore
import Vocabulary

/// A bound, non-blocking UDP socket; closed when the last reference goes.
///
/// An IPv6 socket takes IPv6 only, so that one peer comes by one listener. Fragmentation is allowed,
/// and ICMP errors are queued with the destination they speak of.
final class UDPSocket: Sendable {
    enum Sharing: Sendable {
        /// Another socket on the same port is an error.
        case exclusive
        /// The shards' sockets share the port (SO_REUSEPORT); the kernel spreads peers over them.
        case amongShards
    }

    /// Asked for in each direction: a burst of thousands of messages waits here while a shard is busy.
    static let bufferBytes: Int32 = 8 << 20

    let descriptor: Int32
    /// With the port that the system chose when port 0 was asked for.
    let local: NetworkAddress
    /// The receive buffer granted, in bytes.
    let receiveBufferBytes: Int

    init(_ listener: ListenerDescription, sharing: Sharing) throws(TransportError) {
        let address = listener.local
        let descriptor = csys_udp_socket(address.isIPv6 ? 1 : 0)
        guard descriptor >= 0 else { throw .cannotListen(listener, errorNumber: -descriptor) }
        let granted = csys_set_buffers(descriptor, UDPSocket.bufferBytes)
        var bound = address.system
        var result = min(0, granted)
        if result >= 0 { result = csys_watch_arrivals(descriptor) }
        if result >= 0, sharing == .amongShards { result = csys_share_port(descriptor) }
        if result >= 0 { result = csys_bind(descriptor, &bound) }
        if result >= 0 { result = csys_local_address(descriptor, &bound) }
        guard result >= 0 else {
            csys_close(descriptor)
            throw .cannotListen(listener, errorNumber: -result)
        }
        self.descriptor = descriptor
        self.local = NetworkAddress(bound)
        self.receiveBufferBytes = Int(granted)
    }

    deinit { csys_close(descriptor) }

    /// One socket per shard, all on the listener's port. A port that another program holds is refused
    /// even though the sockets share it among themselves.
    static func open(_ listener: ListenerDescription, shards: Int) throws(TransportError) -> [UDPSocket] {
        if shards == 1 { return [try UDPSocket(listener, sharing: .exclusive)] }
        var listener = listener
        listener.local.port = try freePort(listener)
        var sockets: [UDPSocket] = []
        for _ in 0..<shards { sockets.append(try UDPSocket(listener, sharing: .amongShards)) }
        return sockets
    }

    /// The listener's port, or one that the system chooses, with nobody on it.
    private static func freePort(_ listener: ListenerDescription) throws(TransportError) -> UInt16 {
        try UDPSocket(listener, sharing: .exclusive).local.port
    }
}
