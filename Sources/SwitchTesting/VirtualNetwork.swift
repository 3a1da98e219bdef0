import Vocabulary

/// What the virtual network does to datagrams. Streams are only delayed.
public struct NetworkConditions: Sendable, Equatable {
    /// Time on the way, one direction.
    public var delay: ClosedRange<Interval>
    /// Share of datagrams lost, doubled and held back, each 0 to 1.
    public var loss: Double
    public var duplication: Double
    public var reordering: Double
    /// How long a datagram may be held back, so that later ones overtake it.
    public var longestHold: Interval

    public init(
        delay: ClosedRange<Interval> = .milliseconds(10)...(.milliseconds(10)), loss: Double = 0, duplication: Double = 0,
        reordering: Double = 0, longestHold: Interval = .milliseconds(80)
    ) {
        self.delay = delay
        self.loss = loss
        self.duplication = duplication
        self.reordering = reordering
        self.longestHold = longestHold
    }

    /// Longest time that a message can be on its way.
    public var longestDelay: Interval { delay.upperBound + (reordering > 0 ? longestHold : .zero) }
}

/// Decides the fate of every message from one seeded generator.
public struct VirtualNetwork {
    public var conditions: NetworkConditions
    private var generator: SeededGenerator
    /// When the last message that was not held back arrives, by path: what is not reordered stays in order.
    private var lastArrival: [Path: Instant] = [:]

    private struct Path: Hashable {
        var from: NetworkAddress
        var to: NetworkAddress
    }

    public init(conditions: NetworkConditions, seed: UInt64) {
        self.conditions = conditions
        generator = SeededGenerator(seed: seed)
    }

    /// When the message arrives: nowhere, once, or twice.
    public mutating func arrivals(
        from: NetworkAddress, to: NetworkAddress, transport: TransportKind, now: Instant
    ) -> (first: Instant?, second: Instant?) {
        guard !transport.isReliable else { return (inOrder(from: from, to: to, now: now), nil) }
        if generator.chance(conditions.loss) { return (nil, nil) }
        let first = arrival(from: from, to: to, now: now)
        return (first, generator.chance(conditions.duplication) ? arrival(from: from, to: to, now: now) : nil)
    }

    private mutating func arrival(from: NetworkAddress, to: NetworkAddress, now: Instant) -> Instant {
        if generator.chance(conditions.reordering) {
            return now + generator.interval(conditions.delay) + generator.interval(.zero...conditions.longestHold)
        }
        return inOrder(from: from, to: to, now: now)
    }

    private mutating func inOrder(from: NetworkAddress, to: NetworkAddress, now: Instant) -> Instant {
        let path = Path(from: from, to: to)
        let arrival = max(now + generator.interval(conditions.delay), lastArrival[path] ?? .zero)
        lastArrival[path] = arrival
        return arrival
    }
}
