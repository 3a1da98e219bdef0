import Routing
import Vocabulary

/// Decides by the source address alone whether a message may cost anything: the first look at all that
/// arrives, before it is parsed, steered or copied.
///
/// A known host passes, within a rate where one is set. A stranger has a small budget, since phones come
/// from addresses that nobody knows: one source its own rate, all together another. Half of what all may
/// have at once is kept for sources that were let in before, so that a flood from invented addresses does
/// not keep a phone from its second message. A refusal changes nothing and remembers nothing.
struct AdmissionGate: ~Copyable {
    /// Sources that are remembered at once, of each kind.
    static let rememberedSources = 8_192

    /// How long a host is known after somebody proved there to be of an account.
    static let proofLasts = Interval.seconds(3_600)

    /// What one shard hands to the others of strangers that are over their budget, because it seems to belong to a call: so
    /// that invented tags do not cost the copies.
    private static let passedOn = RateLimit(perSecond: 5_000)

    private var hosts: KnownHosts
    /// Set while the shard is too busy for anybody whom it does not know.
    var isClosedToStrangers = false

    private var limits: Limits
    private var strangers = RateTable(capacity: AdmissionGate.rememberedSources)
    private var allStrangers = RateClock()
    private var known = RateTable(capacity: AdmissionGate.rememberedSources)
    private var calls = RateTable(capacity: AdmissionGate.rememberedSources)
    private var accounts = RateTable(capacity: AdmissionGate.rememberedSources)
    private var accountCalls = RateTable(capacity: AdmissionGate.rememberedSources)
    /// Hosts with a proof; each clock is held until the proof is over.
    private var proven = RateTable(capacity: AdmissionGate.rememberedSources)
    private var passedOnClock = RateClock()
    private let seed: UInt64

    private struct Limits {
        var strangers: RateLimit?
        var stranger: RateLimit?
        var phone: RateLimit?
        var gateway: RateLimit?
        var calls: RateLimit?
        var account: RateLimit?
        var accountCalls: RateLimit?

        init(_ settings: ProtectionSettings, shards: Int) {
            // The kernel spreads sources over the shards, so each has its share of what all may send.
            strangers = settings.strangersRate.map { RateLimit(perSecond: max(1, $0 / max(1, shards))) }
            stranger = settings.strangerRate.map { RateLimit(perSecond: $0) }
            phone = settings.phoneHostRate.map { RateLimit(perSecond: $0) }
            gateway = settings.gatewayHostRate.map { RateLimit(perSecond: $0) }
            calls = settings.sourceCallRate.map { RateLimit(perSecond: $0) }
            account = settings.accountRate.map { RateLimit(perSecond: $0) }
            accountCalls = settings.accountCallRate.map { RateLimit(perSecond: $0) }
        }
    }

    init(_ settings: ProtectionSettings, shards: Int, seed: UInt64) {
        self.seed = seed
        hosts = KnownHosts(seed: seed)
        limits = Limits(settings, shards: shards)
    }

    /// Other limits from now on; what sources have used of the old ones stays counted.
    mutating func configure(_ settings: ProtectionSettings, shards: Int) { limits = Limits(settings, shards: shards) }

    mutating func setGateways(_ hosts: some Sequence<NetworkAddress>) { self.hosts.setGateways(hosts) }
    mutating func noteBinding(_ host: NetworkAddress) { hosts.noteBinding(host) }
    mutating func forgetBinding(_ host: NetworkAddress) { hosts.forgetBinding(host) }

    /// A request from this host had the right credentials: it is as well known as a phone's host for a while, so
    /// that a gateway that only proves who it is needs no registration.
    mutating func noteProof(_ host: NetworkAddress, at now: Instant) {
        let key = hosts.hash(of: host)
        guard let place = proven.find(key) ?? proven.place(key, at: now) else { return }
        proven[place].hold(until: now + AdmissionGate.proofLasts)
    }

    func hash(of source: NetworkAddress) -> UInt64 { hosts.hash(of: source) }

    /// Nil for a stranger.
    func standing(of source: NetworkAddress, at now: Instant) -> HostStanding? { standing(of: source, hosts.hash(of: source), at: now) }

    private func standing(of source: NetworkAddress, _ hash: UInt64, at now: Instant) -> HostStanding? {
        if let standing = hosts.standing(of: source, hash: hash) { return standing }
        guard let place = proven.find(hash), !proven[place].isIdle(at: now) else { return nil }
        return .phone
    }

    // MARK: - Messages

    /// Why a message of this source is not looked at; nil when it is, and then it is charged.
    mutating func refusal(of source: NetworkAddress, at now: Instant) -> RefusalCause? {
        let hash = hosts.hash(of: source)
        switch standing(of: source, hash, at: now) {
        case .gateway:
            guard let limit = limits.gateway else { return nil }
            return known.take(hash, limit, at: now, whenFull: true) ? nil : .sourceRate
        case .phone:
            guard let limit = limits.phone else { return nil }
            return known.take(hash, limit, at: now, whenFull: true) ? nil : .sourceRate
        case nil:
            return isClosedToStrangers ? .overloadRequest : strangerRefusal(source, hash, at: now)
        }
    }

    private mutating func strangerRefusal(_ source: NetworkAddress, _ hash: UInt64, at now: Instant) -> RefusalCause? {
        guard let limit = limits.stranger else { return takeFromAll(isNew: false, at: now) ? nil : .strangers }
        let key = countingKey(of: source, hash)
        let found = strangers.find(key)
        if let found, !strangers[found].allows(limit, at: now) { return .strangerSource }
        guard allowsAll(isNew: found == nil, at: now) else { return .strangers }
        guard let place = found ?? strangers.place(key, at: now) else { return .strangerTable }
        strangers[place].charge(limit, at: now)
        _ = takeFromAll(isNew: found == nil, at: now)
        return nil
    }

    /// What a source is counted by. Whoever has one IPv6 address has all of its network of 64 bits.
    private func countingKey(of source: NetworkAddress, _ hash: UInt64) -> UInt64 {
        source.family == .ipv6 ? KnownHosts.hash(source.high, 0, seed) : hash
    }

    private func allowsAll(isNew: Bool, at now: Instant) -> Bool {
        guard let limit = limits.strangers else { return true }
        return allStrangers.allows(limit, at: now, reserve: isNew ? limit.tolerance / 2 : 0)
    }

    private mutating func takeFromAll(isNew: Bool, at now: Instant) -> Bool {
        guard let limit = limits.strangers else { return true }
        guard allowsAll(isNew: isNew, at: now) else { return false }
        allStrangers.charge(limit, at: now)
        return true
    }

    /// Whether another message may be handed to the shard to whose call it seems to belong; charged when it may.
    mutating func passesOn(at now: Instant) -> Bool { passedOnClock.take(AdmissionGate.passedOn, at: now) }

    // MARK: - Calls and accounts

    /// Whether a source that is no gateway may begin another call; charged when it may.
    mutating func takesCall(from source: NetworkAddress, at now: Instant) -> Bool {
        guard let limit = limits.calls else { return true }
        return calls.take(countingKey(of: source, hosts.hash(of: source)), limit, at: now, whenFull: true)
    }

    /// Why a request that names an account is refused; nil when it is taken, and then it is charged. An
    /// account is counted for each source by itself: who guesses passwords from elsewhere takes nothing from its owner.
    mutating func refusal(ofAccount account: Bytes, from source: NetworkAddress, opensCall: Bool, at now: Instant) -> RefusalCause? {
        let key = account.hash(seed: countingKey(of: source, hosts.hash(of: source)))
        if let limit = limits.account, !accounts.take(key, limit, at: now, whenFull: true) { return .accountRate }
        if opensCall, let limit = limits.accountCalls, !accountCalls.take(key, limit, at: now, whenFull: true) { return .accountCallRate }
        return nil
    }

    /// Memory that the tables of sources take, whatever arrives; in bytes.
    var tableBytes: Int {
        strangers.byteCount + known.byteCount + calls.byteCount + accounts.byteCount + accountCalls.byteCount + proven.byteCount
    }
}
