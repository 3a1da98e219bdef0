import Vocabulary

/// The parameters of call set-up as typed values, taken once per snapshot.
public struct CallSettings: Sendable, Hashable {
    /// `SS_REPLY_UNAUTHORIZED`: answer 403 to unknown sources instead of nothing.
    public var repliesToUnknownSources: Bool
    /// `SS_SIP_TIMEOUT_INVITE`: INVITE sent, nothing came back.
    public var inviteTimeout: Interval
    /// `SS_SIP_TIMEOUT_TRYING`: 100 came, nothing further.
    public var tryingTimeout: Interval
    /// `SS_SIP_TIMEOUT_SESSION_PROGRESS`: 183 without SDP came, nothing further.
    public var progressTimeout: Interval
    /// `SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP`: 183 with SDP came, no answer.
    public var progressWithMediaTimeout: Interval
    /// `SS_SIP_TIMEOUT_RINGING`: 180 came, no answer.
    public var ringingTimeout: Interval

    public init(_ values: ParameterValues = ParameterValues()) {
        func seconds(_ definition: ParameterDefinition) -> Interval { .seconds(Int64(values.integer(definition) ?? 0)) }
        repliesToUnknownSources = values.flag(.replyUnauthorized)
        inviteTimeout = seconds(.inviteTimeout)
        tryingTimeout = seconds(.tryingTimeout)
        progressTimeout = seconds(.sessionProgressTimeout)
        progressWithMediaTimeout = seconds(.sessionProgressWithMediaTimeout)
        ringingTimeout = seconds(.ringingTimeout)
    }
}
