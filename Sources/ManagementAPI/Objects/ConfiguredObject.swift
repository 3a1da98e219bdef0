import Routing
import Vocabulary

/// One object of any kind.
public enum ConfiguredObject: Hashable, Sendable {
    case mappingGateway(MappingGateway)
    case routingGateway(RoutingGateway)
    case registration(RegistrationObject)
    case parameter(ParameterObject)

    public var key: ObjectKey {
        switch self {
        case .mappingGateway(let gateway): ObjectKey(.mappingGateway, gateway.name)
        case .routingGateway(let gateway): ObjectKey(.routingGateway, gateway.name)
        case .registration(let registration): ObjectKey(.registration, registration.name)
        case .parameter(let parameter): ObjectKey(.parameter, parameter.name)
        }
    }

    /// The fields alone as the store keeps them, secrets included: never to be shown.
    public var body: DocumentNode {
        switch self {
        case .mappingGateway(let gateway): gateway.body
        case .routingGateway(let gateway): gateway.body
        case .registration(let registration): registration.body
        case .parameter(let parameter): parameter.body
        }
    }

    /// The whole document as it is shown: kind, name and fields, the mask in place of secrets. Where the
    /// object stands already, applying it makes the same object again.
    public var document: DocumentNode {
        DocumentNode.head(key, Secret.conceal(body, of: key.kind))
    }

    /// The object with the secrets that its document left out taken from the one that stands already.
    func keepingSecrets(of previous: ConfiguredObject?) -> ConfiguredObject {
        guard case .registration(let registration) = self else { return self }
        guard case .registration(let previous)? = previous else { return self }
        return .registration(registration.keepingSecrets(of: previous))
    }

    /// The registration that a gateway names; nil when it names none.
    var registration: String? {
        switch self {
        case .mappingGateway(let gateway): gateway.registration
        case .routingGateway(let gateway): gateway.registration
        case .registration, .parameter: nil
        }
    }

    /// What is said when a secret was left out and none is stored; nil when nothing lacks.
    func missingSecret(in document: DocumentNode) -> FieldProblem? {
        guard case .registration(let registration) = self, registration.password == .kept else { return nil }
        return FieldProblem(
            at: document["password"]?.position ?? document.position, kind: key.kind.rawValue, name: key.name, field: "password",
            rule: "no password of this registration is stored yet", remedy: "add password, or passwordFile with the path of a file that holds it")
    }

    /// Reads the fields of a document of a known kind.
    static func read(_ kind: ObjectKind, _ reading: inout ObjectReading, name: String) -> ConfiguredObject {
        switch kind {
        case .mappingGateway: .mappingGateway(.read(&reading, name: name))
        case .routingGateway: .routingGateway(.read(&reading, name: name))
        case .registration: .registration(.read(&reading, name: name))
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
        case .registration: ObjectKind.describe(RegistrationObject.fields)
        case .parameter: ObjectKind.describe(ParameterObject.fields)
        }
    }

    /// Names of the fields whose values are never shown.
    var secretFields: [String] {
        switch self {
        case .registration: RegistrationObject.fields.filter(\.isSecret).map(\.name)
        case .mappingGateway: MappingGateway.fields.filter(\.isSecret).map(\.name)
        case .routingGateway: RoutingGateway.fields.filter(\.isSecret).map(\.name)
        case .parameter: ParameterObject.fields.filter(\.isSecret).map(\.name)
        }
    }

    private static func describe<Object>(
        _ fields: [ObjectField<Object>]
    ) -> [(name: String, required: Bool, meaning: String, schema: DocumentNode)] {
        fields.map { ($0.name, $0.presence == .required, $0.meaning, $0.schema) }
    }
}
