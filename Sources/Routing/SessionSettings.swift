import Vocabulary

/// The parameters of answered calls as typed values, taken once per snapshot. Times in seconds.
public struct SessionSettings: Sendable, Hashable {
    /// `SS_SIP_SESSION_TTL`, 90 to 86400.
    public var ttl: Int
    /// `SS_SIP_SESSION_UPDATE_SEGMENT`, 2 to 10.
    public var updateSegment: Int
    /// `SS_SIP_SESSION_TIMEOUT_EARLY_HANGUP`; 0: as RFC 4028 recommends.
    public var earlyHangup: Int
    /// `SS_SIP_NO_TIMER_REINVITE_INTERVAL`; nil: no limit.
    public var noTimerLimit: Int?
    /// `SS_MAX_CALL_DURATION`; nil: no limit.
    public var maximumDuration: Int?
    /// `SERVER_BILLING_SILENT_CALL`
    public var deathBilling: DeathBilling

    public init(_ values: ParameterValues = ParameterValues()) {
        ttl = values.integer(.sessionTTL) ?? 600
        updateSegment = values.integer(.sessionUpdateSegment) ?? 2
        earlyHangup = values.integer(.sessionTimeoutEarlyHangup) ?? 0
        noTimerLimit = values.integer(.noTimerReinviteInterval).flatMap { $0 > 0 ? $0 : nil }
        maximumDuration = values.integer(.maxCallDuration)
        deathBilling = DeathBilling(values)
    }

    /// What ends a call without session timer, before any bound of a gateway or account.
    public var shortestLimitWithoutTimer: Int? {
        guard let noTimerLimit else { return maximumDuration }
        return min(noTimerLimit, maximumDuration ?? noTimerLimit)
    }

    /// What an operator should be told about the values together.
    public var warnings: [SessionSettingsWarning] {
        guard let noTimerLimit else { return [maximumDuration == nil ? .noLimitWithoutTimer : .noTimerLimitUnset] }
        return noTimerLimit < SessionSettings.smallestMultiple * ttl ? [.noTimerLimitShort] : []
    }

    /// The limit of calls without timer should be at least so many times `SS_SIP_SESSION_TTL`.
    public static let smallestMultiple = 3
}

/// Settings that are allowed and seldom meant.
public enum SessionSettingsWarning: Sendable, Hashable, CaseIterable {
    /// Calls without session timer have no end but their parties'.
    case noLimitWithoutTimer
    /// Calls without session timer end only at the limit of all calls.
    case noTimerLimitUnset
    /// The limit is below three times the session time.
    case noTimerLimitShort

    public func text(_ settings: SessionSettings) -> String {
        switch self {
        case .noLimitWithoutTimer:
            "A call without session timer whose caller died is never ended: set SS_SIP_NO_TIMER_REINVITE_INTERVAL, or at least "
                + "SS_MAX_CALL_DURATION."
        case .noTimerLimitUnset: "A call without session timer whose caller died is ended only by SS_MAX_CALL_DURATION."
        case .noTimerLimitShort:
            "SS_SIP_NO_TIMER_REINVITE_INTERVAL is below \(SessionSettings.smallestMultiple) times SS_SIP_SESSION_TTL "
                + "(\(SessionSettings.smallestMultiple * settings.ttl) s): it may cut conversations."
        }
    }
}
