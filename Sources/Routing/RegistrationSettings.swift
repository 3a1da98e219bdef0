import Vocabulary

/// The parameters of outbound registration as typed values, taken once per snapshot.
public struct RegistrationSettings: Sendable, Hashable {
    /// `SS_SIP_USER_AGENT_SEND_UNREGISTER`.
    public var sendsUnregister: Bool
    /// `SS_SIP_USER_AGENT_EXPIRE` in seconds; nil: Auto.
    public var expire: Int?
    /// `SS_SIP_USER_AGENT_RETRY_DELAY`.
    public var retryDelay: Interval
    /// `SS_SIP_USER_AGENT_RETRY_DELAY_MAXIMUM`; nil: the delay does not grow.
    public var retryDelayMaximum: Interval?
    /// `SS_SIP_USER_AGENT_PRIVACY`.
    public var privacy: UserAgentPrivacy
    /// `SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT`.
    public var stopsSwitchingAfterInviteTimeout: Bool
    /// `SS_SIP_AUTHENTICATION_RETRY`.
    public var authenticationRetries: Int

    public init(_ values: ParameterValues = ParameterValues()) {
        sendsUnregister = values.flag(.sendUnregister)
        if case .integer(let seconds) = values[.userAgentExpire] { expire = seconds } else { expire = nil }
        retryDelay = .seconds(Int64(values.integer(.userAgentRetryDelay) ?? 60))
        retryDelayMaximum = values.integer(.userAgentRetryDelayMaximum).map { .seconds(Int64($0)) }
        if case .option(let text) = values[.userAgentPrivacy] { privacy = UserAgentPrivacy(rawValue: text) ?? .ignore } else { privacy = .ignore }
        stopsSwitchingAfterInviteTimeout = values.flag(.stopSwitchAfterInviteTimeout)
        authenticationRetries = values.integer(.authenticationRetry) ?? 3
    }
}
