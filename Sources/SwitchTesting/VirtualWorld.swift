import CallRecords
import Routing
import SIPMessages
import SwitchCore
import Vocabulary

/// A switch, its store, the network and the peers around it, in virtual time.
///
/// Everything that happens is an event in one queue; every random choice comes from the seed. So a
/// run is the same each time, byte for byte.
public final class VirtualWorld {
    enum Event {
        case messageArrives(from: NetworkAddress, to: NetworkAddress, transport: TransportKind, bytes: [UInt8])
        case switchWakes(shard: Int, VirtualSwitch.Box)
        case storeCommits(shard: Int, VirtualSwitch.Box)
        case nameAnswered(NextHop, shard: Int, VirtualSwitch.Box)
        case upstreamAnnounced(RegistrationView, shard: Int, VirtualSwitch.Box)
        case action(() -> Void)
    }

    /// How the switch is made, and made again after a crash.
    public struct Setup {
        public var configuration: SwitchConfiguration
        public var listeners: [ListenerDescription]
        public var shards = 1
        public var maximumCalls = 100_000
        public var maximumTransactions = 500_000
        public var conditions = NetworkConditions()
        public var seed: UInt64 = 1
        /// Names the monotonic clock; a boot of the machine gives it another.
        public var clockName: UInt64 = 1
        /// The installation's secret, which outlives every restart.
        public var installationSecret = Array("an installation's own secret".utf8)

        public init(configuration: SwitchConfiguration, listeners: [ListenerDescription]) {
            self.configuration = configuration
            self.listeners = listeners
        }
    }

    public var setup: Setup
    public internal(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    public internal(set) var softswitch: VirtualSwitch
    public let store: VirtualStore
    public var network: VirtualNetwork
    public var names = VirtualNames()
    /// States that registrations went into, in order.
    public private(set) var registrationEvents: [RegistrationEvent] = []
    /// Whether no process of the switch runs: what is sent to it is lost.
    public internal(set) var isSwitchDown = false
    /// How far the wall clock has jumped, all jumps added up.
    public internal(set) var wallOffset = Interval.zero
    /// By how much the switch's monotonic clock is behind `now`: it begins anew when the machine boots.
    var clockShift = Interval.zero
    /// Where the process is to die next, beside deaths at once.
    public internal(set) var nextDeath: DeathPoint?
    /// Called when the process died at `nextDeath`.
    public var processDied: (() -> Void)?
    var deathGenerator = SeededGenerator(seed: 0)
    /// Looks at everything that passes the switch's door.
    public var tap: WireTap?
    /// Everything on the wire, in words, when asked for.
    public var trace: WireTrace?
    /// Loses what it says true to, on top of what the network does by itself.
    public var loses: ((_ message: String, _ from: NetworkAddress, _ to: NetworkAddress) -> Bool)?
    /// What peers and checkers found wrong.
    public private(set) var violations: [Violation] = []
    /// Messages put on the wire so far, repetitions included.
    public private(set) var messagesSent = 0
    /// Hash over every message sent and when it arrives.
    public private(set) var fingerprint: UInt64 = 0
    private(set) var peers: [NetworkAddress: Peer] = [:]
    var events = EventQueue<Event>()
    private let origin: Instant
    private let wallOrigin = WallTime(microseconds: 1_767_225_600_000_000)

    public init(_ setup: Setup) {
        self.setup = setup
        origin = now
        network = VirtualNetwork(conditions: setup.conditions, seed: setup.seed ^ 0x6E65_7477_6F72_6B00)
        store = VirtualStore(shards: setup.shards)
        softswitch = VirtualWorld.makeSwitch(setup, now: now)
        deathGenerator = SeededGenerator(seed: setup.seed ^ 0x6372_6173_6865_7300)
        startRegistrations()
    }

    static func makeSwitch(
        _ setup: Setup, registrations: [StoredRegistration] = [], bindings: [StoredBindings] = [], last: CallIdentifier? = nil, now: Instant
    ) -> VirtualSwitch {
        var settings = ShardConfiguration(
            count: setup.shards, seed: setup.seed, listeners: setup.listeners, maximumCalls: setup.maximumCalls,
            switchConfiguration: setup.configuration)
        settings.maximumTransactions = setup.maximumTransactions
        settings.installationSecret = setup.installationSecret
        settings.registrations = registrations
        settings.bindings = bindings
        settings.clockName = setup.clockName
        settings.lastCallIdentifier = last
        return VirtualSwitch(settings, now: now)
    }

    /// The present on both clocks.
    public var moment: Moment {
        Moment(instant: Instant(nanoseconds: now.nanoseconds - clockShift.nanoseconds), wall: wallOrigin + (now - origin) + wallOffset)
    }
    /// Virtual time since the beginning.
    public var elapsed: Interval { now - origin }
    /// Whether anything is still to happen.
    public var isQuiet: Bool { events.isEmpty }

    public func register(_ peer: Peer, at address: NetworkAddress) { peers[address] = peer }

    func unregister(_ address: NetworkAddress) { peers[address] = nil }

    public func report(_ violation: Violation) { violations.append(violation) }

    /// Lets the peers forget their calls, as if all of them had been restarted.
    public func forgetPeers() { for peer in peers.values { peer.forgetCalls() } }

    // MARK: - Time

    public func after(_ delay: Interval, _ action: @escaping () -> Void) { events.push(.action(action), at: now + delay) }

    /// Lets everything happen that is due within this time.
    public func run(for length: Interval) { run(until: now + length) }

    public func run(until limit: Instant) {
        while events.nextInstant <= limit { step() }
        now = max(now, limit)
    }

    /// Lets everything happen until nothing is left to happen. False when `limit` passes before.
    @discardableResult
    public func runUntilQuiet(within limit: Interval = .seconds(20_000)) -> Bool {
        let end = now + limit
        while !events.isEmpty {
            guard events.nextInstant <= end else { return false }
            step()
        }
        return true
    }

    func step() {
        guard let (instant, event) = events.pop() else { return }
        now = max(now, instant)
        switch event {
        case .messageArrives(let from, let to, let transport, let bytes): arrive(bytes, from: from, to: to, transport: transport)
        case .switchWakes(let shard, let box):
            guard isRunning(box, shard), box.wakesAt <= now else { return }
            box.wakesAt = .never
            box.shard.handleTimeouts(at: moment)
            settle(shard)
        case .storeCommits(let shard, let box):
            guard isRunning(box, shard) else { return }
            if nextDeath == .atCommit {
                die { [unowned self] in deathGenerator.below($0 + 1) }
                return
            }
            if let commit = store.commit(shard: shard, now: now) {
                box.shard.recordsCommitted(commit, at: moment)
                settle(shard)
            }
        case .nameAnswered(let hop, let shard, let box):
            guard isRunning(box, shard) else { return }
            box.shard.commandReceived(.resolved(hop, names.answer(hop)), at: moment)
            settle(shard)
        case .upstreamAnnounced(let view, let shard, let box):
            guard isRunning(box, shard) else { return }
            box.shard.commandReceived(.upstreamChanged(view), at: moment)
            settle(shard)
        case .action(let action): action()
        }
    }

    /// Whether this box belongs to the process that runs now.
    private func isRunning(_ box: VirtualSwitch.Box, _ shard: Int) -> Bool { !isSwitchDown && box === softswitch.boxes[shard] }

    // MARK: - Messages

    /// A peer sends.
    func send(_ bytes: [UInt8], from: NetworkAddress, to: NetworkAddress, transport: TransportKind) {
        let source = transport.isReliable ? peers[from]?.connectedFrom ?? from : from
        transmit(bytes, from: source, to: to, transport: transport)
    }

    private func transmit(_ bytes: [UInt8], from: NetworkAddress, to: NetworkAddress, transport: TransportKind) {
        messagesSent += 1
        var (first, second) = network.arrivals(from: from, to: to, transport: transport, now: now)
        if let loses, loses(String(decoding: bytes, as: UTF8.self), from, to) { (first, second) = (nil, nil) }
        trace?.sent(bytes, from: from, to: to, now: now, isLost: first == nil)
        fingerprint = bytes.withBytes { $0.hash(seed: fingerprint &+ UInt64(bitPattern: first?.nanoseconds ?? -1)) }
        guard let first else {
            (peers[to] ?? peers[from])?.lost(bytes)
            return
        }
        events.push(.messageArrives(from: from, to: to, transport: transport, bytes: bytes), at: first)
        if let second { events.push(.messageArrives(from: from, to: to, transport: transport, bytes: bytes), at: second) }
    }

    private func arrive(_ bytes: [UInt8], from: NetworkAddress, to: NetworkAddress, transport: TransportKind) {
        if let peer = peers[to] {
            peer.receive(bytes, from: from)
            return
        }
        guard !isSwitchDown else { return }
        guard let listener = setup.listeners.firstIndex(where: { $0.transport == transport && $0.local == to }) else {
            if transport.isReliable { failTransport(to: to, transport: transport) }
            return
        }
        tap?.messageEntered(bytes, now: now)
        let shard = bytes.withBytes { softswitch.owner(of: $0) }
        let flow = Flow(
            transport: transport, listener: UInt16(listener), remote: from,
            connection: transport.isReliable ? peers[from]?.connection ?? 0 : 0)
        var copy = bytes
        if admits(bytes, from: from, transport: transport, owner: shard) {
            copy.withUnsafeMutableBytes { softswitch.boxes[shard].shard.messageReceived($0, from: flow, at: moment) }
        }
        settle(shard)
    }

    /// The look at the source is that of the shard whose socket the datagram comes to: the kernel chooses it by the addresses.
    /// A stream's message goes to its owner at once.
    private func admits(_ bytes: [UInt8], from: NetworkAddress, transport: TransportKind, owner: Int) -> Bool {
        let reader = transport.isReliable ? owner : Int((from.low &* 0x9E37_79B9_7F4A_7C15 >> 33 &+ UInt64(from.port)) % UInt64(setup.shards))
        defer { if reader != owner { settle(reader) } }
        return bytes.withBytes { message in
            switch softswitch.boxes[reader].shard.admits(message, from: from, at: moment) {
            case .taken: true
            case .refused: false
            case .ifOwn(let other): other == owner && softswitch.boxes[other].shard.admitsOwn(message, from: from, at: moment)
            }
        }
    }

    func send(_ entry: Int, of box: VirtualSwitch.Box) {
        let flow = box.shard.outbox.entries[entry].flow
        let bytes = box.shard.outbox.message(at: entry).array
        tap?.messageLeft(bytes, now: now)
        transmit(bytes, from: setup.listeners[Int(flow.listener)].local, to: flow.remote, transport: flow.transport)
    }

    /// Carries out what an input left behind: messages, records, and when to wake.
    func settle(_ index: Int) {
        let box = softswitch.boxes[index]
        if nextDeath == .atOutput, !box.shard.outbox.isEmpty || !box.shard.records.isEmpty {
            dieInOutput(of: box, shard: index)
            return
        }
        for entry in 0..<box.shard.outbox.count {
            send(entry, of: box)
        }
        box.shard.outbox.removeAll()
        if !box.shard.records.isEmpty, store.take(&box.shard.records, shard: index, now: now) {
            events.push(.storeCommits(shard: index, box), at: now + store.commitDelay)
        }
        for hop in box.shard.questions {
            names.asked.append(hop)
            events.push(.nameAnswered(hop, shard: index, box), at: now + names.delay)
        }
        box.shard.questions.removeAll()
        registrationEvents += box.shard.notices
        box.shard.notices.removeAll()
        for view in box.shard.announcements {
            for (other, otherBox) in softswitch.boxes.enumerated() where other != index {
                events.push(.upstreamAnnounced(view, shard: other, otherBox), at: now)
            }
        }
        box.shard.announcements.removeAll()
        // A deadline may be told early: the shard is asked again one tick later at the soonest.
        let deadline = max(box.shard.nextDeadline + clockShift, now + .milliseconds(1))
        if box.shard.nextDeadline != .never, deadline < box.wakesAt {
            box.wakesAt = deadline
            events.push(.switchWakes(shard: index, box), at: deadline)
        }
    }
}
