import Vocabulary

/// Until when a call is billed that ended by the death of a peer. Raw values are stored: append only.
public enum DeathBilling: UInt8, CaseIterable, Sendable {
    /// Until the switch saw it, as the guides have it.
    case detection = 0
    /// Until the peer last showed life.
    case lastProofOfLife = 1

    /// As an option of `SERVER_BILLING_SILENT_CALL`.
    public var option: String { self == .detection ? "Detection" : "Last proof of life" }

    public init(_ values: ParameterValues) {
        self = DeathBilling.allCases.first { values[.silentCallBilling] == .option($0.option) } ?? .detection
    }
}

extension ParameterDefinition {
    public static let silentCallBilling = ParameterDefinition(
        "SERVER_BILLING_SILENT_CALL", group: .server, form: .option(DeathBilling.allCases.map(\.option)),
        default: .option(DeathBilling.detection.option),
        meaning: "Until when a call is billed that the switch ended because a party was gone: its session was not refreshed, it answered "
            + "no probe, or it answered a refresh or probe with 481. Detection: until the switch saw it. Last proof of life: until that "
            + "party last showed that it was there. The duration of the call is the same in both cases.",
        effect: .newCalls, related: ["SS_SIP_SESSION_TTL", "SS_SIP_NO_TIMER_REINVITE_INTERVAL"], confidence: .ours)
}
