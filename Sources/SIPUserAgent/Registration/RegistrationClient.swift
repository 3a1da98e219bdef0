import SIPMessages
import SIPTransactions
import Vocabulary

/// One outbound registration for its whole life: registering, refreshing, retrying, withdrawing
/// (RFC 3261, section 10.2). Messages, answers of name servers and deadlines go in; requests to send,
/// things to store and the next deadline come out.
public struct RegistrationClient {
    public private(set) var account: RegistrationAccount
    public internal(set) var identity: RegistrationIdentity
    public private(set) var state: RegistrationState
    /// When the present state began.
    public private(set) var since: Moment
    /// What the upstream holds, or may hold, of ours.
    public internal(set) var binding: RegistrationBinding?
    /// Whether it is to be held: begun, and neither withdrawn nor given up since.
    public private(set) var isWanted = false
    /// Whether the process before this one left the binding, and nothing was heard of it yet.
    public internal(set) var mayBeStale = false

    // What people see.
    /// Why the state is as it is.
    public internal(set) var reason = ""
    /// Status of the last final response; 0 before the first.
    public internal(set) var lastStatus = 0
    /// From the last REGISTER to its final response.
    public internal(set) var roundTrip = Interval.zero
    /// Seconds granted; 0 when nothing is.
    public internal(set) var granted = 0
    /// Failures since the last success.
    public internal(set) var failures = 0
    /// Contacts under our address-of-record that are not ours.
    public internal(set) var foreignContacts: [String] = []
    /// Routes that the registrar wants calls to take (RFC 3608), from the last 200.
    public internal(set) var serviceRoutes: [String] = []

    // The exchange that runs: one REGISTER with its repetitions for challenges, limits, further targets.
    var inFlight: Purpose?
    var sentAt = Instant.zero
    /// The end of the binding that the REGISTER under way may make, should its answer be lost.
    var possibleEnd: Instant?
    var digest: DigestClient
    /// Our Contact URI in the last REGISTER.
    public internal(set) var contactSent = ""
    /// Where the running exchange is.
    public internal(set) var target: Target?
    var untried: [Target] = []
    var hasResolved = false
    var redirections = 0
    var raises = 0
    /// Lifetime that the registrar demanded at least, in seconds.
    var demandedMinimum: Int?
    /// Whether the registrar supports RFC 5626.
    var supportsOutbound = false
    /// Credentials refused in a row.
    var refusals = 0
    var withdrawal: WithdrawalCause?
    /// When a withdrawal no longer waits for the answer of the REGISTER before it.
    var withdrawalDeadline = Instant.never
    var randomness: SecretSource
    /// How long one request is repeated before it counts as unanswered.
    public var resendTime: Interval

    enum Purpose: Equatable { case register, refresh, withdraw }

    /// Contacts of an exchange's redirections that are followed.
    static let maximumRedirections = 5
    /// 423 answers that are followed in one exchange.
    static let maximumRaises = 2
    /// Longest that a withdrawal waits for the REGISTER before it (RFC 3261, section 10.2: one at a time).
    static let withdrawalPatience = Interval.seconds(2)
    /// Shortest wait after refused credentials; it doubles up to `longestRefusalDelay`.
    static let refusalDelay = Interval.seconds(600)
    static let longestRefusalDelay = Interval.seconds(3600)
    /// Longest Retry-After that is obeyed.
    static let longestRetryAfter = Interval.seconds(86_400)

    public init(
        _ account: RegistrationAccount, identity: RegistrationIdentity, binding: RegistrationBinding? = nil, resendTime: Interval,
        randomness: SecretSource, now: Moment
    ) {
        self.account = account
        self.identity = identity
        self.binding = binding
        self.resendTime = resendTime
        self.randomness = randomness
        mayBeStale = binding.map { $0.until > now.instant } ?? false
        digest = DigestClient(username: account.authUser, password: account.password)
        state = .disabled
        since = now
    }

    /// When `handleTimeout` is due.
    public var nextDeadline: Instant {
        switch state {
        case .waitingToStart(let at), .registered(let at): at
        case .waitingToRetry(let at), .credentialsRefused(let at): isUsable ? min(at, binding?.until ?? .never) : at
        case .withdrawalFailed(let at): at
        case .withdrawing: withdrawalDeadline
        case .disabled, .resolving, .registering, .refreshing, .withdrawn: .never
        }
    }

    /// Whether the upstream may hold a binding of ours.
    public func mayBeBound(_ now: Instant) -> Bool { end(now) != nil }

    /// The latest end of what the upstream may hold; nil when it can hold nothing.
    public func end(_ now: Instant) -> Instant? {
        let latest = max(binding?.until ?? .zero, possibleEnd ?? .zero)
        return latest > now ? latest : nil
    }

    /// Whether calls may go out by it: the binding stands, and the credentials are not refused.
    public var isUsable: Bool {
        switch state {
        case .registered, .refreshing: true
        case .waitingToRetry, .resolving, .registering: binding?.isConfirmed ?? false
        case .disabled, .waitingToStart, .credentialsRefused, .withdrawing, .withdrawn, .withdrawalFailed: false
        }
    }

    /// Whether a REGISTER is under way.
    public var isSending: Bool { inFlight != nil }

    // MARK: - Orders

    /// Begins, after `delay` (many registrations start spread out).
    public mutating func start(after delay: Interval, _ actions: inout [RegistrationAction], now: Moment) {
        guard withdrawal == nil else { return }
        isWanted = true
        reason = ""
        enter(.waitingToStart(at: now.instant + delay), &actions, now: now)
    }

    /// Another period, password or privacy: in force from the next REGISTER, a corrected password at once.
    /// The account must have the same binding.
    public mutating func configure(_ next: RegistrationAccount, _ actions: inout [RegistrationAction], now: Moment) {
        let before = account
        account = next
        guard withdrawal != .stop else { return }
        isWanted = true
        let hasNewCredentials = before.authUser != next.authUser || before.password != next.password
        if hasNewCredentials {
            digest = DigestClient(username: next.authUser, password: next.password)
            refusals = 0
        }
        if before.period != next.period { demandedMinimum = nil }
        withdrawal = withdrawal == .disabled ? nil : withdrawal
        switch state {
        case .disabled, .withdrawn, .withdrawalFailed: start(after: .zero, &actions, now: now)
        case .credentialsRefused, .waitingToRetry: if hasNewCredentials || before != next { start(after: .zero, &actions, now: now) }
        case .registered where before.period != next.period || hasNewCredentials:
            enter(.registered(refreshAt: now.instant), &actions, now: now)
        case .waitingToStart, .resolving, .registering, .registered, .refreshing, .withdrawing: break
        }
    }

    /// Withdraws what may stand: REGISTER with our own Contact and expires 0, never `*`.
    public mutating func withdraw(_ cause: WithdrawalCause, _ actions: inout [RegistrationAction], now: Moment) {
        if withdrawal == .removed, cause == .disabled { return }
        withdrawal = cause
        isWanted = false
        if case .withdrawing = state { return }
        if let inFlight, inFlight != .withdraw {
            reason = "waiting for the answer to the REGISTER before"
            withdrawalDeadline = now.instant + RegistrationClient.withdrawalPatience
            enter(.withdrawing, &actions, now: now)
            return
        }
        sendWithdrawal(&actions, now: now)
    }

    /// Says what becomes of a registration that is not to be withdrawn upstream (`SS_SIP_USER_AGENT_SEND_UNREGISTER` Off).
    public mutating func abandon(_ cause: WithdrawalCause, _ actions: inout [RegistrationAction], now: Moment) {
        withdrawal = cause
        isWanted = false
        inFlight = nil
        reason = mayBeBound(now.instant) ? "not withdrawn: SS_SIP_USER_AGENT_SEND_UNREGISTER is Off" : ""
        if cause == .removed {
            actions.append(.finished)
        } else {
            withdrawal = nil
            enter(.disabled, &actions, now: now)
        }
    }

    // MARK: - Time and names

    public mutating func handleTimeout(_ actions: inout [RegistrationAction], now: Moment) {
        guard nextDeadline <= now.instant else { return }
        switch state {
        case .waitingToStart: begin(&actions, now: now)
        case .registered: begin(&actions, now: now)
        case .waitingToRetry(let at), .credentialsRefused(let at):
            if let binding, binding.until <= now.instant {
                self.binding = nil
                granted = 0
                actions.append(.changed)
            }
            if at <= now.instant { begin(&actions, now: now) }
        case .withdrawing, .withdrawalFailed: sendWithdrawal(&actions, now: now)
        case .disabled, .resolving, .registering, .refreshing, .withdrawn: break
        }
    }

    /// The name servers' answer to `resolve`.
    public mutating func resolved(_ hop: NextHop, _ resolution: Resolution, _ actions: inout [RegistrationAction], now: Moment) {
        guard case .resolving = state else { return }
        switch resolution {
        case .targets(let found, _):
            untried = found.filter { $0 != target }
            // A name that leads to the one address that failed just now is no other way.
            tryNextTarget(&actions, now: now, otherwise: reason.isEmpty ? "no other address of \(hop.host)" : reason)
        case .failed(let why, _): fail(why, &actions, now: now)
        }
    }

    /// Sending was impossible: nothing listens for that transport, or it failed, or no answer came in time.
    /// `mayHaveArrived`: whether the upstream may have got the request all the same, and made a binding.
    public mutating func requestFailed(
        _ why: String, mayHaveArrived: Bool = true, _ actions: inout [RegistrationAction], now: Moment
    ) {
        guard let purpose = inFlight else { return }
        inFlight = nil
        lastStatus = 0
        if mayHaveArrived { keepPossibleBinding() } else { possibleEnd = nil }
        if purpose == .withdraw { return withdrawalFailed(why, &actions, now: now) }
        if withdrawal != nil { return sendWithdrawal(&actions, now: now) }
        digest.forget()
        reason = why
        tryElsewhere(why, &actions, now: now)
    }

    // MARK: - Steps

    mutating func enter(_ next: RegistrationState, _ actions: inout [RegistrationAction], now: Moment) {
        if case .withdrawing = next {} else { withdrawalDeadline = .never }
        state = next
        since = now
        actions.append(.changed)
    }

    /// Begins an exchange: a refresh goes where the binding stands, another REGISTER by the proxy's name.
    private mutating func begin(_ actions: inout [RegistrationAction], now: Moment) {
        digest.beginExchange()
        (redirections, raises, hasResolved, untried) = (0, 0, false, [])
        if let binding, binding.isConfirmed {
            send(.refresh, to: binding.target, &actions, now: now)
        } else {
            target = nil
            resolve(account.proxy, &actions, now: now)
        }
    }

    mutating func resolve(_ hop: NextHop, _ actions: inout [RegistrationAction], now: Moment) {
        hasResolved = true
        if let only = hop.numericTarget {
            untried = only == target ? [] : [only]
            tryNextTarget(&actions, now: now, otherwise: reason)
            return
        }
        enter(.resolving, &actions, now: now)
        actions.append(.resolve(hop))
    }

    /// This target failed: the next address, of the proxy's name looked up anew where it was not yet (RFC 3263, section 4.3).
    mutating func tryElsewhere(_ why: String, retryAfter: Interval? = nil, _ actions: inout [RegistrationAction], now: Moment) {
        if !hasResolved, retryAfter == nil || account.proxy.numericTarget == nil {
            resolve(account.proxy, &actions, now: now)
            return
        }
        tryNextTarget(&actions, now: now, otherwise: why, retryAfter: retryAfter)
    }

    private mutating func tryNextTarget(
        _ actions: inout [RegistrationAction], now: Moment, otherwise why: String, retryAfter: Interval? = nil
    ) {
        guard !untried.isEmpty else { return fail(why, retryAfter: retryAfter, &actions, now: now) }
        send(binding?.isConfirmed ?? false ? .refresh : .register, to: untried.removeFirst(), &actions, now: now)
    }

    mutating func send(_ purpose: Purpose, to next: Target, _ actions: inout [RegistrationAction], now: Moment) {
        target = next
        inFlight = purpose
        sentAt = now.instant
        if purpose != .withdraw {
            possibleEnd = max(possibleEnd ?? .zero, now.instant + resendTime + .seconds(Int64(lifetimeToAsk)))
        }
        let wanted: RegistrationState = purpose == .withdraw ? .withdrawing : purpose == .refresh ? .refreshing : .registering
        if state != wanted { enter(wanted, &actions, now: now) }
        identity.cseq += 1
        let isNewUpstream = purpose != .withdraw && binding?.target != next
        if identity.cseq > identity.cseqBound || isNewUpstream {
            if identity.cseq > identity.cseqBound { identity.cseqBound = identity.cseq + RegistrationIdentity.reserved }
            actions.append(.storeThenSend(next))
        } else {
            actions.append(.send(next))
        }
    }

    /// What a lost answer may have made is kept as a binding until it would have ended.
    mutating func keepPossibleBinding() {
        guard let end = possibleEnd, let target else { return }
        possibleEnd = nil
        if let standing = binding, standing.target == target {
            binding?.until = max(standing.until, end)
        } else if !(binding?.isConfirmed ?? false) {
            binding = RegistrationBinding(target: target, contact: contactSent, until: end, isConfirmed: false)
        }
    }

    /// Seconds to ask for: the period or the proposal, and not below what the registrar demanded.
    var lifetimeToAsk: Int { max(account.period ?? RegistrationAccount.proposal, demandedMinimum ?? 0) }

    /// The try is over. The next comes after the retry delay, or after what the upstream asked for.
    mutating func fail(_ why: String, retryAfter: Interval? = nil, _ actions: inout [RegistrationAction], now: Moment) {
        inFlight = nil
        if withdrawal != nil { return sendWithdrawal(&actions, now: now) }
        failures += 1
        var delay = account.retryDelay
        if let ceiling = account.retryDelayMaximum {
            for _ in 1..<max(1, min(failures, 20)) { delay = min(max(ceiling, account.retryDelay), delay * 2) }
        }
        if let retryAfter { delay = max(delay, min(retryAfter, RegistrationClient.longestRetryAfter)) }
        reason = why
        enter(.waitingToRetry(at: now.instant + jittered(delay)), &actions, now: now)
    }

    /// User or password are refused: tried again slowly, so that a wrong password never hammers.
    mutating func refuseCredentials(_ why: String, _ actions: inout [RegistrationAction], now: Moment) {
        inFlight = nil
        if withdrawal != nil { return sendWithdrawal(&actions, now: now) }
        failures += 1
        refusals += 1
        digest.forget()
        var delay = max(RegistrationClient.refusalDelay, account.retryDelay)
        for _ in 1..<min(refusals, 4) { delay = min(RegistrationClient.longestRefusalDelay, delay * 2) }
        reason = why
        enter(.credentialsRefused(nextTryAt: now.instant + jittered(delay)), &actions, now: now)
    }

    /// Up to a tenth more, by chance.
    mutating func jittered(_ delay: Interval) -> Interval {
        let tenth = UInt64(max(1, delay.nanoseconds / 10))
        return Interval(nanoseconds: delay.nanoseconds + Int64(randomness.next() % tenth))
    }
}
