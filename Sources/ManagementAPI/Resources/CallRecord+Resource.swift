import CallRecords
import Vocabulary

extension CallRecord {
    /// The call record as the REST interface and `tandem cdrs -o json` show it.
    public var document: DocumentNode {
        [
            "id": .text(id.description),
            "startTime": receivedAt.document,
            "firstProvisionalTime": firstProvisionalAt.document,
            "ringingTime": ringingAt.document,
            "answerTime": answeredAt.document,
            "endTime": endedAt.document,
            "durationMilliseconds": .number(durationMilliseconds),
            "billedMilliseconds": .number(billedMilliseconds),
            "setupMilliseconds": .number(setupMilliseconds),
            "postDialDelayMilliseconds": postDialDelayMilliseconds < 0 ? .null : .number(postDialDelayMilliseconds),
            "caller": .text(caller.received),
            "callee": .text(callee.received),
            "callerNumbers": caller.document,
            "calleeNumbers": callee.document,
            "mappingGateway": .optional(mappingGateway),
            "routingGateway": .optional(routingGateway),
            "callerAddress": .optional(callerAddress),
            "calleeAddress": .optional(calleeAddress),
            "callerCallID": .optional(callerCallID),
            "calleeCallID": .optional(calleeCallID),
            "callerStatus": .status(callerStatus),
            "calleeStatus": .status(calleeStatus),
            "endReason": .text(endReason.name),
            "endReasonMeaning": .text(endReason.meaning),
            "endedBy": .text(endedBy.name),
            "q850Cause": .number(q850Cause),
            "decision": decisionDocument,
            "attempts": .list(attempts.map(\.document)),
        ]
    }

    /// The decision as a tree; a text that is no JSON is shown as text.
    private var decisionDocument: DocumentNode {
        if decision.isEmpty { return .null }
        return (try? DocumentNode(json: decision)) ?? .text(decision)
    }
}

extension NumberHistory {
    fileprivate var document: DocumentNode { ["received": .text(received), "routed": .text(routed), "sent": .text(sent)] }
}

extension AttemptRecord {
    fileprivate var document: DocumentNode {
        [
            "gateway": .text(gateway),
            "address": .optional(address),
            "callID": .optional(callID),
            "calleeSent": .optional(calleeSent),
            "startTime": startedAt.document,
            "firstProvisionalTime": firstProvisionalAt.document,
            "ringingTime": ringingAt.document,
            "answerTime": answeredAt.document,
            "endTime": endedAt.document,
            "status": .status(status),
            "outcome": .text(outcome.name),
        ]
    }
}

extension DocumentNode {
    /// A SIP status, null when there was none.
    fileprivate static func status(_ status: Int) -> DocumentNode { status == 0 ? .null : .number(status) }
}
