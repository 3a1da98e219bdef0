import CallRecords
import Routing
import SIPMessages
import Vocabulary

/// Thousands of calls through a whole switch in virtual time, each judged when it is over.
/// Faults are in `Simulation+Faults`, the judging in `Simulation+Judging`.
public final class Simulation {
    static let switchAddress = NetworkAddress(ipv4: 0xCB00_710A, port: 5060)

    struct Entry {
        var plan: CallPlan
        var caller: PeerCall
        var customer: Int
        let begunAt: Instant
        var callees: [PeerCall] = []
        /// Which vendor got the INVITE with this Call-ID.
        var vendors: [String: Int] = [:]
        var records: [CallRecord] = []
        var openedAt: [CallIdentifier: Instant] = [:]
        var recordedAt: [CallIdentifier: Instant] = [:]
        var endDecidedAt: [CallIdentifier: Instant] = [:]
        var endLostAt: [CallIdentifier: Instant] = [:]
        /// When a process died with a record of this call that was not committed.
        var lostAt: [Instant] = []
        /// What bounded calls when a process took this one: of each process that may have.
        var bounds: [SimulatedOffice.Bounds] = []
        var takenBy = -1
        var sawStoreFault = false
        var wasHungUp = false
        var answerError = Interval.zero
        var postponements = 0
    }

    public let world: VirtualWorld
    let settings: SimulationSettings
    var generator: SeededGenerator
    let tap = WireTap()
    var office: SimulatedOffice
    var officeRevision: Int64 = 1
    private var callers: [Peer] = []
    private var vendors: [Peer] = []
    var entries: [Int: Entry] = [:]
    private var begun = 0
    /// Counts the processes of the switch.
    var process = 0
    /// When no process ran; the last may have no end yet.
    var outages: [Outage] = []
    /// Jumps of the wall clock, and boots of the machine.
    var jumps: [(at: Instant, by: Interval)] = []
    var boots: [Instant] = []
    var isSlow = false
    public internal(set) var report: SimulationReport

    /// `tracing`: the call whose messages are to be written down.
    public init(_ settings: SimulationSettings, tracing: Int? = nil) {
        self.settings = settings
        generator = SeededGenerator(seed: settings.seed)
        report = SimulationReport(settings: settings)
        office = SimulatedOffice(&generator, revision: 1)
        var setup = VirtualWorld.Setup(
            configuration: office.configuration, listeners: [ListenerDescription(transport: .udp, local: Simulation.switchAddress)])
        setup.shards = settings.shards
        setup.seed = settings.seed
        setup.conditions = NetworkConditions(
            delay: .milliseconds(5)...(.milliseconds(25)), loss: settings.loss, duplication: settings.duplication,
            reordering: settings.reordering)
        world = VirtualWorld(setup)
        world.tap = tap
        world.trace = tracing.map { WireTrace(call: $0) }
        callers = SimulatedOffice.customers.enumerated().map { peer("customer\($0)", $1, marker: "~A", hiding: "~B", "198.51.100.") }
        vendors = SimulatedOffice.vendors.enumerated().map { peer("vendor\($0)", $1, marker: "~B", hiding: "~A", "192.0.2.") }
        for (place, vendor) in vendors.enumerated() {
            vendor.callArrived = { [unowned self] call in callArrived(call, at: place) }
        }
        tap.openingEntered = { [unowned self] index in
            guard entries[index] != nil, entries[index]?.takenBy != process else { return }
            entries[index]?.takenBy = process
            entries[index]?.bounds.append(office.bounds)
        }
        world.store.recordCommitted = { [unowned self] record in recordCommitted(record) }
        world.store.recordLost = { [unowned self] record in
            report.lostRecords += 1
            guard let index = SimulatedNumber.call(of: record.callee.received) else { return }
            // An end that the store has is carried out by the next process, as it was decided.
            if world.store.committedEnds.contains(record.id) { return }
            if tap[index].wasEndedBySwitch, let entry = entries[index], !entry.sawStoreFault, !entry.plan.isForked,
                entry.plan.caller.cancelsAfter == nil
            {
                world.report(Violation(.endRecorded, call: index, "the switch hung up and nothing of that was stored", at: world.now))
            }
            tap.forgetEnds(index)
            // A store that fails or is slow does not keep parties from hanging up: then the record may still be lost.
            if tap[index].byeWasAnswered, entries[index]?.sawStoreFault == false, entries[index]?.plan.isForked == false {
                world.report(Violation(.endRecorded, call: index, "the record went with the process after a BYE was answered", at: world.now))
            }
            entries[index]?.lostAt.append(world.now)
        }
        world.processDied = { [unowned self] in processDied() }
    }

    /// Runs to the end and tells what was found.
    public func run() -> SimulationReport {
        beginNext()
        let ended = world.runUntilQuiet(within: .seconds(Int64(settings.calls) + 14_400))
        for index in entries.keys.sorted() { judge(index, mayWait: false) }
        checkLeftovers(ended)
        checkBilling()
        report.finish(world)
        return report
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
        let customer = generator.below(callers.count)
        let call = callers[customer].makeCall(index: index, to: SimulatedNumber.of(index))
        entries[index] = Entry(plan: plan, caller: call, customer: customer, begunAt: world.now)
        drawFaults()
        if generator.chance(0.02) { StrayTraffic.send(from: generator.element(of: callers + vendors), &generator) }
        if world.store.isFailing || isSlow { entries[index]?.sawStoreFault = true }
        call.begin(plan.caller)
        world.after(.seconds(plan.isLong ? 480 : 300)) { [unowned self] in judge(index, mayWait: true) }
        world.after(generator.milliseconds(0...Int64(2 * settings.pace))) { [unowned self] in beginNext() }
    }

    private func callArrived(_ call: PeerCall, at place: Int) {
        guard entries[call.index] != nil else { return }
        entries[call.index]?.callees.append(call)
        entries[call.index]?.vendors[call.callID] = place
        let scripts = entries[call.index]?.plan.callees ?? []
        var refusing = CalleeScript()
        refusing.finals = [ScriptedFinal(after: .milliseconds(5), status: 480)]
        call.behave(place < scripts.count ? scripts[place] : refusing)
    }

    private func recordCommitted(_ record: CallRecord) {
        world.store.forgetRecords()
        report.records += 1
        let index = SimulatedNumber.call(of: record.callee.received)
        guard let index, entries[index] != nil else {
            world.report(Violation(.recordOfBegunCall, call: index, "a record of no call, or long after it", at: world.now))
            return
        }
        entries[index]?.records.append(record)
        entries[index]?.openedAt[record.id] = world.store.openedAt[record.id]
        entries[index]?.recordedAt[record.id] = world.now
        entries[index]?.endDecidedAt[record.id] = world.store.endDecidedAt[record.id]
        entries[index]?.endLostAt[record.id] = world.store.endLostAt[record.id]
        world.store.forget(record.id)
    }
}
