import Vocabulary

/// What a registration is made with: the operator's account and the parameters in force.
public struct RegistrationAccount: Hashable, Sendable {
    /// Name of the object, for people.
    public var name: String
    /// Where REGISTER goes.
    public var proxy: NextHop
    /// The registrar's domain: Request-URI and host of the address-of-record.
    public var host: String
    /// User part of the address-of-record.
    public var username: String
    public var authUser: String
    public var password: String
    /// Lifetime to ask for, in seconds; nil: agreed with the registrar within `autoRange`.
    public var period: Int?
    /// Value of a Privacy header field (RFC 3323); nil for none.
    public var privacy: String?
    /// Listener port to send from; nil for the first that fits.
    public var localPort: UInt16?
    /// Wait after a failure, before jitter.
    public var retryDelay: Interval
    /// Ceiling of a wait that doubles with each failure; nil: it does not grow.
    public var retryDelayMaximum: Interval?
    /// Times that one request is sent again with credentials.
    public var authenticationRetries: Int
    /// User part of our Contact: secret, and the same after every restart.
    public var contactUser: String
    /// Our instance (RFC 5626, section 4.1): a UUID, the same after every restart.
    public var instance: String

    /// Lifetimes of automatic negotiation, and of a fixed period, in seconds (`SS_SIP_USER_AGENT_EXPIRE`).
    public static let range = 20...7200
    /// What automatic negotiation proposes first, in seconds (RFC 3261, section 10.2: an hour is usual).
    public static let proposal = 3600

    public init(
        name: String, proxy: NextHop, host: String, username: String, authUser: String, password: String, period: Int? = nil,
        privacy: String? = nil, localPort: UInt16? = nil, retryDelay: Interval = .seconds(60), retryDelayMaximum: Interval? = nil,
        authenticationRetries: Int = 3, contactUser: String, instance: String
    ) {
        self.name = name
        self.proxy = proxy
        self.host = host
        self.username = username
        self.authUser = authUser
        self.password = password
        self.period = period
        self.privacy = privacy
        self.localPort = localPort
        self.retryDelay = retryDelay
        self.retryDelayMaximum = retryDelayMaximum
        self.authenticationRetries = authenticationRetries
        self.contactUser = contactUser
        self.instance = instance
    }

    /// `sip:acme@sw.example.net`
    public var addressOfRecord: String { "sip:\(username)@\(host.asURIHost)" }
    /// `sip:sw.example.net`
    public var registrar: String { "sip:\(host.asURIHost)" }

    /// Whether the upstream keeps both as the same binding: otherwise the old one is withdrawn and a new one begun.
    public func hasSameBinding(as other: RegistrationAccount) -> Bool {
        proxy == other.proxy && host == other.host && username == other.username && contactUser == other.contactUser
    }
}

/// What names a registration towards the registrar for its whole life (RFC 3261, sections 10.2 and 10.3):
/// one Call-ID, one From tag, a CSeq that only rises.
public struct RegistrationIdentity: Hashable, Sendable {
    public let callID: String
    public let fromTag: String
    /// Number of the last REGISTER; 0 before the first.
    public internal(set) var cseq: UInt32
    /// No number above it is sent before a higher bound is on disk.
    public internal(set) var cseqBound: UInt32

    /// Numbers that one write to disk covers.
    static let reserved: UInt32 = 64

    public init(callID: String, fromTag: String) {
        self.callID = callID
        self.fromTag = fromTag
        cseq = 0
        cseqBound = 0
    }

    /// Continues after a restart: above everything that the last process may have sent.
    public init(callID: String, fromTag: String, storedBound: UInt32) {
        self.callID = callID
        self.fromTag = fromTag
        cseq = storedBound
        cseqBound = storedBound
    }
}

/// A binding of ours that the upstream may hold.
public struct RegistrationBinding: Hashable, Sendable {
    /// Where it was made.
    public var target: Target
    /// Our Contact URI in it.
    public var contact: String
    /// The latest end of it.
    public var until: Instant
    /// Whether the registrar said so; otherwise the answer may have been lost, or it is from before a restart.
    public var isConfirmed: Bool

    public init(target: Target, contact: String, until: Instant, isConfirmed: Bool) {
        self.target = target
        self.contact = contact
        self.until = until
        self.isConfirmed = isConfirmed
    }
}
