import Vocabulary

/// Names a phone or a gateway that registers here.
public struct EndpointName: Sendable, Hashable {
    public var kind: LiveTable.Kind
    public var name: String

    public init(_ kind: LiveTable.Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }
}

/// A user name with its password, and whose registrations it makes: a phone's, or those of the mapping
/// and the routing gateway of that name.
public struct EndpointAccount: Sendable, Hashable {
    public var name: String
    public var password: String
    public var endpoints: [EndpointName]
}

/// Who may register here and who proves itself by digest, by user name: made with each snapshot.
public struct EndpointAccounts: Sendable {
    public let accounts: [EndpointAccount]
    private let names: KeyTable
    /// The mapping gateways that prove themselves by digest, and their indices.
    private let provingNames: KeyTable
    private let proving: [Int]

    /// Nobody registers by an empty password. A gateway does not share a phone's name, and of two gateways
    /// of one name with different passwords the mapping gateway registers.
    public init(phones: [Phone], mappingGateways: [MappingGateway], routingGateways: [RoutingGateway]) {
        var accounts: [EndpointAccount] = []
        var known: [String: Int] = [:]
        func add(_ kind: LiveTable.Kind, _ name: String, _ password: String?) {
            guard let password, !password.isEmpty else { return }
            let endpoint = EndpointName(kind, name)
            if let index = known[name] {
                guard accounts[index].password == password, !accounts[index].endpoints.contains(where: { $0.kind == kind || $0.kind == .phone })
                else { return }
                accounts[index].endpoints.append(endpoint)
                return
            }
            known[name] = accounts.count
            accounts.append(EndpointAccount(name: name, password: password, endpoints: [endpoint]))
        }
        for phone in phones where phone.address == nil { add(.phone, phone.name, phone.password) }
        for gateway in mappingGateways where gateway.registersHere { add(.mappingGateway, gateway.name, gateway.password) }
        for gateway in routingGateways where gateway.registersHere { add(.routingGateway, gateway.name, gateway.password) }
        self.accounts = accounts
        names = KeyTable(names: accounts.map(\.name))
        proving = mappingGateways.indices.filter { mappingGateways[$0].authentication == .password }
        provingNames = KeyTable(names: proving.map { mappingGateways[$0].name })
    }

    public var isEmpty: Bool { accounts.isEmpty }

    /// Whether somebody may prove to be a mapping gateway by its password, from anywhere.
    public var hasProvingGateways: Bool { !proving.isEmpty }

    /// The account that registers by this user name.
    public func account(named name: Bytes) -> EndpointAccount? {
        guard !accounts.isEmpty else { return nil }
        return names.find(name).map { accounts[$0] }
    }

    /// Index of the mapping gateway that proves itself by digest with this user name.
    public func provingGateway(named name: Bytes) -> Int? {
        guard !proving.isEmpty else { return nil }
        return provingNames.find(name).map { proving[$0] }
    }
}

extension SwitchConfiguration {
    /// Where an endpoint is kept track of; nil for one that is not configured.
    public func location(of endpoint: EndpointName) -> LiveLocation? { live.object(endpoint.kind, named: endpoint.name)?.location }
}
