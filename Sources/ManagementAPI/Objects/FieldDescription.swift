/// What is known of a kind's field without an object: for the OpenAPI document and for tables.
public struct FieldDescription: Sendable {
    public var name: String
    public var isRequired: Bool
    public var isSecret: Bool
    public var meaning: String
    /// Its JSON schema, without the description.
    public var schema: DocumentNode
    /// The value of an object that does not say it.
    public var usual: DocumentNode
}

extension ObjectKind {
    /// In the order in which documents show them.
    public var fieldDescriptions: [FieldDescription] { type.fieldDescriptions }

    /// Names of the fields whose values are never shown.
    var secretFields: [String] { type.secretFields }

    /// The rule of the kind's names as a regular expression.
    var namePattern: String { type.namePattern }

    /// Why a text cannot name an object of the kind; nil when it can.
    public func fault(ofName name: String) -> String? { type.fault(ofName: name) }
}

extension ManagedObject {
    fileprivate static var fieldDescriptions: [FieldDescription] {
        let blank = Self(blank: "")
        return fields.map {
            FieldDescription(
                name: $0.name, isRequired: $0.presence == .required, isSecret: $0.isSecret, meaning: $0.meaning, schema: $0.schema,
                usual: $0.write(blank))
        }
    }

    fileprivate static var secretFields: [String] { fields.filter(\.isSecret).map(\.name) }
}
