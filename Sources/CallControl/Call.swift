import CallRecords
import Containers
import Routing
import Vocabulary

/// One call from the caller's INVITE to its record: which gateway is tried, when the answer is passed,
/// who ended it and why. It knows no SIP syntax; legs and messages are the shard's.
public struct Call: ~Copyable {
    public enum Phase: Sendable, Equatable {
        /// Gateways are being tried. Can transition to: recording, over.
        case trying
        /// A gateway answered; the answer is being stored and not yet passed. Can transition to: answered, over.
        case recording
        /// The answer was passed; the ACK is awaited. Can transition to: connected, over.
        case answered
        /// The caller acknowledged. Can transition to: over.
        case connected
        /// Ended; the record is written.
        case over
    }

    public let id: CallIdentifier
    public let configuration: SwitchConfiguration
    /// Index into the configuration's mapping gateways.
    public let mappingGateway: Int
    public let sourceRule: SourceTable.Rule
    public let source: NetworkAddress
    public let callerLeg: SlabKey
    /// Numbers and Call-IDs for the record.
    public var texts: ByteStore
    public let callerNumber: StoredBytes
    public let calleeNumber: StoredBytes
    public let callerCallID: StoredBytes

    public private(set) var phase = Phase.trying
    public private(set) var candidates: [Candidate]
    public private(set) var attempts: [Attempt] = []
    private var nextCandidate = 0
    /// Whether an attempt is running; it is the last in `attempts`.
    private var isAttempting = false

    public let receivedAt: Moment
    public private(set) var firstProvisionalAt = WallTime.unset
    public private(set) var ringingAt: Moment?
    public private(set) var answeredAt: Moment?
    public private(set) var endedAt: Moment?
    public private(set) var callerStatus = 0
    public private(set) var endReason = EndReason.internalFault
    public private(set) var endedBy = CallParty.server
    /// Q.850 cause that a party gave in a Reason header field.
    public var reportedCause: Int?

    /// The rule of the answered call and its limit; nil before the answer.
    public var limits: CallLimits?
    /// What showed that the call was over, for the record; mostly empty.
    public private(set) var endNote = StoredBytes.none
    /// When the running attempt's stage ends.
    private var stageDeadline = Instant.never
    /// When the caller's own limit for the set-up ends (Expires of the INVITE).
    private let setupDeadline: Instant
    /// Number of the store's command that records the answer; 0 before it is given.
    public var answerSequence: UInt64 = 0
    /// When that command was given.
    public var answerWrittenAt = Instant.zero
    /// Names and decision of a call restored after a restart, whose configuration may have changed since.
    public private(set) var stored: (mappingGateway: StoredBytes, routingGateway: StoredBytes, decision: StoredBytes)?
    /// The call's timer in the shard's wheel, and when it fires.
    public var timer = TimerHandle.none
    public var timerDeadline = Instant.never

    public init(
        id: CallIdentifier, configuration: SwitchConfiguration, mappingGateway: Int, sourceRule: SourceTable.Rule, source: NetworkAddress,
        callerLeg: SlabKey, callerNumber: Bytes, calleeNumber: Bytes, callID: Bytes, candidates: [Candidate], setupLimit: Interval?,
        now: Moment
    ) {
        self.id = id
        self.configuration = configuration
        self.mappingGateway = mappingGateway
        self.sourceRule = sourceRule
        self.source = source
        self.callerLeg = callerLeg
        self.candidates = candidates
        self.receivedAt = now
        setupDeadline = setupLimit.map { now.instant + $0 } ?? .never
        texts = ByteStore()
        self.callerNumber = texts.store(callerNumber)
        self.calleeNumber = texts.store(calleeNumber)
        callerCallID = texts.store(callID)
    }

    /// A call that was up when the process ended, as it was stored.
    public init(restoring stored: RestoredCall, configuration: SwitchConfiguration, callerLeg: SlabKey, calleeLeg: SlabKey) {
        id = stored.id
        self.configuration = configuration
        mappingGateway = -1
        sourceRule = .address
        source = stored.source
        self.callerLeg = callerLeg
        candidates = []
        receivedAt = stored.receivedAt
        setupDeadline = .never
        texts = ByteStore()
        callerNumber = texts.store(stored.callerNumber)
        calleeNumber = texts.store(stored.calleeNumber)
        callerCallID = texts.store(stored.callerCallID)
        phase = .connected
        firstProvisionalAt = stored.firstProvisionalAt
        ringingAt = stored.ringingAt
        answeredAt = stored.answeredAt
        callerStatus = 200
        answerSequence = 0
        limits = stored.limits
        var attempt = Attempt(
            gateway: -1, address: stored.gatewayAddress, leg: calleeLeg, callID: texts.store(stored.calleeCallID),
            calleeSent: texts.store(stored.calleeSent), startedAt: stored.attemptStartedAt)
        attempt.firstProvisionalAt = stored.firstProvisionalAt
        attempt.ringingAt = stored.ringingAt?.wall ?? .unset
        attempt.answeredAt = stored.answeredAt.wall
        attempt.status = 200
        attempt.outcome = .answered
        attempts = [attempt]
        isAttempting = true
        self.stored = (texts.store(stored.mappingGatewayName), texts.store(stored.routingGatewayName), texts.store(stored.decision))
    }

    /// The callee's leg of the running or answered attempt.
    public var calleeLeg: SlabKey? { isAttempting ? attempts[attempts.count - 1].leg : nil }
    public var isOver: Bool { phase == .over }
    /// Whether the answer was passed and the call is not over.
    public var isAnswered: Bool { phase == .answered || phase == .connected }
    public var nextDeadline: Instant {
        switch phase {
        case .trying: min(stageDeadline, setupDeadline)
        case .answered, .connected: limits?.nextDeadline ?? .never
        case .recording, .over: .never
        }
    }

    // MARK: - Set-up

    /// The call was taken: the first gateway is tried.
    public mutating func begin(_ actions: inout [CallAction], now: Moment) {
        tryNext(&actions, now: now) { .refuse(404, .noRoute) }
    }

    /// The shard sent the INVITE that `startAttempt` asked for.
    public mutating func attemptStarted(_ attempt: Attempt, now: Moment) {
        attempts.append(attempt)
        isAttempting = true
        stageDeadline = now.instant + configuration.callSettings.inviteTimeout
    }

    /// `startAttempt` could not be carried out: no way to that address.
    public mutating func attemptImpossible(_ attempt: Attempt, _ actions: inout [CallAction], now: Moment) {
        attempts.append(attempt)
        isAttempting = true
        endAttempt(.unreachable, status: 0, now: now)
        tryNext(&actions, now: now) { .refuse(503, .gatewayUnreachable) }
    }

    /// `startAttempt` named a gateway that cannot be used now: the next one is tried, and the reason kept.
    public mutating func gatewayUnusable(
        _ candidate: Int, _ verdict: Candidate.Verdict, why: String, _ actions: inout [CallAction], now: Moment
    ) {
        candidates[candidate].verdict = verdict
        if !why.isEmpty { candidates[candidate].why = why.withBytes { texts.store($0) } }
        tryNext(&actions, now: now) { .refuse(503, .gatewayUnreachable) }
    }

    /// `hasMedia`: the response carries a session description.
    public mutating func provisionalReceived(status: Int, hasMedia: Bool, on leg: SlabKey, _ actions: inout [CallAction], now: Moment) {
        guard phase == .trying, leg == calleeLeg else { return }
        let last = attempts.count - 1
        if !attempts[last].firstProvisionalAt.isSet { attempts[last].firstProvisionalAt = now.wall }
        if !firstProvisionalAt.isSet { firstProvisionalAt = now.wall }
        if status == 180 || hasMedia {
            if !attempts[last].ringingAt.isSet { attempts[last].ringingAt = now.wall }
            if ringingAt == nil { ringingAt = now }
        }
        let stage = attempts[last].stage.after(status: status, hasMedia: hasMedia)
        // A stage's timer runs from its beginning: ringing that is announced again may not ring longer.
        // Only while nothing is heard yet, each further word counts.
        if stage != attempts[last].stage || (stage == .progress && status > 100) {
            attempts[last].stage = stage
            stageDeadline = now.instant + length(of: stage)
        }
        if status > 100 { actions.append(.passProvisional) }
    }

    public mutating func answerReceived(status: Int, on leg: SlabKey, _ actions: inout [CallAction], now: Moment) {
        guard phase == .trying, leg == calleeLeg else { return }
        let last = attempts.count - 1
        attempts[last].answeredAt = now.wall
        attempts[last].status = status
        attempts[last].outcome = .answered
        candidates.mark(attempts[last].gateway, .answered)
        phase = .recording
        actions.append(.recordAnswer)
    }

    public mutating func refusalReceived(status: Int, on leg: SlabKey, _ actions: inout [CallAction], now: Moment) {
        guard phase == .trying, leg == calleeLeg else { return }
        endAttempt(.refused, status: status, now: now)
        // 6xx speaks for every destination of that number (RFC 3261, section 21.6).
        if status >= 600 { nextCandidate = candidates.count }
        tryNext(&actions, now: now) { .pass(EndReason.ofFinalStatus(status), status) }
    }

    /// The gateway answered with a redirection that may be followed: its target is tried next.
    public mutating func redirected(
        status: Int, to target: NetworkAddress, number: Bytes, on leg: SlabKey, _ actions: inout [CallAction], now: Moment
    ) {
        guard phase == .trying, leg == calleeLeg else { return }
        let gateway = attempts[attempts.count - 1].gateway
        let tried = nextCandidate - 1
        candidates[tried].verdict = .redirected
        endAttempt(.refused, status: status, now: now)
        if candidates.count(where: { $0.redirection != nil }) < Call.maximumRedirections {
            var candidate = Candidate(gateway: gateway, prefixLength: candidates[tried].prefixLength)
            candidate.redirection = target
            candidate.redirectedNumber = texts.store(number)
            candidates.insert(candidate, at: nextCandidate)
        }
        tryNext(&actions, now: now) { .pass(.redirected, status) }
    }

    /// Redirections followed in one call, at most.
    static let maximumRedirections = 5

    /// The attempt's INVITE ended without a final response.
    public mutating func attemptFailed(_ outcome: AttemptOutcome, on leg: SlabKey, _ actions: inout [CallAction], now: Moment) {
        guard phase == .trying, leg == calleeLeg else { return }
        endAttempt(outcome, status: 0, now: now)
        if outcome == .unreachable, attempts[attempts.count - 1].isMovedToStream {
            var candidate = candidates[nextCandidate - 1]
            candidate.verdict = .waiting
            candidate.isDatagramOnly = true
            candidates.insert(candidate, at: nextCandidate)
        }
        stopAfterInviteTimeout(outcome)
        tryNext(&actions, now: now) {
            outcome == .unreachable ? .refuse(503, .gatewayUnreachable) : .refuse(408, .gatewayTimeout)
        }
    }

    /// The store has committed the answer.
    public mutating func recorded(_ actions: inout [CallAction], now: Moment) {
        guard phase == .recording else { return }
        phase = .answered
        answeredAt = now
        callerStatus = attempts[attempts.count - 1].status
        actions.append(.passAnswer)
    }

    /// The store cannot commit: an answer that is not recorded is not passed.
    public mutating func recordingFailed(_ actions: inout [CallAction], now: Moment) {
        guard phase == .recording else { return }
        refuse(503, .recordStoreFailing, by: .server, &actions, now: now)
    }

    public mutating func handleTimeout(_ actions: inout [CallAction], now: Moment) {
        if phase == .answered || phase == .connected {
            if let reason = limits?.handleTimeout(now: now.instant) { end(reason, &actions, now: now) }
            return
        }
        guard phase == .trying else { return }
        if setupDeadline <= now.instant {
            refuse(487, .setupExpired, by: .caller, &actions, now: now)
            return
        }
        guard stageDeadline <= now.instant, isAttempting else { return }
        let attempt = attempts[attempts.count - 1]
        let outcome = attempt.stage.timeoutOutcome
        let reason: EndReason = outcome == .inviteTimeout || outcome == .tryingTimeout ? .gatewayTimeout : .noAnswer
        actions.append(.abandonAttempt(leg: attempt.leg, reason: reason))
        endAttempt(outcome, status: 0, now: now)
        stopAfterInviteTimeout(outcome)
        tryNext(&actions, now: now) { .refuse(reason == .noAnswer ? 480 : 408, reason) }
    }

    // MARK: - The end

    /// Keeps in words what showed that the call is over; the first word stands.
    public mutating func noteEnd(_ text: String) {
        if endNote.isEmpty { endNote = text.withBytes { texts.store($0) } }
    }

    /// CANCEL, or BYE in the early dialog, from the caller.
    public mutating func callerCancelled(_ actions: inout [CallAction], now: Moment) {
        guard phase == .trying || phase == .recording else { return }
        refuse(487, .callerCancelled, by: .caller, &actions, now: now)
    }

    /// BYE from an answered party.
    public mutating func hungUp(by party: CallParty, _ actions: inout [CallAction], now: Moment) {
        switch phase {
        case .answered, .connected: end(.normalClearing, by: party, caller: party != .caller, callee: party != .callee, &actions, now: now)
        case .recording where party == .callee:
            // The vendor hung up between its 200 and ours.
            refuse(480, .calleeUnavailable, by: .callee, &actions, now: now)
        case .trying, .recording, .over: break
        }
    }

    public mutating func acknowledged() {
        if phase == .answered { phase = .connected }
    }

    /// No ACK came for the answer that was passed.
    public mutating func acknowledgementMissing(_ actions: inout [CallAction], now: Moment) {
        end(.acknowledgementMissing, by: .server, caller: true, callee: true, &actions, now: now)
    }

    /// No PRACK came for a reliable provisional response (RFC 3262, section 3).
    public mutating func provisionalUnacknowledged(_ actions: inout [CallAction], now: Moment) {
        guard phase == .trying || phase == .recording else { return }
        refuse(504, .reliableProvisionalUnacknowledged, by: .server, &actions, now: now)
    }

    /// One party answered 481 or 408 to a request inside its dialog: it no longer knows the call (RFC 5057).
    public mutating func dialogLost(by party: CallParty, _ actions: inout [CallAction], now: Moment) {
        end(.dialogLost, by: party, caller: party != .caller, callee: party != .callee, &actions, now: now)
    }

    /// The switch ends the call: an operator, a limit, or its own stop.
    public mutating func end(_ reason: EndReason, _ actions: inout [CallAction], now: Moment) {
        switch phase {
        case .trying, .recording: refuse(reason == .stopping ? 503 : 480, reason, by: .server, &actions, now: now)
        case .answered, .connected: end(reason, by: .server, caller: true, callee: true, &actions, now: now)
        case .over: break
        }
    }

    // MARK: - Steps

    private enum Lost {
        /// Answer with a status of our own.
        case refuse(Int, EndReason)
        /// Pass the vendor's refusal.
        case pass(EndReason, Int)
    }

    private mutating func tryNext(_ actions: inout [CallAction], now: Moment, otherwise lost: () -> Lost) {
        stageDeadline = .never
        while nextCandidate < candidates.count {
            let index = nextCandidate
            nextCandidate += 1
            guard candidates[index].verdict.isUsable else { continue }
            candidates[index].verdict = .tried
            actions.append(.startAttempt(candidate: index))
            return
        }
        switch lost() {
        case .refuse(let status, let reason): refuse(status, reason, by: reason == .noRoute ? .server : .callee, &actions, now: now)
        case .pass(let reason, let status):
            let shown = Call.statusForCaller(status)
            over(reason, by: .callee, now: now)
            callerStatus = shown
            actions.append(shown == status ? .passRefusal : .refuseCaller(status: shown))
            actions.append(.close)
        }
    }

    /// What of a vendor's refusal the caller may see: challenges and redirections are between us and the vendor.
    static func statusForCaller(_ status: Int) -> Int {
        switch status {
        case 300..<400: 480
        case 401, 407: 403
        case 408, 481: 480
        default: status
        }
    }

    /// `SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT`: silence at a gateway with a registration ends the list.
    private mutating func stopAfterInviteTimeout(_ outcome: AttemptOutcome) {
        guard outcome == .inviteTimeout, configuration.registrationSettings.stopsSwitchingAfterInviteTimeout else { return }
        let gateway = attempts[attempts.count - 1].gateway
        if configuration.routingGateways[gateway].registration != nil { nextCandidate = candidates.count }
    }

    private mutating func endAttempt(_ outcome: AttemptOutcome, status: Int, now: Moment) {
        let last = attempts.count - 1
        isAttempting = false
        attempts[last].outcome = outcome
        attempts[last].status = status
        attempts[last].endedAt = now.wall
    }

    /// Ends a call that the caller has no answer to yet.
    private mutating func refuse(_ status: Int, _ reason: EndReason, by party: CallParty, _ actions: inout [CallAction], now: Moment) {
        if isAttempting {
            let attempt = attempts[attempts.count - 1]
            if phase == .recording {
                actions.append(.hangUpCallee(leg: attempt.leg, reason))
                attempts[attempts.count - 1].endedAt = now.wall
                isAttempting = false
            } else {
                actions.append(.abandonAttempt(leg: attempt.leg, reason: reason))
                endAttempt(reason == .callerCancelled ? .cancelledByCaller : .abandoned, status: 0, now: now)
            }
        }
        over(reason, by: party, now: now)
        callerStatus = status
        actions.append(.refuseCaller(status: status))
        actions.append(.close)
    }

    /// Ends an answered call; `caller` and `callee` say who is still to be hung up.
    private mutating func end(
        _ reason: EndReason, by party: CallParty, caller: Bool, callee: Bool, _ actions: inout [CallAction], now: Moment
    ) {
        guard phase == .answered || phase == .connected else { return }
        if caller { actions.append(.hangUpCaller(reason)) }
        if callee, let leg = calleeLeg { actions.append(.hangUpCallee(leg: leg, reason)) }
        attempts[attempts.count - 1].endedAt = now.wall
        over(reason, by: party, now: now)
        actions.append(.close)
    }

    private mutating func over(_ reason: EndReason, by party: CallParty, now: Moment) {
        phase = .over
        endReason = reason
        endedBy = party
        endedAt = now
        stageDeadline = .never
        for index in candidates.indices where candidates[index].verdict == .waiting { candidates[index].verdict = .notNeeded }
    }

    private func length(of stage: SetupStage) -> Interval {
        let settings = configuration.callSettings
        switch stage {
        case .invite: return settings.inviteTimeout
        case .trying: return settings.tryingTimeout
        case .progress: return settings.progressTimeout
        case .progressWithMedia: return settings.progressWithMediaTimeout
        case .ringing: return settings.ringingTimeout
        }
    }
}

extension [Candidate] {
    fileprivate mutating func mark(_ gateway: Int, _ verdict: Candidate.Verdict) {
        if let index = lastIndex(where: { $0.gateway == gateway && $0.verdict == .tried }) { self[index].verdict = verdict }
    }
}
