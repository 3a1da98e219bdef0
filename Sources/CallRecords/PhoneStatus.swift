import Vocabulary

/// How one phone, or one gateway that registers here, stands now, for people.
public struct PhoneStatus: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable { case phone, mappingGateway, routingGateway }

    /// Where it is registered.
    public struct Place: Hashable, Sendable {
        public var contact: String
        /// Where its messages come from: "192.0.2.7:5060".
        public var source: String
        public var transport: TransportKind
        public var isBehindNAT: Bool
        public var since: WallTime
        public var updatedAt: WallTime
        public var expiresInSeconds: Int64
        public var userAgent: String

        public init(
            contact: String, source: String, transport: TransportKind, isBehindNAT: Bool, since: WallTime, updatedAt: WallTime,
            expiresInSeconds: Int64, userAgent: String
        ) {
            self.contact = contact
            self.source = source
            self.transport = transport
            self.isBehindNAT = isBehindNAT
            self.since = since
            self.updatedAt = updatedAt
            self.expiresInSeconds = expiresInSeconds
            self.userAgent = userAgent
        }
    }

    /// A host that failed too often to prove that it is this account, and for how long it is refused.
    public struct SuspendedSource: Hashable, Sendable {
        public var host: String
        public var secondsLeft: Int64

        public init(host: String, secondsLeft: Int64) {
            self.host = host
            self.secondsLeft = secondsLeft
        }
    }

    public var kind: Kind
    /// The phone's number, or the gateway's name.
    public var name: String
    /// The first is where calls go; empty: offline.
    public var places: [Place]
    public var suspendedSources: [SuspendedSource]

    public var isOnline: Bool { !places.isEmpty }

    public init(kind: Kind, name: String, places: [Place] = [], suspendedSources: [SuspendedSource] = []) {
        self.kind = kind
        self.name = name
        self.places = places
        self.suspendedSources = suspendedSources
    }
}
