import Vocabulary

// The parameters of the dynamic blacklists: whom the switch bars by itself, and for how long.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let blacklistParameters: [ParameterDefinition] = [
        maliciousCallInterval, maliciousCallLimit, maliciousCallExpire, noAnswerLimit, noAnswerPeriods, noAnswerExpire,
        concurrentCallLimit, concurrentCallExpire,
    ]

    public static let maliciousCallInterval = ParameterDefinition(
        "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL", group: .system, form: .integer(1...86_400, noneAllowed: true),
        default: .none, unit: "s",
        meaning: "Window over which the attempts of one caller number are counted, whichever gateway they come from. None: callers are not "
            + "watched for it.",
        effect: .newCalls,
        related: ["SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT", "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE"], confidence: .ours)

    public static let maliciousCallLimit = ParameterDefinition(
        "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT", group: .system, form: .integer(1...1_000_000, noneAllowed: true), default: .none,
        meaning: "So many attempts of one caller number within the window put it on the dynamic blacklist. None: callers are not watched "
            + "for it.",
        effect: .newCalls,
        related: ["SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL", "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE"], confidence: .ours)

    public static let maliciousCallExpire = ParameterDefinition(
        "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE", group: .system, form: .integer(1...31_536_000, noneAllowed: true), default: .none,
        unit: "s",
        meaning: "How long a caller with too many attempts stays on the dynamic blacklist. None: until it is removed by hand.",
        effect: .newCalls, related: ["SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT"], confidence: .ours)

    public static let noAnswerLimit = ParameterDefinition(
        "SS_BLACK_LIST_NO_ANSWER_LIMIT", group: .system, form: .integer(1...1_000_000, noneAllowed: true), default: .none,
        meaning: "So many unanswered calls in a row to one callee number, within SS_BLACK_LIST_NO_ANSWER_PERIODS, put it on the dynamic "
            + "blacklist. None: callees are not watched.",
        effect: .newCalls, related: ["SS_BLACK_LIST_NO_ANSWER_PERIODS", "SS_BLACK_LIST_NO_ANSWER_EXPIRE"], confidence: .ours)

    public static let noAnswerPeriods = ParameterDefinition(
        "SS_BLACK_LIST_NO_ANSWER_PERIODS", group: .system, form: .integer(1...604_800, noneAllowed: true), default: .none, unit: "s",
        meaning: "Window within which the unanswered calls to one callee are counted. None: callees are not watched.",
        effect: .newCalls, related: ["SS_BLACK_LIST_NO_ANSWER_LIMIT", "SS_BLACK_LIST_NO_ANSWER_EXPIRE"], confidence: .ours)

    public static let noAnswerExpire = ParameterDefinition(
        "SS_BLACK_LIST_NO_ANSWER_EXPIRE", group: .system, form: .integer(1...31_536_000, noneAllowed: true), default: .none, unit: "s",
        meaning: "How long a callee that does not answer stays on the dynamic blacklist. None: until it is removed by hand.",
        effect: .newCalls, related: ["SS_BLACK_LIST_NO_ANSWER_LIMIT"], confidence: .ours)

    public static let concurrentCallLimit = ParameterDefinition(
        "SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT", group: .system, form: .integer(1...1_000_000, noneAllowed: true), default: .none,
        meaning: "More calls at once than this of one caller number put it on the dynamic blacklist. Calls that began before the "
            + "parameter was set are not counted. None: callers are not watched for it.",
        effect: .newCalls, related: ["SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE"], confidence: .ours)

    public static let concurrentCallExpire = ParameterDefinition(
        "SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE", group: .system, form: .integer(1...31_536_000, noneAllowed: true), default: .none,
        unit: "s",
        meaning: "How long a caller with too many calls at once stays on the dynamic blacklist. None: until it is removed by hand.",
        effect: .newCalls, related: ["SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT"], confidence: .ours)
}
