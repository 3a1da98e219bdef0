import SIPMessages
import Vocabulary

/// A request of a peer and what came back.
public final class PeerClient {
    public let method: Method
    public let cseq: Int
    public let branch: String
    let bytes: [UInt8]
    let destination: NetworkAddress
    /// Whether it opens the call.
    let isInitial: Bool
    let hasOffer: Bool
    /// Different final statuses seen, in order; more than one is a fault of the switch.
    public internal(set) var finals: [Int] = []
    public internal(set) var provisionals: [Int] = []
    /// Final responses that the network lost.
    var lostFinals = 0
    /// Copies sent, and those of them that the network lost.
    var sentCopies = 0
    var lostCopies = 0
    /// Copies of the final response that arrived.
    var finalCopies = 0
    /// Given up: timer B or F fired.
    public internal(set) var isTimedOut = false
    var cancelIsWanted = false
    public internal(set) var cancelWasSent = false
    /// ACKs of 2xx by To tag, for repetition.
    var acks: [(tag: String, bytes: [UInt8])] = []
    var ignoredAnswers = 0
    /// Highest RSeq seen, by To tag.
    var reliableSeen: [(tag: String, rseq: Int)] = []
    var finalReceived: ((SeenMessage) -> Void)?

    init(
        method: Method, cseq: Int, branch: String, bytes: [UInt8], destination: NetworkAddress, isInitial: Bool = false, hasOffer: Bool = false
    ) {
        self.method = method
        self.cseq = cseq
        self.branch = branch
        self.bytes = bytes
        self.destination = destination
        self.isInitial = isInitial
        self.hasOffer = hasOffer
    }

    public var hasFinal: Bool { !finals.isEmpty }
    /// Whether it is still to be repeated.
    var isWaiting: Bool { !hasFinal && !isTimedOut && (method != .invite || provisionals.isEmpty) }
    /// Whether an INVITE of ours is open.
    var isPending: Bool { !hasFinal && !isTimedOut }
}

/// A request that came to a peer and what it answered.
public final class PeerServer {
    public let request: SeenMessage
    /// Via and Record-Route lines of the request, for its responses.
    let head: String
    public internal(set) var final: Int?
    /// 2xx responses, one for each fork that answered, and a failure; by To tag.
    var finals: [(tag: String, bytes: [UInt8])] = []
    var lastResponse: [UInt8] = []
    var acknowledgedTags: [String] = []
    public internal(set) var isAcknowledged = false
    /// Copies of the request that arrived.
    var copies = 1
    /// Reliable provisional responses sent and not yet acknowledged, by RSeq.
    var reliablePending: [Int] = []
    var lastRSeq = 0

    init(_ request: SeenMessage, head: String) {
        self.request = request
        self.head = head
    }
}
