import CallRecords
import Containers
import Routing
import Vocabulary

/// One call from the caller's INVITE to its record: which gateway is tried, when the answer is passed,
/// who ended it and why. It knows no SIP syntax; legs and messages are the shard's.
public struct Call: ~Copyable {
    public enum Phase: Sendable, Equatable {
        /// Gateways are being tried. Can transition to: recording, over.
        case trying
        /// A gateway answered; the answer is being stored and not yet passed. Can transition to: answered, over.
        case recording
        /// The answer was passed; the ACK is awaited. Can transition to: connected, ending, over.
        case answered
        /// The caller acknowledged. Can transition to: ending, over.
        case connected
        /// The switch has ended it; that is being stored, and nobody is hung up yet. Can transition to: over.
        case ending
        /// Ended; the record is written.
        case over
    }

    public let id: CallIdentifier
    public let configuration: SwitchConfiguration
    /// For whom it was taken; nil for a call restored after a restart.
    public let origin: CallOrigin?
    public let sourceRule: SourceTable.Rule
    public let source: NetworkAddress
    public let callerLeg: SlabKey
    /// Numbers and Call-IDs for the record.
    public var texts: ByteStore
    /// As received.
    public let callerNumber: StoredBytes
    public let calleeNumber: StoredBytes
    /// After the caller's dial plan.
    public internal(set) var callerRouted: StoredBytes
    public internal(set) var calleeRouted: StoredBytes
    public let callerCallID: StoredBytes

    public internal(set) var phase = Phase.trying
    /// The rules of the caller's dial plan that matched, and the caller's period that held.
    public internal(set) var rewriting: (caller: Int?, callee: Int?, period: Int?) = (nil, nil, nil)
    /// Why the call was refused before any gateway was tried.
    public internal(set) var refusal: CallRefusal?
    /// The number behind it: `CallDecision.refusalDetail`.
    public internal(set) var refusalDetail: Int32 = 0
    public internal(set) var candidates: [Candidate] = []
    public internal(set) var attempts: [Attempt] = []
    var nextCandidate = 0
    /// Whether an attempt is running; it is the last in `attempts`.
    var isAttempting = false
    /// Why no further gateway was tried after the last failure.
    public internal(set) var switchStop: SwitchStop?
    /// Whether a vendor said that the call was forwarded (181, 302).
    public internal(set) var isForwarded = false
    var forwardings = 0

    public let receivedAt: Moment
    public internal(set) var firstProvisionalAt = WallTime.unset
    public internal(set) var ringingAt: Moment?
    public internal(set) var answeredAt: Moment?
    public internal(set) var endedAt: Moment?
    /// Until when the answered call is billed; nil: to its end.
    public internal(set) var billedUntil: Moment?
    /// Until when it is billed if a peer dies.
    public let deathBilling: DeathBilling
    public internal(set) var callerStatus = 0
    public internal(set) var endReason = EndReason.internalFault
    public internal(set) var endedBy = CallParty.server
    /// Q.850 cause that a party gave in a Reason header field.
    public var reportedCause: Int?

    /// The rule of the answered call and its limit; nil before the answer.
    public var limits: CallLimits?
    /// What showed that the call was over, for the record; mostly empty.
    public internal(set) var endNote = StoredBytes.none
    /// When the running attempt's stage ends.
    var stageDeadline = Instant.never
    /// When the caller's own limit for the set-up ends (Expires of the INVITE).
    let setupDeadline: Instant
    /// When the longest set-up time of the caller's gateway ends; it counts until a gateway rings.
    var silenceDeadline = Instant.never
    /// Whom an ending call has still to hang up: not a side that hung up itself, or that lost the call.
    var isStillUp = (caller: true, callee: true)
    /// When an ending call hangs up without waiting for the store any longer.
    var hangUpAt = Instant.never
    /// How long an answer waits for a store that neither commits nor says that it cannot.
    public static let longestCommit = Interval.seconds(8)
    /// Number of the store's command that records the answer; 0 before it is given.
    public var answerSequence: UInt64 = 0
    /// When that command was given.
    public var answerWrittenAt = Instant.zero
    /// Names and decision of a call restored after a restart, whose configuration may have changed since.
    public private(set) var stored: (mappingGateway: StoredBytes, routingGateway: StoredBytes, decision: StoredBytes)?
    /// The call's timer in the shard's wheel, and when it fires.
    public var timer = TimerHandle.none
    public var timerDeadline = Instant.never

    public init(
        id: CallIdentifier, configuration: SwitchConfiguration, origin: CallOrigin, sourceRule: SourceTable.Rule, source: NetworkAddress,
        callerLeg: SlabKey, callerNumber: Bytes, calleeNumber: Bytes, callID: Bytes, decision: CallDecision, setupLimit: Interval?,
        now: Moment
    ) {
        self.id = id
        self.configuration = configuration
        self.origin = origin
        self.sourceRule = sourceRule
        self.source = source
        self.callerLeg = callerLeg
        self.receivedAt = now
        deathBilling = configuration.sessionSettings.deathBilling
        setupDeadline = setupLimit.map { now.instant + $0 } ?? .never
        texts = ByteStore()
        self.callerNumber = texts.store(callerNumber)
        self.calleeNumber = texts.store(calleeNumber)
        callerRouted = self.callerNumber
        calleeRouted = self.calleeNumber
        callerCallID = texts.store(callID)
        take(decision)
        if let seconds = configuration.maximumSetupTime(of: origin) { silenceDeadline = now.instant + .seconds(Int64(seconds)) }
    }

    /// A call that was up when the process ended, as it was stored.
    public init(restoring stored: RestoredCall, configuration: SwitchConfiguration, callerLeg: SlabKey, calleeLeg: SlabKey) {
        id = stored.id
        self.configuration = configuration
        origin = nil
        sourceRule = .address
        source = stored.source
        self.callerLeg = callerLeg
        receivedAt = stored.receivedAt
        deathBilling = stored.deathBilling
        setupDeadline = .never
        texts = ByteStore()
        callerNumber = texts.store(stored.callerNumber)
        calleeNumber = texts.store(stored.calleeNumber)
        callerRouted = texts.store(stored.callerRouted)
        calleeRouted = texts.store(stored.calleeRouted)
        callerCallID = texts.store(stored.callerCallID)
        phase = .connected
        firstProvisionalAt = stored.firstProvisionalAt
        ringingAt = stored.ringingAt
        answeredAt = stored.answeredAt
        callerStatus = 200
        answerSequence = 0
        limits = stored.limits
        var attempt = Attempt(
            candidate: -1, destination: nil, address: stored.gatewayAddress, leg: calleeLeg, callID: texts.store(stored.calleeCallID),
            callerSent: texts.store(stored.callerSent), calleeSent: texts.store(stored.calleeSent), startedAt: stored.attemptStartedAt)
        attempt.firstProvisionalAt = stored.firstProvisionalAt
        attempt.ringingAt = stored.ringingAt?.wall ?? .unset
        attempt.answeredAt = stored.answeredAt.wall
        attempt.status = 200
        attempt.outcome = .answered
        attempts = [attempt]
        isAttempting = true
        if let ending = stored.ending {
            phase = .ending
            (endReason, endedBy, endedAt, reportedCause) = (ending.reason, ending.party, ending.endedAt, ending.reportedCause)
            endNote = texts.store(ending.note)
            attempts[0].endedAt = ending.endedAt.wall
            billedUntil = ending.billedUntil
            hangUpAt = ending.endedAt.instant
        }
        self.stored = (texts.store(stored.mappingGatewayName), texts.store(stored.routingGatewayName), texts.store(stored.decision))
    }

    /// The callee's leg of the running or answered attempt.
    public var calleeLeg: SlabKey? { isAttempting ? attempts[attempts.count - 1].leg : nil }
    public var isOver: Bool { phase == .over }
    /// Whether the switch has ended it and hung up nobody yet.
    public var isEnding: Bool { phase == .ending }
    /// Whether the answer waits for its commit.
    public var isRecording: Bool { phase == .recording }
    /// Whether the answer was passed and the call is neither ending nor over.
    public var isAnswered: Bool { phase == .answered || phase == .connected }
    public var nextDeadline: Instant {
        switch phase {
        case .trying: min(stageDeadline, min(setupDeadline, silenceDeadline))
        case .answered, .connected: limits?.nextDeadline ?? .never
        case .ending: hangUpAt
        case .recording: answerWrittenAt == .zero ? .never : answerWrittenAt + Call.longestCommit
        case .over: .never
        }
    }
}
