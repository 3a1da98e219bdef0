import CallRecords

extension Schemas {
    /// What is answered about registrations at upstreams, about the stop that withdraws them, and about the drain before it.
    static let registrations: [DocumentNode.Entry] = [
        .init(
            "RegistrationStatus",
            record([
                ("name", text), ("state", state), ("since", time), ("boundUntil", time), ("nextTryAt", time), ("reason", text),
                ("lastStatus", optionalInteger), ("roundTripMilliseconds", ["type": ["number", "null"]]), ("upstream", optionalText),
                ("addressOfRecord", optionalText), ("contact", optionalText), ("callID", optionalText), ("cseq", integer),
                ("grantedSeconds", integer), ("failures", integer), ("foreignContacts", texts), ("mayBeStale", ["type": "boolean"]),
                ("warnings", texts),
            ])),
        .init(
            "RegistrationEvent",
            record([
                ("id", integer), ("at", time), ("name", text), ("from", state), ("state", state), ("reason", text), ("lastStatus", optionalInteger),
                ("upstream", optionalText), ("boundUntil", time), ("nextTryAt", time), ("isAlarming", ["type": "boolean"]),
            ])),
        .init("Drain", record([("draining", ["type": "boolean"]), ("since", time), ("calls", integer)])),
        .init(
            "Stop",
            record([
                ("phase", ["type": "string", "enum": .list(StopProgress.Phase.allCases.map { .text($0.rawValue) })]), ("done", integer),
                ("registrations", integer), ("isClean", ["type": "boolean"]), ("lines", texts),
            ])),
    ]

    private static let state: DocumentNode = [
        "type": "string", "enum": .list(RegistrationStatus.State.allCases.map { .text($0.rawValue) }),
    ]
    private static let texts: DocumentNode = ["type": "array", "items": text]
}
