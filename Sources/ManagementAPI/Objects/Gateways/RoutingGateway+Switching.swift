import Routing

// How long a vendor's gateway is waited for, and when the next one is tried.
extension RoutingGateway {
    static let switchingFields: [ObjectField<RoutingGateway>] = [
        timeout("timeoutInvite", \.timeouts.invite, "without any answer", "SS_SIP_TIMEOUT_INVITE"),
        timeout("timeoutTrying", \.timeouts.trying, "after 100", "SS_SIP_TIMEOUT_TRYING"),
        timeout("timeoutSessionProgress", \.timeouts.sessionProgress, "after 183 without SDP", "SS_SIP_TIMEOUT_SESSION_PROGRESS"),
        timeout(
            "timeoutSessionProgressSdp", \.timeouts.sessionProgressWithMedia, "after 183 with SDP", "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP"),
        timeout("timeoutRinging", \.timeouts.ringing, "after 180", "SS_SIP_TIMEOUT_RINGING"),
        permission("switchAfterRinging", \.switching.afterRinging, "ringing"),
        permission("switchAfterSdp", \.switching.afterMedia, "a provisional answer with SDP"),
        permission("switchAfterRtp", \.switching.afterRTP, "its RTP has begun"),
        permission("switchAfterBusy", \.switching.afterBusy, "486 or 600"),
        .statusCodes(
            "switchStopCodes", \.switching.stopCodes, meaning: "final status codes after which no other gateway is tried; none unless set"),
        .statusCodes(
            "switchContinueCodes", \.switching.continueCodes,
            meaning: "final status codes after which the next gateway is tried in any case; none unless set"),
        .flag(
            "optionsCheck", \.optionsCheck,
            meaning: "whether OPTIONS finds out which of its addresses are alive, every SS_SIP_OPTIONS_CHECK_PERIOD; false unless set"),
        .requestAddressField,
    ]

    private static func timeout(
        _ name: String, _ path: WritableKeyPath<RoutingGateway, Int?> & Sendable, _ when: String, _ parameter: String
    ) -> ObjectField<RoutingGateway> {
        .optionalInteger(name, path, range: 0...3600, meaning: "seconds to wait \(when); 0 and unset: what \(parameter) says")
    }

    private static func permission(
        _ name: String, _ path: WritableKeyPath<RoutingGateway, Bool?> & Sendable, _ when: String
    ) -> ObjectField<RoutingGateway> {
        .optionalFlag(name, path, meaning: "whether the next gateway may be tried after \(when); what the parameters say unless set")
    }

    /// A code cannot both stop and continue.
    static func checkSwitching(of gateway: RoutingGateway, _ reading: inout ObjectReading) {
        for code in gateway.switching.continueCodes where gateway.switching.stopCodes.contains(code) {
            reading.refuse(
                "switchContinueCodes", at: reading.document["switchContinueCodes"]?.position ?? .none,
                "\(code) stands in switchStopCodes too", remedy: "keep it in one of the two lists")
        }
    }
}
