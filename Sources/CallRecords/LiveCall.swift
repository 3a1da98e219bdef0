import Vocabulary

/// A call that is up or being set up, as the operator sees it (`tandem calls`).
public struct LiveCall: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        /// INVITE received, no gateway has answered yet.
        case calling
        /// A gateway answered provisionally.
        case proceeding
        case ringing
        case answered
        case ending
    }

    public var id: CallIdentifier
    public var state: State
    public var receivedAt: WallTime
    public var answeredAt: WallTime
    /// Since the answer; 0 before it.
    public var durationMilliseconds: Int64
    public var caller: String
    public var callee: String
    public var mappingGateway: String
    public var routingGateway: String
    public var callerAddress: String
    public var calleeAddress: String
    public var callerCallID: String
    public var calleeCallID: String
    /// Of every try at a gateway, the present one included.
    public var attemptCallIDs: [String]
    /// What ends the call if its parties do not: "sessionTimer", "noTimerLimit" or "none"; empty before the answer.
    public var rule = ""
    /// Why it is under that rule, in words.
    public var ruleReason = ""
    /// The shortest limit in seconds; 0: none.
    public var limitSeconds: Int64 = 0
    /// Whose limit it is: a parameter's name, or a gateway's.
    public var limitSource = ""
    /// Until that limit, in seconds; -1: none.
    public var secondsLeft: Int64 = -1
    /// Session intervals in seconds; 0: no timer on that leg.
    public var callerSessionSeconds = 0
    public var calleeSessionSeconds = 0

    public init(
        id: CallIdentifier, state: State, receivedAt: WallTime, answeredAt: WallTime, durationMilliseconds: Int64,
        caller: String, callee: String, mappingGateway: String, routingGateway: String,
        callerAddress: String, calleeAddress: String, callerCallID: String, calleeCallID: String, attemptCallIDs: [String] = []
    ) {
        self.id = id
        self.state = state
        self.receivedAt = receivedAt
        self.answeredAt = answeredAt
        self.durationMilliseconds = durationMilliseconds
        self.caller = caller
        self.callee = callee
        self.mappingGateway = mappingGateway
        self.routingGateway = routingGateway
        self.callerAddress = callerAddress
        self.calleeAddress = calleeAddress
        self.callerCallID = callerCallID
        self.calleeCallID = calleeCallID
        self.attemptCallIDs = attemptCallIDs
    }
}
