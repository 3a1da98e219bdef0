import Vocabulary

/// The parameters of gateway switching as typed values, taken once per snapshot.
public struct SwitchingSettings: Sendable, Hashable {
    /// `SS_GATEWAY_SWITCH_LIMIT`; nil: none.
    public var switchLimit: Int?
    /// `SS_GATEWAY_SWITCH_STOP_AFTER_RTP_START`
    public var stopsAfterRTP: Bool
    /// `SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY`
    public var stopsAfterBusy: Bool
    /// `SS_GATEWAY_SWITCH_UNTIL_CONNECT`
    public var switchesUntilConnect: Bool
    /// `SS_SIP_STOP_SWITCH_AFTER_SDP`
    public var stopsAfterMedia: Bool
    /// `SS_RECOGNIZE_CALL_FORWARD_SIGNAL`
    public var recognisesForwarding: Bool
    /// `SS_SIP_E164_DISPLAY_FROM`
    public var displayFrom: DisplayFrom
    /// `SS_SIP_ROUTING_GATEWAY_INVITE_USE_CONTACT`
    public var keepsDialledNumberInTo: Bool
    /// `SS_SIP_OPTIONS_CHECK_PERIOD`
    public var optionsCheckPeriod: Interval
    /// `SS_SIP_PUBLISH_EXPIRE` in seconds.
    public var publishExpire: Int

    public enum DisplayFrom: String, Sendable, Hashable { case ignore = "Ignore", caller = "Caller", none = "None" }

    public init(_ values: ParameterValues = ParameterValues()) {
        switchLimit = values.integer(.gatewaySwitchLimit)
        stopsAfterRTP = values.flag(.switchStopAfterRTPStart)
        stopsAfterBusy = values.flag(.switchStopAfterUserBusy)
        switchesUntilConnect = values.flag(.switchUntilConnect)
        stopsAfterMedia = values.flag(.stopSwitchAfterSDP)
        recognisesForwarding = values.flag(.recognizeCallForwardSignal)
        if case .option(let text) = values[.e164DisplayFrom] { displayFrom = DisplayFrom(rawValue: text) ?? .ignore } else { displayFrom = .ignore }
        keepsDialledNumberInTo = values.flag(.inviteUseContact)
        optionsCheckPeriod = .seconds(Int64(values.integer(.optionsCheckPeriod) ?? 30))
        publishExpire = values.integer(.publishExpire) ?? 300
    }
}

/// Why no other gateway was tried after one had failed. The wire form (`rawValue`) stays.
public enum SwitchStop: UInt8, Sendable, Hashable, CaseIterable {
    /// The list of gateways was at its end.
    case listAtEnd = 1
    /// A final status that the gateway's own list names.
    case listedCode
    /// 6xx speaks for every destination of the number (RFC 3261, section 21.6).
    case globalFailure
    /// `SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY`, or the gateway's own rule.
    case busy
    /// `SS_GATEWAY_SWITCH_UNTIL_CONNECT` is Off, or the gateway's own rule.
    case ringing
    /// `SS_SIP_STOP_SWITCH_AFTER_SDP`, or the gateway's own rule.
    case media
    /// `SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT`
    case inviteTimeout
    /// `SS_GATEWAY_SWITCH_LIMIT`
    case switchLimit

    private static let names = CaseNames<Self>()
    public var name: String { Self.names[self] }
}

extension SwitchingSettings {
    /// What a gateway showed before it failed.
    public struct Signs: Sendable, Hashable {
        public var hasRung = false
        public var hasMedia = false

        public init() {}
    }

    /// Whether the next gateway may be tried after this one failed with a final status (0: none came), and if
    /// not, which rule forbids it. The gateway's own rules go before the system's.
    public func stop(after status: Int, _ signs: Signs, at rules: SwitchingRules) -> SwitchStop? {
        if status > 0 {
            if rules.stopCodes.contains(status) { return .listedCode }
            if rules.continueCodes.contains(status) { return nil }
            if status == 486 || status == 600 {
                if !(rules.afterBusy ?? !stopsAfterBusy) { return .busy }
            } else if status >= 600 {
                return .globalFailure
            }
        }
        if signs.hasMedia, !(rules.afterMedia ?? !stopsAfterMedia) { return .media }
        if signs.hasRung, !(rules.afterRinging ?? switchesUntilConnect) { return .ringing }
        return nil
    }
}
