import GRDB
import Vocabulary

/// `config.db`: every object that an operator edits (parameters too, as objects of kind Parameter),
/// the configuration's revision, and the audit of all changes.
///
/// A change is all or nothing, and on the disk when `apply` returns, whatever the ledger's durability.
public final class ConfigStore: Sendable {
    public static let fileName = "config.db"

    public let path: String
    let database: DatabaseQueue
    private let auditForm: AuditForm

    /// How a document stands in the audit: without its secrets. Given its kind and its text.
    public typealias AuditForm = @Sendable (_ kind: String, _ document: String) -> String

    /// Opens the configuration in a data folder, makes what is missing and brings its layout up to date.
    /// The audit keeps documents in their `auditForm`: what was a secret once stays one.
    public init(folder: String, auditForm: @escaping AuditForm) throws(StorageError) {
        self.auditForm = auditForm
        path = try DatabaseOpening.prepare(file: ConfigStore.fileName, in: folder)
        database = try DatabaseOpening.writer(
            path: path, label: "config",
            pragmas: [
                "PRAGMA synchronous = FULL",
                // What an operator deletes (a gateway's password) is overwritten.
                "PRAGMA secure_delete = ON",
            ])
        try DatabaseOpening.migrate(database, with: ConfigStore.migrator)
    }

    /// The whole configuration, by kind and name.
    public func load() throws(StorageError) -> (revision: Int64, objects: [StoredObject]) {
        try naming(path) {
            try database.read { database in
                let rows = try Row.fetchAll(database, sql: "SELECT kind, name, revision, document, updated_at FROM objects ORDER BY kind, name")
                return (try ConfigStore.revision(database), rows.map(ConfigStore.object))
            }
        }
    }

    /// Makes all changes, in order, or none, and returns the configuration's revision afterwards.
    ///
    /// With `expectedRevision` the change is refused (`revisionConflict`) when the configuration is no
    /// longer at it. A put that changes no document leaves no trace, and a change without effect leaves
    /// the revision as it was.
    public func apply(
        changes: [ObjectChange], expectedRevision: Int64? = nil, by author: String, at time: WallTime
    ) throws(StorageError) -> Int64 {
        try naming(path) {
            try database.write { database in
                let current = try ConfigStore.revision(database)
                if let expectedRevision, expectedRevision != current {
                    throw StorageError.revisionConflict(expected: expectedRevision, actual: current)
                }
                let next = current + 1
                var isChanged = false
                for change in changes {
                    if try make(change, revision: next, by: author, at: time, database) { isChanged = true }
                }
                guard isChanged else { return current }
                try database.execute(sql: "UPDATE configuration SET revision = ?", arguments: [next])
                return next
            }
        }
    }

    /// At most `limit` lines of the audit, the newest first. `before`: the last line of the page before.
    /// `kind` and `name`: only the lines of such objects; a name wants a kind beside it.
    public func audit(kind: String? = nil, name: String? = nil, limit: Int, before: Int64? = nil) throws(StorageError) -> [AuditEntry] {
        var condition = "id < ?"
        var arguments: StatementArguments = [before ?? .max]
        if let kind {
            condition += " AND kind = ?"
            arguments += [kind]
            if let name {
                condition += " AND name = ?"
                arguments += [name]
            }
        }
        arguments += [max(0, limit)]
        return try entries(where: condition + " ORDER BY id DESC LIMIT ?", arguments)
    }

    /// The newest line of the audit of each object of a kind, by name.
    public func lastChanges(kind: String) throws(StorageError) -> [AuditEntry] {
        try entries(where: "id IN (SELECT max(id) FROM audit WHERE kind = ? GROUP BY name) ORDER BY name", [kind])
    }

    private func entries(where condition: String, _ arguments: StatementArguments) throws(StorageError) -> [AuditEntry] {
        try naming(path) {
            try database.read { database in
                try Row.fetchAll(
                    database, sql: "SELECT id, at, author, kind, name, before, after, revision FROM audit WHERE \(condition)",
                    arguments: arguments
                ).map { row in
                    AuditEntry(
                        id: row[0], at: WallTime(microseconds: row[1]), by: row[2], kind: row[3], name: row[4],
                        before: row[5], after: row[6], revision: row[7])
                }
            }
        }
    }

    public func close() throws(StorageError) { try naming(path) { try database.close() } }
}

extension ConfigStore {
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 objects") { database in
            try database.execute(
                sql: """
                    CREATE TABLE configuration (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        revision INTEGER NOT NULL
                    );
                    INSERT INTO configuration (id, revision) VALUES (1, 0);
                    CREATE TABLE objects (
                        kind TEXT NOT NULL, name TEXT NOT NULL,
                        revision INTEGER NOT NULL, document TEXT NOT NULL, updated_at INTEGER NOT NULL,
                        PRIMARY KEY (kind, name)
                    ) WITHOUT ROWID;
                    CREATE TABLE audit (
                        id INTEGER PRIMARY KEY,
                        at INTEGER NOT NULL, author TEXT NOT NULL,
                        kind TEXT NOT NULL, name TEXT NOT NULL,
                        before TEXT, after TEXT,
                        revision INTEGER NOT NULL
                    );
                    """)
        }
        migrator.registerMigration("2 audit by object") { database in
            try database.execute(sql: "CREATE INDEX audit_by_object ON audit (kind, name, id)")
        }
        migrator.registerMigration("3 barred numbers") { database in
            try database.execute(
                sql: """
                    CREATE TABLE barred_numbers (
                        side TEXT NOT NULL, number TEXT NOT NULL,
                        kind INTEGER NOT NULL, since_at INTEGER NOT NULL, until_at INTEGER,
                        PRIMARY KEY (side, number)
                    ) WITHOUT ROWID
                    """)
        }
        return migrator
    }

    private static func revision(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT revision FROM configuration") ?? 0
    }

    private static func object(_ row: Row) -> StoredObject {
        StoredObject(kind: row[0], name: row[1], revision: row[2], document: row[3], updatedAt: WallTime(microseconds: row[4]))
    }

    /// Makes one change and writes its line of the audit; false when the document stays the same.
    private func make(
        _ change: ObjectChange, revision: Int64, by author: String, at time: WallTime, _ database: Database
    ) throws -> Bool {
        let (kind, name, after, expected) =
            switch change {
            case .put(let kind, let name, let document, let expected): (kind, name, document as String?, expected)
            case .delete(let kind, let name, let expected): (kind, name, nil as String?, expected)
            }
        let stored = try Row.fetchOne(
            database, sql: "SELECT kind, name, revision, document, updated_at FROM objects WHERE kind = ? AND name = ?",
            arguments: [kind, name]
        ).map(ConfigStore.object)
        if let expected, expected != stored?.revision ?? 0 {
            throw StorageError.objectConflict(kind: kind, name: name, expected: expected, actual: stored?.revision)
        }
        if after == nil, stored == nil { throw StorageError.objectMissing(kind: kind, name: name) }
        if after == stored?.document { return false }
        if let after {
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO objects (kind, name, revision, document, updated_at) VALUES (?, ?, ?, ?, ?)
                    """, arguments: [kind, name, revision, after, time.microseconds])
        } else {
            try database.execute(sql: "DELETE FROM objects WHERE kind = ? AND name = ?", arguments: [kind, name])
        }
        try database.execute(
            sql: """
                INSERT INTO audit (at, author, kind, name, before, after, revision) VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                time.microseconds, author, kind, name, stored.map { auditForm(kind, $0.document) }, after.map { auditForm(kind, $0) }, revision,
            ])
        return true
    }
}
