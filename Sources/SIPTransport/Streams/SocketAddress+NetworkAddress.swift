import NIOCore
import Vocabulary

extension SocketAddress {
    init(_ address: NetworkAddress) throws {
        try self.init(ipAddress: address.hostDescription, port: Int(address.port))
    }
}

extension NetworkAddress {
    /// Nil for an address that is neither IPv4 nor IPv6.
    init?(_ address: SocketAddress) {
        switch address {
        case .v4(let v4):
            self.init(ipv4: UInt32(bigEndian: v4.address.sin_addr.s_addr), port: UInt16(bigEndian: v4.address.sin_port))
        case .v6(let v6):
            let (high, low) = withUnsafeBytes(of: v6.address.sin6_addr) {
                ($0.loadUnaligned(fromByteOffset: 0, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            self.init(
                ipv6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low), port: UInt16(bigEndian: v6.address.sin6_port))
        case .unixDomainSocket: return nil
        }
    }
}
