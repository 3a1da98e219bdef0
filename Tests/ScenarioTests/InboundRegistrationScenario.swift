import CallRecords
import Routing
import SIPMessages
import SwitchCore
import SwitchTesting
import Testing
import Vocabulary

/// One whole switch with phones that register, in virtual time. The network takes 10 ms each way, the store commits after 2 ms.
final class InboundScenario {
    static let switchAddress = NetworkAddress(ipv4: 0xCB00_710A, port: 5060)

    /// Public addresses of phones, by number.
    static func address(_ number: Int, port: UInt16 = 5060) -> NetworkAddress { NetworkAddress(ipv4: 0xC000_0200 + UInt32(number), port: port) }

    let world: VirtualWorld
    private var live = LiveTable()

    init(
        phones: [Phone] = [Phone(name: "1001", password: "secret"), Phone(name: "1002", password: "other")],
        mappingGateways: [MappingGateway] = [], routingGateways: [RoutingGateway] = [], parameters: [String: ParameterValue] = [:],
        shards: Int = 1, seed: UInt64 = 1
    ) {
        var setup = VirtualWorld.Setup(
            configuration: SwitchConfiguration(
                revision: 1, mappingGateways: mappingGateways, routingGateways: routingGateways, phones: phones,
                parameters: ParameterValues(parameters), live: live),
            listeners: [TransportKind.udp, .tcp].map { ListenerDescription(transport: $0, local: InboundScenario.switchAddress) })
        setup.shards = shards
        setup.seed = seed
        world = VirtualWorld(setup)
        world.trace = WireTrace()
    }

    func phone(
        _ number: String = "1001", password: String = "secret", at address: NetworkAddress = address(7), transport: TransportKind = .udp
    ) -> RegisteringPhone {
        RegisteringPhone(number, password: password, at: address, transport: transport, in: world, towards: InboundScenario.switchAddress)
    }

    /// The parameters or phones change, as `tandem apply` does it.
    func configure(phones: [Phone]? = nil, parameters: [String: ParameterValue]? = nil) {
        let before = world.setup.configuration
        world.configure(
            SwitchConfiguration(
                revision: before.revision + 1, mappingGateways: before.mappingGateways, routingGateways: before.routingGateways,
                phones: phones ?? before.phones, parameters: parameters.map { ParameterValues($0) } ?? before.parameters, live: live))
    }

    func pass(_ length: Interval = .seconds(1)) { world.run(for: length) }

    /// The process dies and the next one starts; what shards shared in memory went with it.
    func restart(afterBoot: Bool = false, away: Interval = .zero) {
        world.kill()
        live = LiveTable()
        configure()
        world.run(for: away)
        world.start(afterBoot: afterBoot)
    }

    func status(_ name: String = "1001", kind: PhoneStatus.Kind = .phone) throws -> PhoneStatus {
        try #require(world.phones.first { $0.name == name && $0.kind == kind }, "no phone \(name)")
    }

    func location(_ name: String = "1001", kind: LiveTable.Kind = .phone) throws -> LiveLocation {
        try #require(live.object(kind, named: name)).location
    }

    /// Contacts of the phone, the first to be called first.
    func contacts(_ name: String = "1001") throws -> [String] { try status(name).places.map(\.contact) }

    /// A registered phone, checked.
    func registered(
        _ number: String = "1001", password: String = "secret", at address: NetworkAddress = address(7),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RegisteringPhone {
        let phone = phone(number, password: password, at: address)
        phone.register()
        pass()
        #expect(phone.answers.map(\.status) == [200], sourceLocation: sourceLocation)
        #expect(try status(number).isOnline, sourceLocation: sourceLocation)
        return phone
    }
}
