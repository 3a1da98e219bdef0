import CallRecords
import Vocabulary

extension LiveCall {
    /// The call as the REST interface and `tandem calls -o json` show it.
    public var document: DocumentNode {
        [
            "id": .text(id.description),
            "state": .text(state.rawValue),
            "startTime": receivedAt.document,
            "answerTime": answeredAt.document,
            "durationMilliseconds": .number(durationMilliseconds),
            "caller": .text(caller),
            "callee": .text(callee),
            "mappingGateway": .optional(mappingGateway),
            "routingGateway": .optional(routingGateway),
            "callerAddress": .optional(callerAddress),
            "calleeAddress": .optional(calleeAddress),
            "callerCallID": .optional(callerCallID),
            "calleeCallID": .optional(calleeCallID),
            "rule": .optional(rule),
            "ruleReason": .optional(ruleReason),
            "limitSeconds": limitSeconds > 0 ? .number(limitSeconds) : .null,
            "limitSource": .optional(limitSource),
            "secondsLeft": secondsLeft >= 0 ? .number(secondsLeft) : .null,
            "callerSessionSeconds": callerSessionSeconds > 0 ? .number(Int64(callerSessionSeconds)) : .null,
            "calleeSessionSeconds": calleeSessionSeconds > 0 ? .number(Int64(calleeSessionSeconds)) : .null,
        ]
    }
}
