import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

/// A watch with what the shard keeps beside it.
struct GatewayWatchEntry: ~Copyable {
    var watch: GatewayWatch
    var timer = TimerHandle.none
    var timerDeadline = Instant.never
}

// The OPTIONS check of routing gateways, and their host names. Each gateway is watched by one shard.
extension Shard {
    /// The configuration changed, or the process began: watches begin, go on, or end.
    mutating func watchGateways(now: Moment) {
        var wanted: [String: Int] = [:]
        for (index, gateway) in configuration.routingGateways.enumerated()
        where (gateway.optionsCheck || !gateway.hosts.isEmpty) && !gateway.locked && gateway.registration == nil && !gateway.registersHere
            && keepsRegistration(gateway.name)
        {
            wanted[gateway.name] = index
        }
        for key in watches.keys where wanted[watches[key].watch.name] == nil {
            // What is not asked any more is not known to be dead, nor where it was said to be.
            watches[key].watch.live.keepAddresses([])
            watches[key].watch.live.setResolvedAddresses(nil)
            removeWatch(key)
        }
        for (name, index) in wanted {
            let old = watches.keys.first { watches[$0].watch.name == name }
            let previous = old.map { watches[$0].watch }
            let watch = GatewayWatch(configuration.routingGateways[index], live: configuration.routingLive[index], after: previous, now: now.instant)
            // It goes on under its key: that is what answers that are awaited come to.
            if let old {
                watches[old].watch = watch
                var timer = watches[old].timer
                wheel.cancel(&timer)
                watchTimedOut(old, now: now)
            } else {
                watchTimedOut(watches.insert(GatewayWatchEntry(watch: watch)), now: now)
            }
        }
    }

    mutating func watchTimedOut(_ key: SlabKey, now: Moment) {
        guard watches.contains(key) else { return }
        watches[key].timer = .none
        watches[key].timerDeadline = .never
        for hop in watches[key].watch.dueLookups(now: now.instant) {
            watchesAwaitingNames[hop, default: []].append(key)
            if !questions.contains(hop) { questions.append(hop) }
        }
        for index in watches[key].watch.dueChecks(now: now.instant) { sendCheck(key, index, now: now) }
        scheduleWatch(key)
    }

    /// What the name servers said, for every watch that asked.
    mutating func watchResolved(_ hop: NextHop, _ resolution: Resolution, now: Moment) {
        for key in watchesAwaitingNames.removeValue(forKey: hop) ?? [] where watches.contains(key) {
            watches[key].watch.resolved(hop, resolution, now: now.instant)
            scheduleWatch(key)
        }
    }

    /// An OPTIONS was answered. Whatever the answer, the address is there, unless it says that it does not serve.
    mutating func checkAnswered(_ status: Int, user: TransactionUser, now: Moment) {
        guard status >= 200 else { return }
        checkEnded(user, isAlive: status != 408 && status != 503, now: now)
    }

    mutating func checkEnded(_ user: TransactionUser, isAlive: Bool, now: Moment) {
        guard watches.contains(user.leg) else { return }
        watches[user.leg].watch.answered(
            user.peer.index, isAlive: isAlive, period: configuration.switchingSettings.optionsCheckPeriod, random: secrets.next(),
            now: now.instant)
        scheduleWatch(user.leg)
    }

    private mutating func sendCheck(_ key: SlabKey, _ index: Int, now: Moment) {
        let (address, number) = (watches[key].watch.checks[index].address, watches[key].watch.checks[index].number)
        let user = TransactionUser(leg: key, peer: SlabKey(index: number, generation: 0), purpose: .gatewayCheck)
        guard let flow = endpoints.flow(to: address, transport: watches[key].watch.transport) else {
            checkEnded(user, isAlive: false, now: now)
            return
        }
        let (client, branch) = transactions.open(method: .options, flow: flow, user: user, now: now.instant)
        outbox.begin()
        outbox.append("OPTIONS sip:")
        outbox.append(address)
        outbox.append(" SIP/2.0\r\n")
        outbox.appendVia(flow: flow, branch: branch, endpoints: endpoints)
        outbox.append("Max-Forwards: 70\r\nFrom: <sip:")
        outbox.append(endpoints.advertised(flow))
        outbox.append(">;tag=")
        outbox.append(MintedToken(shard: settings.index, key: key, secret: secrets.next()))
        outbox.append("\r\nTo: <sip:")
        outbox.append(address)
        outbox.append(">\r\nCall-ID: ")
        outbox.append(MintedToken(shard: settings.index, key: key, secret: secrets.next()))
        outbox.append("\r\nCSeq: 1 OPTIONS\r\n")
        outbox.append(Capabilities.accept)
        outbox.append(Capabilities.userAgent)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.sendRequest(client, outbox: &outbox)
    }

    private mutating func scheduleWatch(_ key: SlabKey) {
        guard watches.contains(key) else { return }
        let deadline = watches[key].watch.nextDeadline
        guard deadline < watches[key].timerDeadline else { return }
        var timer = watches[key].timer
        wheel.cancel(&timer)
        watches[key].timer = wheel.set(at: deadline, token: Shard.timerToken(watch: key))
        watches[key].timerDeadline = deadline
    }

    private mutating func removeWatch(_ key: SlabKey) {
        var timer = watches[key].timer
        wheel.cancel(&timer)
        watches.discard(key)
    }
}
