import CallRecords

/// The JSON schemas of what the management interface takes and answers.
enum Schemas {
    static var document: DocumentNode {
        let objects: [DocumentNode.Entry] = ObjectKind.allCases.map { .init($0.rawValue + "Object", object($0)) }
        return DocumentNode(.mapping(fixed + reports + registrations + trace + live + [.init("Object", anyObject)] + objects))
    }

    private static let fixed: [DocumentNode.Entry] = [
        .init(
            "Call",
            record([
                ("id", text), ("state", ["type": "string", "enum": .list(LiveCall.State.allCases.map { .text($0.rawValue) })]),
                ("startTime", time), ("answerTime", time), ("durationMilliseconds", integer), ("caller", text), ("callee", text),
                ("mappingGateway", optionalText), ("routingGateway", optionalText), ("callerAddress", optionalText),
                ("calleeAddress", optionalText), ("callerCallID", optionalText), ("calleeCallID", optionalText),
                ("rule", optionalText), ("ruleReason", optionalText), ("limitSeconds", optionalInteger), ("limitSource", optionalText),
                ("secondsLeft", optionalInteger), ("callerSessionSeconds", optionalInteger), ("calleeSessionSeconds", optionalInteger),
            ])),
        .init(
            "CallRecord",
            record([
                ("id", text), ("startTime", time), ("firstProvisionalTime", time), ("ringingTime", time), ("answerTime", time), ("endTime", time),
                ("durationMilliseconds", integer), ("billedMilliseconds", integer), ("setupMilliseconds", integer),
                ("postDialDelayMilliseconds", optionalInteger),
                ("caller", text), ("callee", text), ("callerNumbers", reference("Numbers")), ("calleeNumbers", reference("Numbers")),
                ("mappingGateway", optionalText), ("routingGateway", optionalText), ("callerAddress", optionalText),
                ("calleeAddress", optionalText), ("callerCallID", optionalText), ("calleeCallID", optionalText),
                ("callerStatus", optionalInteger), ("calleeStatus", optionalInteger),
                ("endReason", ["type": "string", "enum": .list(EndReason.allCases.map { .text($0.name) })]), ("endReasonMeaning", text),
                ("endedBy", ["type": "string", "enum": .list(CallParty.allCases.map { .text($0.name) })]), ("q850Cause", integer),
                ("decision", [:]), ("attempts", ["type": "array", "items": reference("Attempt")]),
            ])),
        .init("Numbers", record([("received", text), ("routed", text), ("sent", text)])),
        .init(
            "Attempt",
            record([
                ("gateway", text), ("address", optionalText), ("callID", optionalText), ("calleeSent", optionalText), ("startTime", time),
                ("firstProvisionalTime", time), ("ringingTime", time), ("answerTime", time), ("endTime", time), ("status", optionalInteger),
                ("outcome", ["type": "string", "enum": .list(AttemptOutcome.allCases.map { .text($0.name) })]),
            ])),
        .init(
            "Change",
            record([
                ("revision", integer), ("applied", ["type": "boolean"]),
                (
                    "changes",
                    [
                        "type": "array",
                        "items": record([
                            ("kind", text), ("name", text),
                            ("action", ["type": "string", "enum": .list(ObjectChange.Action.allCases.map { .text($0.rawValue) })]),
                            ("fields", ["type": "array", "items": record([("field", text), ("before", [:]), ("after", [:])])]),
                        ]),
                    ]
                ),
            ])),
        .init(
            "AuditEntry",
            record([
                ("id", integer), ("at", time), ("author", text), ("kind", text), ("name", text), ("before", ["type": ["object", "null"]]),
                ("after", ["type": ["object", "null"]]), ("revision", integer),
            ])),
        .init(
            "Parameter",
            record([
                ("name", text), ("value", [:]), ("default", [:]), ("effective", record([("value", text), ("reason", text)])),
                ("source", ["type": "string", "enum": ["default", "set"]]), ("setBy", optionalText), ("setAt", time),
                ("revision", optionalInteger), ("unit", optionalText), ("allowed", text), ("group", text), ("meaning", text), ("effect", text),
                ("aliases", ["type": "array", "items": text]),
                ("related", ["type": "array", "items": record([("name", text), ("value", [:])])]),
                ("presets", ["type": "array", "items": record([("value", [:]), ("purpose", text)])]), ("confidence", text),
            ])),
        .init(
            "ParameterChange",
            record([("id", integer), ("at", time), ("author", text), ("revision", integer), ("before", [:]), ("after", [:])])),
        .init("ParameterSet", record([("kind", ["const": .text(ParameterSet.kind)]), ("values", ["type": "object"])])),
        .init("ParameterSetting", record([("value", [:])])),
        .init(
            "Statistics",
            record(
                [("node", text), ("version", text), ("startedAt", time)] + SwitchStatistics.figures.map { ($0.key, integer) } + [
                    ("refusals", ["type": "object", "additionalProperties": integer]),
                    ("registrations", record(RegistrationStatus.State.allCases.map { ($0.rawValue, integer) })),
                ])),
        .init("Health", ["type": "object", "required": ["status"], "properties": ["status": text, "reasons": ["type": "array", "items": text]]]),
        .init("OpenAPI", ["type": "object"]),
        .init(
            "Problem",
            record([
                ("type", text), ("title", text), ("status", integer), ("detail", text),
                (
                    "errors",
                    [
                        "type": "array",
                        "items": record([
                            ("line", optionalInteger), ("column", optionalInteger), ("kind", optionalText), ("name", optionalText),
                            ("field", optionalText), ("rule", text), ("remedy", text),
                        ]),
                    ]
                ),
            ])),
    ]

    private static var anyObject: DocumentNode {
        ["oneOf": .list(ObjectKind.allCases.map { reference($0.rawValue + "Object") })]
    }

    private static func object(_ kind: ObjectKind) -> DocumentNode {
        let fields = kind.fieldDescriptions
        let own: [DocumentNode.Entry] = fields.map { field in
            .init(field.name, DocumentNode(.mapping((field.schema.entries ?? []) + [.init("description", .text(field.meaning))])))
        }
        let head: [DocumentNode.Entry] = [
            .init("kind", ["const": .text(kind.rawValue)]), .init("name", ["type": "string", "pattern": .text(kind.namePattern)]),
        ]
        return [
            "type": "object", "required": .list((["kind", "name"] + fields.filter(\.isRequired).map(\.name)).map { .text($0) }),
            "additionalProperties": false, "properties": DocumentNode(.mapping(head + own)),
        ]
    }

    static let text: DocumentNode = ["type": "string"]
    static let optionalText: DocumentNode = ["type": ["string", "null"]]
    static let integer: DocumentNode = ["type": "integer"]
    static let optionalInteger: DocumentNode = ["type": ["integer", "null"]]
    static let time: DocumentNode = ["type": ["string", "null"], "format": "date-time"]

    static func reference(_ schema: String) -> DocumentNode { ["$ref": .text("#/components/schemas/\(schema)")] }

    static func record(_ properties: [(String, DocumentNode)]) -> DocumentNode {
        [
            "type": "object", "required": .list(properties.map { .text($0.0) }),
            "properties": DocumentNode(.mapping(properties.map { .init($0.0, $0.1) })),
        ]
    }
}
