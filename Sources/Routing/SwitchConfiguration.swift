import Vocabulary

/// Everything that an operator configured, as one immutable snapshot. Shards swap it whole: a call
/// keeps the snapshot that it began with.
public final class SwitchConfiguration: Sendable {
    /// Rises with every applied change.
    public let revision: Int64
    public let mappingGateways: [MappingGateway]
    public let routingGateways: [RoutingGateway]
    public let phones: [Phone]
    public let groups: [GatewayGroup]
    public let numberGroups: [NumberGroup]
    public let registrations: [Registration]
    public let parameters: ParameterValues
    /// What weekday and time of day periods go by.
    public let zone: ZoneTable
    /// What is known of these objects now: the same table from snapshot to snapshot.
    public let live: LiveTable

    /// Made from the above, for the packet path.
    public let sources: SourceTable
    public let routes: PrefixTable
    public let numberLists: NumberLists
    /// Numbers of each group that is a caller number pool.
    public let callerPools: [String: CallerNumbers]
    public let blacklistSettings: BlacklistSettings
    public let callSettings: CallSettings
    public let protectionSettings: ProtectionSettings
    public let registrationSettings: RegistrationSettings
    public let routingSettings: RoutingSettings
    public let sessionSettings: SessionSettings
    public let endpointSettings: EndpointSettings
    /// Who may register here.
    public let endpointAccounts: EndpointAccounts
    public let switchingSettings: SwitchingSettings
    /// Index of each registration.
    public let registrationsByName: [String: Int]
    /// The mapping gateway that calls of each registration are taken for.
    public let gatewaysByRegistration: [String: Int]
    /// Hosts of the routing gateways: they may ask with OPTIONS whether we are there.
    public let routingHosts: Set<NetworkAddress>

    /// The live objects, in the order of their descriptions.
    public let mappingLive: [LiveObject]
    public let routingLive: [LiveObject]
    public let groupLive: [LiveObject]
    public let phoneLive: [LiveObject]

    /// Whether any mapping gateway has a setting of its own for where responses go.
    public let usesReplyAddresses: Bool
    let tables: DecisionTables
    let hasSystemWhiteList: Bool
    let phoneNames: KeyTable
    private let mappingGatewaysByName: [String: Int]
    private let routingGatewaysByName: [String: Int]
    /// Live objects of the groups of each gateway; what a call takes its places at.
    let groupsOfMappingGateways: [[LiveObject]]
    let groupsOfRoutingGateways: [[LiveObject]]

    /// Of two objects of one kind with one name the first holds. `previous` is the snapshot before this one:
    /// number groups that did not change are taken over from it.
    public init(
        revision: Int64 = 0, mappingGateways: [MappingGateway] = [], routingGateways: [RoutingGateway] = [], phones: [Phone] = [],
        groups: [GatewayGroup] = [], numberGroups: [NumberGroup] = [], registrations: [Registration] = [],
        parameters: ParameterValues = ParameterValues(), zone: ZoneTable = .utc, live: LiveTable = LiveTable(),
        previous: SwitchConfiguration? = nil
    ) {
        self.revision = revision
        self.mappingGateways = mappingGateways
        self.routingGateways = routingGateways
        self.phones = phones
        self.groups = groups
        self.numberGroups = numberGroups
        self.registrations = registrations
        self.parameters = parameters
        self.zone = zone
        self.live = live
        self.sources = SourceTable(mappingGateways, phones: phones)
        self.routes = PrefixTable(routingGateways)
        self.numberLists = NumberLists(numberGroups, previous: previous?.numberLists)
        let pools = Set(routingGateways.compactMap { $0.callerPool?.group })
        self.callerPools = Dictionary(
            numberGroups.lazy.filter { pools.contains($0.name) }.map { ($0.name, CallerNumbers($0)) }, uniquingKeysWith: { first, _ in first })
        self.blacklistSettings = BlacklistSettings(parameters)
        self.callSettings = CallSettings(parameters)
        self.protectionSettings = ProtectionSettings(parameters)
        self.registrationSettings = RegistrationSettings(parameters)
        self.routingSettings = RoutingSettings(parameters)
        self.sessionSettings = SessionSettings(parameters)
        self.endpointSettings = EndpointSettings(parameters)
        self.endpointAccounts = EndpointAccounts(phones: phones, mappingGateways: mappingGateways, routingGateways: routingGateways)
        self.switchingSettings = SwitchingSettings(parameters)
        self.registrationsByName = Dictionary(
            registrations.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.gatewaysByRegistration = Dictionary(
            mappingGateways.enumerated().compactMap { index, gateway in gateway.registration.map { ($0, index) } },
            uniquingKeysWith: { a, b in
                let (first, second) = (mappingGateways[a], mappingGateways[b])
                return (first.priority, first.name) <= (second.priority, second.name) ? a : b
            })
        self.routingHosts = Set(routingGateways.flatMap { $0.addresses.map(\.host) })

        let tables = DecisionTables(
            mappingGateways: mappingGateways, routingGateways: routingGateways, phones: phones, groups: groups, numbers: numberLists,
            settings: routingSettings)
        let groupLive = live.objects(.group, named: groups.lazy.map(\.name))
        func groupObjects(_ range: Range<Int32>) -> [LiveObject] {
            range.map { groupLive[Int(tables.groupIndices[Int($0)])] }
        }
        self.tables = tables
        self.usesReplyAddresses = mappingGateways.contains { $0.replyAddress != .automatic }
        self.hasSystemWhiteList = numberGroups.contains { $0.name == NumberGroup.systemWhiteList && !$0.numbers.isEmpty }
        self.mappingGatewaysByName = Dictionary(
            mappingGateways.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.routingGatewaysByName = Dictionary(
            routingGateways.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.phoneNames = KeyTable(names: phones.lazy.map(\.name))
        self.groupLive = groupLive
        self.mappingLive = live.objects(.mappingGateway, named: mappingGateways.lazy.map(\.name))
        self.routingLive = live.objects(.routingGateway, named: routingGateways.lazy.map(\.name))
        self.phoneLive = live.objects(.phone, named: phones.lazy.map(\.name))
        self.groupsOfMappingGateways = tables.mappingGateways.map { groupObjects($0.groups) }
        self.groupsOfRoutingGateways = tables.routingGateways.map { groupObjects($0.groups) }
    }
}

// MARK: - Finding objects

extension SwitchConfiguration {
    /// Index of a gateway by its name, as an account or a stored call has it.
    public func mappingGateway(named name: String) -> Int? { mappingGatewaysByName[name] }
    public func routingGateway(named name: String) -> Int? { routingGatewaysByName[name] }
    /// Index of the phone with this number.
    public func phone(numbered number: Bytes) -> Int? { phoneNames.find(number) }

    public func live(_ origin: CallOrigin) -> LiveObject {
        switch origin {
        case .mappingGateway(let index): mappingLive[index]
        case .phone(let index): phoneLive[index]
        }
    }

    public func live(_ destination: CallDestination) -> LiveObject {
        switch destination {
        case .routingGateway(let index): routingLive[index]
        case .phone(let index): phoneLive[index]
        }
    }
}
