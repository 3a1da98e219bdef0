import Containers
import SIPMessages
import Vocabulary

/// Which machine a server transaction runs.
enum ServerMachine: ~Copyable {
    case invite(InviteServerTransaction)
    case other(NonInviteServerTransaction)

    mutating func requestRepeated() -> TransactionActions {
        switch consume self {
        case .invite(let machine):
            let actions = machine.requestRepeated()
            self = .invite(machine)
            return actions
        case .other(let machine):
            let actions = machine.requestRepeated()
            self = .other(machine)
            return actions
        }
    }

    mutating func responded(status: Int, now: Instant) -> TransactionActions {
        switch consume self {
        case .invite(var machine):
            let actions = machine.responded(status: status, now: now)
            self = .invite(machine)
            return actions
        case .other(var machine):
            let actions = machine.responded(status: status, now: now)
            self = .other(machine)
            return actions
        }
    }

    mutating func ackReceived(now: Instant) -> TransactionActions {
        switch consume self {
        case .invite(var machine):
            let actions = machine.ackReceived(now: now)
            self = .invite(machine)
            return actions
        case .other(let machine):
            self = .other(machine)
            return []
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

    var nextDeadline: Instant {
        switch self {
        case .invite(let machine): machine.nextDeadline
        case .other(let machine): machine.nextDeadline
        }
    }

    /// Whether a final response was sent.
    var isAnswered: Bool {
        switch self {
        case .invite(let machine): machine.phase != .proceeding
        case .other(let machine): machine.phase == .completed || machine.phase == .terminated
        }
    }
}

/// A request that came in, with what is needed to answer it now or later.
struct ServerTransaction: ~Copyable {
    var machine: ServerMachine
    let method: Method
    let matchHash: UInt64
    /// 0 for a request inside a dialog, which cannot be merged.
    let mergeHash: UInt64
    let number: UInt32
    let cseq: UInt32
    /// Where responses go (RFC 3261, section 18.2.2; RFC 3581).
    let flow: Flow
    /// The lines every response repeats: Via, Record-Route, From, Call-ID, CSeq, and To without its line end. Empty once
    /// the final response is written: no other follows it.
    var head: OwnedBytes
    /// Whether the request's To had a tag already.
    let hasToTag: Bool
    /// `first`, `second`, `third` of the match, inside `match`.
    let match: OwnedBytes
    let matchLengths: (UInt16, UInt16)
    var lastResponse = OwnedBytes()
    var user: TransactionUser
    var timer = TimerHandle.none
    var timerDeadline = Instant.never

    func matches(_ candidate: RequestMatch) -> Bool {
        guard candidate.method == method, candidate.number == number else { return false }
        let a = Int(matchLengths.0)
        let b = Int(matchLengths.1)
        let all = match.bytes
        guard candidate.first.count == a, candidate.second.count == b, candidate.third.count == all.count - a - b else { return false }
        return all.upTo(a).equals(candidate.first) && all[a..<a + b].equals(candidate.second) && all.from(a + b).equals(candidate.third)
    }
}

/// Whom a transaction works for, carried as plain data and handed back with every event.
public struct TransactionUser: Hashable, Sendable {
    /// The leg; generation 0 is nobody.
    public var leg: SlabKey
    /// For a relayed request: the server transaction on the other leg.
    public var peer: SlabKey
    public var purpose: Purpose

    public enum Purpose: UInt8, Sendable {
        /// The result interests nobody (CANCEL, BYE of a stray answer).
        case none
        /// The INVITE that opens a leg.
        case initialInvite
        /// A request passed from the other leg.
        case relay
        /// BYE that ends a leg.
        case bye
        /// A request of our own inside a dialog.
        case own
        /// REGISTER of an outbound registration: `leg` names it, `peer.index` is its CSeq.
        case registration
        /// A refresh of the session (RFC 4028).
        case refresh
        /// OPTIONS within a dialog that asks whether the peer is there.
        case probe
        /// OPTIONS that asks whether an address of a gateway is there: `leg` names the watch, `peer.index` the address.
        case gatewayCheck
        /// OPTIONS that asks whether a registered device is there: `leg` names its account, `peer.index` the check.
        case lightCheck
    }

    public init(leg: SlabKey, peer: SlabKey = SlabKey(index: 0, generation: 0), purpose: Purpose) {
        self.leg = leg
        self.peer = peer
        self.purpose = purpose
    }

    public static let nobody = TransactionUser(leg: SlabKey(index: 0, generation: 0), purpose: .none)
}
