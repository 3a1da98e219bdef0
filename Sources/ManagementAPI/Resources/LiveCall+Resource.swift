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
        ]
    }
}
