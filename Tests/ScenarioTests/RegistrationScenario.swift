import CallRecords
import Routing
import SIPMessages
import SwitchCore
import SwitchTesting
import Testing
import Vocabulary

/// One whole switch that registers with upstreams, in virtual time. The network takes 10 ms each way,
/// the store commits after 2 ms, the name service answers after 20 ms.
final class RegistrationScenario {
    static let switchAddress = NetworkAddress(ipv4: 0xCB00_710A, port: 5060)
    static let addressOfRecord = "sip:acme@sw.example.net"

    static func upstreamAddress(_ number: Int) -> NetworkAddress { NetworkAddress(ipv4: 0xC633_6401 + UInt32(number), port: 5060) }

    let world: VirtualWorld
    let registrars: [VirtualRegistrar]
    var registrar: VirtualRegistrar { registrars[0] }

    /// The account at the first upstream, by its address.
    static func account(
        _ name: String = "upstream-1", proxy: NextHop? = nil, username: String = "acme", password: String = "secret", period: Int? = nil,
        localPort: UInt16? = nil, transport: TransportKind? = nil
    ) -> Registration {
        let address = upstreamAddress(0)
        let hop = NextHop(host: address.hostDescription, port: address.port, transport: transport)
        return Registration(
            name: name, proxy: proxy ?? hop, host: "sw.example.net", username: username, password: password, period: period,
            localPort: localPort)
    }

    init(
        _ registrations: [Registration] = [account()], upstreams: Int = 1, transport: TransportKind = .udp,
        parameters: [String: ParameterValue] = [:], mappingGateways: [MappingGateway] = [], routingGateways: [RoutingGateway] = [],
        shards: Int = 1, conditions: NetworkConditions = NetworkConditions(), names: [String: [Target]] = [:], seed: UInt64 = 1,
        prepare: ([VirtualRegistrar]) -> Void = { _ in }
    ) {
        var setup = VirtualWorld.Setup(
            configuration: SwitchConfiguration(
                revision: 1, mappingGateways: mappingGateways, routingGateways: routingGateways, registrations: [],
                parameters: ParameterValues(parameters)),
            listeners: [TransportKind.udp, .tcp, .tls].map { ListenerDescription(transport: $0, local: RegistrationScenario.switchAddress) })
        setup.shards = shards
        setup.conditions = conditions
        setup.seed = seed
        let world = VirtualWorld(setup)
        world.trace = WireTrace()
        for (host, targets) in names { world.names.set(host, targets) }
        registrars = (0..<upstreams).map { number in
            let peer = Peer(
                "upstream\(number)", at: RegistrationScenario.upstreamAddress(number), transport: transport, marker: "~U", in: world,
                towards: RegistrationScenario.switchAddress)
            if transport.isReliable { peer.connection = UInt32(number + 1) }
            return VirtualRegistrar(peer, in: world)
        }
        self.world = world
        prepare(registrars)
        configure { $0 = registrations }
    }

    /// The objects or parameters change, as `tandem apply` does it.
    func configure(parameters: [String: ParameterValue]? = nil, _ change: (inout [Registration]) -> Void = { _ in }) {
        let before = world.setup.configuration
        var registrations = before.registrations
        change(&registrations)
        world.configure(
            SwitchConfiguration(
                revision: before.revision + 1, mappingGateways: before.mappingGateways, routingGateways: before.routingGateways,
                registrations: registrations, parameters: parameters.map { ParameterValues($0) } ?? before.parameters))
    }

    func pass(_ length: Interval = .milliseconds(200)) { world.run(for: length) }

    func status(_ name: String = "upstream-1") throws -> RegistrationStatus {
        try #require(world.registrations.first { $0.name == name }, "no registration \(name)")
    }

    var state: RegistrationStatus.State? { world.registrations.first { $0.name == "upstream-1" }?.state }

    /// What the first registrar holds for the usual account.
    var bindings: [VirtualRegistrar.Binding] { registrar.bindings(RegistrationScenario.addressOfRecord) }

    /// Seconds from now until a wall-clock moment of the status.
    func seconds(until wall: WallTime) -> Int { Int((wall.microseconds - world.moment.wall.microseconds + 500_000) / 1_000_000) }

    /// Registered as usual, and checked.
    @discardableResult
    func registered(sourceLocation: SourceLocation = #_sourceLocation) -> Self {
        pass(.seconds(1))
        #expect(state == .registered, sourceLocation: sourceLocation)
        #expect(bindings.count == 1, sourceLocation: sourceLocation)
        return self
    }

    /// The REGISTERs that reached the first registrar, copies not counted.
    var requests: [SeenMessage] { registrar.exchanges.map(\.request) }

    /// Nothing was sent that breaks the rules, CSeq rose with every request of a Call-ID, and no binding was doubled.
    func checkRules(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(world.violations == [], sourceLocation: sourceLocation)
        for registrar in registrars {
            #expect(registrar.outOfOrder == 0, sourceLocation: sourceLocation)
            var highest: [String: Int] = [:]
            for exchange in registrar.exchanges {
                #expect(exchange.request.cseq > highest[exchange.request.callID] ?? 0, sourceLocation: sourceLocation)
                highest[exchange.request.callID] = exchange.request.cseq
            }
        }
    }
}
