import CallRecords
import Routing
import SIPUserAgent

extension SessionTimerPolicy {
    /// How the session timer of a leg is wanted. `isAllowed`: the switch of the leg's gateway.
    public init(_ settings: SessionSettings, isAllowed: Bool = true) {
        self.init(
            isEnabled: isAllowed, interval: UInt32(clamping: settings.ttl), segment: UInt32(clamping: settings.updateSegment),
            earlyHangup: UInt32(clamping: settings.earlyHangup))
    }
}

extension SessionEnd {
    /// The reason that stands in the call's record.
    public var endReason: EndReason {
        switch self {
        case .notRefreshed, .refreshUnanswered, .refreshRefused: .sessionExpired
        case .dialogUnknown: .dialogLost
        }
    }

    /// What happened, in words for the call's record.
    public var text: String {
        switch self {
        case .notRefreshed: "the peer was to refresh the session and did not"
        case .refreshUnanswered: "the refresh of the session was not answered"
        case .refreshRefused(let status): "refreshes of the session were refused until it expired, the last with \(status)"
        case .dialogUnknown(let status): "the refresh of the session was answered with \(status)"
        }
    }
}
