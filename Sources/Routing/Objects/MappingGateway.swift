import Vocabulary

/// A customer's gateway: calls come in through it. Recognised by the source address of its requests.
public struct MappingGateway: Sendable, Hashable {
    public var name: String
    /// Source addresses; port 0 takes any port of that host.
    public var addresses: [NetworkAddress]
    /// Decides among gateways with the same address: the lower number takes the call.
    public var priority: Int
    /// A locked gateway's calls are refused (`lockType` 3).
    public var locked: Bool
    /// Whether a redirection (3xx) of a vendor is followed for this customer's calls.
    public var followRedirects: Bool
    /// Name of a `Registration`: calls that arrive at its Contact are taken for this gateway, whatever
    /// address they come from. `addresses` may then be empty.
    public var registration: String?
    /// Whether a session timer (RFC 4028) may run with it.
    public var sessionTimer = true
    /// Longest call in seconds; nil: no limit of its own.
    public var maximumDuration: Int?
    /// Seconds between in-dialog OPTIONS to a peer without session timer; nil: none are sent.
    public var probeInterval: Int?

    // MARK: Who it is

    /// How its INVITEs are recognised and proved (`sipAuthenticationMethod`).
    public var authentication = SourceAuthentication.addressAndPort
    /// For `authentication` by password and for a gateway that registers here: its user name is `name`.
    public var password: String?
    /// A dynamic gateway (`registerType` 1): it registers here with `name` and `password`, and its calls come from its bindings.
    public var registersHere = false

    // MARK: What it may

    /// Most calls at once (`capacity`); nil: no limit.
    public var capacity: Int?
    /// Most new calls within any second; nil: no limit.
    public var callsPerSecond: Int?
    /// Gateway groups it belongs to (`gatewayGroups`); their line limits count its calls.
    public var groups: [String] = []
    /// Which routing gateways, by group, its calls may use.
    public var routingGroups = NameFilter()
    public var callerPrefixes = PrefixFilter()
    public var calleePrefixes = PrefixFilter()
    public var callerLengths = LengthFilter()
    public var calleeLengths = LengthFilter()
    /// Number groups as black or white lists of callers and callees.
    public var callerNumberGroups = NameFilter()
    public var calleeNumberGroups = NameFilter()
    /// Whom it may call (`calleeE164Restrict`).
    public var calleeKind = CalleeKind.any
    /// Settings of its own by weekday and time of day.
    public var periods: [Period] = []

    // MARK: Numbers

    public var callerRewrite = RewriteRules()
    public var calleeRewrite = RewriteRules()
    public var calleeSource = CalleeSource.requestLine
    public var callerSource = CallerSource.from
    /// Whether its P-Asserted-Identity is believed and passed on (RFC 3325, section 5).
    public var isTrusted = false

    // MARK: Set-up

    /// Longest time from its INVITE to ringing or an answer (`timeoutCallProceeding`), in seconds; nil: no limit.
    public var maximumSetupTime: Int?
    /// What it hears while the callee rings (`sipRemoteRingSignal`).
    public var ringback = Ringback.passThrough
    /// `SS_RECOGNIZE_CALL_FORWARD_SIGNAL` for its calls; nil: the system's value.
    public var recognisesForwarding: Bool?
    /// Failure codes it is given instead of others (`callFailedSipCode`).
    public var failureCodes = FailureCodes()
    public var replyAddress = ReplyAddress.automatic
    public var requestAddress = RequestAddress.contact
    /// First and second policy by which its routing gateways are ordered beyond priority.
    public var routePolicies: [RoutePolicy] = []

    public init(name: String, addresses: [NetworkAddress], priority: Int = 10, locked: Bool = false, followRedirects: Bool = false) {
        self.name = name
        self.addresses = addresses
        self.priority = priority
        self.locked = locked
        self.followRedirects = followRedirects
    }
}

extension MappingGateway {
    /// Whether calls from any port of this configured address are its own.
    public func isRecognised(atAnyPortOf address: NetworkAddress) -> Bool { address.port == 0 || authentication == .address }
}
