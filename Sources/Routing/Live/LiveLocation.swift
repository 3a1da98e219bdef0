import Synchronization
import Vocabulary

/// One binding of a phone or of a gateway that registers here: where it is, and until when (RFC 3261, section 10).
///
/// With its texts at their bounds (`Limit`) it takes less than 2 KiB.
public struct LiveBinding: Sendable, Hashable {
    /// Longest texts kept, in bytes. A REGISTER with a longer Contact, Path, Call-ID or instance is
    /// refused; a longer User-Agent is cut.
    public enum Limit {
        public static let contact = 512
        public static let path = 384
        public static let callID = 256
        public static let instance = 128
        public static let userAgent = 128
    }

    /// The URI of its Contact, without brackets: the Request-URI of requests to it.
    public var contact: [UInt8]
    /// The way its REGISTER came: requests to it go back there.
    public var flow: Flow
    /// The Path that its REGISTER took, as it stood in the request (RFC 3327); empty: none.
    public var path: [UInt8] = []
    public var expiresAt: Instant
    /// Preference in thousandths, 0 to 1000 (RFC 3261, section 20.10).
    public var q: UInt16 = 1000
    /// Call-ID and CSeq of the REGISTER that was applied last: an older one of the same Call-ID is none of its successors.
    public var callID: [UInt8]
    public var cseq: UInt32
    /// `+sip.instance` between its quotes (RFC 5626, section 4.1); empty: none.
    public var instance: [UInt8] = []
    /// `reg-id` (RFC 5626, section 4.2); 0: none.
    public var flowNumber: UInt32 = 0
    /// Whether an address translator stands between: its Contact or Via names another place than its messages come from.
    public var isBehindNAT = false
    public var registeredAt: Moment
    public var updatedAt: Moment
    /// When a message of it last came, whatever it was.
    public var heardAt: Instant
    public var userAgent: [UInt8] = []

    public init(contact: [UInt8], flow: Flow, expiresAt: Instant, callID: [UInt8], cseq: UInt32, registeredAt: Moment) {
        self.contact = contact
        self.flow = flow
        self.expiresAt = expiresAt
        self.callID = callID
        self.cseq = cseq
        self.registeredAt = registeredAt
        updatedAt = registeredAt
        heardAt = registeredAt.instant
    }
}

/// Where one phone or gateway that registers here is. Written by the shard that keeps its registrations,
/// read by all.
public final class LiveLocation: Sendable {
    private let standing = Mutex<[LiveBinding]>([])
    /// The latest end of a binding, in nanoseconds of the monotonic clock; `Int64.min` without one.
    private let reachableUntil = Atomic<Int64>(.min)

    public init() {}

    /// Whether a binding stands.
    public func isReachable(now: Instant) -> Bool { reachableUntil.load(ordering: .relaxed) > now.nanoseconds }

    /// The binding to try first: of the highest preference the one that was renewed last (RFC 3261, section 16.6).
    public func best(now: Instant) -> LiveBinding? {
        guard isReachable(now: now) else { return nil }
        return standing.withLock { bindings in
            var best: Int?
            for index in bindings.indices where bindings[index].expiresAt > now {
                guard let known = best else {
                    best = index
                    continue
                }
                let (a, b) = (bindings[index], bindings[known])
                if (a.q, a.updatedAt.instant) > (b.q, b.updatedAt.instant) { best = index }
            }
            return best.map { bindings[$0] }
        }
    }

    /// The bindings that stand, in the order in which they were made.
    public func bindings(now: Instant) -> [LiveBinding] {
        standing.withLock { bindings in bindings.filter { $0.expiresAt > now } }
    }

    /// Whether a binding came from this source.
    public func isBound(from source: NetworkAddress, now: Instant) -> Bool {
        guard isReachable(now: now) else { return false }
        return standing.withLock { bindings in bindings.contains { $0.expiresAt > now && $0.flow.remote == source } }
    }

    /// Whether a binding came from this source and from no proxy behind which others may be (RFC 3327).
    public func isBoundDirectly(from source: NetworkAddress) -> Bool {
        standing.withLock { bindings in bindings.contains { $0.flow.remote == source && $0.path.isEmpty } }
    }

    /// A message came from there.
    public func heard(from source: NetworkAddress, at now: Instant) {
        guard isReachable(now: now) else { return }
        standing.withLock { bindings in
            for index in bindings.indices where bindings[index].flow.remote == source { bindings[index].heardAt = now }
        }
    }

    /// Changes the bindings, those included whose time is over. Called by the shard that keeps them.
    public func update<Result: Sendable>(_ body: (inout [LiveBinding]) -> Result) -> Result {
        standing.withLock { bindings in
            let result = body(&bindings)
            reachableUntil.store(bindings.reduce(.min) { max($0, $1.expiresAt.nanoseconds) }, ordering: .relaxed)
            return result
        }
    }
}
