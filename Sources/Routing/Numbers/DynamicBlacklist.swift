import Synchronization
import Vocabulary

/// Numbers that the switch bars by itself for a while, shared by all shards: callers with too many
/// attempts or too many calls at once, callees that never answer, and what operators put there.
///
/// Only numbers (`PackedNumber`) are watched and listed: callers without one ("anonymous") are not one
/// caller. A number on the system white list is not asked about here; the caller of these methods sees to that.
///
/// Order for a new call: `check` first, which changes nothing; then `attempt`, so that refused attempts
/// are not counted; then `seat`, kept as long as the call lives.
///
/// Memory is bounded: the counts forget the number seen longest ago (`BlacklistWatch`); when the list is
/// full a new entry is not made, and counted in `refusedEntries`.
///
/// A mutex per stripe of numbers protects everything; no method holds two, and none is held for long.
public final class DynamicBlacklist: Sendable {
    private struct State {
        var attempts: BlacklistWatch
        var unanswered: BlacklistWatch
        /// How many calls of a caller hold a seat.
        var live: [PackedNumber: Int] = [:]
        /// By the number's code, `calleeBit` set for callees.
        var listed: [UInt128: BlacklistEntry] = [:]
        /// No entry expires before.
        var earliestExpiry = Instant.never
        var refusedEntries = 0
    }

    private final class Stripe: Sendable {
        let state: Mutex<State>
        init(watched: Int, seed: UInt64) {
            state = Mutex(
                State(attempts: BlacklistWatch(capacity: watched, seed: seed), unanswered: BlacklistWatch(capacity: watched, seed: seed)))
        }
    }

    private static let stripeCount = 64
    /// Codes of numbers end below it.
    private static let calleeBit: UInt128 = 1 << 127

    private let stripes: [Stripe]
    private let changeCount = Atomic<UInt64>(0)
    private let seed: UInt64
    /// Most entries of one stripe.
    private let stripeCapacity: Int

    /// - Parameters:
    ///   - watched: callers, and callees, whose calls are counted at once; 64 bytes each, taken when needed.
    ///   - entries: most numbers on the list.
    ///   - seed: drawn once per process, so that strangers cannot choose numbers that share a place.
    public init(watched: Int = 65_536, entries: Int = 131_072, seed: UInt64) {
        self.seed = seed
        self.stripeCapacity = max(1, entries / Self.stripeCount)
        self.stripes = (0..<Self.stripeCount).map { _ in Stripe(watched: watched / Self.stripeCount, seed: seed ^ 0x5851_F42D_4C95_7F2D) }
    }

    // MARK: Calls

    /// Why the call is barred: by its caller, else by its callee; nil when it is not. Changes nothing.
    public func check(caller: Bytes, callee: Bytes, now: Instant) -> BlacklistKind? {
        entry(of: caller, on: .caller, now: now)?.kind ?? entry(of: callee, on: .callee, now: now)?.kind
    }

    /// The entry that bars the number now.
    public func entry(of number: Bytes, on side: BlacklistSide, now: Instant) -> BlacklistEntry? {
        // Mostly nothing was ever put on the list, and no number need be looked for.
        guard changeCount.load(ordering: .acquiring) > 0, let number = Self.watchable(number) else { return nil }
        return stripe(number).state.withLock { state in
            guard !state.listed.isEmpty, let entry = state.listed[Self.key(number, side)], now < entry.until else { return nil }
            return entry
        }
    }

    /// Counts an attempt of the caller.
    /// - Returns: whether it reached the limit, and so put the caller on the list.
    @discardableResult
    public func attempt(caller: Bytes, now: Instant, settings: BlacklistSettings) -> Bool {
        guard let rate = settings.maliciousCaller, let number = Self.watchable(caller) else { return false }
        let expiry = settings.maliciousCallerExpiry
        return stripe(number).state.withLock { state in
            guard state.attempts.add(number, now: now, interval: rate.interval) >= rate.limit else { return false }
            state.attempts.forget(number)
            _ = put(BlacklistEntry(number: number, kind: .maliciousCaller, since: now, until: Self.end(now, expiry)), in: &state, now: now)
            return true
        }
    }

    /// Counts a call of the caller as long as the seat is kept; nil when calls at once are not watched.
    /// The call that goes above the limit puts the caller on the list (`ConcurrentCallSeat.isAboveLimit`).
    public func seat(caller: Bytes, now: Instant, settings: BlacklistSettings) -> ConcurrentCallSeat? {
        guard let limit = settings.concurrentCalls, let number = Self.watchable(caller) else { return nil }
        let expiry = settings.concurrentCallsExpiry
        let isAboveLimit = stripe(number).state.withLock { state in
            state.live[number, default: 0] += 1
            guard state.live[number, default: 0] > limit else { return false }
            _ = put(BlacklistEntry(number: number, kind: .concurrentCaller, since: now, until: Self.end(now, expiry)), in: &state, now: now)
            return true
        }
        return ConcurrentCallSeat(list: self, number: number, isAboveLimit: isAboveLimit)
    }

    fileprivate func giveBack(_ number: PackedNumber) {
        stripe(number).state.withLock { state in
            guard let count = state.live[number] else { return }
            state.live[number] = count > 1 ? count - 1 : nil
        }
    }

    /// Calls of the caller that hold a seat.
    public func liveCalls(of caller: Bytes) -> Int {
        guard let number = Self.watchable(caller) else { return 0 }
        return stripe(number).state.withLock { $0.live[number] ?? 0 }
    }

    /// Counts a call that rang, or was to ring, at the callee and was not answered.
    /// - Returns: whether it reached the limit, and so put the callee on the list.
    @discardableResult
    public func unanswered(callee: Bytes, now: Instant, settings: BlacklistSettings) -> Bool {
        guard let rate = settings.unansweredCallee, let number = Self.watchable(callee) else { return false }
        let expiry = settings.unansweredCalleeExpiry
        return stripe(number).state.withLock { state in
            guard state.unanswered.add(number, now: now, interval: rate.interval) >= rate.limit else { return false }
            state.unanswered.forget(number)
            _ = put(BlacklistEntry(number: number, kind: .unansweredCallee, since: now, until: Self.end(now, expiry)), in: &state, now: now)
            return true
        }
    }

    /// An answer ends the callee's row of unanswered calls. An entry that was made stays.
    public func answered(callee: Bytes) {
        guard let number = Self.watchable(callee) else { return }
        stripe(number).state.withLock { $0.unanswered.forget(number) }
    }

    // MARK: By hand

    /// Everything that is listed now, ordered by side and number.
    public func entries(now: Instant) -> [BlacklistEntry] {
        var found: [UInt128: BlacklistEntry] = [:]
        for stripe in stripes {
            stripe.state.withLock { state in
                for (key, entry) in state.listed where now < entry.until { found[key] = entry }
            }
        }
        return found.map { (text: $0.value.number.description, entry: $0.value) }
            .sorted { a, b in
                if a.entry.kind.side != b.entry.kind.side { return a.entry.kind.side == .caller }
                return a.text < b.text
            }
            .map(\.entry)
    }

    /// Puts an entry on the list, or keeps the one that stays longer. Also brings entries back after a restart.
    /// - Returns: false when the number is empty, or the list is full.
    @discardableResult
    public func add(_ entry: BlacklistEntry, now: Instant) -> Bool {
        guard !entry.number.isEmpty else { return false }
        return stripe(entry.number).state.withLock { put(entry, in: &$0, now: now) }
    }

    /// Rises with every entry that is put on the list or taken off by hand: who keeps a copy looks whether it is old.
    public var changes: UInt64 { changeCount.load(ordering: .acquiring) }

    /// Takes a number off the list, and begins to count it anew.
    /// - Returns: whether it was listed.
    @discardableResult
    public func remove(_ number: PackedNumber, from side: BlacklistSide) -> Bool {
        stripe(number).state.withLock { state in
            switch side {
            case .caller: state.attempts.forget(number)
            case .callee: state.unanswered.forget(number)
            }
            guard state.listed.removeValue(forKey: Self.key(number, side)) != nil else { return false }
            changeCount.add(1, ordering: .releasing)
            return true
        }
    }

    /// Entries that were not made since the start because the list was full.
    public var refusedEntries: Int { stripes.reduce(0) { sum, stripe in sum + stripe.state.withLock { $0.refusedEntries } } }

    // MARK: -

    /// A number is listed once per side: a second reason counts when it lasts longer.
    private func put(_ entry: BlacklistEntry, in state: inout sending State, now: Instant) -> Bool {
        let key = Self.key(entry.number, entry.kind.side)
        if let listed = state.listed[key] {
            guard listed.until <= now || listed.until < entry.until else { return true }
            state.listed[key] = entry
        } else {
            if state.listed.count >= stripeCapacity { Self.dropExpired(&state, now: now) }
            guard state.listed.count < stripeCapacity else {
                state.refusedEntries += 1
                return false
            }
            state.listed[key] = entry
        }
        state.earliestExpiry = min(state.earliestExpiry, entry.until)
        changeCount.add(1, ordering: .releasing)
        return true
    }

    private static func dropExpired(_ state: inout State, now: Instant) {
        guard state.earliestExpiry <= now else { return }
        state.listed = state.listed.filter { now < $0.value.until }
        state.earliestExpiry = state.listed.values.map(\.until).min() ?? .never
    }

    private static func watchable(_ number: Bytes) -> PackedNumber? {
        guard let packed = PackedNumber(number), !packed.isEmpty else { return nil }
        return packed
    }

    private static func end(_ now: Instant, _ expiry: Interval?) -> Instant { expiry.map { now + $0 } ?? .never }

    private static func key(_ number: PackedNumber, _ side: BlacklistSide) -> UInt128 {
        switch side {
        case .caller: number.code
        case .callee: number.code | calleeBit
        }
    }

    private func stripe(_ number: PackedNumber) -> Stripe {
        stripes[Int(truncatingIfNeeded: codeHash(number.code, seed: seed) & UInt64(Self.stripeCount - 1))]
    }
}

/// One call of a caller, counted until the seat is gone.
public struct ConcurrentCallSeat: ~Copyable, Sendable {
    private let list: DynamicBlacklist
    private let number: PackedNumber
    /// Whether this call was one too many, and put the caller on the list: it is refused too.
    public let isAboveLimit: Bool

    fileprivate init(list: DynamicBlacklist, number: PackedNumber, isAboveLimit: Bool) {
        self.list = list
        self.number = number
        self.isAboveLimit = isAboveLimit
    }

    deinit { list.giveBack(number) }
}
