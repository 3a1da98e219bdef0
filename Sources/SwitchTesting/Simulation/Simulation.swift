import CallRecords
import Routing
import SIPMessages
import Vocabulary

/// What a simulation is made from.
public struct SimulationSettings: Sendable, Equatable {
    public var seed: UInt64
    public var calls: Int
    public var loss: Double
    public var duplication: Double
    public var reordering: Double
    public var shards: Int
    /// Share of calls at whose begin the store fails for a while.
    public var storeFaults: Double
    /// Share of calls at whose begin the switch is killed and started again.
    public var restarts: Double
    /// Share of calls at whose begin an operator hangs some call up.
    public var hangUps: Double
    /// Only this behaviour, when not nil.
    public var behaviour: CallPlan.Behaviour?

    public init(
        seed: UInt64, calls: Int, loss: Double = 0, duplication: Double? = nil, reordering: Double? = nil, shards: Int = 2,
        storeFaults: Double = 0.0005, restarts: Double = 0.0005, hangUps: Double = 0.002, behaviour: CallPlan.Behaviour? = nil
    ) {
        self.seed = seed
        self.calls = calls
        self.loss = loss
        // A network that loses also doubles and reorders.
        self.duplication = duplication ?? loss / 4
        self.reordering = reordering ?? loss
        self.shards = shards
        self.storeFaults = storeFaults
        self.restarts = restarts
        self.hangUps = hangUps
        self.behaviour = behaviour
    }
}

/// Thousands of calls through a whole switch in virtual time, each judged when it is over.
public final class Simulation {
    /// A call is judged so long after its INVITE: every timer of the switch and of its peers has run out.
    static let judgedAfter = Interval.seconds(300)
    static let switchAddress = NetworkAddress(ipv4: 0xCB00_710A, port: 5060)

    private struct Entry {
        var plan: CallPlan
        var caller: PeerCall
        var callees: [PeerCall] = []
        var records: [CallRecord] = []
        var openedAt: [CallIdentifier: Instant] = [:]
        var sawStoreFault = false
        var sawRestart = false
        var wasHungUp = false
        /// How often it was found up after both parties had left; again only when it was brought back again.
        var timesOrphaned = 0
    }

    public let world: VirtualWorld
    private let settings: SimulationSettings
    private var generator: SeededGenerator
    private let tap = WireTap()
    private var callers: [Peer] = []
    private var vendors: [Peer] = []
    private var entries: [Int: Entry] = [:]
    private var begun = 0
    private var report: SimulationReport

    /// `tracing`: the call whose messages are to be written down.
    public init(_ settings: SimulationSettings, tracing: Int? = nil) {
        self.settings = settings
        generator = SeededGenerator(seed: settings.seed)
        report = SimulationReport(settings: settings)
        let addresses = Simulation.addresses()
        var setup = VirtualWorld.Setup(
            configuration: Simulation.configuration(addresses),
            listeners: [ListenerDescription(transport: .udp, local: Simulation.switchAddress)])
        setup.shards = settings.shards
        setup.seed = settings.seed
        setup.conditions = NetworkConditions(
            delay: .milliseconds(5)...(.milliseconds(25)), loss: settings.loss, duplication: settings.duplication,
            reordering: settings.reordering)
        world = VirtualWorld(setup)
        world.tap = tap
        world.trace = tracing.map { WireTrace(call: $0) }
        callers = addresses.customers.enumerated().map { peer("customer\($0)", $1, marker: "~A", hiding: "~B", "198.51.100.") }
        vendors = addresses.vendors.enumerated().map { peer("vendor\($0)", $1, marker: "~B", hiding: "~A", "192.0.2.") }
        for (place, vendor) in vendors.enumerated() {
            vendor.callArrived = { [unowned self] call in callArrived(call, at: place) }
        }
        world.store.recordCommitted = { [unowned self] record in recordCommitted(record) }
    }

    /// Runs to the end and tells what was found.
    public func run() -> SimulationReport {
        beginNext()
        let ended = world.runUntilQuiet(within: .seconds(Int64(settings.calls) + 7_200))
        for index in entries.keys.sorted() { judge(index) }
        checkLeftovers(ended)
        report.finish(world)
        return report
    }

    // MARK: - Making

    private static func addresses() -> (customers: [NetworkAddress], vendors: [NetworkAddress]) {
        (
            (1...3).map { NetworkAddress(ipv4: 0xC000_0200 + UInt32($0), port: 5060) },
            (1...5).map { NetworkAddress(ipv4: 0xC633_6400 + UInt32($0), port: 5060) }
        )
    }

    private static func configuration(_ addresses: (customers: [NetworkAddress], vendors: [NetworkAddress])) -> SwitchConfiguration {
        let timers = [
            "SS_SIP_TIMEOUT_INVITE": 4, "SS_SIP_TIMEOUT_TRYING": 6, "SS_SIP_TIMEOUT_SESSION_PROGRESS": 8,
            "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP": 10, "SS_SIP_TIMEOUT_RINGING": 12,
        ]
        return SwitchConfiguration(
            mappingGateways: addresses.customers.enumerated().map { MappingGateway(name: "customer\($0)", addresses: [$1.host]) },
            routingGateways: addresses.vendors.enumerated().map { RoutingGateway(name: "vendor\($0)", addresses: [$1], priority: $0) },
            parameters: ParameterValues(timers.mapValues { .integer($0) }))
    }

    private func peer(_ name: String, _ address: NetworkAddress, marker: String, hiding texts: String...) -> Peer {
        let peer = Peer(name, at: address, marker: marker, in: world, towards: Simulation.switchAddress)
        peer.keepsMessages = false
        for text in texts { peer.forbid(text) }
        return peer
    }

    // MARK: - Calls

    private func beginNext() {
        guard begun < settings.calls else { return }
        let index = begun
        begun += 1
        let plan = settings.behaviour.map { CallPlan($0, &generator) } ?? CallPlan.random(&generator)
        report.count(plan.behaviour)
        let call = generator.element(of: callers).makeCall(index: index, to: SimulatedNumber.of(index))
        entries[index] = Entry(plan: plan, caller: call)
        if generator.chance(settings.storeFaults) { failStore(for: generator.milliseconds(100...3_000)) }
        if generator.chance(settings.restarts) { restart() }
        if generator.chance(settings.hangUps) { hangUpSomeCall() }
        if generator.chance(0.02) { StrayTraffic.send(from: generator.element(of: callers + vendors), &generator) }
        if world.store.isFailing { entries[index]?.sawStoreFault = true }
        call.begin(plan.caller)
        world.after(Simulation.judgedAfter) { [unowned self] in judge(index) }
        world.after(generator.milliseconds(0...20)) { [unowned self] in beginNext() }
    }

    private func callArrived(_ call: PeerCall, at place: Int) {
        guard entries[call.index] != nil else { return }
        entries[call.index]?.callees.append(call)
        let scripts = entries[call.index]?.plan.callees ?? []
        var refusing = CalleeScript()
        refusing.finals = [ScriptedFinal(after: .milliseconds(5), status: 480)]
        call.behave(place < scripts.count ? scripts[place] : refusing)
    }

    private func failStore(for length: Interval) {
        guard !world.store.isFailing else { return }
        report.storeFaults += 1
        world.setStoreFailing(true)
        for index in Array(entries.keys) { entries[index]?.sawStoreFault = true }
        world.after(length) { [unowned self] in world.setStoreFailing(false) }
    }

    private func restart() {
        report.restarts += 1
        for index in Array(entries.keys) { entries[index]?.sawRestart = true }
        for id in world.restart() {
            world.report(Violation(.answerRecorded, call: nil, "the answered call \(id) was not restored", at: world.now))
        }
    }

    private func hangUpSomeCall() {
        let calls = world.liveCalls
        guard !calls.isEmpty else { return }
        let call = generator.element(of: calls)
        guard world.hangUp(call.id) else { return }
        if let index = SimulatedNumber.call(of: call.callee) { entries[index]?.wasHungUp = true }
    }

    /// A call that had ended before its record was committed when the switch was killed: it was restored,
    /// and nobody is left to end it but an operator.
    private func endOrphan(_ index: Int) -> Bool {
        guard let entry = entries[index], entry.sawRestart, entry.timesOrphaned < 3, tap[index].answerSentAt != nil,
            !entry.records.contains(where: \.answeredAt.isSet)
        else { return false }
        guard let call = world.liveCalls.first(where: { $0.callerCallID == entry.caller.callID }), world.hangUp(call.id) else { return false }
        entries[index]?.timesOrphaned += 1
        entries[index]?.wasHungUp = true
        report.orphans += 1
        world.after(.seconds(120)) { [unowned self] in judge(index) }
        return true
    }

    private func recordCommitted(_ record: CallRecord) {
        world.store.forgetRecords()
        guard let index = SimulatedNumber.call(of: record.callee.received) else { return }
        report.records += 1
        entries[index]?.records.append(record)
        entries[index]?.openedAt[record.id] = world.store.openedAt[record.id]
        world.store.forget(record.id)
        if entries[index] == nil {
            world.report(Violation(.oneRecordPerCall, call: index, "a record came long after the call", at: world.now))
        }
    }

    // MARK: - Judging

    private func judge(_ index: Int) {
        guard !endOrphan(index), let entry = entries.removeValue(forKey: index) else { return }
        let evidence = CallEvidence(
            index: index, plan: entry.plan, caller: entry.caller, callees: entry.callees, records: entry.records, facts: tap[index],
            openedAt: entry.openedAt, networkIsPerfect: settings.loss == 0, storeFailed: entry.sawStoreFault,
            switchRestarted: entry.sawRestart, commitDelay: world.store.commitDelay, wasHungUp: entry.wasHungUp)
        for violation in CallChecker.judge(evidence, now: world.now) { world.report(violation) }
        if entry.caller.wasAnswered { report.answered += 1 }
        for party in [entry.caller] + entry.callees { party.peer.remove(party) }
        tap.forget(index)
    }

    private func checkLeftovers(_ ended: Bool) {
        func require(_ isTrue: Bool, _ detail: String) {
            if !isTrue { world.report(Violation(.nothingLeftOver, call: nil, detail, at: world.now)) }
        }
        let statistics = world.softswitch.statistics
        require(ended, "something goes on for ever")
        require(statistics.calls == 0, "\(statistics.calls) calls left in the switch")
        require(statistics.transactions == 0, "\(statistics.transactions) transactions left in the switch")
        require(world.softswitch.legCount == 0, "\(world.softswitch.legCount) legs left in the switch")
        require(world.store.openCalls.isEmpty, "\(world.store.openCalls.count) open calls left in the store")
    }
}
