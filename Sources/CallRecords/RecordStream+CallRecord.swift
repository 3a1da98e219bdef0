import Vocabulary

// Records that are there as values; a shard writes its own straight from what its calls hold.
extension RecordStream {
    /// Writes a whole record as a command that closes its call. `closedWithoutBilling`: as it was written before records
    /// had a billed time.
    @discardableResult
    public mutating func append(closed record: CallRecord, tag: Tag = .closed) -> UInt64 {
        let sequence = begin(tag)
        for value in [
            record.id.rawValue, record.receivedAt.microseconds, record.firstProvisionalAt.microseconds,
            record.ringingAt.microseconds, record.answeredAt.microseconds, record.endedAt.microseconds,
            record.durationMilliseconds, record.setupMilliseconds, record.postDialDelayMilliseconds,
            Int64(record.callerStatus), Int64(record.calleeStatus), Int64(record.endReason.rawValue),
            Int64(record.endedBy.rawValue), Int64(record.q850Cause),
        ] { append(value) }
        if tag == .closed { append(record.billedMilliseconds) }
        for text in [
            record.caller.received, record.caller.routed, record.caller.sent,
            record.callee.received, record.callee.routed, record.callee.sent,
            record.mappingGateway, record.routingGateway, record.callerAddress, record.calleeAddress,
            record.callerCallID, record.calleeCallID, record.decision,
        ] { text.withBytes { append($0) } }
        append(Int64(record.attempts.count))
        for attempt in record.attempts {
            for value in [
                attempt.startedAt.microseconds, attempt.firstProvisionalAt.microseconds, attempt.ringingAt.microseconds,
                attempt.answeredAt.microseconds, attempt.endedAt.microseconds, Int64(attempt.status), Int64(attempt.outcome.rawValue),
            ] { append(value) }
            for text in [attempt.gateway, attempt.address, attempt.callID, attempt.calleeSent] { text.withBytes { append($0) } }
        }
        return sequence
    }
}
