import Vocabulary

// The parameters that say when the next gateway may be tried, how forwarding is recognised, how numbers are
// shown to vendors, and how vendors tell whether they are there.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let switchingParameters: [ParameterDefinition] = [
        gatewaySwitchLimit, switchStopAfterRTPStart, switchStopAfterUserBusy, switchUntilConnect, stopSwitchAfterSDP,
        recognizeCallForwardSignal, e164DisplayFrom, inviteUseContact, optionsCheckPeriod, publishExpire,
    ]

    public static let gatewaySwitchLimit: ParameterDefinition = ParameterDefinition(
        "SS_GATEWAY_SWITCH_LIMIT", group: .system, form: .integer(0...256, noneAllowed: true), default: .none,
        meaning: "The most automatic switches to another routing gateway in one call; 0 tries the first one only. At the limit the caller "
            + "gets the failure. None: no limit.",
        effect: .newCalls, related: ["SS_GATEWAY_SWITCH_UNTIL_CONNECT"])

    public static let switchStopAfterRTPStart: ParameterDefinition = ParameterDefinition(
        "SS_GATEWAY_SWITCH_STOP_AFTER_RTP_START", group: .system, form: .flag, default: .flag(true),
        meaning: "On: once RTP from a gateway has reached the media relay, no other gateway is tried. It concerns calls whose media are "
            + "relayed; where they are not, a provisional answer with SDP is what can be seen of early media (SS_SIP_STOP_SWITCH_AFTER_SDP).",
        effect: .newCalls, related: ["SS_SIP_STOP_SWITCH_AFTER_SDP"])

    public static let switchStopAfterUserBusy: ParameterDefinition = ParameterDefinition(
        "SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY", group: .system, form: .flag, default: .flag(true),
        meaning: "On: a busy answer (486 or 600) ends the switching, also when SS_GATEWAY_SWITCH_UNTIL_CONNECT is On. Off: the next gateway "
            + "is tried.",
        effect: .newCalls, related: ["SS_GATEWAY_SWITCH_UNTIL_CONNECT"])

    public static let switchUntilConnect: ParameterDefinition = ParameterDefinition(
        "SS_GATEWAY_SWITCH_UNTIL_CONNECT", group: .system, form: .flag, default: .flag(false),
        meaning: "Off: once a gateway has rung (180), no other one is tried. On: gateways are tried until one answers, also after ringing.",
        effect: .newCalls,
        related: ["SS_GATEWAY_SWITCH_LIMIT", "SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY", "SS_SIP_STOP_SWITCH_AFTER_SDP"])

    public static let stopSwitchAfterSDP: ParameterDefinition = ParameterDefinition(
        "SS_SIP_STOP_SWITCH_AFTER_SDP", form: .flag, default: .flag(true),
        meaning: "On: once a gateway's provisional answer has carried SDP, no other gateway is tried. Off: switching stays possible.",
        effect: .newCalls, related: ["SS_GATEWAY_SWITCH_STOP_AFTER_RTP_START", "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP"], confidence: .ours)

    public static let recognizeCallForwardSignal: ParameterDefinition = ParameterDefinition(
        "SS_RECOGNIZE_CALL_FORWARD_SIGNAL", group: .system, form: .flag, default: .flag(false),
        meaning: "On: a 181 marks the call as forwarded in its record, and a 302 has it routed anew to the number in its Contact, with a "
            + "Diversion header field that names the number called first. Off: a 181 is passed, a 302 is a failure of that gateway.",
        effect: .newCalls, confidence: .ours)

    public static let e164DisplayFrom: ParameterDefinition = ParameterDefinition(
        "SS_SIP_E164_DISPLAY_FROM", form: .option(["Ignore", "Caller", "None"]), default: .option("Ignore"),
        meaning: "How the display name of From is filled towards routing gateways. Ignore: as the caller sent it. Caller: with the caller's "
            + "number after rewriting. None: not at all.",
        effect: .newCalls, confidence: .ours)

    public static let inviteUseContact: ParameterDefinition = ParameterDefinition(
        "SS_SIP_ROUTING_GATEWAY_INVITE_USE_CONTACT", form: .flag, default: .flag(false),
        meaning: "Off: the To of an INVITE to a routing gateway has the number that is called there. On: that number stands in the request "
            + "line only, and To keeps the number that the caller dialled.",
        effect: .newCalls)

    public static let optionsCheckPeriod: ParameterDefinition = ParameterDefinition(
        "SS_SIP_OPTIONS_CHECK_PERIOD", form: .integer(5...3_600, noneAllowed: false), default: .integer(30), unit: "s",
        meaning: "How often each address of a routing gateway with optionsCheck is asked by OPTIONS whether it is there, give or take a "
            + "tenth. An address that leaves the whole SS_SIP_RESEND_INTERVAL unanswered is left for one that answers; when all do, the "
            + "gateway is out of use until one answers again.",
        effect: .nextMessage, related: ["SS_SIP_RESEND_INTERVAL"], confidence: .ours)

    public static let publishExpire: ParameterDefinition = ParameterDefinition(
        "SS_SIP_PUBLISH_EXPIRE", form: .integer(30...7_200, noneAllowed: false), default: .integer(300), unit: "s",
        meaning: "How long what a routing gateway published (RFC 3903) counts, where its PUBLISH does not say.",
        effect: .nextMessage)
}
