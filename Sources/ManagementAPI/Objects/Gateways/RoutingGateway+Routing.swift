import Routing

// Which calls a vendor's gateway takes, in which order, and how many.
extension RoutingGateway {
    static let routingFields: [ObjectField<RoutingGateway>] = [
        ObjectField(
            "prefixes", meaning: "callee prefixes that the gateway takes; \"\" takes any number; [\"\"] unless set",
            schema: [
                "type": "array", "minItems": 1, "maxItems": 10_000, "uniqueItems": true,
                "items": ["type": "string", "pattern": .text(NumberText.prefixPattern), "maxLength": .number(NumberText.longest)],
            ],
            read: { node, gateway, reading in
                let remedy = "write a list such as [\"44\", \"+1415\"], or [\"\"] to take any number"
                guard let elements = reading.elements(of: node, field: "prefixes", atMost: 10_000, remedy: remedy) else { return }
                gateway.prefixes = reading.distinct(elements, field: "prefixes") { element, path, reading in
                    NumberText.prefix(element, field: path, remedy: remedy, &reading)
                }
            },
            write: { .list($0.prefixes.map { .text($0) }) }),
        .choice(
            "prefixStyle", \.prefixStyle,
            meaning: "terminate tries no shorter prefix after this gateway's, continue does; continue unless set"),
        .integer("priority", \.priority, range: 0...65_535, meaning: "the lower number is tried first; 10 unless set"),
        .flag("locked", \.locked, meaning: "true takes the gateway out of routing; false unless set"),
        .flag(
            "protectRoute", \.isProtectRoute,
            meaning: "true tries it only after every other gateway failed, and within SS_TRY_PROTECT_ROUTE_DELAY; false unless set"),
        .flag("returnsCalls", \.returnsCalls, meaning: "whether calls may go back to the address they came from; false unless set"),
        .optionalFlag(
            "calculatesASR", \.calculatesASR,
            meaning: "whether its answer-seizure ratio is counted; what SS_GATEWAY_ASR_CALCULATE says unless set"),
    ]

    static let capacityFields: [ObjectField<RoutingGateway>] =
        ObjectField.capacityFields + [
            .optionalInteger(
                "reservedLines", \.reservedLines, range: Capacity.calls,
                meaning: "it takes no calls while fewer lines than this are free in one of its groups; none unless set"),
            .flag("allowPublish", \.allowsPublish, meaning: "whether its PUBLISH says how many calls it gets (RFC 3903); false unless set"),
            .periods(
                \.periods, by: PeriodText.routingFields,
                meaning: "settings of its own by weekday and time of day, which may not overlap; none unless set"),
        ]
}
