import CallRecords
import Containers
import Routing
import Vocabulary

// Failures of an attempt: whether the next gateway is tried, and what the caller gets when none is left.
extension Call {
    /// `startAttempt` could not be carried out: no way to that address.
    public mutating func attemptImpossible(_ attempt: Attempt, _ actions: inout [CallAction], now: Moment) {
        attempts.append(attempt)
        isAttempting = true
        endAttempt(.unreachable, status: 0, now: now)
        tryNext(&actions, now: now) { .refuse(503, .gatewayUnreachable) }
    }

    /// `startAttempt` named a gateway that cannot be used now: the next one is tried, and the reason kept.
    public mutating func gatewayUnusable(
        _ candidate: Int, _ verdict: Candidate.Verdict, detail: Int32 = 0, why: String = "", _ actions: inout [CallAction], now: Moment
    ) {
        candidates[candidate].verdict = verdict
        candidates[candidate].detail = detail
        if !why.isEmpty { candidates[candidate].why = why.withBytes { texts.store($0) } }
        // What the caller gets is what a gateway that was tried said last, if one was.
        let last = lastLoss
        tryNext(&actions, now: now) { last }
    }

    /// How the attempt that ended last would end the call; without one nobody could be tried.
    private var lastLoss: Lost {
        guard let attempt = attempts.last, let outcome = attempt.outcome else { return .refuse(503, .noGatewayAvailable) }
        switch outcome {
        case .refused: return .refuse(Call.statusForCaller(attempt.status), EndReason.ofFinalStatus(attempt.status))
        case .unreachable: return .refuse(503, .gatewayUnreachable)
        case .inviteTimeout, .tryingTimeout: return .refuse(408, .gatewayTimeout)
        case .progressTimeout, .progressWithMediaTimeout, .ringingTimeout: return .refuse(480, .noAnswer)
        case .answered, .cancelledByCaller, .abandoned: return .refuse(503, .noGatewayAvailable)
        }
    }

    public mutating func refusalReceived(status: Int, on leg: SlabKey, _ actions: inout [CallAction], now: Moment) {
        guard phase == .trying, leg == calleeLeg else { return }
        endAttempt(.refused, status: status, now: now)
        stopSwitching(after: configuration.switchingCode(status, for: origin))
        tryNext(&actions, now: now) { .pass(EndReason.ofFinalStatus(status), status) }
    }

    /// The gateway answered with a redirection that may be followed: its target is tried next.
    public mutating func redirected(
        status: Int, to target: NetworkAddress, number: Bytes, on leg: SlabKey, _ actions: inout [CallAction], now: Moment
    ) {
        guard phase == .trying, leg == calleeLeg else { return }
        let tried = attempts[attempts.count - 1].candidate
        candidates[tried].verdict = .redirected
        endAttempt(.refused, status: status, now: now)
        if candidates.count(where: { $0.redirection != nil }) < Call.maximumRedirections {
            var candidate = Candidate(candidates[tried].destination, prefixLength: candidates[tried].prefixLength)
            candidate.redirection = target
            candidate.redirectedNumber = texts.store(number)
            candidates.insert(candidate, at: nextCandidate)
        }
        tryNext(&actions, now: now) { .pass(.redirected, status) }
    }

    /// The gateway said that the call is to go to another number, which was routed anew: these candidates are tried
    /// instead of those that are left.
    public mutating func forwarded(
        status: Int, by decision: CallDecision, on leg: SlabKey, _ actions: inout [CallAction], now: Moment
    ) {
        guard phase == .trying, leg == calleeLeg else { return }
        let tried = attempts[attempts.count - 1].candidate
        candidates[tried].verdict = .redirected
        endAttempt(.refused, status: status, now: now)
        isForwarded = true
        forwardings += 1
        for index in candidates.indices where candidates[index].verdict == .waiting { candidates[index].verdict = .notNeeded }
        nextCandidate = candidates.count
        take(decision)
        if let refusal {
            let (status, reason) = refusal.answer
            refuse(status, reason, by: .server, &actions, now: now)
            return
        }
        tryNext(&actions, now: now) { .pass(.redirected, status) }
    }

    /// Whether the call may be forwarded once more.
    public var mayBeForwarded: Bool { forwardings < Call.maximumRedirections }

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
        } else {
            stopAfterInviteTimeout(outcome)
            stopSwitching(after: 0)
        }
        tryNext(&actions, now: now) {
            outcome == .unreachable ? .refuse(503, .gatewayUnreachable) : .refuse(408, .gatewayTimeout)
        }
    }

    /// The staged timer of the running attempt ran out.
    mutating func stageTimedOut(_ actions: inout [CallAction], now: Moment) {
        let attempt = attempts[attempts.count - 1]
        let outcome = attempt.stage.timeoutOutcome
        let reason: EndReason = outcome == .inviteTimeout || outcome == .tryingTimeout ? .gatewayTimeout : .noAnswer
        actions.append(.abandonAttempt(leg: attempt.leg, reason: reason))
        endAttempt(outcome, status: 0, now: now)
        stopAfterInviteTimeout(outcome)
        stopSwitching(after: 0)
        tryNext(&actions, now: now) { .refuse(reason == .noAnswer ? 480 : 408, reason) }
    }

    // MARK: - Steps

    enum Lost {
        /// Answer with a status of our own.
        case refuse(Int, EndReason)
        /// Pass the vendor's refusal.
        case pass(EndReason, Int)
    }

    mutating func tryNext(_ actions: inout [CallAction], now: Moment, otherwise lost: () -> Lost) {
        stageDeadline = .never
        while switchStop == nil, nextCandidate < candidates.count {
            let index = nextCandidate
            nextCandidate += 1
            guard candidates[index].verdict.isUsable else { continue }
            candidates[index].verdict = .tried
            actions.append(.startAttempt(candidate: index))
            return
        }
        if switchStop == nil, !attempts.isEmpty { switchStop = .listAtEnd }
        let outcome = candidates.isEmpty ? .refuse(404, .noRoute) : lost()
        switch outcome {
        case .refuse(let status, let reason):
            let isOurs = reason == .noRoute || reason == .noGatewayAvailable
            refuse(status, reason, by: isOurs ? .server : .callee, &actions, now: now)
        case .pass(let reason, let status):
            let shown = configuration.failureCode(Call.statusForCaller(status), for: origin)
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
        if configuration.registration(of: attempts[attempts.count - 1].destination) != nil { switchStop = .inviteTimeout }
    }

    /// Decides by what the last attempt showed whether another gateway may be tried.
    private mutating func stopSwitching(after status: Int) {
        let last = attempts[attempts.count - 1]
        if switchStop == nil { switchStop = configuration.switchStop(after: status, last.signs, at: last.destination) }
        if switchStop == nil, let limit = configuration.switchingSettings.switchLimit, switches >= limit { switchStop = .switchLimit }
    }

    /// Switches to another gateway so far; the same gateway tried by another transport is none.
    private var switches: Int {
        var count = 0
        for index in attempts.indices.dropFirst() where attempts[index].destination != attempts[index - 1].destination { count += 1 }
        return count
    }

    mutating func endAttempt(_ outcome: AttemptOutcome, status: Int, now: Moment) {
        let last = attempts.count - 1
        isAttempting = false
        attempts[last].outcome = outcome
        attempts[last].status = status
        attempts[last].endedAt = now.wall
    }
}
