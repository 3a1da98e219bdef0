import Routing
import Vocabulary

/// The last thing that showed that the peer of a leg was there.
public struct ProofOfLife: Hashable, Sendable {
    /// Raw values are stored: append only.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// The answer, or its acknowledgement.
        case answer = 1
        /// A request of the peer in the dialog.
        case request = 2
        /// A refresh of the session was answered.
        case refreshAnswered = 3
        /// An in-dialog OPTIONS was answered.
        case probeAnswered = 4
        /// Media came from it.
        case media = 5

        private static let names = CaseNames<Self>()
        public var name: String { Self.names[self] }

        /// For operators.
        public var text: String {
            switch self {
            case .answer: "the answer of the call"
            case .request: "a request"
            case .refreshAnswered: "an answered refresh of the session"
            case .probeAnswered: "an answered probe"
            case .media: "media"
            }
        }
    }

    public private(set) var kind: Kind
    public private(set) var at: Moment

    /// A leg begins with the answer.
    public init(_ kind: Kind, at: Moment) {
        self.kind = kind
        self.at = at
    }

    /// The peer showed life. A proof older than the last (a late report of the media path) changes nothing.
    public mutating func seen(_ kind: Kind, at moment: Moment) {
        guard moment.instant >= at.instant else { return }
        self.kind = kind
        at = moment
    }

    /// Until when a call is billed whose peer showed life last by this.
    public func billedUntil(_ policy: DeathBilling, detectedAt: Moment) -> Moment {
        switch policy {
        case .detection: detectedAt
        case .lastProofOfLife: at.instant < detectedAt.instant ? at : detectedAt
        }
    }

    /// How long nothing showed that the peer is there.
    public func silence(now: Instant) -> Interval { now < at.instant ? .zero : now - at.instant }
}

/// Why a peer counts as dead, with the evidence that the call's record carries.
public struct DeathEvidence: Hashable, Sendable {
    public enum Cause: Hashable, Sendable {
        /// It answered 481: it does not know the dialog.
        case dialogUnknown
        /// So many probes in a row had no answer, or 408 from a proxy on the way.
        case silent(probes: Int)
    }

    public var cause: Cause
    public var lastProof: ProofOfLife

    public init(cause: Cause, lastProof: ProofOfLife) {
        self.cause = cause
        self.lastProof = lastProof
    }

    public var text: String {
        let what =
            switch cause {
            case .dialogUnknown: "a probe was answered with 481: the peer does not know the call"
            case .silent(let probes): "\(probes) probe\(probes == 1 ? "" : "s") in a row without an answer"
            }
        return "\(what); the last proof of life was \(lastProof.kind.text)"
    }
}
