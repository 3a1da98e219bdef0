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

    /// In the order of their names.
    public func of(_ kind: ObjectKind) -> [ConfiguredObject] {
        objects.filter { $0.key.kind == kind }.values.sorted { $0.key < $1.key }
    }

    public mutating func insert(_ object: ConfiguredObject) { objects[object.key] = object }
    public mutating func remove(_ key: ObjectKey) { objects[key] = nil }

    /// The objects whose password is in a file, and that file's path.
    public var secretFiles: [(key: ObjectKey, path: String)] {
        sorted.compactMap { object in object.password?.path.map { (object.key, $0) } }
    }

    /// The objects that name this one, so that it cannot go.
    public func users(of key: ObjectKey) -> [ObjectKey] {
        sorted.filter { $0.references.contains { $0.target == key } }.map(\.key)
    }

    /// The snapshot that shards work with. `secrets`: what the files of secrets hold, by path.
    /// `basis`: what stands from snapshot to snapshot.
    public func configuration(
        revision: Int64, secrets: [String: String] = [:], on basis: SnapshotBasis = SnapshotBasis()
    ) -> SwitchConfiguration {
        var mappingGateways: [MappingGateway] = []
        var routingGateways: [RoutingGateway] = []
        var phones: [Phone] = []
        var groups: [GatewayGroup] = []
        var numberGroups: [NumberGroup] = []
        var registrations: [Registration] = []
        var values: [String: ParameterValue] = [:]
        for object in sorted {
            switch object {
            case .mappingGateway(let gateway): mappingGateways.append(gateway.resolved(secrets: secrets))
            case .routingGateway(let gateway): routingGateways.append(gateway.resolved(secrets: secrets))
            case .phone(let phone): phones.append(phone.resolved(secrets: secrets))
            case .gatewayGroup(let group): groups.append(group)
            case .numberGroup(let group): numberGroups.append(group)
            case .registration(let registration): registrations.append(registration.resolved(secrets: secrets))
            case .parameter(let parameter): values[parameter.name] = parameter.value
            }
        }
        return SwitchConfiguration(
            revision: revision, mappingGateways: mappingGateways, routingGateways: routingGateways, phones: phones,
            groups: groups, numberGroups: numberGroups, registrations: registrations, parameters: ParameterValues(values),
            zone: basis.zone, live: basis.live, previous: basis.previous)
    }
}

/// What a snapshot has beside the objects of the store.
public struct SnapshotBasis: Sendable {
    /// What is known of the objects now, across all snapshots.
    public var live: LiveTable
    /// What weekdays and times of the day go by.
    public var zone: ZoneTable
    /// The snapshot before this one: what did not change is taken over from it.
    public var previous: SwitchConfiguration?

    public init(live: LiveTable = LiveTable(), zone: ZoneTable = .utc, previous: SwitchConfiguration? = nil) {
        self.live = live
        self.zone = zone
        self.previous = previous
    }
}
