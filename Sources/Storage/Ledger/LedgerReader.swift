import CallRecords
import GRDB
import Vocabulary

/// Queries on `ledger.db`, on connections of their own: each sees everything that was committed before
/// it and holds no writer. They block their thread for the time of the query, after a wait of a few
/// milliseconds for the last groups to become rows; so they are not for `onCommit`.
public final class LedgerReader: Sendable {
    private let connections: DatabasePool

    private let writer: RunningWriter

    init(connections: DatabasePool, writer: RunningWriter) {
        self.connections = connections
        self.writer = writer
    }

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
                database.cachedStatement(
                    sql: """
                        SELECT \(LedgerSchema.callColumns), sequence FROM calls WHERE \(conditions) ORDER BY id DESC LIMIT ?
                        """),
                arguments: arguments + [max(0, limit)])
            while let row = try rows.next() {
                records.append(try LedgerReader.record(row, database))
            }
            return records
        }
    }

    public func call(id: CallIdentifier) throws(StorageError) -> CallRecord? {
        try read { database in
            let statement = try database.cachedStatement(sql: "SELECT \(LedgerSchema.callColumns), sequence FROM calls WHERE id = ?")
            guard let row = try Row.fetchOne(statement, arguments: [id.rawValue]) else { return nil }
            return try LedgerReader.record(row, database)
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

    /// The greatest identifier of any call, open or recorded; nil in an empty store. The next process mints above
    /// it, though the wall clock may have gone back.
    public func lastCallIdentifier() throws(StorageError) -> CallIdentifier? {
        try read { database in
            try Int64.fetchOne(
                database, sql: "SELECT max(last) FROM (SELECT max(id) AS last FROM calls UNION ALL SELECT max(id) FROM open_slots)"
            ).map { CallIdentifier(rawValue: $0) }
        }
    }

    /// What was kept of each registration, in the order of their names.
    public func registrations() throws(StorageError) -> [(name: String, state: [UInt8])] {
        try namedStates("SELECT name, state FROM registrations ORDER BY name")
    }

    /// Where each account was registered, in the order of the accounts.
    public func bindings() throws(StorageError) -> [(account: String, state: [UInt8])] {
        try namedStates("SELECT account, state FROM bindings ORDER BY account").map { (account: $0.name, state: $0.state) }
    }

    private func namedStates(_ sql: String) throws(StorageError) -> [(name: String, state: [UInt8])] {
        try read { database in
            var found: [(name: String, state: [UInt8])] = []
            let rows = try Row.fetchCursor(database, sql: sql)
            while let row = try rows.next() {
                let state = try row.withUnsafeData(atIndex: 1) { $0.map { [UInt8]($0) } ?? [] }
                found.append((row[0], state))
            }
            return found
        }
    }

    func close() throws { try connections.close() }

    func read<R>(_ body: (Database) throws -> R) throws(StorageError) -> R {
        writer.waitForRows()
        return try naming(connections.path) { try connections.read(body) }
    }

    /// A row of `callColumns` and the sequence, with its attempts.
    private static func record(_ row: Row, _ database: Database) throws -> CallRecord {
        var record = try CallRecord(row)
        let sequence: Int64 = row[LedgerSchema.callIntegers + LedgerSchema.callTexts]
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(LedgerSchema.attemptColumns) FROM attempts WHERE call_sequence = ? ORDER BY ordinal
                """)
        let rows = try Row.fetchCursor(statement, arguments: [sequence])
        while let row = try rows.next() { record.attempts.append(try AttemptRecord(row)) }
        return record
    }
}
