import Vocabulary

// The parameters that steer SIP transactions.

extension ParameterDefinition {
    /// Every parameter defined here.
    public static let transactionParameters: [ParameterDefinition] = [resendInterval]

    /// Waiting times before each retransmission; the default follows T1 and T2 of RFC 3261, section 17.1.2.2.
    public static let resendInterval = ParameterDefinition(
        "SS_SIP_RESEND_INTERVAL", form: .intervals(each: 0.1...60, count: 1...20),
        default: .intervals([0.5, 1, 2, 4, 4, 4, 4, 4, 4, 4].map { Interval.milliseconds(Int64($0 * 1000)) }), unit: "s",
        meaning: "How long to wait for an answer before each retransmission of a SIP message over UDP. When the list is used up the "
            + "message counts as unanswered: for an INVITE the next gateway is tried, or the call ends.",
        effect: .newTransactions, related: ["SS_SIP_TIMEOUT_INVITE"], confidence: .ours)
}
