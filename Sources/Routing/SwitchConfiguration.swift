import Vocabulary

/// Everything that an operator configured, as one immutable snapshot. Shards swap it whole: a call
/// keeps the snapshot that it began with.
public final class SwitchConfiguration: Sendable {
    /// Rises with every applied change.
    public let revision: Int64
    public let mappingGateways: [MappingGateway]
    public let routingGateways: [RoutingGateway]
    public let registrations: [Registration]
    public let parameters: ParameterValues

    /// Made from the above, for the packet path.
    public let sources: SourceTable
    public let routes: PrefixTable
    public let callSettings: CallSettings
    public let registrationSettings: RegistrationSettings
    public let sessionSettings: SessionSettings
    /// Index of each registration.
    public let registrationsByName: [String: Int]
    /// The mapping gateway that calls of each registration are taken for.
    public let gatewaysByRegistration: [String: Int]
    /// Hosts of the routing gateways: they may ask with OPTIONS whether we are there.
    public let routingHosts: Set<NetworkAddress>

    public init(
        revision: Int64 = 0, mappingGateways: [MappingGateway] = [], routingGateways: [RoutingGateway] = [],
        registrations: [Registration] = [], parameters: ParameterValues = ParameterValues()
    ) {
        self.revision = revision
        self.mappingGateways = mappingGateways
        self.routingGateways = routingGateways
        self.registrations = registrations
        self.parameters = parameters
        self.sources = SourceTable(mappingGateways)
        self.routes = PrefixTable(routingGateways)
        self.callSettings = CallSettings(parameters)
        self.registrationSettings = RegistrationSettings(parameters)
        self.sessionSettings = SessionSettings(parameters)
        self.registrationsByName = Dictionary(
            registrations.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.gatewaysByRegistration = Dictionary(
            mappingGateways.enumerated().compactMap { index, gateway in gateway.registration.map { ($0, index) } },
            uniquingKeysWith: { a, b in
                let (first, second) = (mappingGateways[a], mappingGateways[b])
                return (first.priority, first.name) <= (second.priority, second.name) ? a : b
            })
        self.routingHosts = Set(routingGateways.flatMap { $0.addresses.map(\.host) })
    }
}
