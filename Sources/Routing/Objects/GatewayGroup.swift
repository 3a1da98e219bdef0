/// Gateways that share lines and are allowed or denied together.
public struct GatewayGroup: Sendable, Hashable {
    public var name: String
    /// Most calls at once of all its gateways together (line limit); nil: no limit.
    public var capacity: Int?
    /// Most new calls of all its gateways together within any second; nil: no limit.
    public var callsPerSecond: Int?

    public init(name: String) { self.name = name }
}
