import Logging
import SwitchCore
import Synchronization
import Vocabulary

/// Why connections with an address fail at present.
public struct ConnectionProblem: Sendable, Equatable {
    /// Who opens the connections that fail.
    public enum Direction: Sendable, Equatable {
        /// We do; `address` has the port that we connect to.
        case outgoing
        /// The peer does; `address` has port 0.
        case incoming
    }

    public var address: NetworkAddress
    public var transport: TransportKind
    public var direction: Direction
    /// A sentence for people: "connection refused".
    public var reason: String
    /// When this reason was first and last met, without a success between.
    public var since: WallTime
    public var last: WallTime
    /// How often this reason was met since then.
    public var count: Int
}

/// The reasons of failed connections by address: logged once per address and change of reason, kept until
/// a connection works again. Bounded; incoming problems give way first, the oldest of them before others.
final class ConnectionProblems: Sendable {
    static let maximumEntries = 512

    private struct Key: Hashable {
        var address: NetworkAddress
        var transport: TransportKind
        var isOutgoing: Bool
    }

    private let entries = Mutex<[Key: ConnectionProblem]>([:])
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// What stands now, the newest first.
    var all: [ConnectionProblem] { entries.withLock { $0.values.sorted { $0.last > $1.last } } }

    /// A connection failed, or could not be opened.
    func failed(_ peer: StreamTable.Peer, _ direction: ConnectionProblem.Direction, reason: String, at now: WallTime) {
        let key = ConnectionProblems.key(peer, direction)
        let isNew = entries.withLock { entries -> Bool in
            if var known = entries[key], known.reason == reason {
                known.last = now
                known.count += 1
                entries[key] = known
                return false
            }
            if entries[key] == nil, entries.count >= ConnectionProblems.maximumEntries { ConnectionProblems.forgetOne(&entries) }
            entries[key] = ConnectionProblem(
                address: key.address, transport: key.transport, direction: direction, reason: reason, since: now, last: now, count: 1)
            return true
        }
        guard isNew else { return }
        // Strangers fail at open ports all day; who looks for a customer's trouble asks for debug.
        let level: Logger.Level = direction == .outgoing ? .warning : .debug
        logger.log(
            level: level, direction == .outgoing ? "connection failed" : "incoming connection failed",
            metadata: ["peer": "\(key.address)", "transport": "\(key.transport.name)", "reason": "\(reason)"])
    }

    /// A connection works.
    func succeeded(_ peer: StreamTable.Peer, _ direction: ConnectionProblem.Direction) {
        let key = ConnectionProblems.key(peer, direction)
        guard entries.withLock({ $0.removeValue(forKey: key) }) != nil, direction == .outgoing else { return }
        logger.notice("connection works again", metadata: ["peer": "\(key.address)", "transport": "\(key.transport.name)"])
    }

    private static func key(_ peer: StreamTable.Peer, _ direction: ConnectionProblem.Direction) -> Key {
        let isOutgoing = direction == .outgoing
        return Key(address: isOutgoing ? peer.remote : peer.remote.host, transport: peer.transport, isOutgoing: isOutgoing)
    }

    private static func forgetOne(_ entries: inout [Key: ConnectionProblem]) {
        let oldest = entries.min { a, b in
            a.key.isOutgoing == b.key.isOutgoing ? a.value.last < b.value.last : !a.key.isOutgoing
        }
        if let oldest { entries[oldest.key] = nil }
    }
}
