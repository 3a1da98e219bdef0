/// A type of object that operators edit, described by the table of its fields.
public protocol ManagedObject: Hashable, Sendable {
    static var kind: ObjectKind { get }
    /// In the order in which documents show them; read in this order too.
    static var fields: [ObjectField<Self>] { get }
    /// An object whose fields all have their defaults.
    init(blank name: String)
    var name: String { get }
    /// Why a text cannot name an object of the kind; nil when it can.
    static func fault(ofName name: String) -> String?
    /// The same rule as a regular expression, for the OpenAPI document.
    static var namePattern: String { get }
    /// Called once after all fields were read: rules between fields, and defaults that follow from others.
    static func complete(_ object: inout Self, _ reading: inout ObjectReading)
}

/// A field in which one object names another.
public struct ObjectReference: Hashable, Sendable {
    public var field: String
    public var target: ObjectKey

    public init(_ field: String, _ target: ObjectKey) {
        self.field = field
        self.target = target
    }
}

/// One field of a kind: how it is read, checked, written and explained.
public struct ObjectField<Object>: Sendable {
    public enum Presence: Hashable, Sendable { case required, optional }

    public let name: String
    public let presence: Presence
    /// Whether its value is never shown (`Secret`).
    public let isSecret: Bool
    /// What it means, for the OpenAPI document.
    public let meaning: String
    /// Its JSON schema, without the description.
    public let schema: DocumentNode
    let read: @Sendable (DocumentNode, inout Object, inout ObjectReading) -> Void
    let write: @Sendable (Object) -> DocumentNode
    /// The kind of the objects that it names, and their names; nil for a field that names none.
    let naming: (kind: ObjectKind, names: @Sendable (Object) -> [String])?

    init(
        _ name: String, _ presence: Presence = .optional, isSecret: Bool = false, meaning: String, schema: DocumentNode,
        naming: (kind: ObjectKind, names: @Sendable (Object) -> [String])? = nil,
        read: @escaping @Sendable (DocumentNode, inout Object, inout ObjectReading) -> Void,
        write: @escaping @Sendable (Object) -> DocumentNode
    ) {
        self.name = name
        self.presence = presence
        self.isSecret = isSecret
        self.meaning = meaning
        self.schema = schema
        self.read = read
        self.write = write
        self.naming = naming
    }

    /// What it names.
    func references(_ object: Object) -> [ObjectReference] {
        guard let naming else { return [] }
        return naming.names(object).map { ObjectReference(name, ObjectKey(naming.kind, $0)) }
    }

    /// The same field of an object that holds this one.
    func lifted<Outer>(to path: WritableKeyPath<Outer, Object> & Sendable) -> ObjectField<Outer> {
        let (read, write) = (read, write)
        var outerNaming: (kind: ObjectKind, names: @Sendable (Outer) -> [String])?
        if let (kind, names) = naming { outerNaming = (kind, { names($0[keyPath: path]) }) }
        return ObjectField<Outer>(
            name, presence == .required ? .required : .optional, isSecret: isSecret, meaning: meaning, schema: schema, naming: outerNaming,
            read: { node, outer, reading in read(node, &outer[keyPath: path], &reading) }, write: { write($0[keyPath: path]) })
    }
}

extension ManagedObject {
    /// The other objects that it names, field by field.
    public var references: [ObjectReference] { Self.fields.flatMap { $0.references(self) } }

    public static func fault(ofName name: String) -> String? { ObjectKey.fault(ofName: name) }

    public static var namePattern: String { "^[A-Za-z0-9._-]{1,64}$" }

    public static func complete(_ object: inout Self, _ reading: inout ObjectReading) {}

    /// Reads the fields of a document whose kind and name are known.
    static func read(_ reading: inout ObjectReading, name: String) -> Self {
        var object = Self(blank: name)
        reading.read(reading.document, by: fields, into: &object, what: kind.rawValue, head: ["kind", "name"])
        complete(&object, &reading)
        return object
    }

    /// The fields alone, as the store keeps them, secrets included.
    public var body: DocumentNode {
        DocumentNode(.mapping(Self.fields.map { .init($0.name, $0.write(self)) }))
    }
}
