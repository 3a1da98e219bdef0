import Vocabulary

/// The record of one call that has ended (a CDR), with one `AttemptRecord` per gateway tried.
///
/// Instants are wall-clock stamps for the reader; every duration was measured by the monotonic clock.
public struct CallRecord: Sendable, Equatable {
    public var id: CallIdentifier
    /// When the INVITE came in.
    public var receivedAt: WallTime
    /// First provisional response of any gateway (`unset` when none came).
    public var firstProvisionalAt: WallTime
    /// First 180, or first response with media (early media), of any gateway.
    public var ringingAt: WallTime
    public var answeredAt: WallTime
    public var endedAt: WallTime
    /// Answer to end; 0 for a call that was not answered.
    public var durationMilliseconds: Int64
    /// The part of the duration that is billed (the fee time): all of it, unless `SERVER_BILLING_SILENT_CALL` leaves out
    /// what came after the last proof of life of a peer that died. Never negative, never above the duration.
    public var billedMilliseconds: Int64
    /// INVITE to answer, or to the end when there was none.
    public var setupMilliseconds: Int64
    /// INVITE to ringing (post-dial delay); -1 when it never rang.
    public var postDialDelayMilliseconds: Int64

    public var caller: NumberHistory
    public var callee: NumberHistory

    /// Name of the customer's gateway; empty when the caller was not recognised.
    public var mappingGateway: String
    /// Name of the last gateway tried; empty when none was.
    public var routingGateway: String
    /// Signalling address of each side.
    public var callerAddress: String
    public var calleeAddress: String
    /// The header field Call-ID of each leg.
    public var callerCallID: String
    public var calleeCallID: String

    /// Final status sent to the caller, and received from the last gateway; 0 when there was none.
    public var callerStatus: Int
    public var calleeStatus: Int

    public var endReason: EndReason
    public var endedBy: CallParty
    /// Q.850 cause: the one a party sent in a Reason header (RFC 3326), else the reason's own.
    public var q850Cause: Int

    /// Why the call was taken for whom, and every candidate gateway with its verdict (JSON).
    public var decision: String
    public var attempts: [AttemptRecord]

    /// `billedMilliseconds`: nil for the whole duration.
    public init(
        id: CallIdentifier, receivedAt: WallTime, firstProvisionalAt: WallTime, ringingAt: WallTime, answeredAt: WallTime,
        endedAt: WallTime, durationMilliseconds: Int64, billedMilliseconds: Int64? = nil, setupMilliseconds: Int64, postDialDelayMilliseconds: Int64,
        caller: NumberHistory, callee: NumberHistory, mappingGateway: String, routingGateway: String,
        callerAddress: String, calleeAddress: String, callerCallID: String, calleeCallID: String,
        callerStatus: Int, calleeStatus: Int, endReason: EndReason, endedBy: CallParty, q850Cause: Int,
        decision: String, attempts: [AttemptRecord]
    ) {
        self.id = id
        self.receivedAt = receivedAt
        self.firstProvisionalAt = firstProvisionalAt
        self.ringingAt = ringingAt
        self.answeredAt = answeredAt
        self.endedAt = endedAt
        self.durationMilliseconds = durationMilliseconds
        self.billedMilliseconds = billedMilliseconds ?? durationMilliseconds
        self.setupMilliseconds = setupMilliseconds
        self.postDialDelayMilliseconds = postDialDelayMilliseconds
        self.caller = caller
        self.callee = callee
        self.mappingGateway = mappingGateway
        self.routingGateway = routingGateway
        self.callerAddress = callerAddress
        self.calleeAddress = calleeAddress
        self.callerCallID = callerCallID
        self.calleeCallID = calleeCallID
        self.callerStatus = callerStatus
        self.calleeStatus = calleeStatus
        self.endReason = endReason
        self.endedBy = endedBy
        self.q850Cause = q850Cause
        self.decision = decision
        self.attempts = attempts
    }
}

/// A number as it came, as it was routed, and as it was sent to the last gateway.
public struct NumberHistory: Sendable, Equatable {
    public var received: String
    public var routed: String
    public var sent: String

    public init(received: String, routed: String, sent: String) {
        self.received = received
        self.routed = routed
        self.sent = sent
    }
}

/// One try at one gateway.
public struct AttemptRecord: Sendable, Equatable {
    public var gateway: String
    public var address: String
    public var callID: String
    public var calleeSent: String
    public var startedAt: WallTime
    public var firstProvisionalAt: WallTime
    public var ringingAt: WallTime
    public var answeredAt: WallTime
    public var endedAt: WallTime
    /// Final status received; 0 when none came.
    public var status: Int
    public var outcome: AttemptOutcome

    public init(
        gateway: String, address: String, callID: String, calleeSent: String, startedAt: WallTime,
        firstProvisionalAt: WallTime, ringingAt: WallTime, answeredAt: WallTime, endedAt: WallTime,
        status: Int, outcome: AttemptOutcome
    ) {
        self.gateway = gateway
        self.address = address
        self.callID = callID
        self.calleeSent = calleeSent
        self.startedAt = startedAt
        self.firstProvisionalAt = firstProvisionalAt
        self.ringingAt = ringingAt
        self.answeredAt = answeredAt
        self.endedAt = endedAt
        self.status = status
        self.outcome = outcome
    }
}

/// How an attempt at a gateway ended. Raw values are stored: append only.
public enum AttemptOutcome: Int16, CaseIterable, Sendable {
    case answered = 1
    /// A final response other than 2xx.
    case refused = 2
    /// Nothing came for the whole retransmission list or within the INVITE timer.
    case inviteTimeout = 3
    /// The transport failed.
    case unreachable = 4
    /// The caller gave up.
    case cancelledByCaller = 5
    /// A staged timer ran out.
    case tryingTimeout = 6
    case progressTimeout = 7
    case progressWithMediaTimeout = 8
    case ringingTimeout = 9
    /// Ended by the switch for another reason, which the call's record names.
    case abandoned = 10

    private static let names = CaseNames<Self>()
    public var name: String { Self.names[self] }
}
