import CallControl
import CallRecords
import Containers
import SIPTransactions
import Vocabulary

// What the store and other threads say to the shard.
extension Shard {
    /// The store's answer: calls whose answer is committed are connected, others are refused.
    public mutating func recordsCommitted(_ commit: RecordCommit, at now: Moment) {
        switch commit {
        case .committed(let sequence):
            storeIsFailing = false
            registrationsCommitted(through: sequence, now: now)
            while let key = awaitingCommit.pop(through: sequence) {
                guard calls.contains(key) else { continue }
                calls[key].call.recorded(&actions, now: now)
                perform(for: key, message: nil, now: now)
                scheduleCall(key)
            }
            releaseByeAnswers(through: sequence, now: now)
            releaseEnds(through: sequence, now: now)
        case .failing(let sequence):
            storeIsFailing = true
            registrationsCommitted(through: sequence, now: now)
            while let key = awaitingCommit.pop(through: sequence) {
                guard calls.contains(key) else { continue }
                calls[key].call.recordingFailed(&actions, now: now)
                perform(for: key, message: nil, now: now)
            }
            releaseByeAnswers(through: sequence, now: now)
            releaseEnds(through: sequence, now: now)
        }
        takeEvents(now: now)
    }

    public mutating func commandReceived(_ command: ShardCommand, at now: Moment) {
        switch command {
        case .configure(let next):
            configuration = next
            transactions.timing = Shard.timing(next)
            nameRegistrations()
            protectionConfigured()
            registrationsConfigured(now: now)
            bindingsConfigured(now: now)
            watchGateways(now: now)
        case .liveCalls(let reply):
            reply(calls.keys.map { liveCall($0, now: now) })
        case .hangUp(let id, let reply):
            guard let key = calls.keys.first(where: { calls[$0].call.id == id }) else {
                reply(false)
                return
            }
            calls[key].call.end(.hungUpByOperator, &actions, now: now)
            perform(for: key, message: nil, now: now)
            reply(true)
        case .statistics(let reply):
            reply(statistics)
        case .refuseNewCalls(let refuse):
            refusesNewCalls = refuse
        case .endAllCalls(let reason):
            for key in calls.keys { end(key, reason, now: now) }
        case .endUnansweredCalls(let reason):
            for key in calls.keys where calls[key].call.answeredAt == nil { end(key, reason, now: now) }
        case .registrations(let reply):
            reply(registrationStatus(now: now))
        case .phones(let reply):
            reply(phoneStatus(now: now))
        case .withdrawRegistrations:
            withdrawRegistrations(now: now)
        case .resolved(let hop, let resolution):
            resolved(hop, resolution, now: now)
            watchResolved(hop, resolution, now: now)
        case .upstreamChanged(let view):
            takeUpstream(view)
        }
    }

    private mutating func end(_ key: SlabKey, _ reason: EndReason, now: Moment) {
        calls[key].call.end(reason, &actions, now: now)
        perform(for: key, message: nil, now: now)
    }

    /// What is alive is counted where it lives; the rest are totals since the start.
    public var statistics: ShardStatistics {
        var statistics = counters
        statistics.calls = calls.count
        statistics.answeredCalls = calls.keys.count { calls[$0].call.answeredAt != nil }
        statistics.transactions = transactions.count
        statistics.messagesSent = outbox.finished
        statistics.retransmissionsSent = transactions.retransmissions
        statistics.overloadLevel = overload.level.rawValue
        return statistics
    }

    /// Legs now alive, those that outlive their call included.
    public var legCount: Int { legs.count }

    private func liveCall(_ key: SlabKey, now: Moment) -> LiveCall {
        let gateway = calls[key].call.attempts.last
        let state: LiveCall.State
        switch calls[key].call.phase {
        case .trying: state = calls[key].call.ringingAt != nil ? .ringing : calls[key].call.firstProvisionalAt.isSet ? .proceeding : .calling
        case .recording: state = .ringing
        case .answered, .connected: state = .answered
        case .ending, .over: state = .ending
        }
        let (caller, callee) = (calls[key].call.callerNumber, calls[key].call.calleeNumber)
        let callID = calls[key].call.callerCallID
        var live = LiveCall(
            id: calls[key].call.id, state: state, receivedAt: calls[key].call.receivedAt.wall,
            answeredAt: calls[key].call.answeredAt?.wall ?? .unset,
            durationMilliseconds: calls[key].call.answeredAt.map { (now.instant - $0.instant).inMilliseconds } ?? 0,
            caller: calls[key].call.texts[caller].string, callee: calls[key].call.texts[callee].string,
            mappingGateway: mappingGatewayName(key), routingGateway: gateway.map { routingGatewayName($0, of: key) } ?? "",
            callerAddress: calls[key].call.source.description, calleeAddress: gateway?.address.description ?? "",
            callerCallID: calls[key].call.texts[callID].string,
            calleeCallID: gateway.map { calls[key].call.texts[$0.callID].string } ?? "",
            attemptCallIDs: calls[key].call.attempts.map { calls[key].call.texts[$0.callID].string })
        if let limits = calls[key].call.limits, calls[key].call.answeredAt != nil {
            (live.rule, live.ruleReason) = (limits.decision.rule.name, limits.decision.reason.text)
            if let limit = limits.limit {
                (live.limitSeconds, live.limitSource) = (limit.seconds, limit.kind.sourceName)
                live.secondsLeft = limit.timeLeft(now: now.instant).inSeconds
            }
        }
        live.callerSessionSeconds = sessionSeconds(calls[key].call.callerLeg)
        live.calleeSessionSeconds = calls[key].call.calleeLeg.map { sessionSeconds($0) } ?? 0
        return live
    }

    private func sessionSeconds(_ leg: SlabKey) -> Int {
        guard legs.contains(leg), legs[leg].phase != .setup else { return 0 }
        return legs[leg].session.agreement.map { Int($0.interval) } ?? 0
    }

    func mappingGatewayName(_ key: SlabKey) -> String {
        if let stored = calls[key].call.stored { return calls[key].call.texts[stored.mappingGateway].string }
        return calls[key].call.origin.map { calls[key].call.configuration.name(of: $0) } ?? ""
    }

    func routingGatewayName(_ attempt: Attempt, of key: SlabKey) -> String {
        if let stored = calls[key].call.stored { return calls[key].call.texts[stored.routingGateway].string }
        return attempt.destination.map { calls[key].call.configuration.name(of: $0) } ?? ""
    }
}
