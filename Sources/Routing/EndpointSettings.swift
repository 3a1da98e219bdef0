import Vocabulary

/// The parameters of phones and gateways that register here as typed values, taken once per snapshot.
public struct EndpointSettings: Sendable, Hashable {
    /// `SS_SIP_AUTHENTICATION_CODE`: 401 or 407.
    public var challengeCode: Int
    /// `SS_SIP_AUTHENTICATION_REALM`.
    public var realm: [UInt8]
    /// `SS_SIP_AUTHENTICATION_ALGORITHM`: registered names, the preferred one first.
    public var algorithms: [String]
    /// `SS_SIP_AUTHENTICATION_NONCE_LIFETIME`.
    public var nonceLifetime: Interval
    /// `SS_SIP_AUTHENTICATION_RETRY`, `_TIMEOUT`, `SS_ENDPOINT_REGISTER_RETRY`, `_SUSPEND`,
    /// `SS_AUTHENTICATION_MAX_RETRY`, `SS_AUTHENTICATION_FAILED_SUSPEND`.
    public var failures: AuthenticationFailures.Limits
    /// `SS_ENDPOINT_EXPIRE` in seconds.
    public var expire: Int
    /// `SS_ENDPOINT_EXPIRE_MINIMUM` in seconds.
    public var minimumExpire: Int
    /// `SS_ENDPOINT_REGISTER_REPLACE`.
    public var replaces: Bool
    /// `SS_ENDPOINT_TIME_TO_LIVE`; nil: no check.
    public var timeToLive: Interval?
    /// `SS_SIP_NAT_KEEP_ALIVE_MESSAGE`; empty: none is sent.
    public var keepAliveMessage: [UInt8]
    /// `SS_SIP_NAT_KEEP_ALIVE_PERIOD`, `_SEND_INTERVAL`, `_SEND_ONE_TIME`.
    public var keepAlivePeriod: Interval
    public var keepAliveInterval: Interval
    public var keepAliveBatch: Int

    public init(_ values: ParameterValues = ParameterValues()) {
        func seconds(_ definition: ParameterDefinition) -> Interval { .seconds(Int64(values.integer(definition) ?? 0)) }
        func text(_ definition: ParameterDefinition) -> String { if case .text(let text) = values[definition] { text } else { "" } }
        func option(_ definition: ParameterDefinition) -> String { if case .option(let text) = values[definition] { text } else { "" } }
        challengeCode = Int(option(.authenticationCode)) ?? 401
        realm = Array(text(.authenticationRealm).utf8)
        algorithms = option(.authenticationAlgorithm).split(separator: ",").map { String($0.drop { $0 == " " }) }
        nonceLifetime = seconds(.authenticationNonceLifetime)
        failures = AuthenticationFailures.Limits(
            answers: values.integer(.authenticationRetry) ?? 3, answerTime: seconds(.authenticationTimeout),
            registrations: values.integer(.endpointRegisterRetry) ?? 6, registrationSuspension: seconds(.endpointRegisterSuspend),
            requests: values.integer(.authenticationMaxRetry) ?? 6, requestSuspension: seconds(.authenticationFailedSuspend))
        expire = values.integer(.endpointExpire) ?? 3_600
        minimumExpire = values.integer(.endpointExpireMinimum) ?? 60
        replaces = values.flag(.endpointRegisterReplace)
        timeToLive = values.integer(.endpointTimeToLive).flatMap { $0 > 0 ? .seconds(Int64($0)) : nil }
        keepAliveMessage = Array(text(.natKeepAliveMessage).utf8)
        keepAlivePeriod = seconds(.natKeepAlivePeriod)
        keepAliveInterval = .milliseconds(Int64(values.integer(.natKeepAliveSendInterval) ?? 500))
        keepAliveBatch = values.integer(.natKeepAliveSendOneTime) ?? 3_000
    }
}
