import Containers
import SIPMessages
import Vocabulary

/// All transactions of one shard: matches messages to machines, keeps what must be repeated, and runs
/// the timers (RFC 3261, section 17; RFC 6026).
///
/// Requests and responses that the user must see are returned; what happens by the clock is put into
/// `events`, which the owner takes after every call.
public struct TransactionLayer: ~Copyable {
    var servers = Slab<ServerTransaction>()
    var clients = Slab<ClientTransaction>()
    var serverIndex = HashIndex()
    var mergeIndex = HashIndex()
    /// Peers that requests of ours wait for.
    var peers = Slab<AwaitedPeer>()
    var peerIndex = HashIndex()
    /// The peer of the latest request; the next one mostly goes there too.
    var latestPeer = SlabKey.absent
    var wheel: TimerWheel
    var secrets: SecretSource
    /// Reads kept requests when an ACK or CANCEL is made from one.
    var parser = MessageParser()
    let seed: UInt64
    public let shard: Int
    /// Applies to transactions that begin afterwards.
    public var timing: TransactionTiming
    /// What happened by the clock or the transport since the owner last looked.
    public var events: [TransactionEvent] = []
    /// Copies sent by the resend list, for the statistics.
    public internal(set) var retransmissions: UInt64 = 0

    public init(shard: Int, seed: UInt64, timing: TransactionTiming, now: Instant) {
        self.shard = shard
        self.seed = seed
        self.timing = timing
        wheel = TimerWheel(now: now)
        secrets = SecretSource(seed: seed, stream: UInt64(shard))
        events.reserveCapacity(64)
    }

    /// Transactions now alive.
    public var count: Int { servers.count + clients.count }

    public var nextDeadline: Instant { wheel.nextDeadline }

    public mutating func handleTimeouts(now: Instant, outbox: inout Outbox) {
        while let token = wheel.popExpired(now: now) {
            let (key, isServer) = TransactionLayer.decode(token)
            if isServer {
                guard servers.contains(key) else { continue }
                servers[key].timer = .none
                servers[key].timerDeadline = .never
                let actions = servers[key].machine.handleTimeout(now: now)
                perform(actions, server: key, outbox: &outbox)
            } else {
                guard clients.contains(key) else { continue }
                clients[key].timer = .none
                clients[key].timerDeadline = .never
                let actions = clients[key].machine.handleTimeout(now: now)
                perform(actions, client: key, outbox: &outbox)
            }
        }
    }

    // MARK: - One timer per machine

    static func token(_ key: SlabKey, isServer: Bool) -> UInt64 { key.word | (isServer ? 1 << 31 : 0) }

    static func decode(_ token: UInt64) -> (SlabKey, isServer: Bool) {
        (SlabKey(word: token & ~(1 << 31)), token & (1 << 31) != 0)
    }

    /// Sets the machine's timer to its next deadline. A later deadline leaves an earlier timer alone:
    /// it fires, finds nothing due and is set anew, which costs less than moving it at every event.
    mutating func schedule(server key: SlabKey) {
        let deadline = servers[key].machine.nextDeadline
        guard deadline < servers[key].timerDeadline else { return }
        var timer = servers[key].timer
        wheel.cancel(&timer)
        servers[key].timer = wheel.set(at: deadline, token: TransactionLayer.token(key, isServer: true))
        servers[key].timerDeadline = deadline
    }

    mutating func schedule(client key: SlabKey) {
        let deadline = clients[key].machine.nextDeadline
        guard deadline < clients[key].timerDeadline else { return }
        var timer = clients[key].timer
        wheel.cancel(&timer)
        clients[key].timer = wheel.set(at: deadline, token: TransactionLayer.token(key, isServer: false))
        clients[key].timerDeadline = deadline
    }
}

/// Something that a transaction's user must hear without having asked.
public enum TransactionEvent: Sendable, Equatable {
    /// No final response came in time, or the transport failed before one came.
    case requestFailed(TransactionUser, method: Method, cause: Cause)

    public enum Cause: Sendable, Equatable {
        case timeout
        case transport
    }
}
