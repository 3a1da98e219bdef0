import Vocabulary

/// An account at an upstream carrier with which the switch registers (registration management).
public struct Registration: Sendable, Hashable {
    public var name: String
    /// Address of the SIP route: where REGISTER and the calls of this account are sent.
    public var proxy: NextHop
    /// The registrar's domain: host of the Request-URI and of the address-of-record.
    public var host: String
    /// User part of the address-of-record.
    public var username: String
    /// Authentication user, where it differs from `username`.
    public var authUser: String
    public var password: String
    /// Asked lifetime in seconds, 20 to 7200; nil: what `SS_SIP_USER_AGENT_EXPIRE` says.
    public var period: Int?
    /// Signalling port: requests leave by the listener with this port; nil: the first that fits the transport.
    public var localPort: UInt16?
    /// Nil: what `SS_SIP_USER_AGENT_PRIVACY` says.
    public var privacy: UserAgentPrivacy?
    /// A registration that is not enabled is withdrawn and stays silent.
    public var enabled: Bool

    public init(
        name: String, proxy: NextHop, host: String, username: String, authUser: String? = nil, password: String, period: Int? = nil,
        localPort: UInt16? = nil, privacy: UserAgentPrivacy? = nil, enabled: Bool = true
    ) {
        self.name = name
        self.proxy = proxy
        self.host = host
        self.username = username
        self.authUser = authUser ?? username
        self.password = password
        self.period = period
        self.localPort = localPort
        self.privacy = privacy
        self.enabled = enabled
    }
}

/// `SS_SIP_USER_AGENT_PRIVACY`: whether a Privacy header field (RFC 3323) goes out in messages of a
/// registered user agent, and with which value.
public enum UserAgentPrivacy: String, Sendable, Hashable, CaseIterable {
    /// No Privacy header field of our own.
    case ignore = "Ignore"
    /// `Privacy: id` (RFC 3325): the identity is not to leave the trust domain.
    case id = "Id"
    /// `Privacy: none` (RFC 3323): no privacy is wanted.
    case none = "None"
}
