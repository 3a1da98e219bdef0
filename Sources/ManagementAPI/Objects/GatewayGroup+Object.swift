import Routing

extension GatewayGroup: ManagedObject {
    public static var kind: ObjectKind { .gatewayGroup }

    public init(blank name: String) { self.init(name: name) }

    public static let fields: [ObjectField<GatewayGroup>] = [
        .optionalInteger(
            "capacity", \.capacity, range: Capacity.calls,
            meaning: "most calls at once of all its gateways together; 0 takes none; no limit unless set"),
        .optionalInteger(
            "callsPerSecond", \.callsPerSecond, range: Capacity.callsPerSecond,
            meaning: "most new calls of all its gateways within any second; 0 takes none; no limit unless set"),
    ]
}
