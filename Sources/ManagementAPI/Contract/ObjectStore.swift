import Vocabulary

/// Where objects are kept. A write names the revision that it was planned on, so that no change of
/// somebody else is lost.
public protocol ObjectStore: Sendable {
    /// Everything that is configured, at one moment.
    func load() async throws -> StoredObjects
    /// Writes all mutations in one transaction together with their lines of the audit and returns the
    /// new revision, or throws `RevisionConflict` when `expected` is not the store's revision any more.
    func apply(_ mutations: [ObjectMutation], expecting expected: Int64, author: String, at time: WallTime) async throws -> Int64
    /// The newest entries of a scope first, with identifiers below `before`, at most `limit`.
    func audit(of scope: AuditScope, limit: Int, before: Int64?) async throws -> [AuditEntry]
    /// The newest entry of each object of a kind, by its name; names that are long gone included.
    func lastChanges(of kind: ObjectKind) async throws -> [String: AuditEntry]
}

/// Which lines of the audit are wanted.
public enum AuditScope: Hashable, Sendable {
    case everything
    case kind(ObjectKind)
    case object(ObjectKey)
}

public struct StoredObjects: Hashable, Sendable {
    /// Rises with every write; 0 before the first.
    public var revision: Int64
    public var objects: [StoredObject]

    public init(revision: Int64, objects: [StoredObject]) {
        self.revision = revision
        self.objects = objects
    }
}

/// An object as the store keeps it.
public struct StoredObject: Hashable, Sendable {
    public var kind: String
    public var name: String
    /// The revision at which it was last written.
    public var revision: Int64
    /// The fields as JSON.
    public var body: String

    public init(kind: String, name: String, revision: Int64, body: String) {
        self.kind = kind
        self.name = name
        self.revision = revision
        self.body = body
    }
}

/// The store moved on since the change was planned.
public struct RevisionConflict: Error, Hashable, Sendable {
    public var current: Int64

    public init(current: Int64) { self.current = current }
}

/// Who changed which object, when; with its fields before and after.
public struct AuditEntry: Hashable, Sendable {
    /// Rises with every entry.
    public var id: Int64
    public var at: WallTime
    /// Who asked for it, such as "management token".
    public var author: String
    public var kind: String
    public var name: String
    /// The fields as JSON; nil when the object was made.
    public var before: String?
    /// The fields as JSON; nil when the object was deleted.
    public var after: String?
    /// The revision that the change made.
    public var revision: Int64

    public init(
        id: Int64, at: WallTime, author: String, kind: String, name: String, before: String?, after: String?, revision: Int64
    ) {
        self.id = id
        self.at = at
        self.author = author
        self.kind = kind
        self.name = name
        self.before = before
        self.after = after
        self.revision = revision
    }

    public var document: DocumentNode {
        [
            "id": .number(id), "at": at.document, "author": .text(author), "kind": .text(kind), "name": .text(name),
            "before": AuditEntry.fields(before), "after": AuditEntry.fields(after), "revision": .number(revision),
        ]
    }

    private static func fields(_ json: String?) -> DocumentNode {
        guard let json else { return .null }
        return (try? DocumentNode(json: json)) ?? .text(json)
    }
}
