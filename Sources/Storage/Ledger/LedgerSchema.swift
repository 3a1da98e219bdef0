import CallRecords
import GRDB

/// The layout of `ledger.db`. Instants are microseconds since 1970 (`WallTime`), 0 when unset.
///
/// An open call is a row of `open_slots` without a record: the insertion of its record ends it, in one
/// statement and without touching another page (`OpenCallSlots`). The view `open_calls` says so in SQL.
///
/// Records and attempts are stored in the order in which calls ended (`sequence`, also the order for
/// whoever exports them): new rows fill the last page of each table. By identifier they would be spread
/// over all pages of the calls that are up, and each end would write two or three pages of its own.
/// The index on `id` takes that spread instead, in entries of a dozen bytes; it keeps a record from
/// being written twice, and as identifiers rise with time it also serves "newest first" and time
/// ranges. There is no other index: each would cost another page per call, about as much as the record.
/// Other filters run inside a range of identifiers.
///
/// A registration is a row with its name and the state that its shard kept (`StoredRegistration`); it
/// holds the upstream's password, which is why the file is its owner's only.
///
/// Where phones and gateways registered is a row for each account, with all of its bindings (`StoredBindings`).
///
/// `decision` stands behind all that filters look at, so that a filter never reads the pages a long one flows over to. Columns
/// carry no constraint: the duplicate check ignores a row that breaks one, and no record may be ignored for that.
enum LedgerSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 calls") { database in
            try database.execute(
                sql: """
                    CREATE TABLE open_slots (
                        slot INTEGER PRIMARY KEY,
                        id INTEGER,
                        state BLOB
                    );
                    CREATE TABLE calls (
                        sequence INTEGER PRIMARY KEY,
                        id INTEGER UNIQUE,
                        received_at INTEGER, first_provisional_at INTEGER, ringing_at INTEGER,
                        answered_at INTEGER, ended_at INTEGER,
                        duration_milliseconds INTEGER, setup_milliseconds INTEGER, post_dial_delay_milliseconds INTEGER,
                        caller_status INTEGER, callee_status INTEGER,
                        end_reason INTEGER, ended_by INTEGER, q850_cause INTEGER,
                        caller_received TEXT, caller_routed TEXT, caller_sent TEXT,
                        callee_received TEXT, callee_routed TEXT, callee_sent TEXT,
                        mapping_gateway TEXT, routing_gateway TEXT,
                        caller_address TEXT, callee_address TEXT,
                        caller_call_id TEXT, callee_call_id TEXT,
                        decision TEXT
                    );
                    CREATE TABLE attempts (
                        call_sequence INTEGER, ordinal INTEGER,
                        started_at INTEGER, first_provisional_at INTEGER, ringing_at INTEGER,
                        answered_at INTEGER, ended_at INTEGER, status INTEGER, outcome INTEGER,
                        gateway TEXT, address TEXT, gateway_call_id TEXT, callee_sent TEXT,
                        PRIMARY KEY (call_sequence, ordinal)
                    ) WITHOUT ROWID;
                    CREATE VIEW open_calls AS
                        SELECT id, state FROM open_slots
                        WHERE NOT EXISTS (SELECT 1 FROM calls WHERE calls.id = open_slots.id);
                    """)
        }
        migrator.registerMigration("2 registrations") { database in
            try database.execute(sql: "CREATE TABLE registrations (name TEXT PRIMARY KEY, state BLOB) WITHOUT ROWID")
        }
        migrator.registerMigration("3 bindings") { database in
            try database.execute(sql: "CREATE TABLE bindings (account TEXT PRIMARY KEY, state BLOB) WITHOUT ROWID")
        }
        migrator.registerMigration("4 billed time") { database in
            // Null in records from before: they bill their duration.
            try database.execute(sql: "ALTER TABLE calls ADD COLUMN billed_milliseconds INTEGER")
        }
        return migrator
    }

    /// The columns of `calls` in the order of `CallRecordInteger` and then `CallRecordText`.
    static let callColumns = """
        id, received_at, first_provisional_at, ringing_at, answered_at, ended_at, \
        duration_milliseconds, setup_milliseconds, post_dial_delay_milliseconds, \
        caller_status, callee_status, end_reason, ended_by, q850_cause, billed_milliseconds, \
        caller_received, caller_routed, caller_sent, callee_received, callee_routed, callee_sent, \
        mapping_gateway, routing_gateway, caller_address, callee_address, caller_call_id, callee_call_id, decision
        """
    /// The columns of `attempts` after its key, in the order of `AttemptRecordInteger` and then `AttemptRecordText`.
    static let attemptColumns = """
        started_at, first_provisional_at, ringing_at, answered_at, ended_at, status, outcome, \
        gateway, address, gateway_call_id, callee_sent
        """

    /// Removes what ended calls left in `open_slots`. To be run before records are ever deleted, which
    /// would make those calls open again.
    static let removeVoidSlots = "DELETE FROM open_slots WHERE EXISTS (SELECT 1 FROM calls WHERE calls.id = open_slots.id)"

    static let callIntegers = CallRecordInteger.allCases.count
    static let callTexts = CallRecordText.allCases.count
    static let attemptIntegers = AttemptRecordInteger.allCases.count
    static let attemptTexts = AttemptRecordText.allCases.count

    /// `count` placeholders for a list of values.
    static func placeholders(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }
}
