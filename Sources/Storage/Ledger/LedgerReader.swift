import CallRecords
import GRDB
import Vocabulary

/// Queries on `ledger.db`, on connections of their own: each sees the last commit before it and holds
/// no writer. Calls block their thread for the time of the query.
public final class LedgerReader: Sendable {
    private let connections: DatabasePool

    init(connections: DatabasePool) { self.connections = connections }

    /// At most `limit` records, the newest first, with their attempts. `before`: the last identifier of
    /// the page before, for the next page.
    ///
    /// A filter that few calls meet reads on until it has found enough: give it a time range.
    public func calls(
        limit: Int, before: CallIdentifier? = nil, filter: CallFilter = CallFilter()
    ) throws(StorageError) -> [CallRecord] {
        let (conditions, arguments) = filter.conditions(before: before)
        return try read { database in
            var records: [CallRecord] = []
            let rows = try Row.fetchCursor(
                database.cachedStatement(sql: """
                    SELECT \(LedgerSchema.callColumns) FROM calls WHERE \(conditions) ORDER BY id DESC LIMIT ?
                    """),
                arguments: arguments + [max(0, limit)])
            while let row = try rows.next() {
                var record = try CallRecord(row)
                record.attempts = try LedgerReader.attempts(of: record.id, database)
                records.append(record)
            }
            return records
        }
    }

    public func call(id: CallIdentifier) throws(StorageError) -> CallRecord? {
        try read { database in
            let statement = try database.cachedStatement(sql: "SELECT \(LedgerSchema.callColumns) FROM calls WHERE id = ?")
            guard let row = try Row.fetchOne(statement, arguments: [id.rawValue]) else { return nil }
            var record = try CallRecord(row)
            record.attempts = try LedgerReader.attempts(of: id, database)
            return record
        }
    }

    /// How many records meet the filter; reads them all within its time range.
    public func count(filter: CallFilter = CallFilter()) throws(StorageError) -> Int {
        let (conditions, arguments) = filter.conditions(before: nil)
        return try read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM calls WHERE \(conditions)", arguments: arguments) ?? 0
        }
    }

    /// The calls that were answered and have no record yet, oldest first, each with the state its shard
    /// kept: what a start has to go on with.
    public func openCalls() throws(StorageError) -> [(id: CallIdentifier, state: [UInt8])] {
        try read { database in
            var calls: [(id: CallIdentifier, state: [UInt8])] = []
            let rows = try Row.fetchCursor(database, sql: "SELECT id, state FROM open_calls ORDER BY id")
            while let row = try rows.next() {
                let state = try row.withUnsafeData(atIndex: 1) { $0.map { [UInt8]($0) } ?? [] }
                calls.append((CallIdentifier(rawValue: row[0]), state))
            }
            return calls
        }
    }

    func close() throws { try connections.close() }

    private func read<R>(_ body: (Database) throws -> R) throws(StorageError) -> R {
        try naming(connections.path) { try connections.read(body) }
    }

    private static func attempts(of call: CallIdentifier, _ database: Database) throws -> [AttemptRecord] {
        let statement = try database.cachedStatement(sql: """
            SELECT \(LedgerSchema.attemptColumns) FROM attempts WHERE call_id = ? ORDER BY ordinal
            """)
        let rows = try Row.fetchCursor(statement, arguments: [call.rawValue])
        var attempts: [AttemptRecord] = []
        while let row = try rows.next() { attempts.append(try AttemptRecord(row)) }
        return attempts
    }
}
