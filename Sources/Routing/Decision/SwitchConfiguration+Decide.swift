import Vocabulary

// The decision about a call, for real calls and for explanations alike: nothing is taken or counted here.

extension SwitchConfiguration {
    /// Whether the call is taken, with which numbers, and where it may go, in order. Allocates nothing once
    /// `decision` has grown to its usual size.
    ///
    /// The caller's filters see the numbers as received. Dynamic blacklists, the routing gateways' filters and the
    /// prefixes see them after the caller's dial plan. A number on the system white list, in either form, passes
    /// every filter and list. The callee of a forwarded call is a vendor's choice: it is only routed.
    public func decide(_ inquiry: CallInquiry, into decision: inout CallDecision) {
        decision.begin()
        var random = NumberRandom(seed: inquiry.random)
        let time = localTime(inquiry.now)
        rewriteForOrigin(inquiry, time, random: &random, into: &decision)
        let isWhite = whiteListed(inquiry, decision)
        if let (refusal, detail) = refusal(of: inquiry, decision, isWhite: isWhite, time) {
            decision.refusal = refusal
            decision.refusalDetail = detail
            return
        }
        // The numbers are lent to the search, which changes the rest of the decision.
        var (caller, callee): ([UInt8], [UInt8]) = ([], [])
        swap(&caller, &decision.caller)
        swap(&callee, &decision.callee)
        caller.withBytes { caller in
            callee.withBytes { callee in
                let search = CandidateSearch(
                    origin: inquiry.origin, source: inquiry.source, caller: caller, callee: callee, isWhite: isWhite, now: inquiry.now.instant,
                    time: time)
                if let phone = phone(numbered: callee) {
                    decision.candidates.append(candidate(phone: phone, search))
                } else {
                    findGateways(search, into: &decision)
                }
            }
        }
        swap(&caller, &decision.caller)
        swap(&callee, &decision.callee)
    }

    /// Weekday and time of day; without any period nobody asks for it.
    func localTime(_ now: Moment) -> LocalTime {
        tables.usesPeriods ? zone.local(now.wall) : LocalTime(weekday: 0, secondOfDay: 0)
    }

    private func rewriteForOrigin(_ inquiry: CallInquiry, _ time: LocalTime, random: inout NumberRandom, into decision: inout CallDecision) {
        switch inquiry.origin {
        case .mappingGateway(let index):
            let compiled = tables.mappingGateways[index]
            let active = tables.period(compiled.periods, at: time).map { $0 - Int(compiled.periods.lowerBound) }
            decision.period = active
            if compiled.rewritesCaller {
                let own = active.flatMap { mappingGateways[index].periods[$0].callerRewrite } ?? mappingGateways[index].callerRewrite
                decision.callerRule = own.rewrite(inquiry.caller, random: &random, into: &decision.caller)
            } else {
                decision.caller.append(contentsOf: inquiry.caller.buffer)
            }
            if compiled.rewritesCallee, !inquiry.isForwarded {
                let own = active.flatMap { mappingGateways[index].periods[$0].calleeRewrite } ?? mappingGateways[index].calleeRewrite
                decision.calleeRule = own.rewrite(inquiry.callee, random: &random, into: &decision.callee)
            } else {
                decision.callee.append(contentsOf: inquiry.callee.buffer)
            }
        case .phone(let index):
            decision.caller.append(contentsOf: inquiry.caller.buffer)
            if tables.phones[index].rewritesOutgoingCallee, !inquiry.isForwarded {
                decision.calleeRule = phones[index].outgoingCalleeRewrite.rewrite(inquiry.callee, random: &random, into: &decision.callee)
            } else {
                decision.callee.append(contentsOf: inquiry.callee.buffer)
            }
        }
    }

    private func whiteListed(_ inquiry: CallInquiry, _ decision: CallDecision) -> WhiteListed {
        guard hasSystemWhiteList else { return WhiteListed() }
        return WhiteListed(
            caller: numberLists.isOnSystemWhiteList(inquiry.caller) || decision.caller.withBytes { numberLists.isOnSystemWhiteList($0) },
            callee: numberLists.isOnSystemWhiteList(inquiry.callee) || decision.callee.withBytes { numberLists.isOnSystemWhiteList($0) })
    }

    /// The first reason against taking the call: what the caller's object says of itself, then limits, then numbers.
    private func refusal(
        of inquiry: CallInquiry, _ decision: CallDecision, isWhite: WhiteListed, _ time: LocalTime
    ) -> (CallRefusal, Int32)? {
        if inquiry.isForwarded { return decision.callee.isEmpty ? (.noCallee, 0) : nil }
        let callerCheck: CheckIndex
        let calleeCheck: CheckIndex
        var calleeKind = CalleeKind.any
        switch inquiry.origin {
        case .mappingGateway(let index):
            let compiled = tables.mappingGateways[index]
            if compiled.isLocked { return (.locked, 0) }
            let period = tables.period(compiled.periods, at: time).map { tables.periods[$0] }
            if period?.isBarred == true { return (.periodBarred, 0) }
            callerCheck = period?.callerCheck ?? compiled.callerCheck
            calleeCheck = period?.calleeCheck ?? compiled.calleeCheck
            calleeKind = compiled.calleeKind
        case .phone(let index):
            if !tables.phones[index].mayCall { return (.locked, 0) }
            callerCheck = .none
            calleeCheck = tables.phones[index].calleeCheck
        }
        if let refusal = limitReached(of: inquiry.origin, now: inquiry.now.instant, time) { return refusal }
        if decision.callee.isEmpty { return (.noCallee, 0) }
        if !isWhite.caller, let refusal = tables.refusal(callerCheck, of: inquiry.caller) { return refusal.ofCaller }
        if !isWhite.callee, let refusal = tables.refusal(calleeCheck, of: inquiry.callee) { return refusal.ofCallee }
        if let refusal = blacklisted(decision, isWhite, now: inquiry.now.instant) { return refusal }
        if calleeKind != .any {
            let isPhone = decision.callee.withBytes { phone(numbered: $0) } != nil
            if isPhone != (calleeKind == .phonesOnly) { return (.calleeKind, 0) }
        }
        return nil
    }

    /// The dynamic blacklist knows numbers as they are after the caller's dial plan, so that one number is one
    /// number, however customers write it.
    private func blacklisted(_ decision: CallDecision, _ isWhite: WhiteListed, now: Instant) -> (CallRefusal, Int32)? {
        if !isWhite.caller, let entry = decision.caller.withBytes({ live.blacklist.entry(of: $0, on: .caller, now: now) }) {
            return (.callerBlacklisted, Int32(entry.kind.rawValue))
        }
        if !isWhite.callee, let entry = decision.callee.withBytes({ live.blacklist.entry(of: $0, on: .callee, now: now) }) {
            return (.calleeBlacklisted, Int32(entry.kind.rawValue))
        }
        return nil
    }
}

/// Which numbers of a call are on the system white list.
struct WhiteListed {
    var caller = false
    var callee = false
}

extension NumberRefusal {
    fileprivate var ofCaller: (CallRefusal, Int32) {
        switch self {
        case .prefix: (.callerPrefix, 0)
        case .length: (.callerLength, 0)
        case .group(let place): (.callerGroup, place.map(Int32.init) ?? -1)
        }
    }

    fileprivate var ofCallee: (CallRefusal, Int32) {
        switch self {
        case .prefix: (.calleePrefix, 0)
        case .length: (.calleeLength, 0)
        case .group(let place): (.calleeGroup, place.map(Int32.init) ?? -1)
        }
    }
}
