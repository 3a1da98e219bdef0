import CallRecords
import Routing

// What is answered about gateways, phones, the dynamic blacklist and decisions.
extension Schemas {
    static let live: [DocumentNode.Entry] = [
        .init(
            "GatewayStatus",
            record([
                ("kind", ["type": "string", "enum": .list(GatewayStatus.Kind.allCases.map { .text($0.rawValue) })]), ("name", text),
                ("usable", flag), ("locked", flag), ("calls", integer), ("capacity", optionalInteger), ("callsPerSecond", optionalInteger),
                ("callsWithinSecond", optionalInteger), ("callsGiven", integer), ("answerRatio", optionalInteger), ("outOfUseSeconds", integer),
                ("publishedCapacity", optionalInteger), ("registered", ["type": ["boolean", "null"]]),
                ("addresses", ["type": "array", "items": record([("address", text), ("state", text)])]),
            ])),
        .init(
            "PhoneStatus",
            record([
                ("kind", ["type": "string", "enum": .list(PhoneStatus.Kind.allCases.map { .text($0.rawValue) })]), ("name", text),
                ("state", ["type": "string", "enum": ["online", "offline"]]), ("address", optionalText),
                ("isBehindNAT", ["type": ["boolean", "null"]]),
                ("since", time), ("expiresInSeconds", optionalInteger), ("userAgent", optionalText), ("calls", integer),
                (
                    "places",
                    [
                        "type": "array",
                        "items": record([
                            ("contact", text), ("source", text), ("transport", text), ("isBehindNAT", flag), ("since", time), ("updatedAt", time),
                            ("expiresInSeconds", integer), ("userAgent", optionalText),
                        ]),
                    ]
                ),
                ("suspendedSources", ["type": "array", "items": record([("host", text), ("secondsLeft", integer)])]),
            ])),
        .init(
            "BlacklistEntry",
            record([
                ("side", side), ("number", text), ("kind", ["type": "string", "enum": .list(BlacklistKind.allCases.map { .text("\($0)") })]),
                ("meaning", text), ("since", time), ("until", time),
            ])),
        .init(
            "BlacklistOrder",
            [
                "type": "object", "required": ["number"], "additionalProperties": false,
                "properties": ["number": text, "side": side, "seconds": ["type": ["integer", "null"], "minimum": 1]],
            ]),
        .init(
            "Decision",
            [
                "type": "object", "required": ["origin", "configurationRevision", "numbers", "candidates"],
                "properties": [
                    "origin": record([
                        ("kind", ["type": "string", "enum": ["mappingGateway", "phone"]]), ("name", text), ("rule", text), ("source", text),
                    ]),
                    "configurationRevision": integer,
                    "numbers": [
                        "type": "object", "required": ["caller", "callee", "callerRouted", "calleeRouted"],
                        "properties": [
                            "caller": text, "callee": text, "callerRouted": text, "callerRule": text, "calleeRouted": text, "calleeRule": text,
                        ],
                    ],
                    "refusal": ["type": "string", "enum": .list(CallRefusal.allCases.map { .text($0.name) })],
                    "refusalDetail": integer, "refusalGroup": text,
                    "candidates": ["type": "array", "items": candidate],
                ],
            ]),
    ]

    private static let flag: DocumentNode = ["type": "boolean"]
    private static let side: DocumentNode = ["type": "string", "enum": .list(BlacklistSide.allCases.map { .text($0.rawValue) })]

    private static let candidate: DocumentNode = [
        "type": "object", "required": ["kind", "name", "prefix", "priority", "calls", "verdict"],
        "properties": [
            "kind": ["type": "string", "enum": ["routingGateway", "phone"]], "name": text, "prefix": text, "priority": integer, "calls": integer,
            "answerRatio": integer, "protectRoute": flag,
            "verdict": ["type": "string", "enum": .list(Candidate.Verdict.allCases.map { .text($0.name) })], "detail": integer, "group": text,
            "why": text, "redirectedTo": text, "caller": text, "callee": text,
        ],
    ]
}
