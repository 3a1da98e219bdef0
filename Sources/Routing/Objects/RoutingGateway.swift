import Vocabulary

/// A vendor's gateway: calls go out through it.
public struct RoutingGateway: Sendable, Hashable {
    public var name: String
    /// Where INVITEs are sent, in order of preference (port already filled in).
    public var addresses: [NetworkAddress]
    /// Host names among its addresses: looked up by NAPTR, SRV and address records (RFC 3263), and tried after `addresses`.
    public var hosts: [NextHop] = []
    public var transport: TransportKind
    /// Callee prefixes it takes; the empty prefix takes any number.
    public var prefixes: [String]
    /// Lower goes first.
    public var priority: Int
    public var locked: Bool
    /// Whether an INVITE too large for one datagram goes by TCP (RFC 3261, section 18.1.1), and by UDP
    /// only when that fails. Otherwise it is sent by UDP and counted.
    public var streamForLargeRequests = false
    /// Name of the `Registration` through which its calls go: with that account's identity, by its proxy
    /// and flow. `addresses` may then be empty.
    public var registration: String?
    /// Whether a session timer (RFC 4028) may run with it.
    public var sessionTimer = true
    /// Longest call in seconds; nil: no limit of its own.
    public var maximumDuration: Int?
    /// Seconds between in-dialog OPTIONS to a peer without session timer; nil: none are sent.
    public var probeInterval: Int?

    // MARK: Who it is

    /// A dynamic gateway (`registerType` 1): it registers here with `name` and `password`, and calls go to its bindings.
    public var registersHere = false
    public var password: String?

    // MARK: Which calls it takes

    /// Whether shorter prefixes are tried after this gateway's (`prefixStyle`).
    public var prefixStyle = PrefixStyle.proceed
    /// Only after every normal gateway failed, and only within `SS_TRY_PROTECT_ROUTE_DELAY`.
    public var isProtectRoute = false
    /// Most calls at once (`capacity`); nil: no limit.
    public var capacity: Int?
    /// Most new calls within any second; nil: no limit.
    public var callsPerSecond: Int?
    /// Gateway groups it belongs to.
    public var groups: [String] = []
    /// When fewer lines than this are free in one of its groups, it takes no calls; nil: none are reserved.
    public var reservedLines: Int?
    public var callerPrefixes = PrefixFilter()
    public var calleePrefixes = PrefixFilter()
    public var callerLengths = LengthFilter()
    public var calleeLengths = LengthFilter()
    public var callerNumberGroups = NameFilter()
    public var calleeNumberGroups = NameFilter()
    /// Settings of its own by weekday and time of day.
    public var periods: [Period] = []
    /// Whether calls may go back to the address they came from.
    public var returnsCalls = false
    /// Overrides `SS_GATEWAY_ASR_CALCULATE`; nil: the system's value.
    public var calculatesASR: Bool?

    // MARK: Numbers and identity

    public var callerRewrite = RewriteRules()
    public var calleeRewrite = RewriteRules()
    /// Callers shown to this gateway are taken from a number group.
    public var callerPool: CallerPool?
    public var identity = IdentitySettings()

    // MARK: Set-up and switching

    /// Staged timers of its own, in seconds; nil or 0: the system's value.
    public var timeouts = SetupTimeouts()
    /// Whether the next gateway may be tried after this one's signs of life.
    public var switching = SwitchingRules()
    /// Whether OPTIONS shows which of its addresses are alive (`Options online check`).
    public var optionsCheck = false
    /// Whether its PUBLISH steers how many calls it gets (`Allow publish`).
    public var allowsPublish = false
    public var requestAddress = RequestAddress.contact

    public init(
        name: String, addresses: [NetworkAddress], transport: TransportKind = .udp, prefixes: [String] = [""],
        priority: Int = 10, locked: Bool = false
    ) {
        self.name = name
        self.addresses = addresses
        self.transport = transport
        self.prefixes = prefixes
        self.priority = priority
        self.locked = locked
    }
}
