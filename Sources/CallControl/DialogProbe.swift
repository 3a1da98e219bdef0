import Vocabulary

/// How a leg without session timer is asked whether its peer is still there.
public struct DialogProbePolicy: Hashable, Sendable {
    /// From one sign of life, or the end of a probe, to the next probe; at least 10 s.
    public private(set) var interval: Interval
    /// By how much the wait is shortened or lengthened at most, in hundredths of the interval, 0 to 50: the
    /// probes of many calls are not to come in one instant.
    public private(set) var jitterPercent: Int
    /// How many probes in a row must stay unanswered, 1 to 10.
    public private(set) var silentLimit: Int

    /// Values out of range are moved to the nearest one within it.
    public init(interval: Interval, jitterPercent: Int = 10, silentLimit: Int = 3) {
        self.interval = max(interval, .seconds(10))
        self.jitterPercent = min(max(jitterPercent, 0), 50)
        self.silentLimit = min(max(silentLimit, 1), 10)
    }

    func wait(_ random: UInt64) -> Interval {
        let reach = interval.nanoseconds / 100 * Int64(jitterPercent)
        guard reach > 0 else { return interval }
        return Interval(nanoseconds: interval.nanoseconds - reach + Int64(random % UInt64(2 * reach + 1)))
    }
}

/// Probes the peer of one answered leg by OPTIONS within the dialog (RFC 3261, section 11).
///
/// 481 is the verdict at once, as the dialog is gone (RFC 5057, section 5.1). 408, and a probe whose whole
/// retransmission list stays unanswered, count as silence. Any other answer, a refusal too, was written by
/// somebody who is there.
public struct DialogProbe: Hashable, Sendable {
    public enum Phase: Sendable, Hashable, CaseIterable {
        /// Can transition to: probing.
        case waiting
        /// A probe is on its way. Can transition to: waiting, dead.
        case probing
        /// Final.
        case dead
    }

    public let policy: DialogProbePolicy
    public private(set) var phase = Phase.waiting
    /// Probes in a row without an answer.
    public private(set) var silent = 0
    /// Whether it only settles a doubt, and ends with the first sign of life.
    public let isPassing: Bool
    private var dueAt: Instant

    /// - Parameter random: any number; it draws the jitter. Drawn anew for each event.
    public init(_ policy: DialogProbePolicy, random: UInt64, now: Instant) {
        self.policy = policy
        isPassing = false
        dueAt = now + policy.wait(random)
    }

    /// The peer left a request that was passed on unanswered: it is asked at once whether it is there.
    public init(inDoubtAt now: Instant) {
        policy = DialogProbePolicy(interval: .seconds(10))
        isPassing = true
        dueAt = now
    }

    /// The same, for a peer that is probed anyway.
    public mutating func askNow(_ now: Instant) { dueAt = min(dueAt, now) }

    public var nextDeadline: Instant { phase == .waiting ? dueAt : .never }

    /// True: send OPTIONS in the dialog now.
    public mutating func handleTimeout(now: Instant) -> Bool {
        guard phase == .waiting, dueAt <= now else { return false }
        phase = .probing
        return true
    }

    /// The peer showed life otherwise: no probe is needed for another interval, and silence is counted anew.
    public mutating func lifeSeen(random: UInt64, now: Instant) {
        guard phase != .dead else { return }
        silent = 0
        if phase == .waiting { dueAt = now + policy.wait(random) }
    }

    /// What a probe's end means.
    public enum Verdict: Hashable, Sendable {
        /// A proof of life.
        case alive
        /// Nothing yet; the next probe follows.
        case unknown
        case dead(DeathEvidence.Cause)
    }

    /// The final response to the probe.
    public mutating func answered(status: Int, random: UInt64, now: Instant) -> Verdict {
        guard phase == .probing, status >= 200 else { return .unknown }
        switch status {
        case 481:
            phase = .dead
            return .dead(.dialogUnknown)
        case 408: return unanswered(random: random, now: now)
        default:
            (phase, silent) = (.waiting, 0)
            dueAt = now + policy.wait(random)
            return .alive
        }
    }

    /// Nothing answered the probe within its whole retransmission list, or the transport failed.
    public mutating func unanswered(random: UInt64, now: Instant) -> Verdict {
        guard phase == .probing else { return .unknown }
        silent += 1
        if silent >= policy.silentLimit {
            phase = .dead
            return .dead(.silent(probes: silent))
        }
        phase = .waiting
        dueAt = now + policy.wait(random)
        return .unknown
    }
}
