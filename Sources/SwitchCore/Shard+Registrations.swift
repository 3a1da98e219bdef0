import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

/// A registration with what the shard keeps beside it.
struct RegistrationEntry: ~Copyable {
    var client: RegistrationClient
    /// Under which it is stored: the object's name, or that name and the Call-ID for one on its way out.
    var key: String
    /// Its object is gone, or has another account: it withdraws what stands, and ends.
    var isDeparting: Bool
    /// The way of its last REGISTER.
    var flow: Flow?
    /// CSeq of the REGISTER that waits for its commit; 0 when none does.
    var cseqAwaitingCommit: UInt32 = 0
    /// Whether anything of it is on disk.
    var isStored: Bool
    /// The state that was told last.
    var toldState: RegistrationStatus.State
    var timer = TimerHandle.none
    var timerDeadline = Instant.never
}

// Outbound registrations: which this shard keeps, and what they ask for. What they are: `RegistrationClient`.
extension Shard {
    /// REGISTERs per second that go to one proxy when many registrations start at once, over all shards.
    static let registrationStartRate = 200
    /// Registrations that start at once, before the rate holds.
    static let registrationStartBurst = 20

    /// The shard that keeps a registration.
    func keepsRegistration(_ key: String) -> Bool {
        settings.count == 1 || Int(key.withBytes { $0.hash(seed: 0) } % UInt64(settings.count)) == settings.index
    }

    // MARK: - Which there are

    /// Takes up what the last process left, and begins what is configured. Once, before the first message.
    public mutating func startRegistrations(at now: Moment) {
        for stored in settings.registrations where keepsRegistration(stored.name) && configured(stored.name) == nil {
            resumeDeparting(stored, now: now)
        }
        let stored = Dictionary(settings.registrations.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        takeRegistrations(stored, now: now)
        startBindings(now: now)
        watchGateways(now: now)
        takeEvents(now: now)
    }

    /// The snapshot changed: registrations begin, change, or are withdrawn.
    mutating func registrationsConfigured(now: Moment) { takeRegistrations([:], now: now) }

    private func configured(_ name: String) -> Registration? { configuration.registrationsByName[name].map { configuration.registrations[$0] } }

    private mutating func takeRegistrations(_ stored: [String: StoredRegistration], now: Moment) {
        for key in registrations.keys where !registrations[key].isDeparting && configured(registrations[key].key) == nil {
            depart(key, now: now)
        }
        var started: [String: Int] = [:]
        for registration in configuration.registrations where keepsRegistration(registration.name) {
            let account = account(of: registration)
            if let key = registrationKeys[registration.name] {
                let previous = registrations[key].client.account
                if !registration.enabled {
                    if registrations[key].client.isWanted { withdraw(key, .disabled, now: now) }
                    continue
                }
                if previous.hasSameBinding(as: account) {
                    if previous != account || !registrations[key].client.isWanted {
                        registrations[key].client.configure(account, &registrationActions, now: now)
                        perform(registration: key, now: now)
                    }
                    continue
                }
                depart(key, now: now)
            }
            let key = insert(account, stored: stored[registration.name], now: now)
            guard registration.enabled else {
                if registrations[key].client.mayBeBound(now.instant) { withdraw(key, .disabled, now: now) }
                continue
            }
            let place = started[registration.proxy.host, default: 0]
            started[registration.proxy.host] = place + 1
            registrations[key].client.start(after: Shard.startDelay(place, shards: settings.count), &registrationActions, now: now)
            perform(registration: key, now: now)
        }
    }

    /// Many registrations at one upstream start spread out.
    private static func startDelay(_ place: Int, shards: Int) -> Interval {
        let late = place - registrationStartBurst / shards
        return late <= 0 ? .zero : .microseconds(Int64(late) * Int64(shards) * 1_000_000 / Int64(registrationStartRate))
    }

    private func account(of registration: Registration) -> RegistrationAccount {
        let parameters = configuration.registrationSettings
        let privacy = registration.privacy ?? parameters.privacy
        return RegistrationAccount(
            name: registration.name, proxy: registration.proxy, host: registration.host, username: registration.username,
            authUser: registration.authUser, password: registration.password, period: registration.period ?? parameters.expire,
            privacy: privacy == .ignore ? nil : privacy == .id ? "id" : "none", localPort: registration.localPort,
            retryDelay: parameters.retryDelay, retryDelayMaximum: parameters.retryDelayMaximum,
            authenticationRetries: parameters.authenticationRetries,
            contactUser: contactUsers[registration.name] ?? naming.contactUser(of: registration.name),
            instance: naming.instance)
    }

    private mutating func insert(_ account: RegistrationAccount, stored: StoredRegistration?, now: Moment) -> SlabKey {
        let key = registrations.nextKey
        var identity = RegistrationIdentity(callID: mintText(key), fromTag: mintText(key))
        var binding: RegistrationBinding?
        if let stored {
            let isSame = stored.addressOfRecord == account.addressOfRecord && stored.contactUser == account.contactUser
            if isSame {
                identity = RegistrationIdentity(callID: stored.callID, fromTag: stored.fromTag, storedBound: stored.cseqBound)
                binding = Shard.binding(stored, now: now)
            } else {
                // The account changed while the switch was down: what the old one left is withdrawn.
                resumeDeparting(stored, now: now)
            }
        }
        return insert(account, identity: identity, binding: binding, key: account.name, isDeparting: false, isStored: stored != nil, now: now)
    }

    private mutating func insert(
        _ account: RegistrationAccount, identity: RegistrationIdentity, binding: RegistrationBinding?, key name: String, isDeparting: Bool,
        isStored: Bool, now: Moment
    ) -> SlabKey {
        let client = RegistrationClient(
            account, identity: identity, binding: binding, resendTime: transactions.timing.giveUp,
            randomness: SecretSource(seed: secrets.next(), stream: secrets.next()), now: now)
        let key = registrations.insert(
            RegistrationEntry(client: client, key: name, isDeparting: isDeparting, isStored: isStored, toldState: .disabled))
        if !isDeparting { registrationKeys[name] = key }
        return key
    }

    private mutating func mintText(_ key: SlabKey) -> String {
        var texts = ByteStore()
        return texts[texts.store(token: MintedToken(shard: settings.index, key: key, secret: secrets.next()))].string
    }

    /// What a process before this one left, as far as it can still stand.
    private static func binding(_ stored: StoredRegistration, now: Moment) -> RegistrationBinding? {
        guard let target = stored.target, stored.boundUntil > now.wall else { return nil }
        let left = (stored.boundUntil.microseconds - now.wall.microseconds).clamped(to: 0...7_300_000_000)
        return RegistrationBinding(target: target, contact: stored.contact, until: now.instant + .microseconds(left), isConfirmed: false)
    }

    /// A binding whose object is gone: withdrawn with what is stored of its account.
    private mutating func resumeDeparting(_ stored: StoredRegistration, now: Moment) {
        let host = stored.registrar.dropFirst("sip:".count)
        let user = stored.addressOfRecord.dropFirst("sip:".count).prefix { $0 != "@" }
        let parameters = configuration.registrationSettings
        let target = stored.target
        let account = RegistrationAccount(
            name: stored.name,
            proxy: NextHop(
                host: target?.address.host.description ?? String(host), port: target?.address.port, transport: target?.transport),
            host: String(host), username: String(user), authUser: stored.authUser, password: stored.password, retryDelay: parameters.retryDelay,
            authenticationRetries: parameters.authenticationRetries, contactUser: stored.contactUser, instance: naming.instance)
        let identity = RegistrationIdentity(callID: stored.callID, fromTag: stored.fromTag, storedBound: stored.cseqBound)
        let isDeparted = configured(stored.name) != nil
        let name = isDeparted ? "\(stored.name)~\(stored.callID)" : stored.name
        let key = insert(
            account, identity: identity, binding: Shard.binding(stored, now: now), key: name, isDeparting: true, isStored: true, now: now)
        if parameters.sendsUnregister {
            registrations[key].client.resumeWithdrawal(&registrationActions, now: now)
        } else {
            registrations[key].client.abandon(.removed, &registrationActions, now: now)
        }
        perform(registration: key, now: now)
    }

    /// Lets go of a registration whose object is gone or has another account. It stays in its place, as the
    /// answers of its requests come there, and on disk under another name until nothing of it can stand.
    private mutating func depart(_ key: SlabKey, now: Moment) {
        let name = registrations[key].key
        registrationKeys[name] = nil
        upstreamChanged(RegistrationView(name: name, isUsable: false, flow: nil, serviceRoutes: "", reason: "the registration was removed"))
        let wasStored = registrations[key].isStored
        registrations[key].key = "\(name)~\(registrations[key].client.identity.callID)"
        registrations[key].isDeparting = true
        if wasStored {
            _ = store(key, now: now)
            _ = records.begin(.registrationRemoved)
            append(name)
        }
        withdraw(key, .removed, now: now)
    }

    private mutating func withdraw(_ key: SlabKey, _ cause: WithdrawalCause, now: Moment) {
        if configuration.registrationSettings.sendsUnregister {
            registrations[key].client.withdraw(cause, &registrationActions, now: now)
        } else {
            registrations[key].client.abandon(cause, &registrationActions, now: now)
        }
        perform(registration: key, now: now)
    }

    /// The stop: everything that may stand is withdrawn at once.
    mutating func withdrawRegistrations(now: Moment) {
        for key in registrations.keys {
            let cause: WithdrawalCause = registrations[key].isDeparting ? .removed : .stop
            registrations[key].client.withdraw(cause, &registrationActions, now: now)
            perform(registration: key, now: now)
        }
    }

    // MARK: - What they ask for

    mutating func perform(registration key: SlabKey, now: Moment) {
        var next = 0
        while next < registrationActions.count, registrations.contains(key) {
            let action = registrationActions[next]
            next += 1
            switch action {
            case .resolve(let hop): ask(hop, for: key)
            case .send(let target):
                if prepare(key, target, now: now) { sendRegister(key, now: now) }
            case .storeThenSend(let target):
                guard prepare(key, target, now: now) else { break }
                registrations[key].cseqAwaitingCommit = registrations[key].client.identity.cseq
                registrationsAwaitingCommit.append(store(key, now: now), key)
            case .store: _ = store(key, now: now)
            case .changed: registrationChanged(key, now: now)
            case .finished: finish(key)
            }
        }
        registrationActions.removeAll(keepingCapacity: true)
        scheduleRegistration(key)
    }

    /// Finds the way to a target. False when nothing listens for it; the registration is told.
    private mutating func prepare(_ key: SlabKey, _ target: Target, now: Moment) -> Bool {
        let port = registrations[key].client.account.localPort
        guard let flow = endpoints.flow(to: target.address, transport: target.transport, localPort: port) else {
            let place = port.map { " on port \($0)" } ?? ""
            registrations[key].client.requestFailed(
                "nothing listens for \(target.transport)\(place): add such a listener to the boot file", mayHaveArrived: false,
                &registrationActions, now: now)
            return false
        }
        registrations[key].flow = flow
        registrations[key].client.prepareContact(flow: flow, endpoints: endpoints)
        return true
    }

    private mutating func sendRegister(_ key: SlabKey, now: Moment) {
        guard let flow = registrations[key].flow else { return }
        let cseq = registrations[key].client.identity.cseq
        let user = TransactionUser(leg: key, peer: SlabKey(index: cseq, generation: 0), purpose: .registration)
        let (client, branch) = transactions.open(method: .register, flow: flow, user: user, now: now.instant)
        registrations[key].client.requestLeaves(at: now.instant)
        registrations[key].client.writeRequest(flow: flow, branch: branch, endpoints: endpoints, into: &outbox)
        transactions.sendRequest(client, outbox: &outbox)
    }

    /// The store committed, or cannot: then the REGISTER goes out all the same, as calls need it more than the next start does.
    mutating func registrationsCommitted(through sequence: UInt64, now: Moment) {
        while let key = registrationsAwaitingCommit.pop(through: sequence) {
            // Another REGISTER may have taken its place meanwhile.
            guard registrations.contains(key), registrations[key].client.isSending,
                registrations[key].client.identity.cseq == registrations[key].cseqAwaitingCommit
            else { continue }
            sendRegister(key, now: now)
        }
    }

    mutating func registerAnswered(_ message: Message, _ essentials: Essentials, user: TransactionUser, now: Moment) {
        guard registrations.contains(user.leg), registrations[user.leg].client.identity.cseq == essentials.cseq.number else { return }
        registrations[user.leg].client.responseReceived(message, &registrationActions, now: now)
        perform(registration: user.leg, now: now)
    }

    mutating func registerFailed(_ user: TransactionUser, _ cause: TransactionEvent.Cause, now: Moment) {
        guard registrations.contains(user.leg), registrations[user.leg].client.identity.cseq == user.peer.index else { return }
        let client = registrations[user.leg].client
        let place = client.target.map { "\($0.address) (\($0.transport))" } ?? client.account.proxy.host
        registrations[user.leg].client.requestFailed(
            cause == .timeout ? "no answer from \(place)" : "\(place) cannot be reached",
            // A datagram that its host sends back reached nobody; of a broken stream that cannot be said.
            mayHaveArrived: cause == .timeout || client.target?.transport != .udp, &registrationActions, now: now)
        perform(registration: user.leg, now: now)
    }

    // MARK: - Names

    private mutating func ask(_ hop: NextHop, for key: SlabKey) {
        if awaitingNames[hop] == nil { questions.append(hop) }
        awaitingNames[hop, default: []].append(key)
    }

    mutating func resolved(_ hop: NextHop, _ resolution: Resolution, now: Moment) {
        for key in awaitingNames.removeValue(forKey: hop) ?? [] where registrations.contains(key) {
            registrations[key].client.resolved(hop, resolution, &registrationActions, now: now)
            perform(registration: key, now: now)
        }
    }

    // MARK: - Time

    private mutating func scheduleRegistration(_ key: SlabKey) {
        guard registrations.contains(key) else { return }
        let deadline = registrations[key].client.nextDeadline
        guard deadline < registrations[key].timerDeadline else { return }
        cancelTimer(registration: key)
        registrations[key].timer = wheel.set(at: deadline, token: Shard.timerToken(registration: key))
        registrations[key].timerDeadline = deadline
    }

    private mutating func cancelTimer(registration key: SlabKey) {
        var timer = registrations[key].timer
        wheel.cancel(&timer)
        registrations[key].timer = .none
        registrations[key].timerDeadline = .never
    }

    mutating func registrationTimedOut(_ key: SlabKey, now: Moment) {
        guard registrations.contains(key) else { return }
        registrations[key].timer = .none
        registrations[key].timerDeadline = .never
        registrations[key].client.handleTimeout(&registrationActions, now: now)
        perform(registration: key, now: now)
    }

    // MARK: - The disk

    private mutating func store(_ key: SlabKey, now: Moment) -> UInt64 {
        let client = registrations[key].client
        let account = client.account
        let until = client.end(now.instant).map { now.wall + ($0 - now.instant) } ?? .unset
        let stored = StoredRegistration(
            name: registrations[key].key, callID: client.identity.callID, fromTag: client.identity.fromTag,
            cseqBound: client.identity.cseqBound, contactUser: account.contactUser, contact: client.binding?.contact ?? client.contactSent,
            target: client.binding?.target ?? client.target, boundUntil: until, registrar: account.registrar,
            addressOfRecord: account.addressOfRecord, authUser: account.authUser, password: account.password)
        registrations[key].isStored = true
        return stored.write(into: &records)
    }

    private mutating func forgetStored(_ key: SlabKey) {
        guard registrations[key].isStored else { return }
        registrations[key].isStored = false
        _ = records.begin(.registrationRemoved)
        append(registrations[key].key)
    }

    private mutating func finish(_ key: SlabKey) {
        forgetStored(key)
        cancelTimer(registration: key)
        if registrationKeys[registrations[key].key] == key { registrationKeys[registrations[key].key] = nil }
        registrations.discard(key)
    }
}

extension Int64 {
    fileprivate func clamped(to range: ClosedRange<Int64>) -> Int64 { Swift.min(Swift.max(self, range.lowerBound), range.upperBound) }
}
