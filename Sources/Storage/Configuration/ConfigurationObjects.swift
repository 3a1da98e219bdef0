import Vocabulary

/// An object that an operator edits, as it is stored: its document is text (JSON) that the store does not read.
public struct StoredObject: Sendable, Equatable {
    public var kind: String
    public var name: String
    /// The configuration's revision that last changed it.
    public var revision: Int64
    public var document: String
    public var updatedAt: WallTime

    public init(kind: String, name: String, revision: Int64, document: String, updatedAt: WallTime) {
        self.kind = kind
        self.name = name
        self.revision = revision
        self.document = document
        self.updatedAt = updatedAt
    }
}

/// One part of a change. `expectedRevision`, where given, is the object's revision that the change was
/// made from; 0 says that the object must not exist yet.
public enum ObjectChange: Sendable, Equatable {
    case put(kind: String, name: String, document: String, expectedRevision: Int64? = nil)
    case delete(kind: String, name: String, expectedRevision: Int64? = nil)
}

/// One line of the audit: who changed what, and when.
public struct AuditEntry: Sendable, Equatable {
    public var id: Int64
    public var at: WallTime
    public var by: String
    public var kind: String
    public var name: String
    /// The document before, nil when the object was made; and after, nil when it was deleted. Without secrets.
    public var before: String?
    public var after: String?
    /// The configuration's revision that the change made.
    public var revision: Int64
}
