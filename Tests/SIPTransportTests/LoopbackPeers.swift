import CSys
import Glibc
import SwitchCore
import Vocabulary

@testable import SIPTransport

/// A blocking UDP peer on loopback.
struct LoopbackUDP {
    let socket: UDPSocket
    var address: NetworkAddress { socket.local }

    init(_ address: String = "127.0.0.1:0") throws {
        socket = try UDPSocket(loopback(.udp, address), sharing: .exclusive)
    }

    func send(_ text: String, to remote: NetworkAddress) { send(Array(text.utf8), to: remote) }

    func send(_ bytes: [UInt8], to remote: NetworkAddress) {
        withSystemAddress(remote) { _ = sendto(socket.descriptor, bytes, bytes.count, 0, $0, $1) }
    }

    /// The next datagram; nil when none comes within five seconds.
    func receive() -> [UInt8]? {
        var ready = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 5_000) == 1 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket.descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : Array(buffer.prefix(count))
    }

    func receiveText() -> String? { receive().map { String(decoding: $0, as: UTF8.self) } }
}

/// A blocking TCP peer on loopback; closed when it is let go.
final class LoopbackTCP {
    private var descriptor: Int32

    /// Connects to `remote`.
    init(to remote: NetworkAddress, receiveBuffer: Int32? = nil) throws {
        descriptor = Glibc.socket(remote.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
        let result = withSystemAddress(remote) { connect(descriptor, $0, $1) }
        guard result == 0 else { throw TransportError.system("connect", errorNumber: errno) }
    }

    fileprivate init(accepted: Int32) { descriptor = accepted }

    deinit { close() }

    var local: NetworkAddress {
        var address = csys_address()
        _ = csys_local_address(descriptor, &address)
        return NetworkAddress(address)
    }

    func send(_ text: String) { send(Array(text.utf8)) }
    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// Sends as much as the system takes without waiting; the bytes taken.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }

    /// What comes until `count` bytes are there, the peer ends, or five seconds are over.
    func receive(_ count: Int) -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while all.count < count {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 5_000) == 1 else { break }
            let got = recv(descriptor, &buffer, min(buffer.count, count - all.count), 0)
            if got <= 0 { break }
            all += buffer.prefix(got)
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// What comes until the peer ends; nil when it does not end within five seconds.
    func receiveUntilEnd() -> String? {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 5_000) == 1 else { return nil }
            let got = recv(descriptor, &buffer, buffer.count, 0)
            if got <= 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer.prefix(got)
        }
    }

    func close() {
        if descriptor >= 0 { csys_close(descriptor) }
        descriptor = -1
    }

    /// Ends the connection with a reset instead of an end.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }
}

/// A TCP port on loopback that accepts; closed when it is let go.
final class LoopbackTCPListener {
    private let descriptor: Int32
    let address: NetworkAddress

    init(_ wanted: String = "127.0.0.1:0") throws {
        descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = loopback(.tcp, wanted).local.system
        let result = csys_bind(descriptor, &address)
        guard result == 0, listen(descriptor, 16) == 0 else { throw TransportError.system("bind", errorNumber: -result) }
        _ = csys_local_address(descriptor, &address)
        self.address = NetworkAddress(address)
    }

    deinit { csys_close(descriptor) }

    /// The next connection; nil when none comes within five seconds.
    func accept() -> LoopbackTCP? {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 5_000) == 1 else { return nil }
        let accepted = Glibc.accept(descriptor, nil, nil)
        return accepted < 0 ? nil : LoopbackTCP(accepted: accepted)
    }
}

/// Calls `body` with the system's form of an address.
private func withSystemAddress<R>(_ address: NetworkAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    func call<A>(_ system: A) -> R {
        withUnsafePointer(to: system) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<A>.size)) }
        }
    }
    if address.isIPv6 {
        var system = sockaddr_in6()
        system.sin6_family = sa_family_t(AF_INET6)
        system.sin6_port = address.port.bigEndian
        withUnsafeMutableBytes(of: &system.sin6_addr) {
            $0.storeBytes(of: address.high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return call(system)
    }
    var system = sockaddr_in()
    system.sin_family = sa_family_t(AF_INET)
    system.sin_port = address.port.bigEndian
    system.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.low).bigEndian
    return call(system)
}

/// A listener for tests; port 0 lets the system choose.
func loopback(_ transport: TransportKind, _ address: String = "127.0.0.1:0") -> ListenerDescription {
    ListenerDescription(transport: transport, local: NetworkAddress(address) ?? NetworkAddress(ipv4: 0x7F00_0001, port: 0))
}

/// A SIP message for streams, `body` after a head with the right Content-Length.
func framed(_ words: String, body: String = "") -> String {
    "MESSAGE \(words) SIP/2.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// Returns when `condition` holds; the suite's time limit ends what never does.
func until(_ condition: () -> Bool) async {
    while !condition(), !Task.isCancelled { await Task.yield() }
}
