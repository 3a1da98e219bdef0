import CallRecords
import Routing
import Vocabulary

/// What the store kept of a call that was up, read at start. Views are valid while the stored bytes are.
public struct RestoredCall {
    public var id: CallIdentifier
    public var source: NetworkAddress
    public var gatewayAddress: NetworkAddress
    public var receivedAt: Moment
    public var firstProvisionalAt: WallTime
    public var ringingAt: Moment?
    public var answeredAt: Moment
    public var attemptStartedAt: WallTime
    public var callerNumber: Bytes
    public var calleeNumber: Bytes
    public var calleeSent: Bytes
    /// The numbers after the caller's dial plan, and the caller as the gateway was sent it.
    public var callerRouted: Bytes
    public var callerSent: Bytes
    public var calleeRouted: Bytes
    public var callerCallID: Bytes
    public var calleeCallID: Bytes
    public var mappingGatewayName: Bytes
    public var routingGatewayName: Bytes
    public var decision: Bytes
    public var limits: CallLimits?
    /// Until when it is billed if a peer dies, as its configuration had it.
    public var deathBilling = DeathBilling.detection
    /// How the process before was ending it; nil: it goes on.
    public var ending: StoredEnding?

    public init(
        id: CallIdentifier, source: NetworkAddress, gatewayAddress: NetworkAddress, receivedAt: Moment, firstProvisionalAt: WallTime,
        ringingAt: Moment?, answeredAt: Moment, attemptStartedAt: WallTime, callerNumber: Bytes, calleeNumber: Bytes, calleeSent: Bytes,
        callerCallID: Bytes, calleeCallID: Bytes, mappingGatewayName: Bytes, routingGatewayName: Bytes, decision: Bytes, limits: CallLimits? = nil
    ) {
        self.id = id
        self.source = source
        self.gatewayAddress = gatewayAddress
        self.receivedAt = receivedAt
        self.firstProvisionalAt = firstProvisionalAt
        self.ringingAt = ringingAt
        self.answeredAt = answeredAt
        self.attemptStartedAt = attemptStartedAt
        self.callerNumber = callerNumber
        self.calleeNumber = calleeNumber
        self.calleeSent = calleeSent
        callerRouted = callerNumber
        callerSent = callerNumber
        calleeRouted = calleeNumber
        self.callerCallID = callerCallID
        self.calleeCallID = calleeCallID
        self.mappingGatewayName = mappingGatewayName
        self.routingGatewayName = routingGatewayName
        self.decision = decision
        self.limits = limits
    }
}

/// The end of a call that the switch decided and had not carried out when the process ended.
public struct StoredEnding {
    public var reason: EndReason
    public var party: CallParty
    public var endedAt: Moment
    /// Until when it is billed.
    public var billedUntil: Moment
    /// Q.850 cause that a party had given.
    public var reportedCause: Int?
    /// What showed that the call was over.
    public var note: Bytes

    public init(reason: EndReason, party: CallParty, endedAt: Moment, billedUntil: Moment, reportedCause: Int?, note: Bytes) {
        self.reason = reason
        self.party = party
        self.endedAt = endedAt
        self.billedUntil = billedUntil
        self.reportedCause = reportedCause
        self.note = note
    }
}
