import Vocabulary

// The parameters that steer in which order gateways are tried.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let routingParameters: [ParameterDefinition] = [
        tryProtectRouteDelay, gatewayASRCalculate, gatewayASRReserveTime, gatewayASRReserveSeparate, gatewayASRRouteSort,
    ]

    public static let tryProtectRouteDelay = ParameterDefinition(
        "SS_TRY_PROTECT_ROUTE_DELAY", group: .system, form: .integer(0...180, noneAllowed: true), default: .integer(30), unit: "s",
        meaning: "Protect routes are tried only when every normal gateway has failed within this time after the call came in. 0: they are "
            + "tried only for calls that no normal gateway could be tried for. None: whenever every normal gateway has failed.",
        effect: .newCalls, related: ["SS_SIP_TIMEOUT_INVITE", "SS_SIP_TIMEOUT_TRYING"], confidence: .ours)

    public static let gatewayASRCalculate = ParameterDefinition(
        "SS_GATEWAY_ASR_CALCULATE", group: .system, form: .flag, default: .flag(false),
        meaning: "On: the answer-seizure ratio of every routing gateway is measured over a sliding window. A gateway's own setting goes "
            + "before it.",
        effect: .newCalls,
        related: ["SS_GATEWAY_ASR_RESERVE_TIME", "SS_GATEWAY_ASR_RESERVE_SEPARATE", "SS_GATEWAY_ASR_ROUTE_SORT_CONFIG"])

    public static let gatewayASRReserveTime: ParameterDefinition = ParameterDefinition(
        "SS_GATEWAY_ASR_RESERVE_TIME", group: .system, form: .integer(60...86_400, noneAllowed: false), default: .integer(3600), unit: "s",
        meaning: "How far back attempts count in a gateway's answer-seizure ratio. Fewer than 10 attempts within it say nothing.",
        effect: .newCalls, related: ["SS_GATEWAY_ASR_CALCULATE", "SS_GATEWAY_ASR_RESERVE_SEPARATE"], confidence: .ours,
        effectiveValue: { values in
            let settings = RoutingSettings(values)
            return EffectiveValue(
                "the last \(settings.answerRatio.window.inSeconds) s, moved on every \(settings.answerRatio.slice.inMilliseconds / 1000) s",
                reason: "SS_GATEWAY_ASR_RESERVE_SEPARATE cuts the window into slices; the oldest is dropped whole.")
        })

    public static let gatewayASRReserveSeparate = ParameterDefinition(
        "SS_GATEWAY_ASR_RESERVE_SEPARATE", group: .system, form: .integer(1...60, noneAllowed: false), default: .integer(12),
        meaning: "Into how many slices the window of the answer-seizure ratio is cut. More slices let old attempts go sooner.",
        effect: .newCalls, related: ["SS_GATEWAY_ASR_RESERVE_TIME"], confidence: .ours)

    public static let gatewayASRRouteSort = ParameterDefinition(
        "SS_GATEWAY_ASR_ROUTE_SORT_CONFIG", group: .system, form: .integer(1...4, noneAllowed: true), default: .none,
        meaning: "Where gateways with equally long prefixes are ordered by their answer-seizure ratio, the higher first. 1: before their "
            + "priority; 2: after it; 3: after the ratio of calls to capacity; 4: after the number of calls. None: only for callers whose "
            + "own policy says so, after priority. A gateway of which too little is known goes first, so that it can be judged.",
        effect: .newCalls, related: ["SS_GATEWAY_ASR_CALCULATE"], confidence: .ours)
}
