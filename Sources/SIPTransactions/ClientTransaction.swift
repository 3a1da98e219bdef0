import Containers
import SIPMessages
import Vocabulary

/// Which machine a client transaction runs.
enum ClientMachine: ~Copyable {
    case invite(InviteClientTransaction)
    case other(NonInviteClientTransaction)

    mutating func responseReceived(status: Int, now: Instant) -> TransactionActions {
        switch consume self {
        case .invite(var machine):
            let actions = machine.responseReceived(status: status, now: now)
            self = .invite(machine)
            return actions
        case .other(var machine):
            let actions = machine.responseReceived(status: status, now: now)
            self = .other(machine)
            return actions
        }
    }

    mutating func handleTimeout(now: Instant) -> TransactionActions {
        switch consume self {
        case .invite(var machine):
            let actions = machine.handleTimeout(now: now)
            self = .invite(machine)
            return actions
        case .other(var machine):
            let actions = machine.handleTimeout(now: now)
            self = .other(machine)
            return actions
        }
    }

    mutating func transportFailed() -> TransactionActions {
        switch consume self {
        case .invite(var machine):
            let actions = machine.transportFailed()
            self = .invite(machine)
            return actions
        case .other(var machine):
            let actions = machine.transportFailed()
            self = .other(machine)
            return actions
        }
    }

    /// The user gave up: says whether a CANCEL may be sent now. Before a provisional response none may
    /// (RFC 3261, section 9.1); the INVITE is repeated meanwhile, so that a callee whose provisional
    /// responses were lost is found and cancelled.
    mutating func abandoned(now: Instant) -> Bool {
        switch consume self {
        case .invite(var machine):
            let mayCancel = machine.phase == .proceeding
            machine.cancelSent(now: now)
            self = .invite(machine)
            return mayCancel
        case .other(let machine):
            self = .other(machine)
            return false
        }
    }

    var nextDeadline: Instant {
        switch self {
        case .invite(let machine): machine.nextDeadline
        case .other(let machine): machine.nextDeadline
        }
    }

    /// Whether a final response came.
    var isAnswered: Bool {
        switch self {
        case .invite(let machine): machine.phase != .calling && machine.phase != .proceeding
        case .other(let machine): machine.phase == .completed || machine.phase == .terminated
        }
    }
}

/// A request that we sent and whose answers we await.
struct ClientTransaction: ~Copyable {
    var machine: ClientMachine
    let method: Method
    let secret: UInt64
    let flow: Flow
    /// The request, for repetition, CANCEL and ACK; after a 2xx to INVITE the ACK of that 2xx.
    var message: OwnedBytes
    /// To tag of the 2xx that `message` acknowledges; empty before.
    var acknowledgedTag = OwnedBytes()
    let user: TransactionUser
    /// Give-up wanted before CANCEL was allowed: it goes out with the first provisional response.
    var cancelWhenAllowed = false
    /// Reason header field of that CANCEL, whole line.
    var cancelReason = OwnedBytes()
    /// The CANCEL's own transaction.
    var cancelTransaction = SlabKey.absent
    /// Its place among those that wait for the same peer.
    var link = PeerLink.none
    var timer = TimerHandle.none
    var timerDeadline = Instant.never
}

/// Names a client transaction.
public struct ClientKey: Hashable, Sendable {
    public var slot: SlabKey
    public init(slot: SlabKey) { self.slot = slot }
    public static let none = ClientKey(slot: SlabKey(index: 0, generation: 0))
    public var isSet: Bool { slot.generation != 0 }
}

/// Names a server transaction.
public struct ServerKey: Hashable, Sendable {
    public var slot: SlabKey
    public init(slot: SlabKey) { self.slot = slot }
    public static let none = ServerKey(slot: SlabKey(index: 0, generation: 0))
    public var isSet: Bool { slot.generation != 0 }
}
