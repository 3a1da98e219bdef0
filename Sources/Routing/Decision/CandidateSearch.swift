import Vocabulary

/// What is looked for: the numbers after the caller's dial plan, and everything that decides who may have them.
struct CandidateSearch {
    var origin: CallOrigin
    var source: NetworkAddress
    var caller: Bytes
    var callee: Bytes
    var isWhite: WhiteListed
    var now: Instant
    var time: LocalTime
}

extension SwitchConfiguration {
    /// The phone of the platform that has the number, with what stands against calling it.
    func candidate(phone index: Int, _ search: CandidateSearch) -> Candidate {
        var candidate = Candidate(.phone(index), prefixLength: search.callee.count)
        let live = phoneLive[index]
        candidate.calls = Int32(clamping: live.calls)
        (candidate.verdict, candidate.detail) = verdict(phone: index, live, search)
        return candidate
    }

    private func verdict(phone index: Int, _ live: LiveObject, _ search: CandidateSearch) -> (Candidate.Verdict, Int32) {
        let compiled = tables.phones[index]
        if !compiled.mayBeCalled { return (.locked, 0) }
        if search.origin == .phone(index) { return (.sameAsSource, 0) }
        if !search.isWhite.caller, let refusal = tables.refusal(compiled.callerCheck, of: search.caller) { return refusal.verdictOnCaller }
        if !isReachable(phone: index, live, now: search.now) { return (.notRegistered, 0) }
        let limits = SideLimits(lines: compiled.limits, direction: .received)
        return limitReached(limits, of: live, now: search.now)?.verdict ?? (.waiting, 0)
    }

    func isReachable(phone index: Int, _ live: LiveObject, now: Instant) -> Bool {
        tables.phones[index].isStatic || live.location.isReachable(now: now)
    }

    /// Every routing gateway with a prefix that begins the number, in the order to try them.
    func findGateways(_ search: CandidateSearch, into decision: inout CallDecision) {
        let mask = mask(of: search.origin)
        decision.found.removeAll(keepingCapacity: true)
        // Prefixes shorter than this are not tried any more: by normal gateways, and by protect routes.
        var shortest = 0
        var shortestOfProtectRoutes = 0
        routes.forEachMatch(search.callee) { index, length in
            let gateway = tables.routingGateways[index]
            let isProtect = gateway.flags.contains(.protectRoute)
            var candidate = Candidate(.routingGateway(index), prefixLength: length)
            candidate.isProtectRoute = isProtect
            candidate.priority = gateway.priority
            if length < (isProtect ? shortestOfProtectRoutes : shortest) {
                candidate.verdict = .searchTerminated
            } else if gateway.flags.contains(.nestedPrefixes), decision.found.contains(where: { $0.destination == candidate.destination }) {
                candidate.verdict = .alreadyListed
            } else {
                evaluate(&candidate, index, gateway, mask, search)
                if gateway.flags.contains(.terminates), !candidate.verdict.isOutOfQuestion {
                    shortestOfProtectRoutes = max(shortestOfProtectRoutes, length)
                    if !isProtect { shortest = max(shortest, length) }
                }
            }
            decision.list(candidate)
        }
        order(for: search.origin, into: &decision)
    }

    private func mask(of origin: CallOrigin) -> Int? {
        switch origin {
        case .mappingGateway(let index): tables.mappingGateways[index].mask.map(Int.init)
        case .phone(let index): tables.phones[index].mask.map(Int.init)
        }
    }

    private func evaluate(
        _ candidate: inout Candidate, _ index: Int, _ gateway: CompiledRoutingGateway, _ mask: Int?, _ search: CandidateSearch
    ) {
        let live = routingLive[index]
        candidate.calls = Int32(clamping: live.calls)
        if gateway.flags.contains(.measuresAnswers) {
            candidate.answerRatio = live.answerRatio(settings: routingSettings.answerRatio, now: search.now)
        }
        let period = tables.period(gateway.periods, at: search.time).map { tables.periods[$0] }
        candidate.capacity = period == nil ? gateway.capacity : period?.capacity
        if let period { candidate.priority = period.priority }
        (candidate.verdict, candidate.detail) = verdict(gateway: index, gateway, live, period, mask, search)
    }

    /// First what keeps the gateway from calls like this one at all, then what keeps it from calls now.
    private func verdict(
        gateway index: Int, _ gateway: CompiledRoutingGateway, _ live: LiveObject, _ period: CompiledPeriod?, _ mask: Int?,
        _ search: CandidateSearch
    ) -> (Candidate.Verdict, Int32) {
        if gateway.flags.contains(.locked) { return (.locked, 0) }
        if let mask, !tables.masks[mask].contains(index) { return (.groupNotAllowed, 0) }
        if period?.isBarred == true { return (.periodBarred, 0) }
        if gateway.flags.contains(.withoutAddress) { return (.withoutAddress, 0) }
        if !gateway.flags.contains(.returnsCalls), isSource(index, gateway, live, search) { return (.sameAsSource, 0) }
        if !search.isWhite.callee, let refusal = tables.refusal(period?.calleeCheck ?? gateway.calleeCheck, of: search.callee) {
            return refusal.verdictOnCallee
        }
        if !search.isWhite.caller, let refusal = tables.refusal(period?.callerCheck ?? gateway.callerCheck, of: search.caller) {
            return refusal.verdictOnCaller
        }
        if let unreachable = unreachable(index, live, now: search.now) { return unreachable }
        let limits = limits(ofRoutingGateway: index, search.time)
        let published = published(index, live, search.now)
        if let reached = limitReached(limits, of: live, published: published, now: search.now) { return reached.verdict }
        if gateway.flags.contains(.callerPool), !hasPoolNumber(index) { return (.noPoolNumber, 0) }
        return (.waiting, 0)
    }

    /// Whether the call came from one of the gateway's addresses or bindings.
    private func isSource(_ index: Int, _ gateway: CompiledRoutingGateway, _ live: LiveObject, _ search: CandidateSearch) -> Bool {
        if gateway.flags.contains(.registersHere), live.location.isBound(from: search.source, now: search.now) { return true }
        return live.isOwn(search.source, configured: routingGateways[index].addresses)
    }

    /// Why no request would reach the gateway now.
    func unreachable(_ index: Int, _ live: LiveObject, now: Instant) -> (Candidate.Verdict, Int32)? {
        let flags = tables.routingGateways[index].flags
        let wait = live.unavailableFor(now)
        if wait > .zero { return (.retryAfter, Int32(clamping: (wait.nanoseconds + 999_999_999) / 1_000_000_000)) }
        if flags.contains(.registersHere), !live.location.isReachable(now: now) { return (.notRegistered, 0) }
        if flags.isDisjoint(with: [.registersHere, .registration]), firstAddress(index, live) == nil { return (.noAddressAlive, 0) }
        return nil
    }

    /// The address to send to; the OPTIONS check has a say where it is on.
    func firstAddress(_ index: Int, _ live: LiveObject) -> NetworkAddress? {
        if tables.routingGateways[index].flags.contains(.optionsCheck) { return live.firstAlive(of: routingGateways[index].addresses) }
        return live.firstAddress(of: routingGateways[index].addresses)
    }

    /// Whether the answers of a routing gateway are counted (`SS_GATEWAY_ASR_CALCULATE`, or its own setting).
    public func measuresAnswers(_ index: Int) -> Bool { tables.routingGateways[index].flags.contains(.measuresAnswers) }

    /// How many calls the gateway takes by its own word, where it may say so.
    func published(_ index: Int, _ live: LiveObject, _ now: Instant) -> Int? {
        tables.routingGateways[index].flags.contains(.allowsPublish) ? live.publishedCapacity(now) : nil
    }
}

extension CallDecision {
    /// Adds a gateway that was found. When the list is full, one that can be used takes the place of one that cannot.
    mutating func list(_ candidate: Candidate) {
        guard found.count == CallDecision.maximumCandidates else {
            found.append(candidate)
            return
        }
        unlisted += 1
        guard candidate.verdict.isUsable, let place = found.lastIndex(where: { !$0.verdict.isUsable }) else { return }
        found[place] = candidate
    }
}

extension NumberRefusal {
    fileprivate var verdictOnCaller: (Candidate.Verdict, Int32) {
        switch self {
        case .prefix: (.callerPrefix, 0)
        case .length: (.callerLength, 0)
        case .group(let place): (.callerGroup, place.map(Int32.init) ?? -1)
        }
    }

    fileprivate var verdictOnCallee: (Candidate.Verdict, Int32) {
        switch self {
        case .prefix: (.calleePrefix, 0)
        case .length: (.calleeLength, 0)
        case .group(let place): (.calleeGroup, place.map(Int32.init) ?? -1)
        }
    }
}
