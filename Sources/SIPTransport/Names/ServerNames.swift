import Synchronization
import Vocabulary

/// Which host names were looked up to reach an address by TLS: the names that the server's certificate
/// may be held to (RFC 5922, section 7.2). One certificate suffices for any of them, since several
/// domains may be served at one address.
///
/// The table is bounded: beyond `maximumAddresses` the address noted longest ago is forgotten, and
/// beyond `maximumNames` the name noted longest ago of that address.
final class ServerNames: Sendable {
    static let maximumAddresses = 16_384
    static let maximumNames = 8

    private struct Entry {
        /// Noted last stands last.
        var hosts: [String]
        /// When it was last noted: a count that rises with each note.
        var noted: UInt64
    }

    private struct State {
        var entries: [NetworkAddress: Entry] = [:]
        /// Addresses in the order of their notes. An address noted again stands here again; what its entry
        /// does not say to be its last note is passed over.
        var order: [(address: NetworkAddress, noted: UInt64)] = []
        /// Where `order` begins; what stands before is dropped now and then.
        var first = 0
        var notes: UInt64 = 0
    }

    private let state = Mutex(State())

    init() {}

    /// Remembers that `host` was resolved to `address` (with its port) for TLS.
    func note(_ host: String, for address: NetworkAddress) {
        let host = host.lowercased()
        state.withLock { state in
            state.notes += 1
            var entry = state.entries[address] ?? Entry(hosts: [], noted: 0)
            entry.hosts.removeAll { $0 == host }
            if entry.hosts.count >= ServerNames.maximumNames { entry.hosts.removeFirst() }
            entry.hosts.append(host)
            entry.noted = state.notes
            state.entries[address] = entry
            state.order.append((address, state.notes))
            ServerNames.forgetOldest(&state)
        }
    }

    /// The names that `address` was looked up by, the last first; empty for an address that was given numerically.
    func names(for address: NetworkAddress) -> [String] {
        state.withLock { $0.entries[address]?.hosts.reversed() ?? [] }
    }

    private static func forgetOldest(_ state: inout State) {
        while state.entries.count > maximumAddresses {
            let oldest = state.order[state.first]
            state.first += 1
            if state.entries[oldest.address]?.noted == oldest.noted { state.entries.removeValue(forKey: oldest.address) }
        }
        guard state.order.count > 4 * maximumAddresses else { return }
        state.order = state.order[state.first...].filter { state.entries[$0.address]?.noted == $0.noted }
        state.first = 0
    }
}
