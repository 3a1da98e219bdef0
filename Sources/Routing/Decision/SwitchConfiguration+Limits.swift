import Vocabulary

// The limits of gateways, groups and phones: looked at while deciding, taken when a call begins and when a
// candidate's turn comes. Both read the same tables.

/// What a side of a call may not exceed at a time.
struct SideLimits {
    var lines = LineLimits()
    var direction = CallDirection.made
    var callsPerSecond: Int?
    /// Lines that stay free in each group.
    var reservedLines = 0
    /// Range of `DecisionTables.groupIndices`.
    var groups: Range<Int32> = 0..<0
}

/// Which limit stands in the way, and the number behind it.
enum LimitReached {
    case full(limit: Int32)
    case groupFull(group: Int32)
    case linesReserved(group: Int32)
    case published(limit: Int32)
    case rate(limit: Int32)
    case groupRate(group: Int32)
}

extension SwitchConfiguration {
    func limits(of origin: CallOrigin, _ time: LocalTime) -> SideLimits {
        switch origin {
        case .mappingGateway(let index):
            let compiled = tables.mappingGateways[index]
            let period = tables.period(compiled.periods, at: time)
            let capacity = period.map { tables.periods[$0].capacity } ?? compiled.capacity
            let rate = period.map { tables.periods[$0].callsPerSecond } ?? compiled.callsPerSecond
            return SideLimits(
                lines: LineLimits(all: capacity.map(Int.init)), direction: .made, callsPerSecond: rate.map(Int.init), groups: compiled.groups)
        case .phone(let index): return SideLimits(lines: tables.phones[index].limits, direction: .made)
        }
    }

    func limits(ofRoutingGateway index: Int, _ time: LocalTime) -> SideLimits {
        let gateway = tables.routingGateways[index]
        let period = tables.period(gateway.periods, at: time)
        let capacity = period.map { tables.periods[$0].capacity } ?? gateway.capacity
        let rate = period.map { tables.periods[$0].callsPerSecond } ?? gateway.callsPerSecond
        return SideLimits(
            lines: LineLimits(all: capacity.map(Int.init)), direction: .received, callsPerSecond: rate.map(Int.init),
            reservedLines: Int(gateway.reservedLines), groups: gateway.groups)
    }

    /// The limit that stands in the way now; nothing is taken.
    func limitReached(_ limits: SideLimits, of live: LiveObject, published: Int? = nil, now: Instant) -> LimitReached? {
        if !live.hasSeat(limits.direction, limits: limits.lines) { return .full(limit: limits.lineLimit) }
        if let published, live.calls >= published { return .published(limit: Int32(clamping: published)) }
        for place in limits.groups {
            let group = tables.groupIndices[Int(place)]
            guard let capacity = tables.groups[Int(group)].capacity else { continue }
            let calls = groupLive[Int(group)].calls
            if calls >= capacity { return .groupFull(group: group) }
            if Int(capacity) - calls < limits.reservedLines { return .linesReserved(group: group) }
        }
        if !live.wouldAdmit(limit: limits.callsPerSecond, now: now) { return .rate(limit: limits.rateLimit) }
        for place in limits.groups {
            let group = tables.groupIndices[Int(place)]
            guard let rate = tables.groups[Int(group)].callsPerSecond else { continue }
            if !groupLive[Int(group)].wouldAdmit(limit: Int(rate), now: now) { return .groupRate(group: group) }
        }
        return nil
    }

    /// Takes all places and counts the call into all rates, or takes no place and says which limit stands in the way.
    /// A call that loses a race for a place to another shard may have been counted into a rate: rates are then
    /// kept a little lower than allowed, never exceeded.
    func take(
        _ limits: SideLimits, of live: LiveObject, groups: [LiveObject], published: Int? = nil, now: Instant
    ) -> Taking {
        if let reached = limitReached(limits, of: live, published: published, now: now) { return .reached(reached) }
        var lines = limits.lines
        if let published { lines.all = min(lines.all ?? published, published) }
        guard let own = live.takeSeat(limits.direction, limits: lines) else { return .reached(.full(limit: limits.lineLimit)) }
        var taken = 0
        for group in groups {
            let index = tables.groupIndices[Int(limits.groups.lowerBound) + taken]
            let capacity = tables.groups[Int(index)].capacity.map { Int($0) - max(0, limits.reservedLines - 1) }
            guard group.take(.made, LineLimits(all: capacity)) else {
                for group in groups.prefix(taken) { group.giveBack(.made) }
                return .reached(.groupFull(group: index))
            }
            taken += 1
        }
        let seats = Seats(own, groups: groups)
        if !live.admit(limit: limits.callsPerSecond, now: now) { return .reached(.rate(limit: limits.rateLimit)) }
        for (place, group) in zip(limits.groups, groups) {
            let index = tables.groupIndices[Int(place)]
            guard group.admit(limit: tables.groups[Int(index)].callsPerSecond.map(Int.init), now: now) else {
                return .reached(.groupRate(group: index))
            }
        }
        return .taken(seats)
    }

    enum Taking: ~Copyable {
        case taken(Seats)
        case reached(LimitReached)
    }
}

extension SideLimits {
    /// The limit to show when a line is missing: the one that counts all calls, else the one of the direction.
    var lineLimit: Int32 { Int32(clamping: lines.all ?? (direction == .made ? lines.made : lines.received) ?? 0) }
    var rateLimit: Int32 { Int32(clamping: callsPerSecond ?? 0) }
}
