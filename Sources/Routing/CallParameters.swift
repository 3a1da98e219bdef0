import Vocabulary

// The parameters that steer who may call and how long an attempt at a gateway may take. Each staged
// timer replaces the one before it when its signal arrives; on expiry the attempt is cancelled and
// the next gateway is tried.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let callParameters: [ParameterDefinition] = [
        replyUnauthorized, inviteTimeout, tryingTimeout, sessionProgressTimeout, sessionProgressWithMediaTimeout, ringingTimeout,
    ]

    public static let replyUnauthorized = ParameterDefinition(
        "SS_REPLY_UNAUTHORIZED", group: .system, form: .flag, default: .flag(true),
        meaning: "On: a request from a source that belongs to no gateway is answered with 403. Off: it is dropped without an answer, "
            + "so that scanners learn nothing.",
        effect: .nextMessage)

    public static let inviteTimeout = ParameterDefinition(
        "SS_SIP_TIMEOUT_INVITE", form: .integer(1...3600, noneAllowed: false), default: .integer(10), unit: "s",
        meaning: "How long a gateway may leave an INVITE without any answer.",
        effect: .newCalls, related: ["SS_SIP_TIMEOUT_TRYING", "SS_SIP_RESEND_INTERVAL"])

    public static let tryingTimeout = ParameterDefinition(
        "SS_SIP_TIMEOUT_TRYING", form: .integer(1...3600, noneAllowed: false), default: .integer(20), unit: "s",
        meaning: "How long a gateway may take after its 100 (Trying) until it says more.",
        effect: .newCalls, related: ["SS_SIP_TIMEOUT_INVITE", "SS_SIP_TIMEOUT_SESSION_PROGRESS"])

    public static let sessionProgressTimeout = ParameterDefinition(
        "SS_SIP_TIMEOUT_SESSION_PROGRESS", form: .integer(1...3600, noneAllowed: false), default: .integer(20), unit: "s",
        meaning: "How long a gateway may take after a 183 (Session Progress) without SDP until it says more.",
        effect: .newCalls, related: ["SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP", "SS_SIP_TIMEOUT_RINGING"])

    public static let sessionProgressWithMediaTimeout = ParameterDefinition(
        "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP", form: .integer(1...3600, noneAllowed: false), default: .integer(120), unit: "s",
        meaning: "How long early media may play after a 183 (Session Progress) with SDP until the call is answered.",
        effect: .newCalls, related: ["SS_SIP_TIMEOUT_SESSION_PROGRESS", "SS_SIP_TIMEOUT_RINGING"])

    public static let ringingTimeout = ParameterDefinition(
        "SS_SIP_TIMEOUT_RINGING", form: .integer(1...3600, noneAllowed: false), default: .integer(120), unit: "s",
        meaning: "How long the called party may ring (180) until the call is answered.",
        effect: .newCalls, related: ["SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP"])
}
