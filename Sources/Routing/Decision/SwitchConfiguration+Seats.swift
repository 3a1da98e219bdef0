import Vocabulary

// What a call takes when it begins and when a candidate's turn comes, and what it has again after a restart.

/// Whether a call of an origin is let in.
public enum Admission: ~Copyable, Sendable {
    /// The call's places; they count as long as they are kept.
    case admitted(Seats)
    case refused(CallRefusal, detail: Int32)
}

/// Whether a candidate can be tried now.
public enum Seizure: ~Copyable, Sendable {
    /// The attempt's places; they count as long as they are kept.
    case seized(Seats)
    case refused(Candidate.Verdict, detail: Int32)
}

extension SwitchConfiguration {
    /// Takes a place at the caller's gateway and its groups, or at the phone, and counts the call into their
    /// rates; or says which limit is reached. Asked once per call, after `decide` found nothing against it.
    public func admit(_ origin: CallOrigin, now: Moment) -> Admission {
        let limits = limits(of: origin, localTime(now))
        switch take(limits, of: live(origin), groups: groups(of: origin), now: now.instant) {
        case .taken(let seats): return .admitted(seats)
        case .reached(let reached):
            let (refusal, detail) = reached.refusal
            return .refused(refusal, detail: detail)
        }
    }

    /// Takes a place at a candidate whose turn has come. What may have changed since the decision is looked at
    /// again: limits, rates, Retry-After, addresses, bindings, and the time a protect route may still be tried.
    /// `began`: when the call came in.
    public func seize(_ candidate: Candidate, began: Instant, now: Moment) -> Seizure {
        if candidate.isProtectRoute, let delay = routingSettings.protectRouteDelay, now.instant - began > delay {
            return .refused(.protectDelayOver, detail: 0)
        }
        let taking: Taking
        switch candidate.destination {
        case .routingGateway(let index):
            let live = routingLive[index]
            if let (verdict, detail) = unreachable(index, live, now: now.instant) { return .refused(verdict, detail: detail) }
            taking = take(
                limits(ofRoutingGateway: index, localTime(now)), of: live, groups: groupsOfRoutingGateways[index],
                published: published(index, live, now.instant), now: now.instant)
        case .phone(let index):
            let live = phoneLive[index]
            if !isReachable(phone: index, live, now: now.instant) { return .refused(.notRegistered, detail: 0) }
            taking = take(SideLimits(lines: tables.phones[index].limits, direction: .received), of: live, groups: [], now: now.instant)
        }
        switch consume taking {
        case .taken(let seats): return .seized(seats)
        case .reached(let reached):
            let (verdict, detail) = reached.verdict
            return .refused(verdict, detail: detail)
        }
    }

    /// The places of a call that is up already, whatever the limits say now: it was restored after a restart.
    public func resume(_ origin: CallOrigin) -> Seats { occupied(live(origin), .made, groups: groups(of: origin)) }

    public func resume(_ destination: CallDestination) -> Seats {
        switch destination {
        case .routingGateway(let index): occupied(routingLive[index], .received, groups: groupsOfRoutingGateways[index])
        case .phone(let index): occupied(phoneLive[index], .received, groups: [])
        }
    }

    /// Where requests of a new call to this candidate go: the first address that is alive. Nil for one that
    /// registers here, or goes through a registration, or has no address alive.
    public func address(of destination: CallDestination) -> NetworkAddress? {
        switch destination {
        case .routingGateway(let index): firstAddress(index, routingLive[index])
        case .phone(let index): phones[index].address
        }
    }

    /// An attempt is over, answered or not: it counts in the gateway's answer-seizure ratio where that is measured.
    public func attemptEnded(at destination: CallDestination, answered: Bool, now: Instant) {
        guard case .routingGateway(let index) = destination, tables.routingGateways[index].flags.contains(.measuresAnswers) else { return }
        routingLive[index].attemptEnded(answered: answered, settings: routingSettings.answerRatio, now: now)
    }

    private func groups(of origin: CallOrigin) -> [LiveObject] {
        switch origin {
        case .mappingGateway(let index): groupsOfMappingGateways[index]
        case .phone: []
        }
    }

    private func occupied(_ live: LiveObject, _ direction: CallDirection, groups: [LiveObject]) -> Seats {
        live.occupy(direction)
        for group in groups { group.occupy(.made) }
        return Seats(Seat(of: live, direction), groups: groups)
    }

    /// What `decide` asks of the caller's limits.
    func limitReached(of origin: CallOrigin, now: Instant, _ time: LocalTime) -> (CallRefusal, Int32)? {
        limitReached(limits(of: origin, time), of: live(origin), now: now)?.refusal
    }
}

extension LimitReached {
    /// As a reason against taking the call at all.
    var refusal: (CallRefusal, Int32) {
        switch self {
        case .full(let limit), .published(let limit): (.full, limit)
        case .groupFull(let group), .linesReserved(let group): (.groupFull, group)
        case .rate(let limit): (.rateExceeded, limit)
        case .groupRate(let group): (.groupRateExceeded, group)
        }
    }

    /// As a reason against a candidate.
    var verdict: (Candidate.Verdict, Int32) {
        switch self {
        case .full(let limit): (.full, limit)
        case .published(let limit): (.publishedFull, limit)
        case .groupFull(let group): (.groupFull, group)
        case .linesReserved(let group): (.linesReserved, group)
        case .rate(let limit): (.rateExceeded, limit)
        case .groupRate(let group): (.groupRateExceeded, group)
        }
    }
}
