import Vocabulary

/// Notices that a shard has more work than it can do, and says what it should no longer take on.
///
/// The measure is how long the oldest waiting message has waited. A queue that a burst left behind is worked
/// off within the threshold and means nothing; one that stands for longer does (as in CoDel, RFC 8289). Beyond
/// the threshold new calls are refused, beyond twice the threshold other requests outside calls too. What
/// belongs to calls that are up is never refused. A level is left when the waiting time has stayed below half
/// of what led to it for a second.
struct OverloadControl {
    enum Level: Int, Sendable, Comparable {
        /// Can transition to: calls, requests.
        case none
        /// New calls are refused. Can transition to: none, requests.
        case calls
        /// So are REGISTERs, and unknown sources get nothing. Can transition to: calls, none.
        case requests

        static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    }

    /// How long the waiting time must stay low before a level is left.
    static let recovery = Interval.seconds(1)

    /// Waiting time beyond which new calls are refused; nil: never.
    private(set) var threshold: Interval?
    private(set) var level = Level.none
    private var longSince: Instant?
    private var veryLongSince: Instant?
    private var shortSince: Instant?
    private var lastMeasure = Instant.zero

    init(threshold: Interval?) { self.threshold = threshold }

    /// Another threshold from now on.
    mutating func configure(threshold: Interval?) {
        guard threshold != self.threshold else { return }
        self = OverloadControl(threshold: threshold)
    }

    /// The oldest message that waits, or that is taken up now, has waited for `lag`. True when the level changed.
    mutating func measured(_ lag: Interval, at now: Instant) -> Bool {
        guard let threshold else { return false }
        let before = level
        let pause = now - lastMeasure
        lastMeasure = now
        longSince = lag >= threshold ? longSince ?? now : nil
        veryLongSince = lag >= threshold * 2 ? veryLongSince ?? now : nil
        if let veryLongSince, now - veryLongSince >= threshold {
            level = .requests
        } else if let longSince, now - longSince >= threshold {
            level = max(level, .calls)
        }
        recover(lag, threshold, pause: pause, at: now)
        return level != before
    }

    private mutating func recover(_ lag: Interval, _ threshold: Interval, pause: Interval, at now: Instant) {
        guard level != .none, lag * 2 < threshold * Int64(level.rawValue) else {
            shortSince = nil
            return
        }
        // Nothing came for a while: nothing is left of what was.
        if pause >= OverloadControl.recovery {
            level = .none
            shortSince = nil
        } else if let since = shortSince {
            guard now - since >= OverloadControl.recovery else { return }
            level = Level(rawValue: level.rawValue - 1) ?? .none
            shortSince = now
        } else {
            shortSince = now
        }
    }
}
