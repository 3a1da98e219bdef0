import Vocabulary

/// Watches over a connection that we opened: a double CRLF after some quiet, a single CRLF expected in
/// return, and the verdict when none comes (RFC 5626, sections 3.5.1 and 4.4.1).
///
/// A peer that has answered once must go on answering. One that never did may not know the mechanism,
/// which the RFC foresees only between parties that agreed on it: it is pinged all the same, because that
/// keeps a NAT's binding, but not cut unless `requiresFirstPong`. TCP itself notices when such a peer's
/// host is gone.
struct StreamKeepalive {
    enum Action: Equatable {
        case sendPing
        /// A pong that comes now is no longer taken for one.
        case stopWaiting
        /// The peer owes a pong: the connection is dead.
        case fail
    }

    private enum State {
        /// Can transition to: awaitingPong.
        case quiet(nextPing: Instant)
        /// Can transition to: quiet.
        case awaitingPong(until: Instant)
    }

    let interval: Interval
    let pongTimeout: Interval
    let requiresFirstPong: Bool
    private var state: State
    /// From the last byte received to the next ping: 80 to 100 % of the interval, drawn anew for each.
    private var gap: Interval
    private(set) var hasPonged = false

    init(_ settings: StreamSettings, now: Instant) {
        self.init(
            interval: settings.keepaliveInterval, pongTimeout: settings.pongTimeout, requiresFirstPong: settings.requiresFirstPong,
            now: now, random: .random(in: 0...1))
    }

    /// `random` is 0 to 1.
    init(interval: Interval, pongTimeout: Interval, requiresFirstPong: Bool, now: Instant, random: Double) {
        self.interval = interval
        self.pongTimeout = pongTimeout
        self.requiresFirstPong = requiresFirstPong
        gap = StreamKeepalive.gap(interval, random)
        state = .quiet(nextPing: now + gap)
    }

    /// Anything that comes shows that the peer is there.
    mutating func bytesReceived(at now: Instant) {
        switch state {
        case .quiet: state = .quiet(nextPing: now + gap)
        case .awaitingPong: state = .awaitingPong(until: now + pongTimeout)
        }
    }

    mutating func pongReceived(at now: Instant) {
        hasPonged = true
        state = .quiet(nextPing: now + gap)
    }

    /// To be asked now and then; `random` is 0 to 1.
    mutating func action(at now: Instant, random: Double) -> Action? {
        switch state {
        case .quiet(let nextPing):
            guard now >= nextPing else { return nil }
            gap = StreamKeepalive.gap(interval, random)
            state = .awaitingPong(until: now + pongTimeout)
            return .sendPing
        case .awaitingPong(let until):
            guard now >= until else { return nil }
            if hasPonged || requiresFirstPong { return .fail }
            state = .quiet(nextPing: now + gap)
            return .stopWaiting
        }
    }

    private static func gap(_ interval: Interval, _ random: Double) -> Interval {
        Interval(nanoseconds: Int64(Double(interval.nanoseconds) * (0.8 + 0.2 * random)))
    }
}
