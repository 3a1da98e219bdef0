import SIPMessages
import Vocabulary

/// One call as a peer has it: its dialogs under one Call-ID, its transactions, and what it saw.
///
/// Requests are in `PeerCall+Requests`, answers in `PeerCall+Answers`, behaviour in `PeerCall+Script`.
public final class PeerCall {
    public enum Role: Sendable { case caller, callee }

    unowned let peer: Peer
    /// Number of the simulated call; -1 when it is not one.
    public let index: Int
    public let role: Role
    public let callID: String
    /// Our From or To value without tag, and the other side's.
    let localValue: String
    var remoteValue: String
    public internal(set) var forks: [PeerFork] = []
    public internal(set) var remoteTag = ""
    public internal(set) var remoteTarget: String
    public internal(set) var routes: [String] = []
    var localCSeq = 0
    var remoteCSeq = 0
    public internal(set) var clients: [PeerClient] = []
    public internal(set) var servers: [PeerServer] = []
    /// Everything received, when the peer keeps messages.
    public private(set) var seen: [SeenMessage] = []
    var sessionVersion = 1

    var callerScript: CallerScript?
    var calleeScript: CalleeScript?
    /// Methods answered with another status than 200, or (0) not at all.
    public var answers: [Method: Int] = [:]
    /// Fields of its 2xx to a re-INVITE or UPDATE, e.g. of the session timer.
    public var sessionAnswer: ((SeenMessage) -> [String])?

    /// Whether a request of its own that is answered 408, or not at all, leaves the call up (RFC 3261, section 12.2.1.2, says
    /// that it should end).
    public var forgivesSilence = false

    var timer = PeerSessionTimer()
    /// It neither hears nor says anything any more, or has forgotten the call.
    public internal(set) var isGone = false
    var answersUnknown = false

    // What happened, for checkers.
    public internal(set) var answeredAt: Instant?
    public internal(set) var byeSentAt: Instant?
    public internal(set) var byeReceivedAt: Instant?
    public internal(set) var acknowledgedAt: Instant?
    /// The other side said that it does not know the dialog (481), or nothing at all.
    public internal(set) var dialogWasLost = false
    public internal(set) var messagesReceived = 0
    /// Its session expired without a refresh of the other side, and it hung up.
    public var sessionExpired: Bool { timer.hasExpired }
    /// Refreshes that it sent or answered with 2xx.
    public var refreshes: Int { timer.sent + timer.accepted }

    init(peer: Peer, index: Int, role: Role, callID: String, localValue: String, remoteValue: String, target: String) {
        self.peer = peer
        self.index = index
        self.role = role
        self.callID = callID
        self.localValue = localValue
        self.remoteValue = remoteValue
        remoteTarget = target
        forks = [PeerFork(tag: peer.mint("t"))]
    }

    var world: VirtualWorld { peer.world }
    public var localTag: String { forks[0].tag }
    /// The INVITE that opened the call.
    public var initialInvite: PeerClient? { clients.first { $0.isInitial } }
    /// The INVITE that opens the call; when it was sent again, the latest.
    public var initialServer: PeerServer? { servers.last { $0.request.method == .invite && $0.request.toTag.isEmpty } }
    /// Whether a dialog was confirmed here.
    public var wasAnswered: Bool { answeredAt != nil }
    /// Whether every dialog that was answered has ended.
    public var hasEnded: Bool { forks.allSatisfy { !$0.isAnswered || $0.isEnded } }

    // MARK: - Receiving

    func received(_ message: SeenMessage) {
        messagesReceived += 1
        if isGone {
            if answersUnknown, message.isRequest, message.method != .ack {
                let answer = PeerWriter.response(to: message, status: 481, toTag: localTag)
                world.send(answer, from: peer.address, to: message.from, transport: peer.transport)
            }
            return
        }
        if peer.keepsMessages { seen.append(message) }
        if message.isRequest { requestReceived(message) } else { responseReceived(message) }
    }

    /// The network lost a request of ours, or a response to one.
    func lost(_ message: SeenMessage) {
        guard let client = clients.first(where: { $0.branch == message.branch && $0.method == message.method }) else { return }
        if message.isRequest { client.lostCopies += 1 } else if message.status >= 200 { client.lostFinals += 1 }
    }

    func fault(_ detail: String) {
        world.report(Violation(.soundMessages, call: index, "\(peer.name): \(detail)", at: world.now))
    }

    // MARK: - For tests

    /// Requests received with this method, copies included.
    public func requests(_ method: Method) -> [SeenMessage] { seen.filter { $0.isRequest && $0.method == method } }
    /// Responses received to requests of this method, copies included.
    public func responses(_ method: Method) -> [SeenMessage] { seen.filter { !$0.isRequest && $0.method == method } }
    /// Their statuses, each once, in order.
    public func statuses(_ method: Method) -> [Int] {
        responses(method).reduce(into: []) { if $0.last != $1.status { $0.append($1.status) } }
    }
}

/// One dialog of a callee that forks; a caller has one only.
public struct PeerFork: Sendable {
    public let tag: String
    /// A 2xx was sent (a callee) or received (a caller).
    public internal(set) var isAnswered = false
    public internal(set) var isAcknowledged = false
    /// BYE was sent or received, or the dialog was lost.
    public internal(set) var isEnded = false

    init(tag: String) { self.tag = tag }
}
