import CallRecords

// The schemas of the reports' rows.
extension Schemas {
    static let reports: [DocumentNode.Entry] = [
        .init(
            "ReportRow",
            ["oneOf": [reference("LimitEnds"), reference("CallNearLimit"), reference("TimerSupport"), reference("Call")]]),
        .init(
            "LimitEnds",
            record([
                ("mappingGateway", optionalText), ("endReason", ["type": "string", "enum": .list(LimitEnds.reasons.map { .text($0.name) })]),
                ("endReasonMeaning", text), ("limitSource", optionalText), ("calls", integer), ("minutes", number),
                ("durationMilliseconds", integer),
            ])),
        .init(
            "CallNearLimit",
            record([
                ("id", text), ("startTime", time), ("caller", text), ("callee", text), ("mappingGateway", optionalText),
                ("routingGateway", optionalText), ("durationMilliseconds", integer), ("limitSeconds", integer), ("limitSource", optionalText),
                ("percent", integer), ("endReason", ["type": "string", "enum": .list(EndReason.allCases.map { .text($0.name) })]),
            ])),
        .init(
            "TimerSupport",
            record([
                ("mappingGateway", optionalText), ("calls", integer), ("withTimer", integer), ("withoutTimer", integer), ("unknown", integer),
                ("percentWithTimer", ["type": ["number", "null"]]),
            ])),
    ]

    private static let number: DocumentNode = ["type": "number"]
}
