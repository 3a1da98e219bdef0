import CallRecords
import Routing
import Vocabulary

/// What a shard is made from.
public struct ShardConfiguration: Sendable {
    /// This shard's number, from 0, and how many there are (at most 32).
    public var index: Int
    public var count: Int
    /// The node's number, 0 to 31: with the shard it makes call identifiers unique.
    public var node: Int
    /// Secret randomness of this process, the same for all shards: seeds hash tables and minted identifiers.
    public var seed: UInt64
    /// In the order of the boot file; `Flow.listener` is an index into it.
    public var listeners: [ListenerDescription]
    /// Most calls at once on this shard; beyond it new calls get 503 with Retry-After.
    public var maximumCalls: Int
    /// Most transactions at once; beyond it a new request outside a call gets 503 with Retry-After and leaves nothing behind.
    public var maximumTransactions = 500_000
    public var switchConfiguration: SwitchConfiguration
    /// Calls that were up when the last process ended; each shard takes its own.
    public var openCalls: [OpenCall] = []
    /// The greatest identifier that the store has of any call, open or ended: new ones are greater, also when the wall
    /// clock was set back.
    public var lastCallIdentifier: CallIdentifier?
    /// What the last process kept of its registrations; each shard takes its own.
    public var registrations: [StoredRegistration] = []
    /// Where phones and gateways were registered with the last process; each shard takes its own.
    public var bindings: [StoredBindings] = []
    /// Names the monotonic clock: the same for every process of this machine until it is booted again; 0 when unknown.
    public var clockName: UInt64 = 0
    /// The installation's own secret, kept with its data: the Contacts of registrations are made from it.
    public var installationSecret: [UInt8] = []

    public init(
        index: Int = 0, count: Int = 1, node: Int = 0, seed: UInt64, listeners: [ListenerDescription],
        maximumCalls: Int = 100_000, switchConfiguration: SwitchConfiguration
    ) {
        self.index = index
        self.count = count
        self.node = node
        self.seed = seed
        self.listeners = listeners
        self.maximumCalls = maximumCalls
        self.switchConfiguration = switchConfiguration
    }
}

/// A call that the store kept as answered and not ended.
public struct OpenCall: Sendable {
    public var id: CallIdentifier
    public var state: [UInt8]

    public init(id: CallIdentifier, state: [UInt8]) {
        self.id = id
        self.state = state
    }
}

/// What other threads ask of a shard, by its mailbox. Replies are called on the shard's thread and must not block.
public enum ShardCommand: Sendable {
    case configure(SwitchConfiguration)
    case liveCalls(reply: @Sendable ([LiveCall]) -> Void)
    case hangUp(CallIdentifier, reply: @Sendable (Bool) -> Void)
    case statistics(reply: @Sendable (ShardStatistics) -> Void)
    /// Refuse new calls from now on (503 with Retry-After), or take them again.
    case refuseNewCalls(Bool)
    /// End every call with BYE or CANCEL; used when the process stops without handing calls over.
    case endAllCalls(EndReason)
    /// End the calls that are not answered yet: a process that stops cannot hand them to the next one.
    case endUnansweredCalls(EndReason)
    case registrations(reply: @Sendable ([RegistrationStatus]) -> Void)
    /// How the phones and gateways stand that register here.
    case phones(reply: @Sendable ([PhoneStatus]) -> Void)
    /// Withdraw every registration that may stand, for the stop; none begins afterwards.
    case withdrawRegistrations
    /// What the name servers said to a question of `Shard.questions`.
    case resolved(NextHop, Resolution)
    /// Another shard's registration changed (`Shard.announcements`).
    case upstreamChanged(RegistrationView)
}

/// Counts of one shard; what counts live objects is derived from them when asked.
public struct ShardStatistics: Sendable, Equatable {
    public var calls = 0
    public var answeredCalls = 0
    public var transactions = 0
    public var callsReceived: UInt64 = 0
    public var callsAnswered: UInt64 = 0
    public var callsRefused: UInt64 = 0
    public var messagesReceived: UInt64 = 0
    public var messagesSent: UInt64 = 0
    public var retransmissionsSent: UInt64 = 0
    public var malformedMessages: UInt64 = 0
    public var strayMessages: UInt64 = 0
    public var unrecognisedSources: UInt64 = 0
    public var oversizedDatagramsSent: UInt64 = 0
    /// Messages and calls that were refused, by cause.
    public var refusals = RefusalCounts()
    /// 0: takes everything; 1: refuses new calls for overload; 2: other requests outside calls too.
    public var overloadLevel = 0
    /// REGISTERs of phones and gateways that were carried out.
    public var registrations: UInt64 = 0
    /// Answers to challenges with a wrong user, password or response.
    public var authenticationFailures: UInt64 = 0
    /// Requests of sources that are barred for such answers.
    public var suspendedRequests: UInt64 = 0

    public init() {}
}
