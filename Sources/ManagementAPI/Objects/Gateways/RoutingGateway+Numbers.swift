import Routing

// The numbers that a vendor's gateway takes and is shown.
extension RoutingGateway {
    static let numberFields: [ObjectField<RoutingGateway>] = Array(
        [ObjectField.numberFilterFields, ObjectField.dialPlanFields, [poolField]].joined())

    private static let poolField = ObjectField<RoutingGateway>(
        "callerPool",
        meaning: "callers shown to it are taken from a number group: {group: NAME, order: inTurn or random, reuse: most calls at once with "
            + "one number}; none unless set",
        schema: [
            "type": ["object", "null"], "required": ["group"], "additionalProperties": false,
            "properties": DocumentNode(.mapping(poolFields.map { .init($0.name, $0.schema) })),
        ],
        naming: (.numberGroup, { $0.callerPool.map { [$0.group] } ?? [] }),
        read: { node, gateway, reading in
            guard !node.isNull else { return }
            guard node.entries != nil else {
                return reading.refuse(
                    "callerPool", at: node.position, "\(node.printableShape) is no caller pool",
                    remedy: "write {group: NAME}, or leave the field out")
            }
            var pool = CallerPool(group: "")
            reading.within("callerPool") { $0.read(node, by: poolFields, into: &pool, what: "a caller pool") }
            if !pool.group.isEmpty { gateway.callerPool = pool }
        },
        write: { gateway in
            guard let pool = gateway.callerPool else { return .null }
            return DocumentNode(.mapping(poolFields.map { .init($0.name, $0.write(pool)) }))
        })

    private static let poolFields: [ObjectField<CallerPool>] = [
        ObjectField(
            "group", .required, meaning: "name of the NumberGroup", schema: ["type": "string"],
            read: { node, pool, reading in
                pool.group = reading.name(node, of: .numberGroup, field: "group") ?? ""
            },
            write: { .text($0.group) }),
        .choice("order", \.order, meaning: "inTurn or random; inTurn unless set"),
        .optionalInteger("reuse", \.reuse, range: 1...1_000_000, meaning: "most calls at once with one number; no limit unless set"),
    ]
}
