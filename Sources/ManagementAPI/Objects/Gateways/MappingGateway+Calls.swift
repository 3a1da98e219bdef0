import Routing

// What a customer's calls may do, their numbers, and how they are set up.
extension MappingGateway {
    static let capacityFields: [ObjectField<MappingGateway>] =
        ObjectField.capacityFields + [
            .nameFilter(
                "routingGatewayGroups", of: .gatewayGroup, \.routingGroups,
                meaning: "gateway groups whose routing gateways its calls may use (allow), or may not (deny); all unless set"),
            .periods(
                \.periods, by: PeriodText.mappingFields,
                meaning: "settings of its own by weekday and time of day, which may not overlap; none unless set"),
        ]

    static let numberFields: [ObjectField<MappingGateway>] = Array(
        [ObjectField.numberFilterFields, calleeKindFields, ObjectField.dialPlanFields, numberSourceFields].joined())

    private static let calleeKindFields: [ObjectField<MappingGateway>] = [
        .choice(
            "calleeKind", \.calleeKind,
            meaning: "whom it may call (calleeE164Restrict): any, phonesOnly or noPhones; any unless set")
    ]

    private static let numberSourceFields: [ObjectField<MappingGateway>] = [
        .choice(
            "calleeSource", \.calleeSource, meaning: "where the callee is read from: requestLine, to or diversion; requestLine unless set"),
        .choice(
            "callerSource", \.callerSource,
            meaning: "where the caller is read from: from, remotePartyID, display, pAssertedIdentity or pPreferredIdentity; from unless set"),
        .flag(
            "trusted", \.isTrusted, meaning: "whether its P-Asserted-Identity is believed and passed on (RFC 3325); false unless set"),
    ]

    static let setupFields: [ObjectField<MappingGateway>] = [
        .optionalInteger(
            "maximumSetupTime", \.maximumSetupTime, range: 1...3600,
            meaning: "longest time in seconds until ringing or an answer (timeoutCallProceeding); no limit unless set"),
        .choice(
            "ringback", \.ringback,
            meaning: "what it hears while the callee rings (sipRemoteRingSignal): passThrough, sessionProgress (183 with SDP) or ringing "
                + "(180 with SDP); passThrough unless set"),
        .flag(
            "followRedirects", \.followRedirects,
            meaning: "whether a vendor's redirection (3xx) is followed for this customer's calls; false unless set"),
        .optionalFlag(
            "recognisesForwarding", \.recognisesForwarding,
            meaning: "whether 181 and 302 are taken for forwarding; what SS_RECOGNIZE_CALL_FORWARD_SIGNAL says unless set"),
        ObjectField(
            "failureCodes",
            meaning: "failure codes that it is given in place of others (callFailedSipCode), as original:target; original 0 stands for every "
                + "other, target 0 keeps the code; none unless set",
            schema: ["type": ["array", "null"], "maxItems": 400, "items": ["type": "string", "pattern": "^[0-9]+:[0-9]+$"]],
            read: { node, gateway, reading in
                guard !node.isNull, let codes = FailureCodeText.read(node, field: "failureCodes", &reading) else { return }
                gateway.failureCodes.replacements = codes
            },
            write: { FailureCodeText.document($0.failureCodes.replacements) }),
        .flag(
            "failureCodesDecideSwitching", \.failureCodes.decidesSwitching,
            meaning: "whether the replaced code also decides if the next gateway is tried; false unless set"),
        .choice(
            "replyAddress", \.replyAddress,
            meaning: "where responses go (sipResponseAddressMethod): automatic (RFC 3581), source (where the request came from), "
                + "viaPort (that IP with the port of Via) or via; automatic unless set"),
        .requestAddressField,
        ObjectField(
            "routePolicies",
            meaning: "first and second rule by which routing gateways are ordered beyond priority: asr; none unless set",
            schema: [
                "type": ["array", "null"], "maxItems": 2, "uniqueItems": true,
                "items": ["type": "string", "enum": .list(RoutePolicy.allCases.map { .text($0.rawValue) })],
            ],
            read: { node, gateway, reading in
                guard !node.isNull else { return }
                let words = RoutePolicy.allCases.map(\.rawValue)
                let remedy = "write a list of at most two of: " + words.joined(separator: ", ")
                guard let elements = reading.optionalElements(of: node, field: "routePolicies", atMost: 2, remedy: remedy) else { return }
                gateway.routePolicies = reading.distinct(elements, field: "routePolicies") { element, place, reading in
                    guard let policy = RoutePolicy(rawValue: element.text?.lowercased() ?? "") else {
                        reading.refuse(place, at: element.position, "\(element.printableShape) is no policy", remedy: remedy)
                        return nil
                    }
                    return policy
                }
            },
            write: { .list($0.routePolicies.map { .text($0.rawValue) }) }),
    ]
}
