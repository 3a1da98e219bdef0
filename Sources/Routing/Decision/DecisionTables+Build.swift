import Vocabulary

extension DecisionTables {
    init(
        mappingGateways: [MappingGateway], routingGateways: [RoutingGateway], phones: [Phone], groups: [GatewayGroup],
        numbers: NumberLists, settings: RoutingSettings
    ) {
        var builder = Builder(numbers: numbers, routingGateways: routingGateways, groups: groups, settings: settings)
        self.mappingGateways = mappingGateways.map { builder.compile($0) }
        self.phones = phones.map { builder.compile($0) }
        var nameOrder = Array(repeating: Int32(0), count: routingGateways.count)
        for (place, index) in routingGateways.indices.sorted(by: { routingGateways[$0].name < routingGateways[$1].name }).enumerated() {
            nameOrder[index] = Int32(place)
        }
        self.routingGateways = routingGateways.enumerated().map { builder.compile($1, nameOrder: nameOrder[$0]) }
        self.groups = groups.map { CompiledGroup(capacity: $0.capacity.bounded, callsPerSecond: $0.callsPerSecond.bounded) }
        groupIndices = builder.groupIndices
        periods = builder.periods
        checks = builder.checks
        masks = builder.masks
        orderings = builder.orderings
    }

    /// Makes the tables; what two objects have in common is made once.
    private struct Builder {
        let numbers: NumberLists
        let routingGateways: [RoutingGateway]
        let groupsByName: [String: Int32]
        let settings: RoutingSettings

        var groupIndices: [Int32] = []
        var periods: [CompiledPeriod] = []
        var checks: [NumberCheck] = []
        var masks: [GatewayMask] = []
        var orderings: [RouteOrdering]

        private struct Filters: Hashable {
            var prefixes: PrefixFilter
            var lengths: LengthFilter
            var groups: NameFilter
        }
        private var knownChecks: [Filters: CheckIndex] = [:]
        private var knownMasks: [NameFilter: Int32] = [:]

        init(numbers: NumberLists, routingGateways: [RoutingGateway], groups: [GatewayGroup], settings: RoutingSettings) {
            self.numbers = numbers
            self.routingGateways = routingGateways
            self.settings = settings
            groupsByName = Dictionary(groups.enumerated().map { ($1.name, Int32($0)) }, uniquingKeysWith: { first, _ in first })
            orderings = [RouteOrdering(settings, policies: [])]
        }

        mutating func compile(_ gateway: MappingGateway) -> CompiledOrigin {
            let caller = Filters(prefixes: gateway.callerPrefixes, lengths: gateway.callerLengths, groups: gateway.callerNumberGroups)
            let callee = Filters(prefixes: gateway.calleePrefixes, lengths: gateway.calleeLengths, groups: gateway.calleeNumberGroups)
            return CompiledOrigin(
                isLocked: gateway.locked, calleeKind: gateway.calleeKind,
                rewritesCaller: !gateway.callerRewrite.isEmpty || gateway.periods.contains { $0.callerRewrite != nil },
                rewritesCallee: !gateway.calleeRewrite.isEmpty || gateway.periods.contains { $0.calleeRewrite != nil },
                capacity: gateway.capacity.bounded, callsPerSecond: gateway.callsPerSecond.bounded, groups: groups(gateway.groups),
                periods: periods(
                    gateway.periods, caller, callee, capacity: gateway.capacity, callsPerSecond: gateway.callsPerSecond, priority: gateway.priority),
                callerCheck: check(caller), calleeCheck: check(callee), mask: mask(gateway.routingGroups),
                ordering: ordering(gateway.routePolicies))
        }

        mutating func compile(_ phone: Phone) -> CompiledPhone {
            CompiledPhone(
                mayCall: phone.mayCall, mayBeCalled: phone.mayBeCalled, isStatic: phone.address != nil,
                rewritesOutgoingCallee: !phone.outgoingCalleeRewrite.isEmpty, outgoingLines: phone.outgoingLines.bounded,
                incomingLines: phone.incomingLines.bounded, lines: phone.lines.bounded,
                calleeCheck: check(Filters(prefixes: PrefixFilter(), lengths: LengthFilter(), groups: phone.calleeNumberGroups)),
                callerCheck: check(Filters(prefixes: PrefixFilter(), lengths: LengthFilter(), groups: phone.callerNumberGroups)),
                mask: mask(phone.routingGroups))
        }

        mutating func compile(_ gateway: RoutingGateway, nameOrder: Int32) -> CompiledRoutingGateway {
            let caller = Filters(prefixes: gateway.callerPrefixes, lengths: gateway.callerLengths, groups: gateway.callerNumberGroups)
            let callee = Filters(prefixes: gateway.calleePrefixes, lengths: gateway.calleeLengths, groups: gateway.calleeNumberGroups)
            return CompiledRoutingGateway(
                flags: flags(gateway), priority: Int32(clamping: gateway.priority), capacity: gateway.capacity.bounded,
                callsPerSecond: gateway.callsPerSecond.bounded, reservedLines: gateway.reservedLines.bounded ?? 0, nameOrder: nameOrder,
                groups: groups(gateway.groups),
                periods: periods(
                    gateway.periods, caller, callee, capacity: gateway.capacity, callsPerSecond: gateway.callsPerSecond, priority: gateway.priority),
                callerCheck: check(caller), calleeCheck: check(callee))
        }

        private func flags(_ gateway: RoutingGateway) -> CompiledRoutingGateway.Flags {
            var flags: CompiledRoutingGateway.Flags = []
            if gateway.locked { flags.insert(.locked) }
            if gateway.prefixStyle == .terminate { flags.insert(.terminates) }
            if gateway.isProtectRoute { flags.insert(.protectRoute) }
            if gateway.returnsCalls { flags.insert(.returnsCalls) }
            if gateway.registersHere { flags.insert(.registersHere) }
            if gateway.registration != nil { flags.insert(.registration) }
            if gateway.addresses.isEmpty, gateway.hosts.isEmpty, gateway.registration == nil, !gateway.registersHere { flags.insert(.withoutAddress) }
            if gateway.optionsCheck { flags.insert(.optionsCheck) }
            if gateway.allowsPublish { flags.insert(.allowsPublish) }
            if gateway.calculatesASR ?? settings.calculatesAnswerRatio { flags.insert(.measuresAnswers) }
            if gateway.callerPool != nil { flags.insert(.callerPool) }
            if hasNested(gateway.prefixes) { flags.insert(.nestedPrefixes) }
            return flags
        }

        /// Whether one prefix begins another: in order of their bytes, the one next to it then does so too.
        private func hasNested(_ prefixes: [String]) -> Bool {
            guard prefixes.count > 1 else { return false }
            let sorted = prefixes.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
            return zip(sorted, sorted.dropFirst()).contains { $1.starts(with: $0) && $0 != $1 }
        }

        private mutating func groups(_ names: [String]) -> Range<Int32> {
            let start = Int32(groupIndices.count)
            for name in names {
                guard let index = groupsByName[name], !groupIndices[Int(start)...].contains(index) else { continue }
                groupIndices.append(index)
            }
            return start..<Int32(groupIndices.count)
        }

        private mutating func periods(
            _ all: [Period], _ caller: Filters, _ callee: Filters, capacity: Int?, callsPerSecond: Int?, priority: Int
        ) -> Range<Int32> {
            let start = Int32(periods.count)
            for period in all {
                var (ownCaller, ownCallee) = (caller, callee)
                if let prefixes = period.callerPrefixes { ownCaller.prefixes = prefixes }
                if let prefixes = period.calleePrefixes { ownCallee.prefixes = prefixes }
                let compiled = CompiledPeriod(
                    weekdays: period.weekdays, isBarred: period.isBarred, begin: Int32(clamping: period.begin), end: Int32(clamping: period.end),
                    capacity: (period.capacity ?? capacity).bounded, callsPerSecond: (period.callsPerSecond ?? callsPerSecond).bounded,
                    priority: Int32(clamping: period.priority ?? priority), callerCheck: check(ownCaller), calleeCheck: check(ownCallee))
                periods.append(compiled)
            }
            return start..<Int32(periods.count)
        }

        private mutating func check(_ filters: Filters) -> CheckIndex {
            guard !filters.prefixes.isEmpty || filters.lengths.mask != 0 || !filters.groups.isEmpty else { return .none }
            if let known = knownChecks[filters] { return known }
            let index = CheckIndex(rawValue: Int32(checks.count))
            checks.append(
                NumberCheck(prefixes: filters.prefixes, lengths: filters.lengths, groups: filters.groups, numberGroups: numbers.sets))
            knownChecks[filters] = index
            return index
        }

        private mutating func mask(_ filter: NameFilter) -> Int32? {
            guard !filter.isEmpty else { return nil }
            if let known = knownMasks[filter] { return known }
            let names = Set(filter.names)
            var mask = GatewayMask(count: routingGateways.count)
            for (index, gateway) in routingGateways.enumerated() {
                let isNamed = gateway.groups.contains { names.contains($0) }
                if isNamed == (filter.mode == .allow) { mask.insert(index) }
            }
            masks.append(mask)
            knownMasks[filter] = Int32(masks.count - 1)
            return Int32(masks.count - 1)
        }

        private mutating func ordering(_ policies: [RoutePolicy]) -> Int32 {
            let ordering = RouteOrdering(settings, policies: policies)
            if let known = orderings.firstIndex(of: ordering) { return Int32(known) }
            orderings.append(ordering)
            return Int32(orderings.count - 1)
        }
    }
}

extension Int? {
    /// As it stands in the compiled tables; nobody needs a limit beyond 2^31.
    fileprivate var bounded: Int32? { map { Int32(clamping: $0) } }
}
