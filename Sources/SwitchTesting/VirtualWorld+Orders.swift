import CallRecords
import Routing
import SIPMessages
import SwitchCore
import Vocabulary

// Faults and orders: what an operator and bad luck do to the switch.
extension VirtualWorld {
    /// The store fails from now on, or works again and commits what waited.
    public func setStoreFailing(_ failing: Bool) {
        store.isFailing = failing
        for (shard, box) in softswitch.boxes.enumerated() { events.push(.storeCommits(shard: shard, box), at: now + store.commitDelay) }
    }

    /// Sending to a peer fails, as an ICMP error or a refused connection says.
    public func failTransport(to address: NetworkAddress, transport: TransportKind = .udp) {
        for shard in 0..<setup.shards {
            softswitch.boxes[shard].shard.transportFailed(Flow(transport: transport, listener: 0, remote: address), at: moment)
            settle(shard)
        }
    }

    /// The stream connection of a peer ends, by whichever side: every shard that used it hears of it.
    public func endConnection(of peer: NetworkAddress, transport: TransportKind) {
        guard let connection = peers[peer]?.connection, let listener = setup.listeners.firstIndex(where: { $0.transport == transport }) else {
            return
        }
        let remote = peers[peer]?.connectedFrom ?? peer
        peers[peer]?.connectionEnded()
        for shard in 0..<setup.shards {
            softswitch.boxes[shard].shard.transportFailed(
                Flow(transport: transport, listener: UInt16(listener), remote: remote, connection: connection), at: moment)
            settle(shard)
        }
    }

    /// The process is killed and started again at once: memory is gone, committed calls and registrations
    /// are restored. Returns the calls that could not be restored. `restoring`: whether the store's calls are offered at all.
    @discardableResult
    public func restart(restoring: Bool = true) -> [CallIdentifier] {
        kill()
        return start(restoring: restoring)
    }

    /// The process is killed: what was not committed is gone, and nothing answers until `start`. With `isCommitted` the
    /// store still commits what waits, and the process never hears of it.
    public func kill(isCommitted: Bool = false) {
        store.forgetUncommitted(committing: { isCommitted ? $0 : 0 }, now: now)
        isSwitchDown = true
    }

    /// Another process starts with what the store has. `afterBoot`: the machine was booted, and its monotonic
    /// clock began anew.
    @discardableResult
    public func start(restoring: Bool = true, afterBoot: Bool = false) -> [CallIdentifier] {
        if afterBoot {
            clockShift = now - Instant(nanoseconds: 7_000_000_000)
            setup.clockName += 1
        }
        setup.seed = setup.seed &* 31 &+ 17
        let registrations = store.registrations.values.sorted { $0.name < $1.name }
        let bindings = store.bindings.values.sorted { $0.account < $1.account }
        softswitch = VirtualWorld.makeSwitch(
            setup, registrations: registrations, bindings: bindings, last: store.lastCallIdentifier, now: moment.instant)
        isSwitchDown = false
        var failed: [CallIdentifier] = []
        for open in (restoring ? Array(store.openCalls.values) : []).sorted(by: { $0.id < $1.id }) {
            if !softswitch.boxes[open.shard].shard.restoreCall(open.id, state: open.state, at: moment) { failed.append(open.id) }
        }
        startRegistrations()
        return failed
    }

    /// The next process has another number of shards. Only while none runs.
    public func setShards(_ count: Int) {
        precondition(isSwitchDown)
        setup.shards = count
        store.setShards(count)
    }

    /// The next process belongs to another installation. Only while none runs.
    public func setInstallationSecret(_ secret: [UInt8]) {
        precondition(isSwitchDown)
        setup.installationSecret = secret
    }

    func startRegistrations() {
        for shard in 0..<setup.shards {
            softswitch.boxes[shard].shard.startRegistrations(at: moment)
            settle(shard)
        }
    }

    /// A clean stop in the program's order: registrations are withdrawn, if the parameter says so, and their answers
    /// awaited within the bound; then the store is flushed and the process ends. Returns how registrations stood at the end.
    @discardableResult
    public func stop(within bound: Interval = .seconds(10)) -> [RegistrationStatus] {
        command(.refuseNewCalls(true))
        command(.endUnansweredCalls(.stopping))
        if setup.configuration.registrationSettings.sendsUnregister { command(.withdrawRegistrations) }
        let end = now + bound
        while registrations.contains(where: { $0.state == .withdrawing }), events.nextInstant <= end { step() }
        if registrations.contains(where: { $0.state == .withdrawing }) { now = max(now, end) }
        let last = registrations
        run(for: store.commitDelay)
        kill()
        return last
    }

    /// The operator's objects or parameters change; a restart keeps them.
    public func configure(_ configuration: SwitchConfiguration) {
        setup.configuration = configuration
        if !isSwitchDown { command(.configure(configuration)) }
    }

    /// Offers a stored state to the first shard; false when it is not taken.
    public func restore(_ id: CallIdentifier, state: [UInt8]) -> Bool {
        let taken = softswitch.boxes[0].shard.restoreCall(id, state: state, at: moment)
        settle(0)
        return taken
    }

    /// Puts a command to every shard.
    public func command(_ command: ShardCommand) {
        for shard in 0..<setup.shards {
            softswitch.boxes[shard].shard.commandReceived(command, at: moment)
            settle(shard)
        }
    }

    /// How every registration of every shard stands, by name.
    public var registrations: [RegistrationStatus] {
        guard !isSwitchDown else { return [] }
        return softswitch.boxes.flatMap { box in
            let reply = ReplyBox<[RegistrationStatus]>()
            box.shard.commandReceived(.registrations(reply: { reply.put($0) }), at: moment)
            return reply.taken ?? []
        }.sorted { $0.name < $1.name }
    }

    /// How every phone and gateway that registers here stands, by name.
    public var phones: [PhoneStatus] {
        guard !isSwitchDown else { return [] }
        return softswitch.boxes.flatMap { box in
            let reply = ReplyBox<[PhoneStatus]>()
            box.shard.commandReceived(.phones(reply: { reply.put($0) }), at: moment)
            return reply.taken ?? []
        }.sorted { ($0.name, $0.kind.rawValue) < ($1.name, $1.kind.rawValue) }
    }

    public var liveCalls: [LiveCall] {
        softswitch.boxes.flatMap { box in
            let reply = ReplyBox<[LiveCall]>()
            box.shard.commandReceived(.liveCalls(reply: { reply.put($0) }), at: moment)
            return reply.taken ?? []
        }
    }

    /// Ends a call as an operator does; false when there is none of that name.
    public func hangUp(_ id: CallIdentifier) -> Bool {
        var found = false
        for shard in 0..<setup.shards {
            let reply = ReplyBox<Bool>()
            softswitch.boxes[shard].shard.commandReceived(.hangUp(id, reply: { reply.put($0) }), at: moment)
            settle(shard)
            if reply.taken == true { found = true }
        }
        return found
    }
}
