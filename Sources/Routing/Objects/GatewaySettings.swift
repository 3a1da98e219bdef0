// Settings that gateways and phones share. The names in parentheses are those of the trade's interface.

/// How a customer's INVITE is recognised (`sipAuthenticationMethod`).
public enum SourceAuthentication: String, Sendable, Hashable, CaseIterable {
    /// By its source address, any port, whatever port the configured address has.
    case address
    /// By source address, and by its port where the configured address has one.
    case addressAndPort
    /// By digest credentials: user name is the object's name.
    case password
}

/// Which kind of callee may be called (`calleeE164Restrict`).
public enum CalleeKind: String, Sendable, Hashable, CaseIterable { case any, phonesOnly, noPhones }

/// Where the callee's number is read from in an INVITE.
public enum CalleeSource: String, Sendable, Hashable, CaseIterable { case requestLine, to, diversion }

/// Where the caller's number is read from in an INVITE.
public enum CallerSource: String, Sendable, Hashable, CaseIterable {
    case from, remotePartyID, display, pAssertedIdentity, pPreferredIdentity
}

/// What the caller hears of a ringing callee (`sipRemoteRingSignal`).
public enum Ringback: String, Sendable, Hashable, CaseIterable {
    /// What the vendor sends is passed.
    case passThrough
    /// A provisional answer with SDP is passed as 183.
    case sessionProgress
    /// A provisional answer with SDP is passed as 180.
    case ringing
}

/// What follows a gateway's prefix in the search (`prefixStyle`).
public enum PrefixStyle: String, Sendable, Hashable, CaseIterable {
    /// No shorter prefix is tried (0).
    case terminate
    /// Shorter prefixes are tried next (1).
    case proceed = "continue"
}

/// How gateways are ordered beyond their priority.
public enum RoutePolicy: String, Sendable, Hashable, CaseIterable {
    /// The higher answer-seizure ratio goes first.
    case asr
}

/// Staged set-up timers of one gateway, in seconds; nil or 0 is the system's value.
public struct SetupTimeouts: Sendable, Hashable {
    public var invite: Int?
    public var trying: Int?
    public var sessionProgress: Int?
    public var sessionProgressWithMedia: Int?
    public var ringing: Int?

    public init() {}
}

/// Whether the next gateway may be tried after certain answers of this one; nil: the system's value.
public struct SwitchingRules: Sendable, Hashable {
    /// After 180, or no answer after ringing.
    public var afterRinging: Bool?
    /// After a provisional answer with SDP.
    public var afterMedia: Bool?
    /// After its RTP has begun.
    public var afterRTP: Bool?
    /// After 486 or 600.
    public var afterBusy: Bool?
    /// Final status codes after which no other gateway is tried.
    public var stopCodes: [Int] = []
    /// Final status codes after which the next gateway is tried in any case.
    public var continueCodes: [Int] = []

    public init() {}
}

/// How the caller is shown to a vendor.
public struct IdentitySettings: Sendable, Hashable {
    /// Whether a display name is sent (`sipDisplay`).
    public var sendsDisplay = true
    /// Whether Remote-Party-ID is sent (`sipRemotePartyId`).
    public var sendsRemotePartyID = false
    public var privacy = PrivacyHeader.passThrough
    public var pAssertedIdentity = AssertedIdentity.none
    public var pPreferredIdentity = AssertedIdentity.none
    public var passesDiversion = true
    public var passesHistoryInfo = true

    public init() {}

    /// `sipPrivacy`
    public enum PrivacyHeader: String, Sendable, Hashable, CaseIterable {
        /// The header field is not sent.
        case none = "off"
        case passThrough
        /// `Privacy: id` is sent.
        case id
        /// `Privacy: none` is sent.
        case noPrivacy = "none"
    }

    /// `sipPAssertedIdentity`, `sipPPreferredIdentity`
    public enum AssertedIdentity: String, Sendable, Hashable, CaseIterable {
        /// Not sent.
        case none
        /// What the caller's trusted side sent.
        case passThrough
        /// The caller's number.
        case caller
    }
}

/// Callers taken from a number group (`caller number pool`).
public struct CallerPool: Sendable, Hashable {
    /// Name of the `NumberGroup`.
    public var group: String
    public var order = Order.inTurn
    /// Most calls at once with one number of the pool; nil: no limit.
    public var reuse: Int?

    public enum Order: String, Sendable, Hashable, CaseIterable { case inTurn, random }

    public init(group: String) { self.group = group }
}

/// Failure codes as a customer is to see them (`callFailedSipCode`).
public struct FailureCodes: Sendable, Hashable {
    /// From a final status of 300 to 699; key 0 is every other one, value 0 keeps the code.
    public var replacements: [Int: Int] = [:]
    /// Whether the replaced code also decides about the next gateway.
    public var decidesSwitching = false

    public init() {}

    public func replacement(of status: Int) -> Int {
        let target = replacements[status] ?? replacements[0] ?? 0
        return target == 0 ? status : target
    }
}
