import Foundation
import ManagementAPI
import Vocabulary

extension OwnAddresses {
    /// The listeners with the ports that they really have, on every address of this machine.
    static func of(_ listeners: [ListenerDescription]) -> OwnAddresses {
        // What others are told to reach us by is ourselves too.
        OwnAddresses(
            listeners: listeners.flatMap { listener in
                [listener.local, listener.advertised].map { Listener(address: $0, transport: listener.transport) }
            }, hosts: interfaceHosts())
    }

    /// The addresses of this machine's interfaces, port 0; empty where the system does not tell.
    private static func interfaceHosts() -> Set<NetworkAddress> {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0, let first else { return [] }
        defer { freeifaddrs(first) }
        var hosts: Set<NetworkAddress> = []
        for interface in sequence(first: first, next: { $0.pointee.ifa_next }) {
            guard let address = interface.pointee.ifa_addr else { continue }
            let length: Int
            switch Int32(address.pointee.sa_family) {
            case AF_INET: length = MemoryLayout<sockaddr_in>.size
            case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
            default: continue
            }
            var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard getnameinfo(address, socklen_t(length), &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else { continue }
            let text = String(decoding: name.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "%")) }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if let host = NetworkAddress(text)?.host { hosts.insert(host) }
        }
        return hosts
    }
}
