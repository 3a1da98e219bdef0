import Vocabulary

// The parameters that steer outbound registration.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let registrationParameters: [ParameterDefinition] = [
        sendUnregister, userAgentExpire, userAgentRetryDelay, userAgentRetryDelayMaximum, userAgentPrivacy, stopSwitchAfterInviteTimeout,
        authenticationRetry,
    ]

    public static let sendUnregister = ParameterDefinition(
        "SS_SIP_USER_AGENT_SEND_UNREGISTER", form: .flag, default: .flag(true),
        meaning: "On: before the switch stops or restarts, it sends every upstream that may hold a registration of ours a REGISTER with "
            + "expires 0 and waits, within a bound, for the answers. Off: nothing is sent, and upstreams route calls here until the "
            + "granted lifetime ends.",
        effect: .nextStop,
        related: ["SS_SIP_USER_AGENT_EXPIRE", "SS_SIP_USER_AGENT_RETRY_DELAY"],
        presets: [
            (.flag(true), "primary, enterprise, wholesale and backup trunks, clusters"),
            (.flag(false), "a laboratory, or the standby of a pair that shares credentials with the active switch"),
        ])

    public static let userAgentExpire: ParameterDefinition = ParameterDefinition(
        "SS_SIP_USER_AGENT_EXPIRE", form: .integerOrOption(20...7200, option: "Auto"), default: .option("Auto"), unit: "s",
        meaning: "The registration lifetime asked from upstreams. Auto: agreed between both sides, within 20 to 7200 s. A shorter lifetime "
            + "leaves a shorter stale window after a crash.",
        effect: .nextRegistration, related: ["SS_SIP_USER_AGENT_SEND_UNREGISTER", "SS_SIP_USER_AGENT_RETRY_DELAY"],
        presets: [
            (.option("Auto"), "most upstreams"),
            (.integer(300), "short stale window after a crash"),
            (.integer(3600), "upstreams that want few REGISTERs"),
        ],
        effectiveValue: { values in
            guard case .integer(let seconds) = values[.userAgentExpire] else {
                return EffectiveValue(
                    "asks 3600 s, accepts 20-7200 s granted",
                    reason: "Auto leaves the lifetime to the upstream; a registration with a period of its own asks for that instead.")
            }
            return EffectiveValue(
                "asks \(seconds) s; after a crash a binding stands up to \(seconds) s",
                reason: "What the upstream grants counts, where it is shorter; a registration with a period of its own asks for that instead.")
        })

    public static let userAgentRetryDelay: ParameterDefinition = ParameterDefinition(
        "SS_SIP_USER_AGENT_RETRY_DELAY", form: .integer(30...600, noneAllowed: false), default: .integer(60), unit: "s",
        meaning: "How long to wait after a failed registration before the next try; up to a tenth more, by chance, so that many "
            + "registrations do not come back at once. A Retry-After of the upstream is honoured.",
        effect: .nextRegistration, related: ["SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM", "SS_SIP_USER_AGENT_EXPIRE"],
        effectiveValue: { values in
            guard let delay = values.integer(.userAgentRetryDelay) else { return nil }
            guard let maximum = values.integer(.userAgentRetryDelayMaximum) else {
                return EffectiveValue("\(delay) s each time", reason: "SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM is None, so the wait does not grow.")
            }
            guard maximum > delay else {
                return EffectiveValue(
                    "\(delay) s each time", reason: "SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM is not above it, so the wait does not grow.")
            }
            return EffectiveValue(
                "\(delay) s, then doubled up to \(maximum) s",
                reason: "SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM lets the wait double with each further failure.")
        })

    public static let userAgentRetryDelayMaximum = ParameterDefinition(
        "SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM", form: .integer(30...86_400, noneAllowed: true), default: .none, unit: "s",
        meaning: "None: every wait after a failed registration is SS_SIP_USER_AGENT_RETRY_DELAY. A number: each further failure doubles the "
            + "wait, up to this many seconds.",
        effect: .nextRegistration, related: ["SS_SIP_USER_AGENT_RETRY_DELAY"], confidence: .ours)

    public static let userAgentPrivacy = ParameterDefinition(
        "SS_SIP_USER_AGENT_PRIVACY", form: .option(UserAgentPrivacy.allCases.map(\.rawValue)), default: .option("Ignore"),
        meaning: "Privacy header field (RFC 3323) in messages of a registered user agent. Ignore: none of our own. Id: \"Privacy: id\". "
            + "None: \"Privacy: none\".",
        effect: .nextRegistration)

    public static let stopSwitchAfterInviteTimeout = ParameterDefinition(
        "SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT", form: .flag, default: .flag(false),
        meaning: "On: when SS_SIP_TIMEOUT_INVITE runs out at a gateway with a registration, no further gateway is tried and the call "
            + "fails. Off: the next gateway is tried.",
        effect: .newCalls, related: ["SS_SIP_TIMEOUT_INVITE"])

    public static let authenticationRetry = ParameterDefinition(
        "SS_SIP_AUTHENTICATION_RETRY", form: .integer(1...10, noneAllowed: false), default: .integer(3),
        meaning: "How many times one request is sent again with credentials before it counts as refused. A repeated challenge "
            + "for the same nonce, without stale, is refused credentials at once. And how many wrong answers to our own challenges are "
            + "challenged again within SS_SIP_AUTHENTICATION_TIMEOUT before the request is refused with 403.",
        effect: .newTransactions, confidence: .ours)
}
