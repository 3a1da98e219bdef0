import Vocabulary

// The parameters that bound an answered call: the session timer of RFC 4028, the limit of calls without
// one, and the limit of all calls.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let sessionParameters: [ParameterDefinition] = [
        sessionTTL, sessionUpdateSegment, sessionTimeoutEarlyHangup, noTimerReinviteInterval, maxCallDuration,
        silentCallBilling,
    ]

    public static let sessionTTL: ParameterDefinition = ParameterDefinition(
        "SS_SIP_SESSION_TTL", form: .integer(90...86_400, noneAllowed: false), default: .integer(600), unit: "s",
        meaning: "For a call whose caller supports the session timer (RFC 4028): the time within which the connection must be confirmed. "
            + "Each confirmed refresh begins it anew; without one both sides are hung up. It is the interval that the switch asks for, "
            + "and to which a longer one is shortened; a peer may ask for a longer one by its Min-SE.",
        effect: .newCalls,
        related: ["SS_SIP_SESSION_UPDATE_SEGMENT", "SS_SIP_SESSION_TIMEOUT_EARLY_HANGUP", "SS_SIP_NO_TIMER_REINVITE_INTERVAL"],
        effectiveValue: { values in
            let settings = SessionSettings(values)
            return EffectiveValue(
                "a refresh every \(settings.ttl / settings.updateSegment) s",
                reason: "The switch refreshes each time SS_SIP_SESSION_TTL / SS_SIP_SESSION_UPDATE_SEGMENT has passed, where it is the refresher.")
        })

    public static let sessionUpdateSegment: ParameterDefinition = ParameterDefinition(
        "SS_SIP_SESSION_UPDATE_SEGMENT", form: .integer(2...10, noneAllowed: false), default: .integer(2),
        meaning: "Divides the session time: as refresher the switch sends a refresh (UPDATE where the peer allows it, else re-INVITE) each "
            + "time that part has passed. 2 is what RFC 4028 recommends.",
        effect: .newCalls, related: ["SS_SIP_SESSION_TTL"])

    public static let sessionTimeoutEarlyHangup: ParameterDefinition = ParameterDefinition(
        "SS_SIP_SESSION_TIMEOUT_EARLY_HANGUP", form: .integer(0...600, noneAllowed: false), default: .integer(0), unit: "s",
        meaning: "How long before its session expires a call that was not refreshed is hung up. 0: as RFC 4028 recommends, 32 s or a third "
            + "of the session time, whichever is less, where the peer refreshes, and at the expiry where the switch does. A number: that "
            + "many seconds in both cases, at most a third of the session time.",
        effect: .newCalls, related: ["SS_SIP_SESSION_TTL"],
        effectiveValue: { values in
            let settings = SessionSettings(values)
            let third = settings.ttl / 3
            let peer = settings.earlyHangup == 0 ? min(32, third) : min(settings.earlyHangup, third)
            return EffectiveValue(
                "\(peer) s early where the peer refreshes, \(settings.earlyHangup == 0 ? 0 : peer) s where the switch does",
                reason: "For a session of SS_SIP_SESSION_TTL seconds; never more than a third of the session time.")
        })

    public static let noTimerReinviteInterval: ParameterDefinition = ParameterDefinition(
        "SS_SIP_NO_TIMER_REINVITE_INTERVAL", form: .integer(0...86_400, noneAllowed: true), default: .integer(7200), unit: "s",
        meaning: "Longest conversation of a caller that does not support the session timer: nothing tells whether it is still there, so the "
            + "call is hung up on both sides this long after the answer. No refresh is sent. 0 or None: no limit, and a call whose caller "
            + "died stays up and is billed until somebody ends it.",
        effect: .newCalls, related: ["SS_SIP_SESSION_TTL", "SS_MAX_CALL_DURATION"],
        presets: [
            (.integer(900), "a quarter of an hour: the tightest protection; may cut long calls"),
            (.integer(1800), "half an hour: premium and other expensive routes, old gateways"),
            (.integer(3600), "one hour: wholesale, mixed traffic, old gateways"),
            (.integer(5400), "ninety minutes: call centres"),
            (.integer(7200), "two hours: ordinary enterprise"),
            (.integer(10_800), "three hours: long conversations at low rates"),
            (.integer(14_400), "four hours: only with SS_MAX_CALL_DURATION as a second safety"),
        ],
        effectiveValue: { values in
            let settings = SessionSettings(values)
            let risk = NoTimerLimitRisk(limitSeconds: settings.noTimerLimit)
            let warning = settings.warnings.first.map { " " + $0.text(settings) } ?? ""
            let bound = settings.shortestLimitWithoutTimer.map { "at most \($0) s" } ?? "no limit"
            return EffectiveValue(
                "\(bound); billing risk \(risk.billingRisk), accuracy of records \(risk.recordAccuracy)",
                reason: "The shorter of it and SS_MAX_CALL_DURATION holds." + warning)
        })

    public static let maxCallDuration: ParameterDefinition = ParameterDefinition(
        "SS_MAX_CALL_DURATION", group: .system, form: .integer(1...604_800, noneAllowed: true), default: .none, unit: "s",
        meaning: "Longest duration of any call, with or without session timer, counted from the answer; then both sides are hung up. The "
            + "shortest of all limits of a call holds. A session timer is none of them: its time is renewed by every refresh.",
        effect: .newCalls, related: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL"])
}
