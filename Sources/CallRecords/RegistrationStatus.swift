import Vocabulary

/// How one outbound registration stands now, for people.
public struct RegistrationStatus: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// Not enabled, and no binding of ours stands.
        case disabled
        /// Its turn at the start has not come.
        case waitingToStart
        /// The name of the proxy is being looked up.
        case resolving
        /// REGISTER sent, nothing final yet.
        case registering
        /// The registrar holds our binding.
        case registered
        /// It holds, and is being renewed.
        case refreshing
        /// The last try failed; the next comes at `nextTryAt`.
        case waitingToRetry
        /// The upstream does not accept user or password; tried again slowly.
        case credentialsRefused
        /// REGISTER with expires 0 sent, nothing final yet.
        case withdrawing
        /// The registrar confirmed that our binding is gone.
        case withdrawn
        /// The withdrawal was refused or not answered: a stale binding may stand until `boundUntil`.
        case withdrawalFailed
    }

    public var name: String
    public var state: State
    /// When this state began.
    public var since: WallTime
    /// The latest moment at which the upstream may hold our binding; unset when it holds none.
    public var boundUntil: WallTime
    /// When the next REGISTER goes out; unset when none is planned.
    public var nextTryAt: WallTime
    /// Why it stands so, in a sentence: "503 Service Unavailable, Retry-After 120 s".
    public var reason: String
    /// Status of the last final response; 0 when none came.
    public var lastStatus: Int
    /// From the last REGISTER to its final response, in microseconds; 0 before the first.
    public var roundTripMicroseconds: Int64
    /// The upstream in use: "192.0.2.10:5060 udp"; empty before one is found.
    public var upstream: String
    public var addressOfRecord: String
    public var contact: String
    public var callID: String
    public var cseq: UInt32
    /// Seconds that the registrar granted; 0 when it granted none.
    public var grantedSeconds: Int
    /// Failures since the last success.
    public var failures: Int
    /// Contacts under our address-of-record that are not ours.
    public var foreignContacts: [String]
    /// Whether the process before this one left a binding that may be stale (no clean withdrawal).
    public var mayBeStale: Bool

    public init(
        name: String, state: State, since: WallTime, boundUntil: WallTime = .unset, nextTryAt: WallTime = .unset, reason: String = "",
        lastStatus: Int = 0, roundTripMicroseconds: Int64 = 0, upstream: String = "", addressOfRecord: String = "", contact: String = "",
        callID: String = "", cseq: UInt32 = 0, grantedSeconds: Int = 0, failures: Int = 0, foreignContacts: [String] = [],
        mayBeStale: Bool = false
    ) {
        self.name = name
        self.state = state
        self.since = since
        self.boundUntil = boundUntil
        self.nextTryAt = nextTryAt
        self.reason = reason
        self.lastStatus = lastStatus
        self.roundTripMicroseconds = roundTripMicroseconds
        self.upstream = upstream
        self.addressOfRecord = addressOfRecord
        self.contact = contact
        self.callID = callID
        self.cseq = cseq
        self.grantedSeconds = grantedSeconds
        self.failures = failures
        self.foreignContacts = foreignContacts
        self.mayBeStale = mayBeStale
    }
}

/// A registration went into another state.
public struct RegistrationEvent: Hashable, Sendable {
    public var at: WallTime
    public var from: RegistrationStatus.State
    public var status: RegistrationStatus

    public init(at: WallTime, from: RegistrationStatus.State, status: RegistrationStatus) {
        self.at = at
        self.from = from
        self.status = status
    }
}
