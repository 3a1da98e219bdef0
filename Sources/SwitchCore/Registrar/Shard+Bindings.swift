import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// The bindings that this shard keeps: in the live objects, on disk, and by the clock.
extension Shard {
    /// Puts an account's bindings in place of those that stood, and tells everybody who must know.
    mutating func replaceBindings(
        of account: EndpointAccount, _ known: SlabKey?, _ before: [LiveBinding], by bindings: [LiveBinding], now: Moment
    ) {
        let key = known ?? insertAccount(account)
        for location in boundAccounts[key].locations { location.update { $0 = bindings } }
        noteSources(of: account, before, bindings)
        StoredBindings(account: account.name, clock: settings.clockName, bindings: bindings.map { StoredBinding($0, now: now) }).write(into: &records)
        if bindings.isEmpty {
            removeAccount(key)
        } else {
            scheduleAccount(key, now: now)
            if bindings.contains(where: { $0.isBehindNAT }) { beginKeepAlive(now: now) }
        }
    }

    private mutating func insertAccount(_ account: EndpointAccount) -> SlabKey {
        let key = boundAccounts.insert(
            BoundAccount(account, locations: account.endpoints.compactMap { configuration.location(of: $0) }))
        boundAccountKeys[account.name] = key
        return key
    }

    private mutating func removeAccount(_ key: SlabKey) {
        var timer = boundAccounts[key].timer
        wheel.cancel(&timer)
        boundAccountKeys[boundAccounts[key].account.name] = nil
        boundAccounts.discard(key)
    }

    private mutating func noteSources(of account: EndpointAccount, _ before: [LiveBinding], _ after: [LiveBinding]) {
        // A renewal comes from where the binding is.
        if before.count == after.count, zip(before, after).allSatisfy({ $0.flow.remote == $1.flow.remote }) { return }
        let sources = configuration.live.registrar.sources
        let (old, new) = (Set(before.map(\.flow.remote)), Set(after.map(\.flow.remote)))
        for source in new where !old.contains(source) {
            for endpoint in account.endpoints { sources.insert(endpoint, at: source) }
            noteBinding(source)
        }
        for source in old where !new.contains(source) {
            for endpoint in account.endpoints { sources.remove(endpoint, at: source) }
            forgetBinding(source)
        }
    }

    // MARK: - Which there are

    /// Takes up where phones and gateways were registered with the last process. Once, before the first message.
    mutating func startBindings(now: Moment) {
        for stored in settings.bindings where stored.account.withBytes({ Shard.registrarShard(of: $0, count: settings.count) }) == settings.index {
            guard let account = stored.account.withBytes({ configuration.endpointAccounts.account(named: $0) }) else {
                StoredBindings(account: stored.account, clock: 0, bindings: []).write(into: &records)
                continue
            }
            let bindings = stored.bindings.compactMap { restored($0, clock: stored.clock, now: now) }
            replaceBindings(of: account, nil, [], by: bindings, now: now)
        }
    }

    /// The snapshot changed: who is no longer configured is registered nowhere.
    mutating func bindingsConfigured(now: Moment) {
        digestServer = DigestServer(DigestServer.Settings(configuration.endpointSettings), signer: nonceSigner)
        registrarRules = RegistrarRules(configuration.endpointSettings)
        for key in boundAccounts.keys {
            let before = boundAccounts[key].account
            let bindings = boundAccounts[key].allBindings
            guard let account = before.name.withBytes({ configuration.endpointAccounts.account(named: $0) }) else {
                replaceBindings(of: before, key, bindings, by: [], now: now)
                continue
            }
            // Who knew the old password is not who knows the new one.
            guard account.password == before.password else {
                replaceBindings(of: before, key, bindings, by: [], now: now)
                continue
            }
            let locations = account.endpoints.compactMap { configuration.location(of: $0) }
            for location in boundAccounts[key].locations where !locations.contains(where: { $0 === location }) { location.update { $0 = [] } }
            for location in locations where !boundAccounts[key].locations.contains(where: { $0 === location }) { location.update { $0 = bindings } }
            if account.endpoints != before.endpoints {
                noteSources(of: before, bindings, [])
                noteSources(of: account, [], bindings)
            }
            for binding in bindings {
                for endpoint in account.endpoints { configuration.live.registrar.sources.insert(endpoint, at: binding.flow.remote) }
            }
            boundAccounts[key].account = account
            boundAccounts[key].locations = locations
            scheduleAccount(key, now: now)
        }
        keepAliveConfigured(now: now)
    }

    /// Nil when its time is over, or when the way to it ended with the process.
    private mutating func restored(_ stored: StoredBinding, clock: UInt64, now: Moment) -> LiveBinding? {
        // The monotonic clock is the better one, where it is still the same.
        let left =
            clock != 0 && clock == settings.clockName
            ? stored.untilInstant - now.instant : .microseconds(stored.until.microseconds - now.wall.microseconds)
        guard left > .zero else { return nil }
        var remote = stored.source
        if stored.transport.isReliable {
            // Its connection ended with the process.
            guard let address = Shard.reachableAddress(contact: stored.contact, path: stored.path, of: stored.source, isBehindNAT: stored.isBehindNAT)
            else { return nil }
            remote = address
        }
        let index = Int(stored.listener)
        let isSame =
            index < settings.listeners.count && settings.listeners[index].transport == stored.transport
            && settings.listeners[index].local.family == remote.family
        guard
            let flow = isSame
                ? Flow(transport: stored.transport, listener: stored.listener, remote: remote)
                : endpoints.flow(to: remote, transport: stored.transport)
        else { return nil }
        var binding = LiveBinding(
            contact: stored.contact, flow: flow,
            expiresAt: now.instant + min(left, .seconds(Int64(configuration.endpointSettings.expire))), callID: stored.callID,
            cseq: stored.cseq, registeredAt: Moment(instant: now.instant, wall: stored.registeredAt))
        (binding.path, binding.q, binding.instance) = (stored.path, stored.q, stored.instance)
        (binding.flowNumber, binding.isBehindNAT, binding.userAgent) = (stored.flowNumber, stored.isBehindNAT, stored.userAgent)
        binding.updatedAt = Moment(instant: now.instant, wall: stored.updatedAt)
        // So that not all of them are asked at once whether they are still there.
        if let life = configuration.endpointSettings.timeToLive {
            binding.heardAt = Instant(nanoseconds: now.instant.nanoseconds - Int64(secrets.next() % UInt64(life.nanoseconds)))
        }
        return binding
    }

    // MARK: - Connections

    /// A connection over which phones or gateways registered has ended. Where another can be opened to one of them, its
    /// binding stands and requests to it open it; otherwise nobody can be reached by the binding, and it is removed.
    mutating func connectionEnded(_ ended: Flow, now: Moment) {
        guard ended.connection != 0 else { return }
        for endpoint in configuration.live.registrar.sources.endpoints(at: ended.remote) {
            guard let key = boundAccountKeys[endpoint.name] else { continue }
            let before = boundAccounts[key].allBindings
            guard before.contains(where: { $0.flow == ended }) else { continue }
            var left: [LiveBinding] = []
            for var binding in before where binding.expiresAt > now.instant {
                if binding.flow == ended {
                    guard
                        let address = Shard.reachableAddress(
                            contact: binding.contact, path: binding.path, of: ended.remote, isBehindNAT: binding.isBehindNAT)
                    else { continue }
                    binding.flow = Flow(transport: ended.transport, listener: ended.listener, remote: address)
                }
                left.append(binding)
            }
            replaceBindings(of: boundAccounts[key].account, key, before, by: left, now: now)
        }
    }

    /// Where a new connection to a binding can be opened: its first proxy's address, else its Contact's, unless a
    /// translator hides it. Only the port may be another than it came from: calls are not sent to a host that a device
    /// merely names. Nil without an address: names are not looked up for bindings.
    private static func reachableAddress(contact: [UInt8], path: [UInt8], of source: NetworkAddress, isBehindNAT: Bool) -> NetworkAddress? {
        let named: NetworkAddress?
        if path.isEmpty {
            named = isBehindNAT ? nil : contact.withBytes { URI($0)?.address }
        } else {
            named = path.withBytes { path in
                var proxies = CommaList(path)
                return proxies.next().flatMap { NameAddress($0)?.uri }.flatMap { URI($0)?.address }
            }
        }
        return named.flatMap { $0.hasSameHost(as: source) ? $0 : nil }
    }

    // MARK: - Time

    private mutating func scheduleAccount(_ key: SlabKey, now: Moment) {
        let deadline = boundAccounts[key].nextDeadline(now: now.instant, timeToLive: configuration.endpointSettings.timeToLive)
        guard deadline < boundAccounts[key].timerDeadline else { return }
        var timer = boundAccounts[key].timer
        wheel.cancel(&timer)
        boundAccounts[key].timer = wheel.set(at: deadline, token: Shard.timerToken(account: key))
        boundAccounts[key].timerDeadline = deadline
    }

    mutating func accountTimedOut(_ key: SlabKey, now: Moment) {
        guard boundAccounts.contains(key) else { return }
        boundAccounts[key].timer = .none
        boundAccounts[key].timerDeadline = .never
        if removeBindings(of: key, now: now, where: { $0.expiresAt <= now.instant }) { return }
        if let life = configuration.endpointSettings.timeToLive {
            for binding in boundAccounts[key].bindings(now: now.instant)
            where binding.heardAt + life <= now.instant && !boundAccounts[key].isBeingChecked(binding.flow.remote) {
                check(binding, of: key, now: now)
            }
        }
        scheduleAccount(key, now: now)
    }

    /// Takes bindings out; true when none is left and the account is gone.
    private mutating func removeBindings(of key: SlabKey, now: Moment, where isOver: (LiveBinding) -> Bool) -> Bool {
        // Those whose time is over count as well: their sources are to be forgotten.
        let all = boundAccounts[key].allBindings
        let left = all.filter { !isOver($0) && $0.expiresAt > now.instant }
        if left.count < all.count { replaceBindings(of: boundAccounts[key].account, key, all, by: left, now: now) }
        return left.isEmpty
    }

    // MARK: - The light check

    /// OPTIONS to where a binding came from; any answer shows that it is there.
    private mutating func check(_ binding: LiveBinding, of key: SlabKey, now: Moment) {
        let number = UInt32(truncatingIfNeeded: secrets.next())
        let user = TransactionUser(leg: key, peer: SlabKey(index: number, generation: 1), purpose: .lightCheck)
        let (client, branch) = transactions.open(method: .options, flow: binding.flow, user: user, now: now.instant)
        let own = endpoints.advertised(binding.flow)
        binding.contact.withBytes { contact in
            outbox.begin()
            outbox.append("OPTIONS ")
            outbox.append(contact)
            outbox.append(" SIP/2.0\r\n")
            outbox.appendVia(flow: binding.flow, branch: branch, endpoints: endpoints)
            if !binding.path.isEmpty {
                outbox.append("Route: ")
                binding.path.withBytes { outbox.append($0) }
                outbox.append("\r\n")
            }
            outbox.append("Max-Forwards: 70\r\nFrom: <sip:")
            outbox.append(own)
            outbox.append(">;tag=")
            outbox.append(token: secrets.next())
            outbox.append("\r\nTo: <")
            outbox.append(contact)
            outbox.append(">\r\nCall-ID: ")
            outbox.append(MintedToken(shard: settings.index, key: key, secret: secrets.next()))
            outbox.append("\r\nCSeq: 1 OPTIONS\r\n")
            outbox.append(Capabilities.userAgent)
            outbox.append("Content-Length: 0\r\n\r\n")
        }
        transactions.sendRequest(client, outbox: &outbox)
        boundAccounts[key].checks.append(
            BoundAccount.LightCheck(number: number, remote: binding.flow.remote, startedAt: now.instant))
    }

    /// The answer to a light check, or that none came.
    mutating func lightCheckEnded(_ user: TransactionUser, isAlive: Bool, now: Moment) {
        guard boundAccounts.contains(user.leg),
            let place = boundAccounts[user.leg].checks.firstIndex(where: { $0.number == user.peer.index })
        else { return }
        let check = boundAccounts[user.leg].checks.remove(at: place)
        if isAlive {
            for location in boundAccounts[user.leg].locations { location.heard(from: check.remote, at: now.instant) }
        } else if removeBindings(of: user.leg, now: now, where: { $0.flow.remote == check.remote && $0.heardAt <= check.startedAt }) {
            return
        }
        scheduleAccount(user.leg, now: now)
    }
}

extension StoredBinding {
    init(_ binding: LiveBinding, now: Moment) {
        self.init(
            contact: binding.contact, path: binding.path, source: binding.flow.remote, transport: binding.flow.transport,
            listener: binding.flow.listener, connection: binding.flow.connection, until: now.wall + (binding.expiresAt - now.instant),
            untilInstant: binding.expiresAt, q: binding.q, callID: binding.callID, cseq: binding.cseq, instance: binding.instance,
            flowNumber: binding.flowNumber, isBehindNAT: binding.isBehindNAT, registeredAt: binding.registeredAt.wall,
            updatedAt: binding.updatedAt.wall, userAgent: binding.userAgent)
    }
}
