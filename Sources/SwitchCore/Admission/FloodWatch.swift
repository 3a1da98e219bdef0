import Vocabulary

/// What an operator is told of refusals: few lines, each for many messages.
public enum ProtectionNotice: Sendable, Hashable {
    /// A source, or many at once (nil), sends what is refused; `isOver` when it has stopped.
    case flood(Flood, isOver: Bool)
    /// The shard refuses new calls, or other requests too, or takes everything again.
    case overload(refusesCalls: Bool, refusesRequests: Bool, lagMilliseconds: Int64)
}

/// Messages that one source sent and that were refused.
public struct Flood: Sendable, Hashable {
    /// Nil: many sources, each with too little to be named.
    public var source: NetworkAddress?
    /// Why the first of them was refused.
    public var cause: RefusalCause
    public var since: WallTime
    public var count: UInt64
}

/// Who sends what is refused, how much, and since when, in a table of fixed size.
///
/// A source stands in the one place that its hash names. Another one that comes there weakens it and takes
/// its place once it is outnumbered, so that those who send most stay and a million addresses that send one
/// message each leave no trace but the count of many. A source is told of when `worthTelling` of its messages
/// were refused, then every `reportInterval` while it goes on, and when it has been quiet for that long; at
/// most `noticesPerMinute` altogether.
struct FloodWatch: ~Copyable {
    static let places = 128
    static let worthTelling: UInt64 = 100
    static let reportInterval = Interval.seconds(60)
    static let noticesPerMinute = 10
    /// A source's lead over others of its place, at most.
    private static let mostLead: UInt32 = 10_000

    private struct Place {
        var flood: Flood
        var last: Instant
        var toldAt: Instant?
        var lead: UInt32
    }

    private var entries: UnsafeMutablePointer<Place?>
    private var many: Place?
    private var budget = RateClock()
    /// Notices for the shell, which takes them after every batch.
    var notices: [ProtectionNotice] = []
    /// When `handleTimeouts` is due; `.never` while nobody was told of.
    private(set) var nextDeadline = Instant.never

    init() {
        entries = .allocate(capacity: FloodWatch.places)
        entries.initialize(repeating: nil, count: FloodWatch.places)
    }

    deinit {
        entries.deinitialize(count: FloodWatch.places)
        entries.deallocate()
    }

    /// A message of this source was refused; `hash` is a seeded hash of it.
    mutating func refused(_ source: NetworkAddress, hash: UInt64, _ cause: RefusalCause, at now: Moment) {
        let index = Int(truncatingIfNeeded: hash >> 16) % FloodWatch.places
        if var place = entries[index] {
            if place.flood.source?.hasSameHost(as: source) == true {
                place.flood.count += 1
                place.lead = min(place.lead + 1, FloodWatch.mostLead)
                place.last = now.instant
                entries[index] = place
                tell(index, at: now.instant)
                return
            }
            countMany(cause, at: now)
            if place.lead > 1, now.instant - place.last < FloodWatch.reportInterval {
                entries[index]?.lead -= 1
                return
            }
        }
        let flood = Flood(source: source.host, cause: cause, since: now.wall, count: 1)
        entries[index] = Place(flood: flood, last: now.instant, toldAt: nil, lead: 1)
    }

    /// Sources that share a place with another are counted together.
    private mutating func countMany(_ cause: RefusalCause, at now: Moment) {
        var place = many ?? Place(flood: Flood(source: nil, cause: cause, since: now.wall, count: 0), last: now.instant, toldAt: nil, lead: 1)
        place.flood.count += 1
        place.last = now.instant
        if FloodWatch.isDue(place, at: now.instant), say(place.flood, isOver: false, at: now.instant) { place.toldAt = now.instant }
        many = place
    }

    private mutating func tell(_ index: Int, at now: Instant) {
        guard let place = entries[index], FloodWatch.isDue(place, at: now) else { return }
        if say(place.flood, isOver: false, at: now) { entries[index]?.toldAt = now }
    }

    private static func isDue(_ place: Place, at now: Instant) -> Bool {
        guard place.flood.count >= worthTelling else { return false }
        return place.toldAt.map { now - $0 >= reportInterval } ?? true
    }

    private mutating func say(_ flood: Flood, isOver: Bool, at now: Instant) -> Bool {
        let limit = RateLimit(burst: FloodWatch.noticesPerMinute, in: .seconds(60))
        guard budget.take(limit, at: now) else { return false }
        notices.append(.flood(flood, isOver: isOver))
        nextDeadline = min(nextDeadline, now + FloodWatch.reportInterval)
        return true
    }

    /// Tells of floods that are over, and forgets them.
    mutating func handleTimeouts(at now: Instant) {
        guard now >= nextDeadline else { return }
        nextDeadline = .never
        for index in 0..<FloodWatch.places { entries[index] = settled(entries[index], at: now) }
        many = settled(many, at: now)
    }

    /// What is left of a place; nil when its flood is over.
    private mutating func settled(_ place: Place?, at now: Instant) -> Place? {
        guard let place, place.toldAt != nil else { return place }
        guard now - place.last >= FloodWatch.reportInterval else {
            nextDeadline = min(nextDeadline, place.last + FloodWatch.reportInterval)
            return place
        }
        notices.append(.flood(place.flood, isOver: true))
        return nil
    }
}
