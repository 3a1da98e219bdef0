/// What a value of `SS_SIP_NO_TIMER_REINVITE_INTERVAL` means for the bill: a call whose caller died unseen
/// is billed up to it.
public enum NoTimerLimitRisk: Sendable, Hashable, CaseIterable {
    /// Up to 900 s.
    case veryLow
    /// Up to 1800 s.
    case low
    /// Up to 3600 s.
    case mediumLow
    /// Up to 7200 s.
    case medium
    /// Longer.
    case high
    /// No limit.
    case critical

    /// `limitSeconds`: nil or 0 for no limit.
    public init(limitSeconds: Int?) {
        switch limitSeconds ?? 0 {
        case ...0: self = .critical
        case ...900: self = .veryLow
        case ...1800: self = .low
        case ...3600: self = .mediumLow
        case ...7200: self = .medium
        default: self = .high
        }
    }

    /// How much may be billed that nobody spoke.
    public var billingRisk: String {
        switch self {
        case .veryLow: "very low"
        case .low: "low"
        case .mediumLow: "medium to low"
        case .medium: "medium"
        case .high: "high"
        case .critical: "critical"
        }
    }

    /// How well durations in records match conversations.
    public var recordAccuracy: String {
        switch self {
        case .veryLow: "excellent"
        case .low: "very good"
        case .mediumLow: "good"
        case .medium: "acceptable"
        case .high: "poor"
        case .critical: "very poor"
        }
    }

    /// How often a real conversation is cut.
    public var disruption: String {
        switch self {
        case .veryLow, .low: "possible for long calls"
        case .mediumLow: "rare"
        case .medium, .high: "very rare"
        case .critical: "never"
        }
    }
}
