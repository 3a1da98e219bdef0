import Vocabulary

/// A steady rate with a burst above it: what may come within `burstSeconds` may
/// also come at once.
public struct RateLimit: Sendable, Hashable {
    /// Nanoseconds that each event costs.
    let spacing: Int64
    /// Nanoseconds that may be owed.
    let tolerance: Int64

    /// `perSecond` is at least 1.
    public init(perSecond: Int, burstSeconds: Int64 = 2) {
        spacing = 1_000_000_000 / Int64(max(1, perSecond))
        tolerance = max(spacing, burstSeconds * 1_000_000_000)
    }

    /// `burst` events in `period`, all at once if need be.
    init(burst: Int, in period: Interval) {
        spacing = period.nanoseconds / Int64(max(1, burst))
        tolerance = period.nanoseconds
    }
}

/// One bucket of tokens as a single instant: up to when the events that were let pass are paid for (the
/// generic cell rate algorithm). An instant in the past is a full bucket.
struct RateClock {
    private(set) var paidUntil: Int64 = .min

    /// Whether the bucket is full: it remembers nothing.
    func isIdle(at now: Instant) -> Bool { paidUntil <= now.nanoseconds }

    /// Whether an event may pass and leave at least `reserve` nanoseconds of the tolerance.
    func allows(_ limit: RateLimit, at now: Instant, reserve: Int64 = 0) -> Bool {
        isIdle(at: now) || paidUntil - now.nanoseconds + limit.spacing <= limit.tolerance - reserve
    }

    /// Full again at this instant and not before.
    mutating func hold(until end: Instant) { paidUntil = end.nanoseconds }

    mutating func charge(_ limit: RateLimit, at now: Instant) { paidUntil = max(paidUntil, now.nanoseconds) + limit.spacing }

    /// Charges an event that may pass.
    mutating func take(_ limit: RateLimit, at now: Instant) -> Bool {
        guard allows(limit, at: now) else { return false }
        charge(limit, at: now)
        return true
    }
}
