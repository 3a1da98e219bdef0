import Synchronization
import Vocabulary

/// Which nonces were used with which counts, so that no request is accepted twice (RFC 7616, section 3.3, `nc`).
///
/// Shared by all shards. Only requests with the right password come here, so strangers cannot fill it.
/// When it is full the oldest nonces are forgotten, and what is as old as they is refused from then on:
/// its owner is challenged anew. A wall clock that is set back must not make that last until it has caught
/// up: nonces of a time that is still to come are then forgotten first, and later ones than the new time are good.
public final class NonceCounts: Sendable {
    /// What a use of a nonce is.
    public enum Use: Sendable, Hashable {
        case fresh
        /// Used with this count before.
        case repeated
        /// Never seen, and too old for its first use.
        case late
    }

    fileprivate struct Entry {
        var time: WallTime
        var highest: UInt32
        /// Bit n: the count n below the highest was used.
        var used: UInt32
    }

    fileprivate struct Stripe {
        var entries: [UInt64: Entry] = [:]
        /// Nonces up to here may have been forgotten.
        var floor = WallTime(microseconds: .min)
    }

    private static var stripeCount: Int { 8 }
    /// Counts below the highest that may still come: datagrams overtake each other.
    private static var window: UInt32 { 32 }
    /// A shard's time of day may lie this far behind another's; what is further ahead tells of a clock that was set back.
    fileprivate static var skew: Interval { .seconds(1) }

    private let stripes: [LockedStripe]
    private let bound: Int

    /// One of the parts, each with its own lock.
    private final class LockedStripe: Sendable {
        let stripe = Mutex(Stripe())
    }

    /// `maximum`: nonces kept at most.
    public init(maximum: Int = 65_536) {
        stripes = (0..<Self.stripeCount).map { _ in LockedStripe() }
        bound = max(4, maximum / Self.stripeCount)
    }

    /// Nonces kept now.
    public var count: Int { stripes.reduce(0) { $0 + $1.stripe.withLock { $0.entries.count } } }

    /// Notes a use of the nonce of `time` and `salt`. `count` is 0 for a client that does not count: it may use a nonce once.
    /// `answerTime`: how old a nonce may be when it is first used; `lifetime`: how old at any use.
    public func use(
        time: WallTime, salt: UInt64, count: UInt32, answerTime: Interval, lifetime: Interval, now: WallTime
    ) -> Use {
        stripes[Int(salt & UInt64(Self.stripeCount - 1))].stripe.withLock { stripe in
            stripe.follow(now)
            if var entry = stripe.entries[salt] {
                guard entry.time == time else { return .late }
                let use = entry.use(count)
                if use == .fresh { stripe.entries[salt] = entry }
                return use
            }
            guard time > stripe.floor, now.microseconds - time.microseconds <= answerTime.nanoseconds / 1_000 else { return .late }
            if stripe.entries.count >= bound { stripe.makeRoom(bound, memory: max(answerTime, lifetime), now: now) }
            stripe.entries[salt] = Entry(time: time, highest: count == 0 ? .max : count, used: 0)
            return .fresh
        }
    }
}

extension NonceCounts.Entry {
    fileprivate mutating func use(_ count: UInt32) -> NonceCounts.Use {
        guard count > 0, highest != .max else { return .repeated }
        if count > highest {
            let step = count - highest
            used = step > NonceCounts.window ? 0 : (step == NonceCounts.window ? 0 : used << step) | 1 << (step - 1)
            highest = count
            return .fresh
        }
        let distance = highest - count
        guard distance > 0, distance <= NonceCounts.window, used & 1 << (distance - 1) == 0 else { return .repeated }
        used |= 1 << (distance - 1)
        return .fresh
    }
}

extension NonceCounts.Stripe {
    /// Takes the floor back with a clock that was set back. What was given until now may have been forgotten.
    fileprivate mutating func follow(_ now: WallTime) {
        if floor > now + NonceCounts.skew { floor = now }
    }

    /// Forgets what is over and what is of a time to come, and when that is not enough the older half. As nothing of
    /// a time to come is left, the floor does not come to lie there.
    fileprivate mutating func makeRoom(_ bound: Int, memory: Interval, now: WallTime) {
        let over = now.microseconds - memory.nanoseconds / 1_000
        let latest = now + NonceCounts.skew
        entries = entries.filter { $0.value.time.microseconds > over && $0.value.time <= latest }
        guard entries.count >= bound else { return }
        let times = entries.values.map(\.time).sorted()
        floor = max(floor, times[times.count / 2])
        let end = floor
        entries = entries.filter { $0.value.time > end }
    }
}
