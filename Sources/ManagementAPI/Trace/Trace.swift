import CallRecords
import Vocabulary

/// The messages of one call or one registration, in the order of time, ready to be shown.
public struct Trace: Hashable, Sendable {
    public enum Secrets: Sendable {
        /// Digest responses and the like are hidden.
        case masked
        /// For an administrator who asked for them.
        case shown
    }

    /// A message and what the view notes beside it.
    public struct Entry: Hashable, Sendable {
        public var message: TracedMessage
        /// The same bytes went the same way before.
        public var isRetransmission: Bool
    }

    /// What the trace is of: "call 0abc..." or "registration upstream-1".
    public let subject: String
    public let entries: [Entry]
    /// Whether there are more messages than were asked for.
    public let isCut: Bool
    /// Why messages are not kept at present; nil while they are.
    public let gap: String?
    public let secrets: Secrets

    public init(of subject: String, _ messages: [TracedMessage], isCut: Bool = false, gap: String? = nil, secrets: Secrets = .masked) {
        self.subject = subject
        self.isCut = isCut
        self.gap = gap
        self.secrets = secrets
        var seen: Set<Passage> = []
        entries = messages.map { message in
            let isNew = seen.insert(Passage(message)).inserted
            return Entry(message: secrets == .masked ? DigestMask.masked(message) : message, isRetransmission: !isNew)
        }
    }

    /// What makes a message the same as another: its bytes and its way.
    private struct Passage: Hashable {
        let direction: TraceEnvelope.Direction
        let remote: NetworkAddress
        let transport: TransportKind
        let bytes: [UInt8]

        init(_ message: TracedMessage) {
            direction = message.envelope.direction
            remote = message.envelope.remote
            transport = message.envelope.transport
            bytes = message.bytes
        }
    }
}
