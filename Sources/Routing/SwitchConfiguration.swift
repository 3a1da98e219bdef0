import Vocabulary

/// Everything that an operator configured, as one immutable snapshot. Shards swap it whole: a call
/// keeps the snapshot that it began with.
public final class SwitchConfiguration: Sendable {
    /// Rises with every applied change.
    public let revision: Int64
    public let mappingGateways: [MappingGateway]
    public let routingGateways: [RoutingGateway]
    public let parameters: ParameterValues

    /// Made from the above, for the packet path.
    public let sources: SourceTable
    public let routes: PrefixTable
    public let callSettings: CallSettings
    /// Hosts of the routing gateways: they may ask with OPTIONS whether we are there.
    public let routingHosts: Set<NetworkAddress>

    public init(
        revision: Int64 = 0, mappingGateways: [MappingGateway] = [], routingGateways: [RoutingGateway] = [],
        parameters: ParameterValues = ParameterValues()
    ) {
        self.revision = revision
        self.mappingGateways = mappingGateways
        self.routingGateways = routingGateways
        self.parameters = parameters
        self.sources = SourceTable(mappingGateways)
        self.routes = PrefixTable(routingGateways)
        self.callSettings = CallSettings(parameters)
        self.routingHosts = Set(routingGateways.flatMap { $0.addresses.map(\.host) })
    }
}
