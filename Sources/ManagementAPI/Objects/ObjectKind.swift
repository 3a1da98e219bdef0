import Routing
import Vocabulary

/// The kinds of object that an operator edits. A new kind needs a case here with its type, a table of its
/// fields, and a case in `ConfiguredObject`.
public enum ObjectKind: String, CaseIterable, Hashable, Sendable {
    case mappingGateway = "MappingGateway"
    case routingGateway = "RoutingGateway"
    case phone = "Phone"
    case gatewayGroup = "GatewayGroup"
    case numberGroup = "NumberGroup"
    case registration = "Registration"
    case parameter = "Parameter"

    /// Reads a kind as people type it: any case, with hyphens, in the plural (`mapping-gateways`).
    public init?(typed text: String) {
        var wanted = text.filter { $0 != "-" && $0 != "_" }.lowercased()
        guard
            let kind = ObjectKind.allCases.first(where: { kind in
                let name = kind.rawValue.lowercased()
                if wanted == name + "s" { wanted = name }
                return wanted == name
            })
        else { return nil }
        self = kind
    }

    public static var names: [String] { allCases.map(\.rawValue) }

    /// The type whose table of fields describes the kind.
    var type: any ManagedObject.Type {
        switch self {
        case .mappingGateway: Secured<MappingGateway>.self
        case .routingGateway: Secured<RoutingGateway>.self
        case .phone: Secured<Phone>.self
        case .gatewayGroup: GatewayGroup.self
        case .numberGroup: NumberGroup.self
        case .registration: RegistrationObject.self
        case .parameter: ParameterObject.self
        }
    }
}

/// What names one object: its kind and its name.
public struct ObjectKey: Hashable, Comparable, Sendable {
    public var kind: ObjectKind
    public var name: String

    public init(_ kind: ObjectKind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    /// By kind in the order of `ObjectKind`, then by name.
    public static func < (a: ObjectKey, b: ObjectKey) -> Bool {
        (a.kind.order, a.name) < (b.kind.order, b.name)
    }

    /// Why a text cannot name an object of most kinds; nil when it can: 1 to 64 letters, digits, `.`, `_` and `-`.
    public static func fault(ofName name: String) -> String? {
        let allowed = name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
        return allowed && (1...64).contains(name.utf8.count) ? nil : "a name is 1 to 64 letters, digits, \".\", \"_\" and \"-\""
    }
}

extension ObjectKind {
    /// Place in `allCases`: objects are shown in this order.
    fileprivate var order: Int {
        switch self {
        case .mappingGateway: 0
        case .routingGateway: 1
        case .phone: 2
        case .gatewayGroup: 3
        case .numberGroup: 4
        case .registration: 5
        case .parameter: 6
        }
    }
}
