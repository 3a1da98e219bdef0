import Synchronization
import Vocabulary

/// What all shards know of the configured objects now, by kind and name: it stands across configuration
/// changes, so that a gateway that is changed keeps its calls, its rate and its bindings.
public final class LiveTable: Sendable {
    public enum Kind: Hashable, Sendable, CaseIterable { case mappingGateway, routingGateway, group, phone }

    private let objects = Mutex<[Kind: [String: LiveObject]]>([:])
    /// Numbers that the switch bars by itself for a while.
    public let blacklist: DynamicBlacklist
    /// Numbers of caller number pools in use.
    public let callerPools = CallerPoolState()
    /// Who registered here, with what, and who failed to.
    public let registrar = RegistrarMemory()

    /// `seed`: drawn once per process, so that strangers cannot choose numbers that share a place.
    public init(seed: UInt64 = 0) { blacklist = DynamicBlacklist(seed: seed) }

    /// The object of each name, made where there was none, in the order of the names.
    public func objects(_ kind: Kind, named names: some Sequence<String>) -> [LiveObject] {
        objects.withLock { objects in
            var ofKind = objects.removeValue(forKey: kind) ?? [:]
            let found = names.map { name in
                if let known = ofKind[name] { return known }
                let object = LiveObject()
                ofKind[name] = object
                return object
            }
            objects[kind] = ofKind
            return found
        }
    }

    public func object(_ kind: Kind, named name: String) -> LiveObject? { objects.withLock { $0[kind]?[name] } }

    /// How many objects are known, of all kinds.
    public var count: Int { objects.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// Drops what is known of objects that the configuration no longer has, once no call of theirs is up.
    /// The shell calls it after a configuration took effect.
    public func forget(absentFrom configuration: SwitchConfiguration) {
        let names: [Kind: Set<String>] = [
            .mappingGateway: Set(configuration.mappingGateways.lazy.map(\.name)),
            .routingGateway: Set(configuration.routingGateways.lazy.map(\.name)),
            .group: Set(configuration.groups.lazy.map(\.name)),
            .phone: Set(configuration.phones.lazy.map(\.name)),
        ]
        objects.withLock { objects in
            for kind in Kind.allCases {
                guard let ofKind = objects[kind] else { continue }
                objects[kind] = ofKind.filter { name, object in names[kind]?.contains(name) == true || object.calls > 0 }
            }
        }
    }
}
