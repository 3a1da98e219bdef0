import CallRecords
import Containers
import Routing
import Vocabulary

// Set-up: the decision about a new call, provisional answers, the answer and its storing, and the staged timers.
extension Call {
    /// Takes what was decided about the call, before it begins or when it is forwarded.
    mutating func take(_ decision: CallDecision) {
        callerRouted = decision.caller.withBytes { texts.store($0) }
        calleeRouted = decision.callee.withBytes { texts.store($0) }
        rewriting = (decision.callerRule, decision.calleeRule, decision.period)
        refusal = decision.refusal
        refusalDetail = decision.refusalDetail
        candidates.append(contentsOf: decision.candidates)
    }

    /// The first gateway is tried, unless the call was refused.
    public mutating func begin(_ actions: inout [CallAction], now: Moment) {
        if let refusal {
            let (status, reason) = refusal.answer
            refuse(status, reason, by: .server, &actions, now: now)
            return
        }
        tryNext(&actions, now: now) { .refuse(503, .noGatewayAvailable) }
    }

    /// The shard sent the INVITE that `startAttempt` asked for.
    public mutating func attemptStarted(_ attempt: Attempt, now: Moment) {
        attempts.append(attempt)
        isAttempting = true
        stageDeadline = now.instant + length(of: .invite)
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
            silenceDeadline = .never
        }
        if status == 180 { attempts[last].signs.hasRung = true }
        if hasMedia { attempts[last].signs.hasMedia = true }
        if status == 181, configuration.recognisesForwarding(origin) { isForwarded = true }
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
        let candidate = attempts[last].candidate
        if candidates[candidate].verdict == .tried { candidates[candidate].verdict = .answered }
        phase = .recording
        actions.append(.recordAnswer)
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
        if phase == .ending, hangUpAt <= now.instant { endRecorded(&actions) }
        if phase == .answered || phase == .connected {
            if let reason = limits?.handleTimeout(now: now.instant) { end(reason, &actions, now: now) }
            return
        }
        if phase == .recording, answerWrittenAt != .zero, answerWrittenAt + Call.longestCommit <= now.instant {
            recordingFailed(&actions, now: now)
            return
        }
        guard phase == .trying else { return }
        if setupDeadline <= now.instant {
            refuse(487, .setupExpired, by: .caller, &actions, now: now)
        } else if silenceDeadline <= now.instant {
            refuse(480, .setupTimeExceeded, by: .server, &actions, now: now)
        } else if stageDeadline <= now.instant, isAttempting {
            stageTimedOut(&actions, now: now)
        }
    }

    /// The gateway's own value, else the system's.
    func length(of stage: SetupStage) -> Interval {
        let own = configuration.setupTimeouts(of: attempts.last?.destination)
        let system = configuration.callSettings
        let (seconds, otherwise) =
            switch stage {
            case .invite: (own.invite, system.inviteTimeout)
            case .trying: (own.trying, system.tryingTimeout)
            case .progress: (own.sessionProgress, system.progressTimeout)
            case .progressWithMedia: (own.sessionProgressWithMedia, system.progressWithMediaTimeout)
            case .ringing: (own.ringing, system.ringingTimeout)
            }
        if let seconds, seconds > 0 { return .seconds(Int64(seconds)) }
        return otherwise
    }
}

extension CallRefusal {
    /// The status and end reason of a call that is refused before any gateway is tried.
    var answer: (status: Int, reason: EndReason) {
        switch self {
        case .locked, .periodBarred: (403, .callerBarred)
        case .full, .groupFull: (503, .capacityReached)
        case .rateExceeded, .groupRateExceeded: (503, .rateExceeded)
        case .callerPrefix, .calleePrefix, .callerGroup, .calleeGroup: (403, .numberRefused)
        case .callerLength: (403, .numberRefused)
        case .calleeLength, .noCallee: (484, .numberRefused)
        case .callerBlacklisted, .calleeBlacklisted: (403, .numberBlacklisted)
        case .calleeKind: (404, .numberRefused)
        }
    }
}
