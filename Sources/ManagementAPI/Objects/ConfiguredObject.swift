import Routing
import Vocabulary

/// One object of any kind.
public enum ConfiguredObject: Hashable, Sendable {
    case mappingGateway(MappingGateway)
    case routingGateway(RoutingGateway)
    case parameter(ParameterObject)

    public var key: ObjectKey {
        switch self {
        case .mappingGateway(let gateway): ObjectKey(.mappingGateway, gateway.name)
        case .routingGateway(let gateway): ObjectKey(.routingGateway, gateway.name)
        case .parameter(let parameter): ObjectKey(.parameter, parameter.name)
        }
    }

    /// The fields alone.
    public var body: DocumentNode {
        switch self {
        case .mappingGateway(let gateway): gateway.body
        case .routingGateway(let gateway): gateway.body
        case .parameter(let parameter): parameter.body
        }
    }

    /// The whole document: kind, name and fields. Applying it makes the same object again.
    public var document: DocumentNode {
        DocumentNode.head(key, body)
    }

    /// Reads the fields of a document of a known kind.
    static func read(_ kind: ObjectKind, _ reading: inout ObjectReading, name: String) -> ConfiguredObject {
        switch kind {
        case .mappingGateway: .mappingGateway(.read(&reading, name: name))
        case .routingGateway: .routingGateway(.read(&reading, name: name))
        case .parameter: .parameter(.read(&reading, name: name))
        }
    }
}

extension DocumentNode {
    /// A document of an object: its kind and name before its fields.
    public static func head(_ key: ObjectKey, _ body: DocumentNode) -> DocumentNode {
        let head: [Entry] = [.init("kind", .text(key.kind.rawValue)), .init("name", .text(key.name))]
        let rest = (body.entries ?? []).filter { $0.key != "kind" && $0.key != "name" }
        return DocumentNode(.mapping(head + rest), at: body.position)
    }
}

extension ObjectKind {
    /// Name, presence, meaning and schema of the kind's fields, for the OpenAPI document.
    public var fieldDescriptions: [(name: String, required: Bool, meaning: String, schema: DocumentNode)] {
        switch self {
        case .mappingGateway: ObjectKind.describe(MappingGateway.fields)
        case .routingGateway: ObjectKind.describe(RoutingGateway.fields)
        case .parameter: ObjectKind.describe(ParameterObject.fields)
        }
    }

    private static func describe<Object>(
        _ fields: [ObjectField<Object>]
    ) -> [(name: String, required: Bool, meaning: String, schema: DocumentNode)] {
        fields.map { ($0.name, $0.presence == .required, $0.meaning, $0.schema) }
    }
}
