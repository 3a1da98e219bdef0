import Vocabulary

// The parameters that keep floods, scanners and overload away from calls. They are ours: no guide has them.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let protectionParameters: [ParameterDefinition] = [
        strangersRate, strangerRate, phoneHostRate, gatewayHostRate, sourceCallRate, accountRate, accountCallRate, scannerSigns, overloadLag,
    ]

    public static let strangersRate = ParameterDefinition(
        "SS_PROTECTION_STRANGERS_RATE", group: .system, form: .integer(1...100_000, noneAllowed: true), default: .integer(1000),
        unit: "messages/s",
        meaning: "What all unknown sources together may send: addresses of no gateway, no upstream and no phone that is registered. Twice as "
            + "much may come at once. What is beyond it is dropped after a look at the source, unless it belongs to a call. None: no limit.",
        effect: .nextMessage, related: ["SS_PROTECTION_STRANGER_RATE", "SS_REPLY_UNAUTHORIZED"], confidence: .ours)

    public static let strangerRate = ParameterDefinition(
        "SS_PROTECTION_STRANGER_RATE", group: .system, form: .integer(1...10_000, noneAllowed: true), default: .integer(20), unit: "messages/s",
        meaning: "What one unknown source may send, that is one IPv4 address or one IPv6 network of 64 bits. Twice as much may come at once. "
            + "None: only the limit of all together.",
        effect: .nextMessage, related: ["SS_PROTECTION_STRANGERS_RATE"], confidence: .ours)

    public static let phoneHostRate = ParameterDefinition(
        "SS_PROTECTION_PHONE_HOST_RATE", group: .system, form: .integer(1...100_000, noneAllowed: true), default: .integer(5000),
        unit: "messages/s",
        meaning: "What an address may send from which phones are registered, or proved by credentials who they are. Behind one address there may "
            + "be a whole office. None: no limit.",
        effect: .nextMessage, related: ["SS_PROTECTION_ACCOUNT_RATE"], confidence: .ours)

    public static let gatewayHostRate = ParameterDefinition(
        "SS_PROTECTION_GATEWAY_HOST_RATE", group: .system, form: .integer(1...1_000_000, noneAllowed: true), default: .none,
        unit: "messages/s",
        meaning: "What each address of a gateway or upstream may send. What belongs to calls that are up always passes. None: no limit.",
        effect: .nextMessage, confidence: .ours)

    public static let sourceCallRate = ParameterDefinition(
        "SS_PROTECTION_SOURCE_CALL_RATE", group: .system, form: .integer(1...100_000, noneAllowed: true), default: .integer(500),
        unit: "calls/s",
        meaning: "Calls that one address, or one IPv6 network of 64 bits, may begin, if it is none of a gateway. Beyond it a call gets 503 with "
            + "Retry-After. None: no limit.",
        effect: .nextMessage, related: ["SS_PROTECTION_ACCOUNT_CALL_RATE"], confidence: .ours)

    public static let accountRate = ParameterDefinition(
        "SS_PROTECTION_ACCOUNT_RATE", group: .system, form: .integer(1...100_000, noneAllowed: true), default: .integer(1000),
        unit: "messages/s",
        meaning: "Requests with the credentials of one account, from one address or one IPv6 network of 64 bits. Counted for each by itself, so "
            + "that nobody uses up what belongs to the account's owner. Beyond it they are dropped. None: no limit.",
        effect: .nextMessage, related: ["SS_PROTECTION_ACCOUNT_CALL_RATE", "SS_PROTECTION_PHONE_HOST_RATE"], confidence: .ours)

    public static let accountCallRate = ParameterDefinition(
        "SS_PROTECTION_ACCOUNT_CALL_RATE", group: .system, form: .integer(1...100_000, noneAllowed: true), default: .integer(200),
        unit: "calls/s",
        meaning:
            "Calls that one account may begin from one address or one IPv6 network of 64 bits. Beyond it a call gets 503 with Retry-After. None: no limit.",
        effect: .nextMessage, related: ["SS_PROTECTION_ACCOUNT_RATE", "SS_PROTECTION_SOURCE_CALL_RATE"], confidence: .ours)

    public static let scannerSigns = ParameterDefinition(
        "SS_PROTECTION_SCANNER_SIGNS", group: .system, form: .text(maximumLength: 2000),
        default: .text(
            "friendly-scanner, friendly-request, sipvicious, sipcli, sip-scan, sipscan, sundayddr, iWar, SIVuS, VaxSIPUserAgent, VaxIPUserAgent, "
                + "pplsip, smap 0., from=sipvicious, from=@1.1.1.1>"),
        meaning: "Words, with commas between them, by which scanners give themselves away. A request of an unknown source that has one in its "
            + "User-Agent is dropped without an answer; from= or to= before a word has it looked for in that header field instead. Case does "
            + "not matter. Empty: nothing is looked for.",
        effect: .nextMessage, related: ["SS_REPLY_UNAUTHORIZED"], confidence: .ours)

    public static let overloadLag = ParameterDefinition(
        "SS_PROTECTION_OVERLOAD_LAG", group: .system, form: .integer(20...5000, noneAllowed: true), default: .integer(200), unit: "ms",
        meaning: "When messages keep waiting this long for as long as this, new calls are refused with 503 and Retry-After; at twice as much "
            + "other requests outside calls are, too. Calls that are up are never touched. It ends when they have waited less than half of it "
            + "for a second. None: nothing is refused for overload.",
        effect: .nextMessage, confidence: .ours)
}
