import Routing

/// One object of any kind.
public enum ConfiguredObject: Hashable, Sendable {
    case mappingGateway(Secured<MappingGateway>)
    case routingGateway(Secured<RoutingGateway>)
    case phone(Secured<Phone>)
    case gatewayGroup(GatewayGroup)
    case numberGroup(NumberGroup)
    case registration(RegistrationObject)
    case parameter(ParameterObject)

    /// The object as what its kind's table of fields describes.
    var managed: any ManagedObject {
        switch self {
        case .mappingGateway(let object): object
        case .routingGateway(let object): object
        case .phone(let object): object
        case .gatewayGroup(let object): object
        case .numberGroup(let object): object
        case .registration(let object): object
        case .parameter(let object): object
        }
    }

    public var key: ObjectKey {
        switch self {
        case .mappingGateway(let object): ObjectKey(.mappingGateway, object.name)
        case .routingGateway(let object): ObjectKey(.routingGateway, object.name)
        case .phone(let object): ObjectKey(.phone, object.name)
        case .gatewayGroup(let object): ObjectKey(.gatewayGroup, object.name)
        case .numberGroup(let object): ObjectKey(.numberGroup, object.name)
        case .registration(let object): ObjectKey(.registration, object.name)
        case .parameter(let object): ObjectKey(.parameter, object.name)
        }
    }

    /// The fields alone as the store keeps them, secrets included: never to be shown.
    public var body: DocumentNode { managed.body }

    /// The whole document as it is shown: kind, name and fields, the mask in place of secrets. Where the
    /// object stands already, applying it makes the same object again.
    public var document: DocumentNode {
        DocumentNode.head(key, Secret.conceal(body, of: key.kind))
    }

    /// The other objects that it names, field by field.
    public var references: [ObjectReference] { managed.references }

    /// Reads the fields of a document of a known kind.
    static func read(_ kind: ObjectKind, _ reading: inout ObjectReading, name: String) -> ConfiguredObject {
        switch kind {
        case .mappingGateway: .mappingGateway(.read(&reading, name: name))
        case .routingGateway: .routingGateway(.read(&reading, name: name))
        case .phone: .phone(.read(&reading, name: name))
        case .gatewayGroup: .gatewayGroup(.read(&reading, name: name))
        case .numberGroup: .numberGroup(.read(&reading, name: name))
        case .registration: .registration(.read(&reading, name: name))
        case .parameter: .parameter(.read(&reading, name: name))
        }
    }
}

// MARK: - Passwords

extension ConfiguredObject {
    /// Where its password comes from; nil for a kind that has none.
    var password: PasswordSource? { (managed as? any PasswordHolder)?.password }

    /// The object with the secrets that its document left out taken from the one that stands already.
    func keepingSecrets(of previous: ConfiguredObject?) -> ConfiguredObject {
        switch (self, previous) {
        case (.mappingGateway(let object), .mappingGateway(let previous)): .mappingGateway(object.keepingPassword(of: previous))
        case (.routingGateway(let object), .routingGateway(let previous)): .routingGateway(object.keepingPassword(of: previous))
        case (.phone(let object), .phone(let previous)): .phone(object.keepingPassword(of: previous))
        case (.registration(let object), .registration(let previous)): .registration(object.keepingPassword(of: previous))
        default: self
        }
    }

    /// What is said when a secret was left out and none is stored; nil when nothing lacks.
    func missingSecret(in document: DocumentNode) -> FieldProblem? {
        guard let holder = managed as? any PasswordHolder, holder.password == .kept, let need = holder.passwordNeed else { return nil }
        return FieldProblem(
            at: document["password"]?.position ?? document.position, kind: key.kind.rawValue, name: key.name, field: "password", rule: need,
            remedy: "add password, or passwordFile with the path of a file that holds it")
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
