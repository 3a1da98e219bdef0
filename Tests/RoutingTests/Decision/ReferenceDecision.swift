import Routing
import Vocabulary

/// The decision once more, written slowly and plainly from the objects themselves, for `DecisionModelTests`.
/// It knows nothing of tables, indices or keys; what is live it is told.
struct ReferenceDecision {
    /// What the test made of one object.
    struct Live {
        var calls = 0
        /// Admissions within the last second.
        var admitted = 0
        var waitSeconds = 0
        var published: Int?
        var isRegistered = false
        var dead: Set<NetworkAddress> = []
        /// In percent, with enough attempts to say so.
        var answerRatio: Int?
        var given = 0
    }

    var configuration: SwitchConfiguration
    var mapping: [Live]
    var routing: [Live]
    var groups: [Live]
    var phones: [Live]

    func lines(origin: CallOrigin, source: NetworkAddress, caller: String, callee: String, time: LocalTime) -> [String] {
        if let refusal = refusal(origin, caller: caller, callee: callee, time) { return ["refused: \(refusal)"] }
        if let index = configuration.phones.firstIndex(where: { $0.name == callee }) {
            return ["\(callee)/\(callee.count) \(phoneVerdict(index, origin, caller: caller))"]
        }
        return gateways(origin, source: source, caller: caller, callee: callee, time).map {
            "\(configuration.routingGateways[$0.index].name)/\($0.prefix) \($0.verdict)"
        }
    }

    // MARK: - The caller

    private func refusal(_ origin: CallOrigin, caller: String, callee: String, _ time: LocalTime) -> String? {
        switch origin {
        case .phone(let index):
            let phone = configuration.phones[index]
            if phone.lock == .outgoing || phone.lock == .both { return "locked" }
            let calls = phones[index].calls
            if calls >= phone.outgoingLines ?? .max || calls >= phone.lines ?? .max { return "full" }
            if callee.isEmpty { return "noCallee" }
            return lists(callee, phone.calleeNumberGroups) ? nil : "calleeGroup"
        case .mappingGateway(let index):
            let gateway = configuration.mappingGateways[index]
            let period = gateway.periods.first { $0.contains(weekday: time.weekday, second: time.secondOfDay) }
            if gateway.locked { return "locked" }
            if period?.isBarred == true { return "periodBarred" }
            let limit = limit(
                mapping[index], period?.capacity ?? gateway.capacity, nil, gateway.groups, 0, period?.callsPerSecond ?? gateway.callsPerSecond)
            if let limit { return limit }
            if callee.isEmpty { return "noCallee" }
            if let fault = numberFault(
                caller, period?.callerPrefixes ?? gateway.callerPrefixes, gateway.callerLengths, gateway.callerNumberGroups)
            {
                return "caller\(fault)"
            }
            if let fault = numberFault(
                callee, period?.calleePrefixes ?? gateway.calleePrefixes, gateway.calleeLengths, gateway.calleeNumberGroups)
            {
                return "callee\(fault)"
            }
            let isPhone = configuration.phones.contains { $0.name == callee }
            return gateway.calleeKind == .phonesOnly && !isPhone || gateway.calleeKind == .noPhones && isPhone ? "calleeKind" : nil
        }
    }

    private func phoneVerdict(_ index: Int, _ origin: CallOrigin, caller: String) -> String {
        let phone = configuration.phones[index]
        if phone.lock == .incoming || phone.lock == .both { return "locked" }
        if origin == .phone(index) { return "sameAsSource" }
        if !lists(caller, phone.callerNumberGroups) { return "callerGroup" }
        if phone.address == nil, !phones[index].isRegistered { return "notRegistered" }
        // The test's calls of a phone are all calls made.
        return phones[index].calls >= phone.lines ?? .max || phone.incomingLines == 0 ? "full" : "waiting"
    }

    // MARK: - The gateways

    struct Found {
        var index: Int
        var prefix: Int
        var verdict: String
        var priority: Int
    }

    private func gateways(_ origin: CallOrigin, source: NetworkAddress, caller: String, callee: String, _ time: LocalTime) -> [Found] {
        var found: [Found] = []
        for length in (0...callee.count).reversed() {
            let beginning = String(callee.prefix(length))
            for index in configuration.routingGateways.indices where configuration.routingGateways[index].prefixes.contains(beginning) {
                let gateway = configuration.routingGateways[index]
                let period = gateway.periods.first { $0.contains(weekday: time.weekday, second: time.secondOfDay) }
                var one = Found(index: index, prefix: length, verdict: "", priority: gateway.priority)
                let isEnded = found.contains { other in
                    let before = configuration.routingGateways[other.index]
                    return other.prefix > length && before.prefixStyle == .terminate && (!before.isProtectRoute || gateway.isProtectRoute)
                        && !Self.outOfQuestion.contains(other.verdict)
                }
                if isEnded {
                    one.verdict = "searchTerminated"
                } else if found.contains(where: { $0.index == index }) {
                    one.verdict = "alreadyListed"
                } else {
                    one.priority = period?.priority ?? gateway.priority
                    one.verdict = verdict(index, period, origin, source, caller, callee)
                }
                found.append(one)
            }
        }
        return found.sorted { goesBefore($0, $1, origin, time) }
    }

    static let outOfQuestion: Set<String> = [
        "locked", "sameAsSource", "withoutAddress", "groupNotAllowed", "periodBarred", "callerPrefix", "calleePrefix", "callerLength",
        "calleeLength", "callerGroup", "calleeGroup", "alreadyListed", "searchTerminated",
    ]

    private func verdict(
        _ index: Int, _ period: Period?, _ origin: CallOrigin, _ source: NetworkAddress, _ caller: String, _ callee: String
    ) -> String {
        let gateway = configuration.routingGateways[index]
        let live = routing[index]
        if gateway.locked { return "locked" }
        let filter =
            switch origin {
            case .mappingGateway(let index): configuration.mappingGateways[index].routingGroups
            case .phone(let index): configuration.phones[index].routingGroups
            }
        let isNamed = gateway.groups.contains { filter.names.contains($0) }
        if !filter.names.isEmpty, isNamed != (filter.mode == .allow) { return "groupNotAllowed" }
        if period?.isBarred == true { return "periodBarred" }
        if gateway.addresses.isEmpty, gateway.registration == nil, !gateway.registersHere { return "withoutAddress" }
        if !gateway.returnsCalls, gateway.addresses.contains(source) { return "sameAsSource" }
        if let fault = numberFault(callee, period?.calleePrefixes ?? gateway.calleePrefixes, gateway.calleeLengths, gateway.calleeNumberGroups) {
            return "callee\(fault)"
        }
        if let fault = numberFault(caller, period?.callerPrefixes ?? gateway.callerPrefixes, gateway.callerLengths, gateway.callerNumberGroups) {
            return "caller\(fault)"
        }
        if live.waitSeconds > 0 { return "retryAfter" }
        if gateway.registersHere, !live.isRegistered { return "notRegistered" }
        if !gateway.registersHere, gateway.registration == nil, gateway.optionsCheck, live.dead.isSuperset(of: gateway.addresses) {
            return "noAddressAlive"
        }
        return limit(
            live, period?.capacity ?? gateway.capacity, gateway.allowsPublish ? live.published : nil, gateway.groups, gateway.reservedLines ?? 0,
            period?.callsPerSecond ?? gateway.callsPerSecond) ?? "waiting"
    }

    private func goesBefore(_ a: Found, _ b: Found, _ origin: CallOrigin, _ time: LocalTime) -> Bool {
        let (first, second) = (configuration.routingGateways[a.index], configuration.routingGateways[b.index])
        if first.isProtectRoute != second.isProtectRoute { return second.isProtectRoute }
        if a.prefix != b.prefix { return a.prefix > b.prefix }
        var policies: [RoutePolicy] = []
        if case .mappingGateway(let index) = origin { policies = configuration.mappingGateways[index].routePolicies }
        let position = configuration.routingSettings.answerRatioPosition ?? (policies.isEmpty ? nil : 2)
        for step in 1...4 {
            if position == step {
                let (ratioA, ratioB) = (ratio(a), ratio(b))
                if ratioA != ratioB { return ratioA > ratioB }
            }
            switch step {
            case 1: if a.priority != b.priority { return a.priority < b.priority }
            case 2:
                let (loadA, loadB) = (load(a, time), load(b, time))
                if loadA != loadB { return loadA < loadB }
            case 3:
                if calls(a) != calls(b) { return calls(a) < calls(b) }
                if routing[a.index].given != routing[b.index].given { return routing[a.index].given < routing[b.index].given }
            default: break
            }
        }
        return first.name < second.name
    }

    /// A gateway that was not looked at more closely shows no calls and no ratio.
    private func isLookedAt(_ found: Found) -> Bool { found.verdict != "searchTerminated" && found.verdict != "alreadyListed" }
    private func calls(_ found: Found) -> Int { isLookedAt(found) ? routing[found.index].calls : 0 }
    private func ratio(_ found: Found) -> Int {
        let gateway = configuration.routingGateways[found.index]
        guard isLookedAt(found), gateway.calculatesASR ?? configuration.routingSettings.calculatesAnswerRatio else { return 101 }
        return routing[found.index].answerRatio ?? 101
    }
    private func load(_ found: Found, _ time: LocalTime) -> Double {
        let gateway = configuration.routingGateways[found.index]
        let period = gateway.periods.first { $0.contains(weekday: time.weekday, second: time.secondOfDay) }
        guard isLookedAt(found), let capacity = period?.capacity ?? gateway.capacity else { return 0 }
        return capacity == 0 ? .infinity : Double(calls(found)) / Double(capacity)
    }

    // MARK: - Limits and numbers

    private func limit(_ live: Live, _ capacity: Int?, _ published: Int?, _ names: [String], _ reserved: Int, _ rate: Int?) -> String? {
        if live.calls >= capacity ?? .max { return "full" }
        if live.calls >= published ?? .max { return "publishedFull" }
        let members = names.compactMap { name in configuration.groups.firstIndex { $0.name == name } }
        for index in members {
            guard let capacity = configuration.groups[index].capacity else { continue }
            let free = capacity - groups[index].calls
            if free <= 0 { return "groupFull" }
            if free < reserved { return "linesReserved" }
        }
        if live.admitted >= rate ?? .max { return "rateExceeded" }
        for index in members where groups[index].admitted >= configuration.groups[index].callsPerSecond ?? .max { return "groupRateExceeded" }
        return nil
    }

    private func isWhite(_ number: String) -> Bool {
        configuration.numberGroups.contains { $0.name == NumberGroup.systemWhiteList && $0.numbers.contains(number) }
    }

    /// Whether a list filter lets the number through.
    private func lists(_ number: String, _ filter: NameFilter) -> Bool {
        guard !isWhite(number), !filter.names.isEmpty else { return true }
        let isListed = configuration.numberGroups.contains { filter.names.contains($0.name) && $0.numbers.contains(number) }
        return isListed == (filter.mode == .allow)
    }

    private func numberFault(_ number: String, _ prefixes: PrefixFilter, _ lengths: LengthFilter, _ groups: NameFilter) -> String? {
        guard !isWhite(number) else { return nil }
        if !prefixes.prefixes.isEmpty, prefixes.prefixes.contains(where: { number.hasPrefix($0) }) != (prefixes.mode == .allow) { return "Prefix" }
        if !lengths.passes(number.count) { return "Length" }
        return lists(number, groups) ? nil : "Group"
    }
}
