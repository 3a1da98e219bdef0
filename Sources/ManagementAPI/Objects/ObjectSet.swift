import Routing
import Vocabulary

/// All objects that are configured, each once.
public struct ObjectSet: Hashable, Sendable {
    private var objects: [ObjectKey: ConfiguredObject] = [:]

    public init(_ objects: some Sequence<ConfiguredObject> = []) {
        for object in objects { insert(object) }
    }

    public subscript(key: ObjectKey) -> ConfiguredObject? { objects[key] }
    public var count: Int { objects.count }
    /// In the order of their keys.
    public var sorted: [ConfiguredObject] { objects.values.sorted { $0.key < $1.key } }

    public func of(_ kind: ObjectKind) -> [ConfiguredObject] { sorted.filter { $0.key.kind == kind } }

    public mutating func insert(_ object: ConfiguredObject) { objects[object.key] = object }
    public mutating func remove(_ key: ObjectKey) { objects[key] = nil }

    /// The registrations whose password is in a file, and that file's path.
    public var secretFiles: [(key: ObjectKey, path: String)] {
        of(.registration).compactMap { object in
            guard case .registration(let registration) = object, let path = registration.passwordFile else { return nil }
            return (object.key, path)
        }
    }

    /// The objects that name this one, so that it cannot go.
    public func users(of key: ObjectKey) -> [ObjectKey] {
        guard key.kind == .registration else { return [] }
        return sorted.filter { $0.registration == key.name }.map(\.key)
    }

    /// The snapshot that shards work with. `secrets`: what the files of secrets hold, by path.
    public func configuration(revision: Int64, secrets: [String: String] = [:]) -> SwitchConfiguration {
        var mappingGateways: [MappingGateway] = []
        var routingGateways: [RoutingGateway] = []
        var registrations: [Registration] = []
        var values: [String: ParameterValue] = [:]
        for object in sorted {
            switch object {
            case .mappingGateway(let gateway): mappingGateways.append(gateway)
            case .routingGateway(let gateway): routingGateways.append(gateway)
            case .registration(let registration): registrations.append(registration.resolved(secrets: secrets))
            case .parameter(let parameter): values[parameter.name] = parameter.value
            }
        }
        return SwitchConfiguration(
            revision: revision, mappingGateways: mappingGateways, routingGateways: routingGateways, registrations: registrations,
            parameters: ParameterValues(values))
    }
}
