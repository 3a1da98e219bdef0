import Vocabulary

/// What every shard needs to know of a registration that one of them keeps: whether calls may go out by
/// it, by which way, and how calls that come in by it are known.
public struct RegistrationView: Sendable, Hashable {
    /// Name of the `Registration` object.
    public var name: String
    public var isUsable: Bool
    /// The way to the upstream; nil before the first REGISTER went out.
    public var flow: Flow?
    /// Routes that calls take (RFC 3608), separated by commas; mostly empty.
    public var serviceRoutes: String
    /// Why it cannot be used, for the decision record; empty when it can.
    public var reason: String

    public init(name: String, isUsable: Bool, flow: Flow?, serviceRoutes: String, reason: String) {
        self.name = name
        self.isUsable = isUsable
        self.flow = flow
        self.serviceRoutes = serviceRoutes
        self.reason = reason
    }
}
