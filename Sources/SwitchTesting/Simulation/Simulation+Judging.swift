import CallRecords
import Vocabulary

// Judging: what is known of each call is given to the checker when the call must be over.
extension Simulation {
    /// Who waits for what a fault held up is judged later, so many times at most.
    private static let mostPostponements = 30

    /// `mayWait`: a call that a fault held up is given more time.
    func judge(_ index: Int, mayWait: Bool) {
        guard let entry = entries[index] else { return }
        let facts = tap[index]
        let lastUp = outages.last?.to ?? .zero
        let isHeldUp =
            world.isSwitchDown || world.store.isFailing || isSlow || lastUp + .seconds(70) > world.now
            || (facts.answerSentAt != nil && !entry.records.contains { $0.answeredAt.isSet })
        if mayWait, isHeldUp, wasTouched(entry), entry.postponements < Simulation.mostPostponements {
            entries[index]?.postponements += 1
            world.after(.seconds(60)) { [unowned self] in judge(index, mayWait: true) }
            return
        }
        entries[index] = nil
        let evidence = evidence(index, entry, facts)
        let judgement = CallChecker.judge(evidence, now: world.now)
        for violation in judgement.violations { world.report(violation) }
        report.count(judgement, evidence)
        for party in [entry.caller] + entry.callees { party.peer.remove(party) }
        tap.forget(index)
    }

    private func wasTouched(_ entry: Entry) -> Bool {
        guard !entry.sawStoreFault else { return true }
        return (outages.last?.to ?? .zero) >= entry.begunAt
    }

    private func evidence(_ index: Int, _ entry: Entry, _ facts: WireTap.Facts) -> CallEvidence {
        let begin = entry.begunAt
        let outages = outages.filter { $0.to >= begin }
        var evidence = CallEvidence(
            index: index, plan: entry.plan, caller: entry.caller, callees: entry.callees, records: entry.records, facts: facts,
            openedAt: entry.openedAt, networkIsPerfect: settings.loss == 0, storeFailed: entry.sawStoreFault,
            switchRestarted: !outages.isEmpty, wasHungUp: entry.wasHungUp)
        evidence.outages = outages
        evidence.lostAt = entry.lostAt + entry.endLostAt.values
        evidence.recordedAt = entry.recordedAt
        evidence.endDecidedAt = entry.endDecidedAt
        evidence.endLostAt = entry.endLostAt
        evidence.answerError = entry.answerError
        evidence.limits = limits(entry, facts)
        if !entry.bounds.isEmpty { evidence.deathBilling = Set(entry.bounds.map(\.deathBilling)) }
        if boots.contains(where: { $0 >= begin }) {
            evidence.clockError = jumps.filter { $0.at >= begin }.reduce(.zero) { $0 + Interval(nanoseconds: abs($1.by.nanoseconds)) }
        }
        return evidence
    }

    /// The limits under which the call may have been, by the reference model.
    private func limits(_ entry: Entry, _ facts: WireTap.Facts) -> [Interval] {
        guard let callID = entry.records.first(where: \.answeredAt.isSet)?.calleeCallID ?? facts.attemptCallIDs.last,
            let vendor = entry.vendors[callID]
        else { return [] }
        return entry.bounds.map { $0.limit(customer: entry.customer, vendor: vendor, hasTimer: facts.callerHasTimer) }
    }

    func checkLeftovers(_ ended: Bool) {
        func require(_ isTrue: Bool, _ detail: String) {
            if !isTrue { world.report(Violation(.nothingLeftOver, call: nil, detail, at: world.now)) }
        }
        let statistics = world.softswitch.statistics
        require(ended, "something goes on for ever")
        require(statistics.calls == 0, "\(statistics.calls) calls left in the switch")
        require(statistics.transactions == 0, "\(statistics.transactions) transactions left in the switch")
        require(world.softswitch.legCount == 0, "\(world.softswitch.legCount) legs left in the switch")
        require(world.store.openCalls.isEmpty, "\(world.store.openCalls.count) open calls left in the store")
    }

    /// Calls that no restart touched bill exactly what the model says; the others within what a clock could not know.
    func checkBilling() {
        if let detail = report.billing.fault { world.report(Violation(.billedAsModel, call: nil, detail, at: world.now)) }
    }
}

/// What records bill and what the reference model says, added up over all answered calls.
public struct SimulatedBilling: Sendable, Equatable {
    /// Whole seconds begun, of calls during which one process ran.
    public var seconds: Int64 = 0
    public var modelSeconds: Int64 = 0
    /// Milliseconds of the others, and by how much they may differ.
    public var restoredMilliseconds: Int64 = 0
    public var restoredModelMilliseconds: Int64 = 0
    public var tolerance: Int64 = 0

    public init() {}

    mutating func add(recorded: Int64, model: Int64, tolerance: Int64?) {
        guard let tolerance else {
            seconds += (recorded + 999) / 1_000
            modelSeconds += (model + 999) / 1_000
            return
        }
        restoredMilliseconds += recorded
        restoredModelMilliseconds += model
        self.tolerance += tolerance
    }

    /// What is wrong with the sums; nil when they agree.
    var fault: String? {
        if seconds != modelSeconds { return "\(seconds) s are billed, the model has \(modelSeconds) s" }
        let difference = restoredMilliseconds - restoredModelMilliseconds
        if abs(difference) > tolerance {
            return "restored calls bill \(restoredMilliseconds) ms, the model has \(restoredModelMilliseconds) ms"
        }
        return nil
    }
}
