import CallControl
import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

/// One shard of the switch: messages, timers, commits and commands go in with the time; messages to
/// send and records to store come out. It owns its calls whole, shares nothing, and is used by one thread.
public struct Shard: ~Copyable {
    let settings: ShardConfiguration
    let endpoints: LocalEndpoints
    /// The snapshot for what begins now.
    var configuration: SwitchConfiguration
    var parser = MessageParser()
    var transactions: TransactionLayer
    var calls = Slab<CallEntry>()
    var legs = Slab<Leg>()
    /// Legs restored after a restart: their tags name slots of the process before.
    var restoredLegs = HashIndex()
    /// Those of callers, by Call-ID and From tag of the INVITE that opened them.
    var restoredCallers = HashIndex()
    /// Outbound registrations that this shard keeps.
    var registrations = Slab<RegistrationEntry>()
    /// Those that are configured, by the name of their object.
    var registrationKeys: [String: SlabKey] = [:]
    var registrationActions: [RegistrationAction] = []
    var registrationsAwaitingCommit = CommitQueue()
    /// Which registrations wait for a name to be looked up.
    var awaitingNames: [NextHop: [SlabKey]] = [:]
    /// Routing gateways that this shard watches, and those that wait for a name to be looked up.
    var watches = Slab<GatewayWatchEntry>()
    var watchesAwaitingNames: [NextHop: [SlabKey]] = [:]
    let naming: RegistrationNaming
    /// Phones and gateways that are registered here and whose bindings this shard keeps, and their keys by user name.
    var boundAccounts = Slab<BoundAccount>()
    var boundAccountKeys: [String: SlabKey] = [:]
    var keepAlive = KeepAliveRound()
    let nonceSigner: NonceSigner
    var digestServer: DigestServer
    var registrarRules: RegistrarRules
    var dateClock = SIPDateClock()
    /// What calls need to know of the registrations of all shards, by name.
    var upstreams: [String: RegistrationView] = [:]
    /// The user part of each registration's Contact, and the registration of each.
    var contactUsers: [String: String] = [:]
    var registrationsByContact: [String: String] = [:]
    /// Hosts of upstreams: they may ask with OPTIONS whether we are there.
    var upstreamHosts: Set<NetworkAddress> = []
    /// Credentials that upstreams accepted for calls, by the registration's name, to be sent ahead.
    var callCredentials: [String: DigestClient] = [:]
    /// Legs that speak for an account.
    var legAccounts: [SlabKey: LegAccount] = [:]
    var wheel: TimerWheel
    var mint: CallIdentifier.Mint
    var secrets: SecretSource
    /// Answers that wait for their commit, in the order of the store's commands.
    var awaitingCommit = CommitQueue()
    /// Ends that the switch decided and that wait for their commit, in the same order.
    var endsAwaitingCommit = CommitQueue()
    /// 200s to BYEs that wait for the record of the call.
    var heldByeAnswers = HeldByeAnswers()
    /// Asked for by the machine at work, done before the event ends.
    var actions: [CallAction] = []
    /// Reused from call to call.
    var decision = CallDecision()
    var decisionText = DecisionText()
    var numbersSent = NumbersSent()
    var refusesNewCalls = false
    /// Set while the store reports that it cannot commit.
    var storeIsFailing = false
    var counters = ShardStatistics()
    /// What is let in, by its source; what is refused is counted and watched.
    var admission: AdmissionGate
    var scannerSigns = ScannerSigns([])
    var overload: OverloadControl
    var floods = FloodWatch()

    /// Whether the last message came from nobody we know, answers nothing of ours, or is no SIP: the shell
    /// keeps no trace of it, nor of what it was answered.
    public internal(set) var lastMessageWasForeign = false
    /// Messages to send; the shell empties it after every batch of inputs.
    public var outbox = Outbox()
    /// Commands for the store; the shell takes the bytes after every batch of inputs.
    public var records = RecordStream()
    /// Names to look up, each asked once until `ShardCommand.resolved` answers; the shell takes them after every batch.
    public var questions: [NextHop] = []
    /// Registrations that went into another state; the shell takes them after every batch.
    public var notices: [RegistrationEvent] = []
    /// What the other shards are to be told by `ShardCommand.upstreamChanged`; the shell takes them after every batch.
    public var announcements: [RegistrationView] = []

    public init(_ configuration: ShardConfiguration, now: Instant) {
        settings = configuration
        endpoints = LocalEndpoints(configuration.listeners)
        self.configuration = configuration.switchConfiguration
        transactions = TransactionLayer(
            shard: configuration.index, seed: configuration.seed, timing: Shard.timing(configuration.switchConfiguration), now: now)
        wheel = TimerWheel(now: now)
        mint = CallIdentifier.Mint(origin: configuration.node << 5 | configuration.index)
        if let last = configuration.lastCallIdentifier { mint.skip(past: last) }
        secrets = SecretSource(seed: configuration.seed, stream: 1_000 + UInt64(configuration.index))
        naming = RegistrationNaming(secret: configuration.installationSecret)
        let protection = configuration.switchConfiguration.protectionSettings
        admission = AdmissionGate(protection, shards: configuration.count, seed: configuration.seed)
        overload = OverloadControl(threshold: protection.overloadLag)
        nonceSigner = NonceSigner(secret: configuration.installationSecret)
        digestServer = DigestServer(
            DigestServer.Settings(configuration.switchConfiguration.endpointSettings), signer: nonceSigner)
        registrarRules = RegistrarRules(configuration.switchConfiguration.endpointSettings)
        protectionConfigured()
        nameRegistrations()
    }

    static func timing(_ configuration: SwitchConfiguration) -> TransactionTiming {
        TransactionTiming(resendIntervals: configuration.parameters.intervals(.resendInterval))
    }

    // MARK: - Inputs

    /// One datagram or one framed stream message; the bytes are used during the call only.
    public mutating func messageReceived(_ bytes: UnsafeMutableRawBufferPointer, from flow: Flow, at now: Moment) {
        counters.messagesReceived += 1
        let framing: MessageParser.Framing = flow.transport.isReliable ? .stream : .datagram
        guard let message = parser.parse(Bytes(UnsafeRawBufferPointer(bytes)), framing: framing) else {
            lastMessageWasForeign = true
            return
        }
        lastMessageWasForeign = false
        let essentials: Essentials
        do {
            essentials = try Essentials(message)
        } catch {
            malformed(message, error, from: flow)
            return
        }
        if message.isRequest {
            requestReceived(message, essentials, from: flow, now: now)
        } else {
            responseReceived(message, essentials, now: now)
        }
        takeEvents(now: now)
    }

    /// Runs every timer that is due.
    public mutating func handleTimeouts(at now: Moment) {
        transactions.handleTimeouts(now: now.instant, outbox: &outbox)
        takeEvents(now: now)
        releaseDueByeAnswers(now: now)
        floods.handleTimeouts(at: now.instant)
        while let token = wheel.popExpired(now: now.instant) {
            switch Shard.decodeTimer(token) {
            case .call(let key): callTimedOut(key, now: now)
            case .leg(let key): legTimedOut(key, now: now)
            case .registration(let key): registrationTimedOut(key, now: now)
            case .watch(let key): watchTimedOut(key, now: now)
            case .account(let key): accountTimedOut(key, now: now)
            case .keepAlive: keepAliveTimedOut(now: now)
            }
        }
        takeEvents(now: now)
    }

    /// Sending to this peer failed (ICMP error, connection refused or lost).
    public mutating func transportFailed(_ flow: Flow, at now: Moment) {
        transactions.transportFailed(flow, outbox: &outbox)
        if flow.transport.isReliable { connectionEnded(flow, now: now) }
        takeEvents(now: now)
    }

    /// When `handleTimeouts` is due next; perhaps early, never late.
    public var nextDeadline: Instant {
        min(transactions.nextDeadline, wheel.nextDeadline, heldByeAnswers.nextDeadline, floods.nextDeadline)
    }

    // MARK: - Steering

    /// Which shard a message belongs to, by a look at one header field: our branch in a response, the
    /// Call-ID in a request (one of ours names its shard, another is hashed), the user name in To of a REGISTER.
    public static func owner(of message: Bytes, count: Int) -> Int {
        if message.starts(with: "SIP/2.0 ") {
            guard let cookie = find(Via.magicCookie, in: message) else { return 0 }
            let shard = MintedToken.shard(of: message.from(cookie + Via.magicCookie.utf8CodeUnitCount)) ?? 0
            return shard < count ? shard : 0
        }
        if message.starts(with: "REGISTER "), let user = userRegistered(by: message) { return registrarShard(of: user, count: count) }
        guard let callID = callID(of: message) else { return 0 }
        if callID.count == MintedToken.length, let shard = MintedToken.shard(of: callID), shard < count { return shard }
        return Int(callID.hash(seed: 0) % UInt64(count))
    }

    /// The token of the first branch of ours in a message; nil without one.
    static func ownBranch(of message: Bytes) -> MintedToken? {
        find(Via.magicCookie, in: message).flatMap { MintedToken(message.from($0 + Via.magicCookie.utf8CodeUnitCount)) }
    }

    private static func find(_ literal: StaticString, in message: Bytes) -> Int? {
        var i = 0
        let first = Bytes(literal)[0]
        while let at = message.firstIndex(of: first, from: i) {
            if message.from(at).starts(with: literal) { return at }
            i = at + 1
        }
        return nil
    }

    /// The user part of To, as the registrar reads it.
    private static func userRegistered(by message: Bytes) -> Bytes? {
        var position = 0
        while let end = message.firstIndex(of: 0x0A, from: position) {
            let line = message[position..<end]
            if line.startsIgnoringCase(with: "t"), let colon = line.firstIndex(of: UInt8(ascii: ":")),
                HeaderName(line.upTo(colon).trimmed) == .to
            {
                guard let to = NameAddress(line.from(colon + 1).trimmed), let uri = URI(to.uri), !uri.number.isEmpty else { return nil }
                return uri.number
            }
            if line.trimmed.isEmpty, position > 4 { return nil }
            position = end + 1
        }
        return nil
    }

    private static func callID(of message: Bytes) -> Bytes? {
        var position = 0
        while let end = message.firstIndex(of: 0x0A, from: position) {
            let line = message[position..<end]
            if line.startsIgnoringCase(with: "call-id") || line.startsIgnoringCase(with: "i") {
                if let colon = line.firstIndex(of: UInt8(ascii: ":")), HeaderName(line.upTo(colon).trimmed) == .callID {
                    return line.from(colon + 1).trimmed
                }
            }
            if line.trimmed.isEmpty, position > 4 { return nil }
            position = end + 1
        }
        return nil
    }
}

/// A call with what the shard keeps beside it.
struct CallEntry: ~Copyable {
    var call: Call
    /// What every INVITE of this call ends with: passed header fields and body. Freed at the answer.
    var inviteTail = OwnedBytes()
    /// Where its body with the fields that describe it begins.
    var inviteBodyOffset = 0
    var inviteBody: Bytes { inviteTail.bytes.from(min(inviteBodyOffset, inviteTail.bytes.count)) }
    /// What the caller said about himself, for the INVITEs that go out.
    var identity = CallerIdentity()
    /// The caller's number as the running attempt sends it, and where to.
    var sending: (caller: StoredBytes, destination: CallDestination) = (.none, .routingGateway(-1))
    /// Decides what dial plans and pools leave to chance.
    let random: UInt64
    /// Attempts whose outcome the gateways' answer ratios know.
    var judgedAttempts = 0
    /// The channels that the call holds: its caller's, and those of the running or answered attempt.
    var callerPlaces: CallerPlaces
    var calleePlaces = CalleePlaces()

    init(call: consuming Call, random: UInt64 = 0, places: consuming CallerPlaces = CallerPlaces()) {
        self.call = call
        self.random = random
        callerPlaces = places
    }
}

/// What counts a call at its caller's side, as long as it is kept.
struct CallerPlaces: ~Copyable {
    var seats: Seats?
    var concurrentCall: ConcurrentCallSeat?
}

/// What counts a call at the gateway or phone that it is tried at, as long as it is kept.
struct CalleePlaces: ~Copyable {
    var seats: Seats?
    var poolNumber: CallerPoolSeat?
}

/// Calls whose answer or end is being stored, in the order of the store's commands.
struct CommitQueue {
    private var entries: [(sequence: UInt64, call: SlabKey)] = []
    private var head = 0

    mutating func append(_ sequence: UInt64, _ call: SlabKey) { entries.append((sequence, call)) }

    /// The next call whose command is at or below `sequence`.
    mutating func pop(through sequence: UInt64) -> SlabKey? {
        guard head < entries.count, entries[head].sequence <= sequence else { return nil }
        let call = entries[head].call
        head += 1
        if head == entries.count || head > 4_096 {
            entries.removeFirst(head)
            head = 0
        }
        return call
    }
}
