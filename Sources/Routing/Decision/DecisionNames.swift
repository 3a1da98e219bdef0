import Vocabulary

// The words of a decision: names of what stands behind refusals and verdicts, and rules as operators write them.

extension SwitchConfiguration {
    /// What stands behind a refusal or a verdict.
    enum Behind: Equatable {
        case nothing
        /// A limit, or seconds.
        case number(Int64)
        /// The gateway group whose limit is reached, the number group that has the number, or the kind of blacklist entry.
        case name(String)
    }

    func behind(_ refusal: CallRefusal, _ detail: Int32, of origin: CallOrigin) -> Behind {
        switch refusal {
        case .groupFull, .groupRateExceeded: gatewayGroup(detail)
        case .callerGroup, .calleeGroup: numberGroup(detail, numberGroups(of: origin, isCaller: refusal == .callerGroup))
        case .callerBlacklisted, .calleeBlacklisted: BlacklistKind(rawValue: UInt8(clamping: detail)).map { .name($0.name) } ?? .nothing
        case .full, .rateExceeded: .number(Int64(detail))
        case .locked, .periodBarred, .callerPrefix, .calleePrefix, .callerLength, .calleeLength, .calleeKind, .noCallee: .nothing
        }
    }

    func behind(_ verdict: Candidate.Verdict, _ detail: Int32, of destination: CallDestination) -> Behind {
        switch verdict {
        case .groupFull, .linesReserved, .groupRateExceeded: gatewayGroup(detail)
        case .callerGroup, .calleeGroup: numberGroup(detail, numberGroups(of: destination, isCaller: verdict == .callerGroup))
        case .full, .publishedFull, .rateExceeded, .retryAfter: .number(Int64(detail))
        case .waiting, .tried, .answered, .locked, .sameAsSource, .registrationDown, .withoutAddress, .alreadyListed, .redirected, .notNeeded,
            .groupNotAllowed, .periodBarred, .callerPrefix, .calleePrefix, .callerLength, .calleeLength, .noAddressAlive, .notRegistered,
            .searchTerminated, .protectDelayOver, .noPoolNumber:
            .nothing
        }
    }

    private func gatewayGroup(_ index: Int32) -> Behind {
        groups.indices.contains(Int(index)) ? .name(groups[Int(index)].name) : .nothing
    }

    /// `place`: of the black list that has the number; -1 when no white list has it.
    private func numberGroup(_ place: Int32, _ names: [String]) -> Behind {
        names.indices.contains(Int(place)) ? .name(names[Int(place)]) : .nothing
    }

    private func numberGroups(of origin: CallOrigin, isCaller: Bool) -> [String] {
        switch origin {
        case .mappingGateway(let index):
            isCaller ? mappingGateways[index].callerNumberGroups.names : mappingGateways[index].calleeNumberGroups.names
        case .phone(let index): isCaller ? [] : phones[index].calleeNumberGroups.names
        }
    }

    private func numberGroups(of destination: CallDestination, isCaller: Bool) -> [String] {
        switch destination {
        case .routingGateway(let index):
            isCaller ? routingGateways[index].callerNumberGroups.names : routingGateways[index].calleeNumberGroups.names
        case .phone(let index): isCaller ? phones[index].callerNumberGroups.names : []
        }
    }
}

extension SwitchConfiguration {
    /// The rule of a caller's dial plan as operators write it (`original=target|target`), by its place and the period that held.
    public func callerRule(_ rule: Int?, of origin: CallOrigin, period: Int?) -> String? {
        guard let rule, case .mappingGateway(let index) = origin else { return nil }
        let ofPeriod = period.flatMap { mappingGateways[index].periods[$0].callerRewrite }
        return (ofPeriod ?? mappingGateways[index].callerRewrite).text(of: rule)
    }

    /// The same for the callee's number.
    public func calleeRule(_ rule: Int?, of origin: CallOrigin, period: Int?) -> String? {
        guard let rule else { return nil }
        switch origin {
        case .mappingGateway(let index):
            let ofPeriod = period.flatMap { mappingGateways[index].periods[$0].calleeRewrite }
            return (ofPeriod ?? mappingGateways[index].calleeRewrite).text(of: rule)
        case .phone(let index): return phones[index].outgoingCalleeRewrite.text(of: rule)
        }
    }
}

extension RewriteRules {
    func text(of rule: Int) -> String { rules[rule].original + "=" + rules[rule].targets.joined(separator: "|") }
}

extension CallRefusal {
    private static let names = CaseNames<Self>()
    public var name: String { Self.names[self] }
}

extension SourceTable.Rule {
    var name: String {
        switch self {
        case .addressAndPort: "addressAndPort"
        case .address: "address"
        case .registration: "registration"
        case .credentials: "credentials"
        case .binding: "binding"
        }
    }
}

extension BlacklistKind {
    private static let names = CaseNames<Self>()
    public var name: String { Self.names[self] }
}
