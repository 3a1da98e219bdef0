import CallRecords
import GRDB
import GRDBSQLite
import Vocabulary

extension CallRecord {
    /// Reads the columns `LedgerSchema.callColumns`, without attempts.
    init(_ row: Row) throws {
        func integer(_ field: CallRecordInteger) -> Int64 { row[field.rawValue] ?? 0 }
        func text(_ field: CallRecordText) -> String { row[LedgerSchema.callIntegers + field.rawValue] ?? "" }
        func wall(_ field: CallRecordInteger) -> WallTime { WallTime(microseconds: integer(field)) }
        self.init(
            id: CallIdentifier(rawValue: integer(.id)), receivedAt: wall(.receivedAt),
            firstProvisionalAt: wall(.firstProvisionalAt), ringingAt: wall(.ringingAt),
            answeredAt: wall(.answeredAt), endedAt: wall(.endedAt),
            durationMilliseconds: integer(.durationMilliseconds), billedMilliseconds: row[CallRecordInteger.billedMilliseconds.rawValue],
            setupMilliseconds: integer(.setupMilliseconds),
            postDialDelayMilliseconds: integer(.postDialDelayMilliseconds),
            caller: NumberHistory(received: text(.callerReceived), routed: text(.callerRouted), sent: text(.callerSent)),
            callee: NumberHistory(received: text(.calleeReceived), routed: text(.calleeRouted), sent: text(.calleeSent)),
            mappingGateway: text(.mappingGateway), routingGateway: text(.routingGateway),
            callerAddress: text(.callerAddress), calleeAddress: text(.calleeAddress),
            callerCallID: text(.callerCallID), calleeCallID: text(.calleeCallID),
            callerStatus: Int(integer(.callerStatus)), calleeStatus: Int(integer(.calleeStatus)),
            endReason: try known(EndReason(rawValue: Int16(truncatingIfNeeded: integer(.endReason))), "end_reason"),
            endedBy: try known(CallParty(rawValue: UInt8(truncatingIfNeeded: integer(.endedBy))), "ended_by"),
            q850Cause: Int(integer(.q850Cause)), decision: text(.decision), attempts: [])
    }
}

extension AttemptRecord {
    /// Reads the columns `LedgerSchema.attemptColumns`.
    init(_ row: Row) throws {
        func integer(_ field: AttemptRecordInteger) -> Int64 { row[field.rawValue] ?? 0 }
        func text(_ field: AttemptRecordText) -> String { row[LedgerSchema.attemptIntegers + field.rawValue] ?? "" }
        func wall(_ field: AttemptRecordInteger) -> WallTime { WallTime(microseconds: integer(field)) }
        self.init(
            gateway: text(.gateway), address: text(.address), callID: text(.callID), calleeSent: text(.calleeSent),
            startedAt: wall(.startedAt), firstProvisionalAt: wall(.firstProvisionalAt), ringingAt: wall(.ringingAt),
            answeredAt: wall(.answeredAt), endedAt: wall(.endedAt), status: Int(integer(.status)),
            outcome: try known(AttemptOutcome(rawValue: Int16(truncatingIfNeeded: integer(.outcome))), "outcome"))
    }
}

/// A stored code that this version knows; another one means that something else wrote the file.
private func known<Code>(_ code: Code?, _ column: String) throws -> Code {
    guard let code else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "unknown code in column \(column)")
    }
    return code
}
