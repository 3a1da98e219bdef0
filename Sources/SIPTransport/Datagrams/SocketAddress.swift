import CSys
import Vocabulary

extension NetworkAddress {
    /// The address in a system call's answer.
    init(_ address: csys_address) {
        if address.is_ipv6 != 0 {
            self.init(ipv6High: address.high, low: address.low, port: address.port)
        } else {
            self.init(ipv4: UInt32(truncatingIfNeeded: address.low), port: address.port)
        }
    }

    /// The address for a system call.
    var system: csys_address { csys_address(high: high, low: low, port: port, is_ipv6: isIPv6 ? 1 : 0) }

    var isIPv6: Bool { family == .ipv6 }
}
