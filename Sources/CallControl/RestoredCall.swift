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
    public var callerCallID: Bytes
    public var calleeCallID: Bytes
    public var mappingGatewayName: Bytes
    public var routingGatewayName: Bytes
    public var decision: Bytes
    public var limits: CallLimits?

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
        self.callerCallID = callerCallID
        self.calleeCallID = calleeCallID
        self.mappingGatewayName = mappingGatewayName
        self.routingGatewayName = routingGatewayName
        self.decision = decision
        self.limits = limits
    }
}
