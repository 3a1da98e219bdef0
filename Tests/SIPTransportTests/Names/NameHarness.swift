import Glibc
import SIPUserAgent
import Synchronization
import Vocabulary

@testable import SIPTransport

/// A hosts file that does not exist.
let noHosts = HostsFile(path: "/nonexistent/hosts")

extension SystemResolver {
    /// Asks the test's name server once.
    static func quick(_ server: LocalNameServer, seconds: Int = 1, hosts: HostsFile = noHosts) -> SystemResolver {
        SystemResolver(nameServers: [server.address], secondsPerTry: seconds, tries: 1, hosts: hosts)
    }
}

extension NameService {
    static func forTest(
        _ server: LocalNameServer, seconds: Int = 10, serverNames: ServerNames = ServerNames(), bounds: LookupPool.Bounds = .init()
    ) -> NameService {
        let listeners = TransportKind.allCases.map { ListenerDescription(transport: $0, local: NetworkAddress(ipv4: 0x7F00_0001, port: 0)) }
        return NameService(listeners: listeners, serverNames: serverNames, resolver: .quick(server, seconds: seconds), bounds: bounds)
    }

    func resolution(_ hop: NextHop) async -> Resolution {
        await withCheckedContinuation { continuation in resolve(hop) { continuation.resume(returning: $0) } }
    }
}

/// Runs `body` with a name server that ends afterwards.
func withNameServer<R>(_ body: (LocalNameServer) async throws -> R) async throws -> R {
    let server = try LocalNameServer()
    defer { server.stop() }
    return try await body(server)
}

func target(_ text: String, _ transport: TransportKind = .udp) -> Target {
    Target(address: NetworkAddress(text) ?? NetworkAddress(ipv4: 0, port: 0), transport: transport)
}

func record(_ address: String) -> DNSRecord { .address(NetworkAddress(address) ?? NetworkAddress(ipv4: 0, port: 0)) }

/// A file of this test's own, removed afterwards.
func withFile<R>(_ text: String, _ body: (String) throws -> R) throws -> R {
    var path = Array("/tmp/tandem-names-XXXXXX".utf8CString)
    let file = mkstemp(&path)
    guard file >= 0 else { throw TransportError.system("mkstemp", errorNumber: errno) }
    _ = write(file, text, text.utf8.count)
    close(file)
    let name = path.withUnsafeBufferPointer { String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    defer { unlink(name) }
    return try body(name)
}

/// Counts on any thread.
final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .acquiring) }
    func add() { count.add(1, ordering: .acquiringAndReleasing) }
}

/// Gathers what other threads bring.
final class Box<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    var all: [Element] { elements.withLock { $0 } }
    func add(_ element: Element) { elements.withLock { $0.append(element) } }
}
