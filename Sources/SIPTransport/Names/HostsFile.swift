import Glibc
import Synchronization
import Vocabulary

/// The hosts file (hosts(5)): names that have addresses without any name server. Read again when it has changed.
///
/// It is read here, not by `getaddrinfo`, which would ask the name servers for what the file does not hold.
final class HostsFile: Sendable {
    /// A longer file is not used; in bytes.
    private static let maximumLength = 4 << 20

    /// What tells one state of the file from another.
    private struct Version: Equatable {
        var inode: UInt
        var length: Int
        var seconds: Int
        var nanoseconds: Int
    }

    private struct State {
        var version: Version?
        var addresses: [String: [NetworkAddress]] = [:]
    }

    let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    /// Every name of the file, in lower case, with its addresses; empty without a file.
    func addresses() -> [String: [NetworkAddress]] {
        let version = HostsFile.version(path)
        return state.withLock { state in
            if version != state.version {
                state.addresses = version == nil ? [:] : HostsFile.read(path).map(HostsFile.parse) ?? [:]
                state.version = version
            }
            return state.addresses
        }
    }

    /// The names and addresses of the text of a hosts file. Lines that are none are passed over.
    static func parse(_ text: String) -> [String: [NetworkAddress]] {
        var hosts: [String: [NetworkAddress]] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let content = line.prefix { $0 != "#" }
            let words = content.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, let address = NetworkAddress(String(first)), address.port == 0 else { continue }
            for name in words.dropFirst() where hosts[name.lowercased()]?.contains(address) != true {
                hosts[name.lowercased(), default: []].append(address)
            }
        }
        return hosts
    }

    private static func version(_ path: String) -> Version? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size <= maximumLength else { return nil }
        return Version(
            inode: UInt(status.st_ino), length: Int(status.st_size), seconds: Int(status.st_mtim.tv_sec),
            nanoseconds: Int(status.st_mtim.tv_nsec))
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= maximumLength {
            let count = Glibc.read(file, &piece, piece.count)
            if count <= 0 { break }
            bytes += piece.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
