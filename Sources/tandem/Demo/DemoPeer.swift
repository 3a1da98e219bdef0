import Foundation
import Vocabulary

/// A small SIP peer of the demo: one socket on loopback.
final class DemoPeer: Sendable {
    let name: String
    let address: NetworkAddress
    private let descriptor: Int32

    /// Binds a free port of 127.0.0.1.
    init(name: String) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { throw CommandFailure(.failed, "the demo cannot open a socket: \(String(cString: strerror(errno)))") }
        var local = sockaddr_in()
        local.sin_family = sa_family_t(AF_INET)
        local.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &local) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw CommandFailure(.failed, "the demo cannot bind 127.0.0.1: \(String(cString: strerror(errno)))") }
        self.name = name
        self.descriptor = descriptor
        address = NetworkAddress(ipv4: 0x7F00_0001, port: UInt16(bigEndian: local.sin_port))
    }

    deinit { close(descriptor) }

    func send(_ message: String, to target: NetworkAddress) {
        var remote = sockaddr_in()
        remote.sin_family = sa_family_t(AF_INET)
        remote.sin_addr.s_addr = UInt32(truncatingIfNeeded: target.low).bigEndian
        remote.sin_port = target.port.bigEndian
        let bytes = Array(message.utf8)
        _ = withUnsafePointer(to: &remote) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// The next message within `seconds`; nil when none came.
    func receive(within seconds: Double) -> String? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(seconds * 1_000)) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
