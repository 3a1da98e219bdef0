import Vocabulary

// The parameters of phones and gateways that register here: how they prove who they are, how long a
// registration lasts, who is barred, and how the way to those behind a NAT is kept open.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let endpointParameters: [ParameterDefinition] = [
        authenticationCode, authenticationTimeout, authenticationRealm, authenticationAlgorithm, authenticationNonceLifetime,
        endpointExpire, endpointExpireMinimum, endpointRegisterReplace, endpointRegisterRetry, endpointRegisterSuspend,
        endpointTimeToLive, authenticationMaxRetry, authenticationFailedSuspend,
        natKeepAliveMessage, natKeepAlivePeriod, natKeepAliveSendInterval, natKeepAliveSendOneTime,
    ]

    // MARK: Proof

    public static let authenticationCode = ParameterDefinition(
        "SS_SIP_AUTHENTICATION_CODE", aliases: ["SS_AUTHCHALLENGEMODE"], form: .option(["401", "407"]), default: .option("401"),
        meaning: "The code by which a REGISTER or INVITE without credentials is challenged: 401 (Unauthorized) or 407 (Proxy Authentication "
            + "Required).",
        effect: .nextMessage, related: ["SS_SIP_AUTHENTICATION_RETRY", "SS_SIP_AUTHENTICATION_TIMEOUT"], confidence: .ours)

    public static let authenticationTimeout = ParameterDefinition(
        "SS_SIP_AUTHENTICATION_TIMEOUT", form: .integer(5...300, noneAllowed: false), default: .integer(30), unit: "s",
        meaning: "How long a challenge waits for its answer with credentials. A later answer is challenged anew, and wrong answers further "
            + "apart than this belong to different attempts.",
        effect: .nextMessage, related: ["SS_SIP_AUTHENTICATION_RETRY", "SS_SIP_AUTHENTICATION_NONCE_LIFETIME"], confidence: .ours)

    public static let authenticationRealm = ParameterDefinition(
        "SS_SIP_AUTHENTICATION_REALM", form: .text(maximumLength: 128), default: .text("tandem"),
        meaning: "The realm of challenges: devices show it to people and hash it with the password. A change makes devices that keep "
            + "hashed passwords fail.",
        effect: .nextMessage, confidence: .ours)

    public static let authenticationAlgorithm = ParameterDefinition(
        "SS_SIP_AUTHENTICATION_ALGORITHM",
        form: .option(["MD5", "SHA-256", "SHA-512-256", "MD5, SHA-256", "SHA-256, MD5", "SHA-512-256, SHA-256, MD5"]), default: .option("MD5"),
        meaning: "The hashes offered in challenges, the preferred one first (RFC 8760). Many devices in the field know MD5 alone, and some "
            + "look at the first challenge only.",
        effect: .nextMessage,
        presets: [
            (.option("MD5"), "devices of every age"),
            (.option("SHA-256, MD5"), "current devices, with older ones among them that pass over what they do not know"),
            (.option("SHA-256"), "current devices only"),
        ], confidence: .ours)

    public static let authenticationNonceLifetime = ParameterDefinition(
        "SS_SIP_AUTHENTICATION_NONCE_LIFETIME", form: .integer(5...86_400, noneAllowed: false), default: .integer(300), unit: "s",
        meaning: "How long a nonce that was answered in time may be used for further requests, each with a higher count. Then the device is "
            + "challenged anew, without failing.",
        effect: .nextMessage, related: ["SS_SIP_AUTHENTICATION_TIMEOUT"], confidence: .ours)

    // MARK: Registration

    public static let endpointExpire = ParameterDefinition(
        "SS_ENDPOINT_EXPIRE", group: .system, form: .integer(20...86_400, noneAllowed: false), default: .integer(3600), unit: "s",
        meaning: "The registration lifetime granted to a phone or gateway that asks for none, and the longest that is granted.",
        effect: .nextRegistration, related: ["SS_ENDPOINT_EXPIRE_MINIMUM", "SS_ENDPOINT_TIME_TO_LIVE"])

    public static let endpointExpireMinimum = ParameterDefinition(
        "SS_ENDPOINT_EXPIRE_MINIMUM", group: .system, form: .integer(1...3600, noneAllowed: false), default: .integer(60), unit: "s",
        meaning: "Who asks for a shorter registration gets 423 (Interval Too Brief) with this value and registers again with it. "
            + "SS_ENDPOINT_EXPIRE counts where it is less.",
        effect: .nextRegistration, related: ["SS_ENDPOINT_EXPIRE"], confidence: .ours)

    public static let endpointRegisterReplace = ParameterDefinition(
        "SS_ENDPOINT_REGISTER_REPLACE", group: .system, form: .flag, default: .flag(true),
        meaning: "When a device registers an account that another device has registered. On: it takes the place of the other one, whose "
            + "registration ends. Off: it is refused with 403 and the other one stays. The same device registering again (same Call-ID, same "
            + "instance, or same Contact from the same address) is neither.",
        effect: .nextRegistration, related: ["SS_ENDPOINT_EXPIRE", "SS_ENDPOINT_TIME_TO_LIVE"])

    public static let endpointRegisterRetry = ParameterDefinition(
        "SS_ENDPOINT_REGISTER_RETRY", aliases: ["SS_ENDPOINTREGISTERRETRY"], group: .system, form: .integer(0...999, noneAllowed: false),
        default: .integer(6),
        meaning: "How many REGISTERs with wrong credentials a source may send for one account; the next one suspends that source for that "
            + "account. A right password forgets them.",
        effect: .nextMessage, related: ["SS_ENDPOINT_REGISTER_SUSPEND", "SS_AUTHENTICATION_MAX_RETRY"])

    public static let endpointRegisterSuspend = ParameterDefinition(
        "SS_ENDPOINT_REGISTER_SUSPEND", aliases: ["SS_ENDPOINTREGISTERSUSPENDTIME"], group: .system,
        form: .integer(10...3600, noneAllowed: false), default: .integer(180), unit: "s",
        meaning: "How long a source that used up SS_ENDPOINT_REGISTER_RETRY is refused for that account. Other sources are not concerned, "
            + "nor is a device that is registered from that very address and port.",
        effect: .nextMessage, related: ["SS_ENDPOINT_REGISTER_RETRY"])

    public static let endpointTimeToLive: ParameterDefinition = ParameterDefinition(
        "SS_ENDPOINT_TIME_TO_LIVE", aliases: ["SS_ENDPOINTTIMETOLIVE"], group: .system, form: .integer(0...3600, noneAllowed: true),
        default: .integer(60), unit: "s",
        meaning: "Light check of a registered device: when nothing was heard from it for this long, it is sent an OPTIONS; any answer will "
            + "do. Without one it is offline at once, though its registration would last longer. How other switches check is not documented; "
            + "OPTIONS is our choice. 0 or None: no check.",
        effect: .nextRegistration, related: ["SS_ENDPOINT_EXPIRE", "SS_SIP_RESEND_INTERVAL"], confidence: .ours)

    // MARK: Failures

    public static let authenticationMaxRetry = ParameterDefinition(
        "SS_AUTHENTICATION_MAX_RETRY", group: .system, form: .integer(0...999, noneAllowed: false), default: .integer(6),
        meaning: "How many requests of any kind with wrong credentials a source may send for one account; the next one suspends that source "
            + "for that account. Ten times as many as suspend it for one, over all accounts, suspend it for all of them.",
        effect: .nextMessage, related: ["SS_AUTHENTICATION_FAILED_SUSPEND", "SS_ENDPOINT_REGISTER_RETRY"])

    public static let authenticationFailedSuspend = ParameterDefinition(
        "SS_AUTHENTICATION_FAILED_SUSPEND", group: .system, form: .integer(60...3600, noneAllowed: false), default: .integer(180), unit: "s",
        meaning: "How long a source that used up SS_AUTHENTICATION_MAX_RETRY is refused with 403, without its password being looked at.",
        effect: .nextMessage, related: ["SS_AUTHENTICATION_MAX_RETRY"])

    // MARK: NAT keepalive

    public static let natKeepAliveMessage = ParameterDefinition(
        "SS_SIP_NAT_KEEP_ALIVE_MESSAGE", form: .text(maximumLength: 64), default: .text("HELLO"),
        meaning: "The whole content of the datagram that keeps the way to a registered device behind a NAT open. Empty: none is sent.",
        effect: .nextMessage, related: ["SS_SIP_NAT_KEEP_ALIVE_PERIOD"])

    public static let natKeepAlivePeriod: ParameterDefinition = ParameterDefinition(
        "SS_SIP_NAT_KEEP_ALIVE_PERIOD", form: .integer(5...3600, noneAllowed: false), default: .integer(30), unit: "s",
        meaning: "Every registered device behind a NAT is sent one datagram in this time.",
        effect: .nextMessage, related: ["SS_SIP_NAT_KEEP_ALIVE_SEND_INTERVAL", "SS_SIP_NAT_KEEP_ALIVE_SEND_ONE_TIME"],
        effectiveValue: { values in
            let settings = EndpointSettings(values)
            let batches = max(1, settings.keepAlivePeriod.nanoseconds / max(1, settings.keepAliveInterval.nanoseconds))
            return EffectiveValue(
                "room for \(batches * Int64(settings.keepAliveBatch)) devices",
                reason: "SS_SIP_NAT_KEEP_ALIVE_SEND_ONE_TIME in each of the batches of one period; more devices make the period longer.")
        })

    public static let natKeepAliveSendInterval = ParameterDefinition(
        "SS_SIP_NAT_KEEP_ALIVE_SEND_INTERVAL", form: .integer(10...60_000, noneAllowed: false), default: .integer(500), unit: "ms",
        meaning: "Pause between two batches of keepalive datagrams.",
        effect: .nextMessage, related: ["SS_SIP_NAT_KEEP_ALIVE_SEND_ONE_TIME"], confidence: .ours)

    public static let natKeepAliveSendOneTime = ParameterDefinition(
        "SS_SIP_NAT_KEEP_ALIVE_SEND_ONE_TIME", form: .integer(1...100_000, noneAllowed: false), default: .integer(3000),
        meaning: "Keepalive datagrams in one batch, over all devices.",
        effect: .nextMessage, related: ["SS_SIP_NAT_KEEP_ALIVE_SEND_INTERVAL"], confidence: .ours)
}
