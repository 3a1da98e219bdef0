import CallRecords
import GRDBSQLite
import Vocabulary

/// Runs before a group goes to the journal, and in each transaction when it has begun and when its rows
/// are written. It may answer an SQLite result code in place of the next step: how tests make the disk fail.
package typealias CommitFault = @Sendable (_ stage: CommitStage, _ connection: OpaquePointer) -> Int32

package enum CommitStage: Sendable { case journal, begun, written }

/// Turns the bytes of commands into rows: one transaction for everything that waits, on statements
/// prepared once, with every field bound where it stands in the buffer. Lives on the writer's thread.
final class CommandCommitter {
    private let connection: OpaquePointer
    private let fault: CommitFault?
    private var statements: Statements?
    private var slots = OpenCallSlots()
    private var states = PendingStates()
    /// What SQLite said about the last failure.
    private(set) var failureDetail = ""

    init(connection: OpaquePointer, fault: CommitFault?) {
        self.connection = connection
        self.fault = fault
    }

    deinit { statements?.finalize() }

    /// Whether a test wants the journal to fail.
    var refusesJournal: Bool { fault.map { $0(.journal, connection) != SQLITE_OK } ?? false }

    /// Commits everything in the backlog (or of it what is in the journal), or nothing. Returns SQLite's (extended) result code.
    func commit(_ backlog: borrowing CommandBacklog, onlyJournaled: Bool = false) -> Int32 {
        let code = run(backlog, onlyJournaled)
        if code == SQLITE_OK {
            slots.committed()
            return code
        }
        slots.rolledBack()
        let isSQLites = sqlite3_extended_errcode(connection) == code
        failureDetail = String(cString: isSQLites ? sqlite3_errmsg(connection) : sqlite3_errstr(code))
        rollBack()
        return code
    }

    /// Ends a transaction that SQLite has not ended itself on the failure.
    private func rollBack() {
        if sqlite3_get_autocommit(connection) == 0, let statements { _ = step(statements.rollback) }
    }

    private func run(_ backlog: borrowing CommandBacklog, _ onlyJournaled: Bool) -> Int32 {
        if statements == nil {
            let code = prepare()
            guard code == SQLITE_OK else { return code }
        }
        guard let statements else { return SQLITE_MISUSE }
        rollBack()
        var code = step(statements.begin)
        guard code == SQLITE_OK else { return code }
        if let fault {
            code = fault(.begun, connection)
            guard code == SQLITE_OK else { return code }
        }
        for shard in backlog.shards {
            let end = onlyJournaled ? shard.journaled : shard.bytes.count
            guard end > 0 else { continue }
            code = shard.bytes.withBytes { write($0[0..<end], statements) }
            guard code == SQLITE_OK else { return code }
        }
        if let fault {
            code = fault(.written, connection)
            guard code == SQLITE_OK else { return code }
        }
        return step(statements.commit)
    }

    private func write(_ bytes: Bytes, _ statements: Statements) -> Int32 {
        var reader = RecordReader(bytes)
        defer { states.removeAll() }
        while !reader.isAtEnd {
            let code: Int32 =
                switch reader.tag() {
                case .opened: keepOpened(&reader)
                case .updated, .ending: keepUpdated(&reader)
                case .closed: writeCall(&reader, .closed, statements)
                case .closedWithoutBilling: writeCall(&reader, .closedWithoutBilling, statements)
                case .registration: keepState(&reader, statements.keepRegistration)
                case .registrationRemoved: remove(&reader, statements.removeRegistration)
                case .bindings: keepState(&reader, statements.keepBindings)
                case .bindingsRemoved: remove(&reader, statements.removeBindings)
                }
            guard code == SQLITE_OK else { return code }
        }
        return writeStates(statements)
    }

    private func keepOpened(_ reader: inout RecordReader) -> Int32 {
        let identifier = reader.integer()
        states.keep(reader.text(), of: identifier)
        return SQLITE_OK
    }

    /// An update that comes after the end has nothing to update.
    private func keepUpdated(_ reader: inout RecordReader) -> Int32 {
        let identifier = reader.integer()
        let state = reader.text()
        if states.contains(identifier) || slots.slot(of: identifier) != nil { states.keep(state, of: identifier) }
        return SQLITE_OK
    }

    /// Writes the last state of every call that is still open, into its slot.
    private func writeStates(_ statements: Statements) -> Int32 {
        var code = SQLITE_OK
        states.forEach { identifier, state in
            guard code == SQLITE_OK else { return }
            sqlite3_bind_int64(statements.keepState, 1, slots.take(identifier))
            sqlite3_bind_int64(statements.keepState, 2, identifier)
            sqlite3_bind_blob(statements.keepState, 3, state.base, Int32(state.count), nil)
            code = step(statements.keepState)
        }
        return code
    }

    /// Writes the call and its attempts, which ends the open call. A record that is there already stays as it is.
    private func writeCall(_ reader: inout RecordReader, _ tag: RecordStream.Tag, _ statements: Statements) -> Int32 {
        var identifier: Int64 = 0
        reader.forEachCallInteger(tag) { field, value in
            if field == .id { identifier = value }
            sqlite3_bind_int64(statements.insertCall, Int32(field.rawValue + 1), value)
        }
        bindFields(&reader, statements.insertCall, from: Int32(LedgerSchema.callIntegers + 1), integers: 0, texts: LedgerSchema.callTexts)
        var code = step(statements.insertCall)
        guard code == SQLITE_OK else { return code }
        let isNew = sqlite3_changes(connection) != 0
        let sequence = sqlite3_last_insert_rowid(connection)
        for ordinal in 0..<reader.integer() {
            sqlite3_bind_int64(statements.insertAttempt, 1, sequence)
            sqlite3_bind_int64(statements.insertAttempt, 2, ordinal + 1)
            bindFields(&reader, statements.insertAttempt, from: 3, integers: LedgerSchema.attemptIntegers, texts: LedgerSchema.attemptTexts)
            if isNew { code = step(statements.insertAttempt) }
            guard code == SQLITE_OK else { return code }
        }
        states.remove(identifier)
        slots.release(identifier)
        return SQLITE_OK
    }

    /// A name and its state, of a registration or of an account's bindings.
    private func keepState(_ reader: inout RecordReader, _ statement: OpaquePointer) -> Int32 {
        bindText(reader.text(), statement, 1)
        let state = reader.text()
        sqlite3_bind_blob(statement, 2, state.base, Int32(state.count), nil)
        return step(statement)
    }

    /// What was never kept is not missed.
    private func remove(_ reader: inout RecordReader, _ statement: OpaquePointer) -> Int32 {
        bindText(reader.text(), statement, 1)
        return step(statement)
    }

    /// Binds runs of integers and of texts in the buffer's order. The pointers stay valid until the
    /// statement has been stepped, which is all that SQLite is promised (SQLITE_STATIC, a nil destructor).
    private func bindFields(_ reader: inout RecordReader, _ statement: OpaquePointer, from first: Int32, integers: Int, texts: Int) {
        var position = first
        for _ in 0..<integers {
            sqlite3_bind_int64(statement, position, reader.integer())
            position += 1
        }
        for _ in 0..<texts {
            bindText(reader.text(), statement, position)
            position += 1
        }
    }

    private func bindText(_ text: Bytes, _ statement: OpaquePointer, _ position: Int32) {
        sqlite3_bind_text(statement, position, text.base.assumingMemoryBound(to: CChar.self), Int32(text.count), nil)
    }

    private func step(_ statement: OpaquePointer) -> Int32 {
        let code = sqlite3_step(statement)
        if code == SQLITE_DONE || code == SQLITE_ROW {
            sqlite3_reset(statement)
            return SQLITE_OK
        }
        // The connection's message and extended code are read before anything else runs on it.
        let extended = sqlite3_extended_errcode(connection)
        sqlite3_reset(statement)
        return extended == SQLITE_OK ? code : extended
    }
}

extension CommandCommitter {
    /// The statements of the writer's connection.
    private struct Statements {
        var begin: OpaquePointer
        var commit: OpaquePointer
        var rollback: OpaquePointer
        var keepState: OpaquePointer
        var insertCall: OpaquePointer
        var insertAttempt: OpaquePointer
        var keepRegistration: OpaquePointer
        var removeRegistration: OpaquePointer
        var keepBindings: OpaquePointer
        var removeBindings: OpaquePointer

        func finalize() {
            for statement in [
                begin, commit, rollback, keepState, insertCall, insertAttempt, keepRegistration, removeRegistration, keepBindings,
                removeBindings,
            ] { sqlite3_finalize(statement) }
        }
    }

    /// Prepares the statements and learns which calls are open.
    private func prepare() -> Int32 {
        let callFields = LedgerSchema.callIntegers + LedgerSchema.callTexts
        let attemptFields = 2 + LedgerSchema.attemptIntegers + LedgerSchema.attemptTexts
        let texts = [
            "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK",
            "INSERT OR REPLACE INTO open_slots (slot, id, state) VALUES (?, ?, ?)",
            "INSERT OR IGNORE INTO calls (\(LedgerSchema.callColumns)) VALUES (\(LedgerSchema.placeholders(callFields)))",
            "INSERT OR IGNORE INTO attempts (call_sequence, ordinal, \(LedgerSchema.attemptColumns)) VALUES (\(LedgerSchema.placeholders(attemptFields)))",
            "INSERT OR REPLACE INTO registrations (name, state) VALUES (?, ?)", "DELETE FROM registrations WHERE name = ?",
            "INSERT OR REPLACE INTO bindings (account, state) VALUES (?, ?)", "DELETE FROM bindings WHERE account = ?",
        ]
        var code = loadSlots()
        var prepared: [OpaquePointer] = []
        for text in texts where code == SQLITE_OK {
            var statement: OpaquePointer?
            code = sqlite3_prepare_v3(connection, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
            if let statement { prepared.append(statement) }
        }
        guard code == SQLITE_OK, prepared.count == texts.count else {
            for statement in prepared { sqlite3_finalize(statement) }
            return code == SQLITE_OK ? SQLITE_MISUSE : code
        }
        statements = Statements(
            begin: prepared[0], commit: prepared[1], rollback: prepared[2],
            keepState: prepared[3], insertCall: prepared[4], insertAttempt: prepared[5], keepRegistration: prepared[6],
            removeRegistration: prepared[7], keepBindings: prepared[8], removeBindings: prepared[9])
        return SQLITE_OK
    }

    private func loadSlots() -> Int32 {
        var code = sqlite3_exec(connection, LedgerSchema.removeVoidSlots, nil, nil, nil)
        guard code == SQLITE_OK else { return code }
        var statement: OpaquePointer?
        code = sqlite3_prepare_v2(connection, "SELECT slot, id FROM open_slots", -1, &statement, nil)
        guard code == SQLITE_OK, let statement else { return code }
        defer { sqlite3_finalize(statement) }
        var occupied: [(slot: Int64, id: Int64)] = []
        code = sqlite3_step(statement)
        while code == SQLITE_ROW {
            occupied.append((sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)))
            code = sqlite3_step(statement)
        }
        guard code == SQLITE_DONE else { return code }
        slots = OpenCallSlots(occupied: occupied)
        return SQLITE_OK
    }
}
