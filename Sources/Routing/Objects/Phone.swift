import Vocabulary

/// A registered endpoint with a number of the platform.
public struct Phone: Sendable, Hashable {
    /// Its number and user name (`e164`).
    public var name: String
    public var password: String
    /// Shown as display name towards other phones and gateways with `sendsDisplay`; empty: its number only.
    public var displayName = ""
    public var lock = Lock.none
    /// Most calls at once: made, received, and both together; nil: no limit.
    public var outgoingLines: Int?
    public var incomingLines: Int?
    public var lines: Int?
    /// Where it is when it does not register (`registerType` 0); nil: it registers.
    public var address: NetworkAddress?
    public var transport = TransportKind.udp
    /// Which routing gateways, by group, its calls may use.
    public var routingGroups = NameFilter()
    public var callerNumberGroups = NameFilter()
    public var calleeNumberGroups = NameFilter()
    /// Dial plans: the callee it dials; callee and caller of calls it receives.
    public var outgoingCalleeRewrite = RewriteRules()
    public var incomingCalleeRewrite = RewriteRules()
    public var incomingCallerRewrite = RewriteRules()
    public var ringback = Ringback.passThrough
    /// Whether a session timer (RFC 4028) may run with it.
    public var sessionTimer = true
    /// Longest call in seconds; nil: no limit of its own.
    public var maximumDuration: Int?
    /// Seconds between in-dialog OPTIONS to a phone without session timer; nil: none are sent.
    public var probeInterval: Int?

    public enum Lock: String, Sendable, Hashable, CaseIterable { case none, outgoing, incoming, both }

    public init(name: String, password: String = "") {
        self.name = name
        self.password = password
    }

    public var mayCall: Bool { lock == .none || lock == .incoming }
    public var mayBeCalled: Bool { lock == .none || lock == .outgoing }
}
