import Vocabulary

/// Where a candidate stands in the order: keys that are compared one after the other.
struct CandidateRank: Sendable {
    /// Place in the list of those found.
    var place: Int32
    var keys: InlineArray<6, UInt64>

    /// Most strategies that fit between prefix and name.
    static let maximumSteps = 4

    func goesBefore(_ other: CandidateRank) -> Bool {
        for index in keys.indices where keys[index] != other.keys[index] { return keys[index] < other.keys[index] }
        return place < other.place
    }
}

extension SwitchConfiguration {
    /// Puts what was found into the order to try it: normal gateways before protect routes, longer prefixes before
    /// shorter ones, then the caller's strategies, then the name.
    func order(for origin: CallOrigin, into decision: inout CallDecision) {
        let ordering: Int
        switch origin {
        case .mappingGateway(let index): ordering = Int(tables.mappingGateways[index].ordering)
        case .phone: ordering = 0
        }
        let steps = tables.orderings[ordering].steps
        decision.ranks.removeAll(keepingCapacity: true)
        for (place, candidate) in decision.found.enumerated() {
            guard let index = candidate.routingGateway else { continue }
            decision.ranks.append(rank(candidate, index, place: place, steps))
        }
        decision.ranks.sort { $0.goesBefore($1) }
        for rank in decision.ranks { decision.candidates.append(decision.found[Int(rank.place)]) }
    }

    private func rank(_ candidate: Candidate, _ index: Int, place: Int, _ steps: [OrderingStep]) -> CandidateRank {
        let facts = OrderingFacts(
            priority: candidate.priority, capacity: candidate.capacity, calls: Int(candidate.calls), callsGiven: routingLive[index].callsGiven,
            answerRatio: candidate.answerRatio)
        var rank = CandidateRank(place: Int32(place), keys: InlineArray(repeating: 0))
        rank.keys[0] = (candidate.isProtectRoute ? 1 << 32 : 0) + UInt64(PrefixTable.maximumPrefixLength - candidate.prefixLength)
        for step in steps.indices { rank.keys[1 + step] = steps[step].key(facts) }
        rank.keys[1 + CandidateRank.maximumSteps] = UInt64(tables.routingGateways[index].nameOrder)
        return rank
    }
}
