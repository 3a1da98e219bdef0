import CSys
import Vocabulary

/// By which of its own addresses this host reaches other hosts: what a socket bound to every address
/// writes into Via and Contact.
enum OutwardAddress {
    /// The source address of the default route, else loopback. The kernel is asked for a route to a
    /// documentation address; nothing is sent.
    static func find(_ family: NetworkAddress.Family) -> NetworkAddress {
        let isIPv4 = family == .ipv4
        let documentation = isIPv4 ? NetworkAddress(ipv4: 0xC000_0201, port: 9) : NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 1, port: 9)
        let loopback = isIPv4 ? NetworkAddress(ipv4: 0x7F00_0001, port: 0) : NetworkAddress(ipv6High: 0, low: 1, port: 0)
        var destination = documentation.system
        var source = csys_address()
        guard csys_source_toward(&destination, &source) == 0 else { return loopback }
        let address = NetworkAddress(source).host
        return address.isUnspecified ? loopback : address
    }
}
