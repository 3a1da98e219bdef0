import CallRecords
import Routing
import SIPMessages
import SwitchCore
import SwitchTesting
import Testing
import Vocabulary

/// One whole shard with a customer, some vendors and a store, in virtual time. The network takes 10 ms
/// each way, the store commits after 2 ms.
final class Scenario {
    static let switchAddress = NetworkAddress(ipv4: 0xCB00_710A, port: 5060)
    static let customerAddress = NetworkAddress(ipv4: 0xC000_020A, port: 5060)

    static func vendorAddress(_ number: Int) -> NetworkAddress { NetworkAddress(ipv4: 0xC633_6400 + UInt32(number), port: 5060) }

    let world: VirtualWorld
    let customer: Peer
    let vendors: [Peer]

    init(
        vendors count: Int = 2, transport: TransportKind = .udp, parameters: [String: ParameterValue] = [:], maximumCalls: Int = 100,
        maximumTransactions: Int = 500_000,
        conditions: NetworkConditions = NetworkConditions(),
        followsRedirects: Bool = false, sessionTimer: Bool = true, maximumDuration: Int? = nil, probeInterval: Int? = nil, seed: UInt64 = 1,
        phones: [Phone] = [], groups: [GatewayGroup] = [], numberGroups: [NumberGroup] = [],
        customer change: (inout MappingGateway) -> Void = { _ in }, vendor changeVendor: (Int, inout RoutingGateway) -> Void = { _, _ in }
    ) {
        var customerGateway = MappingGateway(
            name: "customer-a", addresses: [Scenario.customerAddress.host], followRedirects: followsRedirects)
        customerGateway.sessionTimer = sessionTimer
        customerGateway.maximumDuration = maximumDuration
        customerGateway.probeInterval = probeInterval
        change(&customerGateway)
        let configuration = SwitchConfiguration(
            revision: 7, mappingGateways: [customerGateway],
            routingGateways: (0..<count).map {
                var gateway = RoutingGateway(
                    name: "carrier-\($0)", addresses: [Scenario.vendorAddress($0 + 1)], transport: transport, priority: $0)
                gateway.sessionTimer = sessionTimer
                changeVendor($0, &gateway)
                return gateway
            },
            phones: phones, groups: groups, numberGroups: numberGroups, parameters: ParameterValues(parameters))
        var setup = VirtualWorld.Setup(
            configuration: configuration,
            listeners: [TransportKind.udp, .tcp].map { ListenerDescription(transport: $0, local: Scenario.switchAddress) })
        setup.maximumCalls = maximumCalls
        setup.maximumTransactions = maximumTransactions
        setup.conditions = conditions
        setup.seed = seed
        let world = VirtualWorld(setup)
        world.tap = WireTap()
        world.trace = WireTrace()
        self.world = world
        customer = Peer(
            "customer", at: Scenario.customerAddress, transport: transport, marker: "~A", in: world, towards: Scenario.switchAddress)
        vendors = (0..<count).map {
            Peer(
                "carrier\($0)", at: Scenario.vendorAddress($0 + 1), transport: transport, marker: "~B", in: world,
                towards: Scenario.switchAddress)
        }
        customer.forbid("~B", "198.51.100.")
        for vendor in vendors { vendor.forbid("~A", "192.0.2.") }
        if transport.isReliable {
            for (index, peer) in ([customer] + vendors).enumerated() { peer.connection = UInt32(index + 1) }
        }
    }

    /// Other parameters, for calls that begin afterwards.
    func configure(_ parameters: [String: ParameterValue]) {
        let before = world.setup.configuration
        let next = SwitchConfiguration(
            revision: before.revision + 1, mappingGateways: before.mappingGateways, routingGateways: before.routingGateways,
            phones: before.phones, groups: before.groups, numberGroups: before.numberGroups, parameters: ParameterValues(parameters),
            live: before.live, previous: before)
        world.setup.configuration = next
        world.command(.configure(next))
    }

    /// A call of the customer to an example number.
    func makeCall(_ index: Int = 1) -> PeerCall { customer.makeCall(index: index, to: SimulatedNumber.of(index)) }

    /// The only call that a vendor has got.
    func callAtVendor(_ number: Int = 0) throws -> PeerCall { try #require(vendors[number].callList.last, "no INVITE at carrier-\(number)") }

    /// Lets the network and the store do their work.
    func pass(_ length: Interval = .milliseconds(100)) { world.run(for: length) }

    /// A call that rings: both sides.
    func ringingCall(_ index: Int = 1, _ script: CallerScript? = nil) throws -> (caller: PeerCall, callee: PeerCall) {
        let caller = makeCall(index)
        if let script { caller.begin(script) } else { caller.invite() }
        pass()
        let callee = try callAtVendor()
        callee.respond(180)
        pass()
        return (caller, callee)
    }

    /// An answered call: both sides, after the caller's ACK.
    func answeredCall(_ index: Int = 1, _ script: CallerScript? = nil) throws -> (caller: PeerCall, callee: PeerCall) {
        let (caller, callee) = try ringingCall(index, script)
        callee.answer()
        pass()
        try #require(caller.wasAnswered)
        return (caller, callee)
    }

    /// Ends what is up from the caller's side, waits until nothing is left to happen, and checks that
    /// the switch and the store hold nothing any more and that no rule was broken.
    func finish(_ calls: PeerCall..., sourceLocation: SourceLocation = #_sourceLocation) {
        for call in calls { call.hangUp() }
        #expect(world.runUntilQuiet(), "something goes on for ever", sourceLocation: sourceLocation)
        let statistics = world.softswitch.statistics
        #expect(statistics.calls == 0, sourceLocation: sourceLocation)
        #expect(statistics.transactions == 0, sourceLocation: sourceLocation)
        #expect(world.softswitch.legCount == 0, sourceLocation: sourceLocation)
        #expect(world.store.openCalls.isEmpty, sourceLocation: sourceLocation)
        #expect(world.violations == [], sourceLocation: sourceLocation)
    }

    /// The only record.
    func record() throws -> CallRecord {
        try #require(world.store.records.count == 1, "\(world.store.records.count) records")
        return world.store.records[0]
    }

    /// Every record, in the order in which the calls ended.
    func records() -> [CallRecord] { world.store.records }

    /// How many messages went over the wire that begin so.
    func sent(_ start: String, from: NetworkAddress, to: NetworkAddress) -> Int {
        let lines = world.trace?.lines ?? []
        return zip(lines, lines.dropFirst()).count { place, message in
            place.contains(" \(from) -> \(to)") && message.hasPrefix("    \(start)")
        }
    }
}
