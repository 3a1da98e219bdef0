import CallRecords
import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

/// One side of a call: a dialog of ours with the caller or with a gateway, and what is open in it.
public struct Leg: ~Copyable {
    public enum Phase: Sendable, Equatable {
        /// Its INVITE has no final response yet. Can transition to: established, abandoned, ending.
        case setup
        /// A 2xx was sent or received. Can transition to: ending.
        case established
        /// Given up: a late answer is acknowledged and hung up. Can transition to: ending.
        case abandoned
        /// BYE sent; requests are still answered until its transaction ends.
        case ending
    }

    public enum Role: Sendable, Equatable { case caller, callee }

    /// What is known of the peer of a leg that a restart brought back.
    public enum Restoration: Sendable, Equatable {
        /// It was heard, or nothing was restored.
        case heard
        /// Nothing has come from it. Can transition to: heard.
        case unheard
        /// A caller that was not heard, while the callee repeats its answer, of this CSeq number, until the
        /// caller's ACK is passed on. Can transition to: heard.
        case unacknowledged(cseq: UInt32)
    }

    public let role: Role
    /// The call; its slot may be gone when the leg outlives it.
    public var call: SlabKey
    public var phase = Phase.setup
    public var dialog: Dialog
    /// The secret in our tag.
    public let secret: UInt64

    /// INVITE of the peer that is not finally answered: the call's own, or a re-INVITE.
    public var inviteFromPeer = ServerKey.none
    /// INVITE of ours to the peer that is not finally answered.
    public var inviteToPeer = ClientKey.none
    /// UPDATE that is not finally answered, from and to the peer.
    public var updateFromPeer = ServerKey.none
    public var updateToPeer = ClientKey.none
    /// A 2xx of ours to the peer's INVITE that is repeated until its ACK comes.
    public var unacknowledgedAnswer: UnacknowledgedAnswer?
    /// An answer of the peer that we have not acknowledged: the transaction and its CSeq number.
    public var unacknowledgedByUs: (client: ClientKey, cseq: UInt32)?
    /// Why to hang up as soon as the ACK of our answer came: a callee may not send BYE before it (RFC 3261, section 15).
    public var hangUpWhenAcknowledged: EndReason?
    /// What our BYE says, for the one that follows a challenge or a lost connection.
    public var hungUpFor = EndReason.normalClearing
    /// Reliable provisional responses of ours (RFC 3262).
    public var reliable = ReliableProvisionals()
    /// The answer for the caller, complete, kept until the store has committed; after a restart until the caller is heard.
    public var heldAnswer = OwnedBytes()
    /// Where a restored answer goes.
    public var answerFlow: Flow?
    /// Whether the caller supports, or requires, 100rel; for a callee: whether we offered it.
    public var supportsReliable = false
    public var requiresReliable = false
    /// The session timer of the established leg (RFC 4028); before, what the peer's INVITE asked for.
    public var session: SessionTimer
    /// What our INVITE offers of it.
    public var offer = SessionTimerOffer(.off)
    /// Whether Session-Expires stood in the caller's INVITE.
    public var askedForTimer = false
    /// The refresh under way repeats one that was challenged.
    public var isRefreshRepeated = false
    /// The last thing that showed that the peer is there; nil before the answer.
    public var life: ProofOfLife?
    /// When it was last stored.
    public var keptAt = Instant.zero
    /// Asks a peer without session timer whether it is there.
    public var probe: DialogProbe?
    /// What the peer was last told about the media, from Content-Type on; kept where a refresh may have to repeat it.
    public var description = OwnedBytes()
    /// What a request of ours that is not finally answered offers it, and that request's method.
    var openOffer = OwnedBytes()
    var openOfferMethod = Method.other
    /// Whether the peer was heard since a restart.
    public var restoration = Restoration.heard
    /// Max-Forwards of the INVITE that opened the leg.
    public var maxForwards = 70

    /// The leg's timer in the shard's wheel, and when it fires.
    public var timer = TimerHandle.none
    public var timerDeadline = Instant.never

    public init(role: Role, call: SlabKey, secret: UInt64, dialog: consuming Dialog) {
        self.role = role
        self.call = call
        self.secret = secret
        self.dialog = dialog
        session = SessionTimer(.off, callIDOwner: role == .caller ? .peer : .us)
    }

    public var nextDeadline: Instant {
        let exchange = min(unacknowledgedAnswer?.nextDeadline ?? .never, reliable.nextDeadline)
        guard phase == .established else { return exchange }
        return min(exchange, session.nextDeadline, probe?.nextDeadline ?? .never)
    }
}

/// A 2xx repeated by the resend list until its ACK, at most 64*T1 (RFC 3261, section 13.3.1.4).
public struct UnacknowledgedAnswer {
    public let server: ServerKey
    /// CSeq number of the INVITE; its ACK has the same.
    public let cseq: UInt32
    /// The other leg, and its INVITE whose answer was passed: it is acknowledged when the ACK comes.
    public let peerLeg: SlabKey
    public let client: ClientKey
    public let clientCSeq: UInt32
    private let timing: TransactionTiming
    private var repetition = 0
    public private(set) var nextRepetition: Instant
    public let giveUpAt: Instant

    public init(
        server: ServerKey, cseq: UInt32, peerLeg: SlabKey, client: ClientKey, clientCSeq: UInt32, timing: TransactionTiming, now: Instant
    ) {
        self.server = server
        self.cseq = cseq
        self.peerLeg = peerLeg
        self.client = client
        self.clientCSeq = clientCSeq
        self.timing = timing
        nextRepetition = now + timing.resendIntervals[0]
        giveUpAt = now + timing.giveUp
    }

    public var nextDeadline: Instant { min(nextRepetition, giveUpAt) }

    public enum Due: Sendable, Equatable { case nothing, repeatAnswer, giveUp }

    public mutating func handleTimeout(now: Instant) -> Due {
        if giveUpAt <= now { return .giveUp }
        guard nextRepetition <= now else { return .nothing }
        repetition += 1
        nextRepetition = timing.wait(repetition).map { now + $0 } ?? .never
        return .repeatAnswer
    }
}

/// Reliable provisional responses towards one peer (RFC 3262, section 3): numbered, sent one after the
/// other, each repeated until its PRACK comes, each remembering the vendor's response that it stands for.
public struct ReliableProvisionals: ~Copyable {
    /// A response of ours and the vendor's response behind it.
    public struct Response {
        public let rseq: UInt32
        public let status: Int
        /// The vendor's RSeq, the CSeq of the INVITE it answered, and its fork.
        public let peerRSeq: UInt32
        public let peerCSeq: UInt32
        public let peerTag: [UInt8]
        public let peerLeg: SlabKey
        /// The whole response.
        public let message: [UInt8]

        public init(
            rseq: UInt32, status: Int, peerRSeq: UInt32, peerCSeq: UInt32, peerTag: [UInt8], peerLeg: SlabKey, message: [UInt8]
        ) {
            self.rseq = rseq
            self.status = status
            self.peerRSeq = peerRSeq
            self.peerCSeq = peerCSeq
            self.peerTag = peerTag
            self.peerLeg = peerLeg
            self.message = message
        }
    }

    private var lastRSeq: UInt32 = 0
    /// Not yet acknowledged, oldest first. Only the first was sent: a second may not follow before the
    /// PRACK of the first (forks of a vendor do not know of one another).
    private var pending: [Response] = []
    private var isStopped = false
    private var timing: TransactionTiming?
    private var repetition = 0
    private var nextRepetition = Instant.never
    private var giveUpAt = Instant.never

    public init() {}

    public var nextDeadline: Instant { min(nextRepetition, giveUpAt) }

    /// The response that was sent last and is not acknowledged.
    public var awaiting: Response? { pending.first }

    /// The number for the next response: 1 first, then rising by one.
    public mutating func nextRSeq() -> UInt32 {
        lastRSeq += 1
        return lastRSeq
    }

    /// Responses kept at most; a vendor needs one for each of its forks. Beyond it one is dropped.
    static let maximumPending = 32

    /// Takes a response. True when it is to be sent now, else it waits for its turn.
    public mutating func add(_ response: Response, timing: TransactionTiming, now: Instant) -> Bool {
        guard pending.count < ReliableProvisionals.maximumPending else { return false }
        self.timing = timing
        pending.append(response)
        guard pending.count == 1 else { return false }
        restart(now)
        return true
    }

    /// Takes the PRACK for a number; nil when it is not the one awaited (answer 481). With it the
    /// response whose turn has come, to be sent now.
    public mutating func acknowledged(_ rseq: UInt32, now: Instant) -> (response: Response, next: Response?)? {
        guard let first = pending.first, first.rseq == rseq else { return nil }
        pending.removeFirst()
        if isStopped || pending.isEmpty {
            (nextRepetition, giveUpAt) = (.never, .never)
            return (first, nil)
        }
        restart(now)
        return (first, pending.first)
    }

    /// The INVITE was finally answered: nothing is repeated and nothing follows. A PRACK that is on its
    /// way is still taken.
    public mutating func stop() {
        isStopped = true
        nextRepetition = .never
        giveUpAt = .never
    }

    public mutating func handleTimeout(now: Instant) -> UnacknowledgedAnswer.Due {
        if giveUpAt <= now {
            stop()
            return .giveUp
        }
        guard nextRepetition <= now, let timing else { return .nothing }
        repetition += 1
        nextRepetition = timing.wait(repetition).map { now + $0 } ?? .never
        return .repeatAnswer
    }

    private mutating func restart(_ now: Instant) {
        guard let timing else { return }
        repetition = 0
        nextRepetition = now + timing.resendIntervals[0]
        giveUpAt = now + timing.giveUp
    }
}
