import Synchronization
import Vocabulary

/// What all shards know of one gateway, group or phone now: its calls, its rate, whether and where it can
/// be reached, how well it answers. Every shard reads and changes it; nothing waits in it.
public final class LiveObject: Sendable {
    /// Its live seats: calls that it made in the lower half, calls that it received in the upper. Only seats change it.
    private let lines = Atomic<UInt64>(0)
    /// Until when it asked to be left alone, in nanoseconds of the monotonic clock.
    private let unavailableUntil = Atomic<Int64>(.min)
    /// How many calls it was given since the process began.
    private let given = Atomic<UInt64>(0)
    /// What of `details` is worth a look: bits of `Notes`.
    private let notes = Atomic<UInt8>(0)
    private let details = Mutex(Details())
    /// Where it registered from.
    public let location = LiveLocation()

    private struct Details: Sendable {
        var rate = RateWindow()
        var addresses = AddressStates()
        var answers = AnswerRatioWindow()
        /// Nil: it takes any number.
        var publishedCapacity: Int?
        var publishedUntil = Instant(nanoseconds: .min)
        /// Entity-tag of the publication.
        var publicationTag: UInt64 = 0
        /// Configured addresses and those of host names together; nil without host names.
        var resolved: [NetworkAddress]?
    }

    private struct Notes: OptionSet {
        var rawValue: UInt8
        static let deadAddress = Notes(rawValue: 1)
        static let published = Notes(rawValue: 2)
        static let answers = Notes(rawValue: 4)
        static let resolved = Notes(rawValue: 8)
    }

    public init() {}

    private func has(_ note: Notes) -> Bool { Notes(rawValue: notes.load(ordering: .relaxed)).contains(note) }

    /// Called with `details` locked.
    private func set(_ note: Notes, _ isOn: Bool) {
        if isOn { notes.bitwiseOr(note.rawValue, ordering: .relaxed) } else { notes.bitwiseAnd(~note.rawValue, ordering: .relaxed) }
    }
}

// MARK: - Calls

extension LiveObject {
    /// Calls that are up, made and received.
    public var calls: Int { LineCount(rawValue: lines.load(ordering: .relaxed)).all }
    public var callsMade: Int { LineCount(rawValue: lines.load(ordering: .relaxed)).made }
    public var callsReceived: Int { LineCount(rawValue: lines.load(ordering: .relaxed)).received }
    /// Calls that it was given since the process began.
    public var callsGiven: UInt64 { given.load(ordering: .relaxed) }

    /// A seat for a call that it makes or receives; nil when a limit is reached. However many shards ask at
    /// once, no limit is ever exceeded.
    public func takeSeat(_ direction: CallDirection = .made, limits: LineLimits = LineLimits()) -> Seat? {
        take(direction, limits) ? Seat(of: self, direction) : nil
    }

    /// A seat where `limit` counts all calls.
    public func takeSeat(limit: Int?) -> Seat? { takeSeat(.made, limits: LineLimits(all: limit)) }

    /// Counts one more call, unless a limit is reached. What is taken is given back by the deinit of a seat only.
    func take(_ direction: CallDirection, _ limits: LineLimits) -> Bool {
        var known = lines.load(ordering: .relaxed)
        while true {
            guard limits.allow(direction, beyond: LineCount(rawValue: known)) else { return false }
            let (exchanged, original) = lines.weakCompareExchange(
                expected: known, desired: known + direction.step, successOrdering: .acquiringAndReleasing, failureOrdering: .relaxed)
            if exchanged {
                given.add(1, ordering: .relaxed)
                return true
            }
            known = original
        }
    }

    /// Whether `takeSeat` would succeed.
    func hasSeat(_ direction: CallDirection, limits: LineLimits) -> Bool {
        limits.allow(direction, beyond: LineCount(rawValue: lines.load(ordering: .relaxed)))
    }

    /// Counts a call that is up already.
    func occupy(_ direction: CallDirection) { lines.add(direction.step, ordering: .acquiringAndReleasing) }

    func giveBack(_ direction: CallDirection) { lines.subtract(direction.step, ordering: .acquiringAndReleasing) }
}

// MARK: - Calls per second

extension LiveObject {
    /// Admits one call, unless `limit` calls were admitted within the last second.
    public func admit(limit: Int?, now: Instant) -> Bool {
        guard let limit else { return true }
        return details.withLock { $0.rate.admit(limit: limit, now: now) }
    }

    /// Calls admitted within the last second; counted only where a limit is set.
    public func recentCalls(now: Instant) -> Int { details.withLock { $0.rate.recent(now: now) } }

    public func wouldAdmit(limit: Int?, now: Instant) -> Bool {
        guard let limit else { return true }
        return details.withLock { $0.rate.wouldAdmit(limit: limit, now: now) }
    }
}

// MARK: - Whether it can be reached

extension LiveObject {
    /// It asked to be left alone until then (Retry-After); the later of several demands holds.
    public func unavailable(until instant: Instant) {
        _ = unavailableUntil.max(instant.nanoseconds, ordering: .relaxed)
    }

    /// Takes it in again at once, as when an operator says so.
    public func availableAgain() { unavailableUntil.store(.min, ordering: .relaxed) }

    public func isAvailable(_ now: Instant) -> Bool { unavailableUntil.load(ordering: .relaxed) <= now.nanoseconds }

    /// How long it is to be left alone from now on; zero when it may be tried.
    public func unavailableFor(_ now: Instant) -> Interval {
        let until = unavailableUntil.load(ordering: .relaxed)
        return until <= now.nanoseconds ? .zero : Instant(nanoseconds: until) - now
    }

    public func addressState(_ address: NetworkAddress) -> AddressState {
        details.withLock { $0.addresses[address] }
    }

    public func set(_ state: AddressState, of address: NetworkAddress) {
        details.withLock {
            $0.addresses[address] = state
            set(.deadAddress, $0.addresses.hasDead)
        }
    }

    /// Forgets addresses that are no longer among its own.
    public func keepAddresses(_ addresses: [NetworkAddress]) {
        details.withLock {
            $0.addresses.keep(addresses)
            set(.deadAddress, $0.addresses.hasDead)
        }
    }

    /// All its addresses where host names are among them, as the name servers said last; nil: the configured ones.
    public func setResolvedAddresses(_ addresses: [NetworkAddress]?) {
        details.withLock {
            $0.resolved = addresses
            set(.resolved, addresses != nil)
        }
    }

    /// The first address that is alive or unknown; nil when none is. `configured` holds unless host names gave others.
    public func firstAlive(of configured: [NetworkAddress]) -> NetworkAddress? {
        guard has(.deadAddress) || has(.resolved) else { return configured.first }
        return details.withLock { details in
            (details.resolved ?? configured).first { details.addresses[$0] != .dead }
        }
    }

    /// Its first address, alive or not.
    public func firstAddress(of configured: [NetworkAddress]) -> NetworkAddress? {
        guard has(.resolved) else { return configured.first }
        return details.withLock { ($0.resolved ?? configured).first }
    }

    /// Whether one of its addresses is at this host (port 0).
    public func isOwnHost(_ host: NetworkAddress, configured: [NetworkAddress]) -> Bool {
        guard has(.resolved) else { return configured.contains { $0.host == host } }
        return details.withLock { ($0.resolved ?? configured).contains { $0.host == host } }
    }

    /// Whether an address is one of its own.
    public func isOwn(_ address: NetworkAddress, configured: [NetworkAddress]) -> Bool {
        guard has(.resolved) else { return configured.contains(address) }
        return details.withLock { ($0.resolved ?? configured).contains(address) }
    }
}

// MARK: - What it published

extension LiveObject {
    /// It published (RFC 3903) how many calls at once it takes, for a time.
    public func publish(capacity: Int, until instant: Instant) {
        details.withLock {
            $0.publishedCapacity = max(0, capacity)
            $0.publishedUntil = instant
            set(.published, true)
        }
    }

    /// Takes a PUBLISH of it, by whichever shard: one publication stands at a time, and its entity-tag is `tag` from now on.
    /// - Parameter matching: the entity-tag that the request names; nil: it begins a publication, in the place of one that stands.
    /// - Returns: false when `matching` names no publication that stands (412, RFC 3903, section 6).
    public func takePublication(
        _ change: PublicationChange, tag: UInt64, matching: UInt64?, until instant: Instant, now: Instant
    ) -> Bool {
        details.withLock {
            let stands = has(.published) && $0.publishedUntil > now
            if let matching { guard stands, $0.publicationTag == matching else { return false } }
            switch change {
            case .set(let capacity): $0.publishedCapacity = capacity.map { max(0, $0) }
            case .keep: break
            case .remove:
                if matching != nil { set(.published, false) }
                return true
            }
            ($0.publishedUntil, $0.publicationTag) = (instant, tag)
            set(.published, true)
            return true
        }
    }

    public func withdrawPublication() {
        details.withLock { _ in set(.published, false) }
    }

    /// How many calls at once it takes by its own word; nil when nothing that it said holds.
    public func publishedCapacity(_ now: Instant) -> Int? {
        guard has(.published) else { return nil }
        return details.withLock { $0.publishedUntil > now ? $0.publishedCapacity : nil }
    }
}

// MARK: - How well it answers

extension LiveObject {
    /// One attempt at it is over, answered or not.
    public func attemptEnded(answered: Bool, settings: AnswerRatioSettings, now: Instant) {
        details.withLock {
            $0.answers.add(answered: answered, settings: settings, now: now)
            set(.answers, true)
        }
    }

    /// Its answer-seizure ratio in whole percent; nil while there is too little to judge.
    public func answerRatio(settings: AnswerRatioSettings, now: Instant) -> UInt8? {
        guard has(.answers) else { return nil }
        return details.withLock { $0.answers.percent(settings: settings, now: now) }
    }
}

/// What a PUBLISH does to the publication of a gateway (RFC 3903, section 4, table 1).
public enum PublicationChange: Sendable, Hashable {
    /// It is begun or modified: so many calls at once from now on; nil: any number.
    case set(capacity: Int?)
    /// It is refreshed.
    case keep
    case remove
}
