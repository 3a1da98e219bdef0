/// A type of object that operators edit, described by the table of its fields.
public protocol ManagedObject: Hashable, Sendable {
    static var kind: ObjectKind { get }
    /// In the order in which documents show them; read in this order too.
    static var fields: [ObjectField<Self>] { get }
    /// An object whose fields all have their defaults.
    init(blank name: String)
    var name: String { get }
    /// Called once after all fields were read: rules between fields, and defaults that follow from others.
    static func complete(_ object: inout Self, _ reading: inout ObjectReading)
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

    public init(
        _ name: String, _ presence: Presence = .optional, isSecret: Bool = false, meaning: String, schema: DocumentNode,
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
    }
}

/// The reading of one document: what it is about, and what was found wrong so far.
public struct ObjectReading: Sendable {
    public let kind: String
    public let name: String
    /// The whole document.
    public let document: DocumentNode
    public let catalogue: ParameterCatalogue
    public private(set) var problems: [FieldProblem] = []

    init(kind: String, name: String, document: DocumentNode, catalogue: ParameterCatalogue) {
        self.kind = kind
        self.name = name
        self.document = document
        self.catalogue = catalogue
    }

    public mutating func refuse(_ field: String, at position: SourcePosition, _ rule: String, remedy: String) {
        problems.append(FieldProblem(at: position, kind: kind, name: name, field: field, rule: rule, remedy: remedy))
    }
}

extension ManagedObject {
    public static func complete(_ object: inout Self, _ reading: inout ObjectReading) {}

    /// Reads the fields of a document whose kind and name are known.
    static func read(_ reading: inout ObjectReading, name: String) -> Self {
        var object = Self(blank: name)
        let known = ["kind", "name"] + fields.map(\.name)
        for entry in reading.document.entries ?? [] where !known.contains(entry.key) {
            reading.refuse(
                entry.key, at: entry.keyPosition, "\(kind.rawValue) has no field \"\(entry.key)\"",
                remedy: Suggestion.remedy(for: entry.key, among: known))
        }
        for field in fields {
            if let value = reading.document[field.name] {
                field.read(value, &object, &reading)
            } else if field.presence == .required {
                reading.refuse(field.name, at: reading.document.position, "the field is missing", remedy: "add \(field.name): \(field.meaning)")
            }
        }
        complete(&object, &reading)
        return object
    }

    /// The fields alone, as the store keeps them, secrets included.
    public var body: DocumentNode {
        DocumentNode(.mapping(Self.fields.map { .init($0.name, $0.write(self)) }))
    }
}
