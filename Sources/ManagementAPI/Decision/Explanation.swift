import Routing
import Vocabulary

/// What would become of a call, without calling: the decision that a real call gets, on the same live objects.
public struct Explanation: Sendable {
    /// Gateway or phone that calls; nil: whoever the source belongs to.
    public var from: String?
    public var caller: String
    public var callee: String
    /// Nil: now.
    public var time: WallTime?
    /// Where the INVITE comes from; nil: an address of the caller's object.
    public var source: NetworkAddress?

    public init(from: String?, caller: String, callee: String, time: WallTime? = nil, source: NetworkAddress? = nil) {
        self.from = from
        self.caller = caller
        self.callee = callee
        self.time = time
        self.source = source
    }

    /// The decision, or why the question cannot be answered.
    public func answer(_ view: LiveView) throws(Problem) -> DecisionDocument {
        let configuration = view.configuration
        let taken = try taken(view)
        let moment = Moment(instant: view.now.instant, wall: time ?? view.now.wall)
        var decision = CallDecision()
        var text = DecisionText()
        caller.withBytes { caller in
            callee.withBytes { callee in
                let inquiry = CallInquiry(
                    origin: taken.origin, sourceRule: taken.rule, source: taken.source, caller: caller, callee: callee, now: moment, random: 0)
                configuration.decide(inquiry, into: &decision)
                text.explain(inquiry, decision, in: configuration) { view.fault(ofRegistration: $0) }
            }
        }
        guard let document = DecisionDocument(json: String(decoding: text.bytes, as: UTF8.self)) else {
            throw Problem(.internalFault, "the decision could not be shown")
        }
        return document
    }

    // MARK: - Whom the call is taken for

    private func taken(_ view: LiveView) throws(Problem) -> (origin: CallOrigin, rule: SourceTable.Rule, source: NetworkAddress) {
        let configuration = view.configuration
        let found = source.flatMap { configuration.sources.origin(of: $0) }
        guard let from else {
            guard let source else { throw Problem(.malformedRequest, "say from whom the call comes: from, or source") }
            guard let found else { throw Problem(.malformedRequest, "a call from \(source) is taken for nobody: no object has that address") }
            return (found.origin, found.rule, source)
        }
        let phone = from.withBytes { configuration.phone(numbered: $0) }
        guard let origin = configuration.mappingGateway(named: from).map({ CallOrigin.mappingGateway($0) }) ?? phone.map({ .phone($0) }) else {
            let known = configuration.mappingGateways.map(\.name) + configuration.phones.map(\.name)
            let near = Suggestion.nearest(to: from, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
            throw Problem(.malformedRequest, "there is no mapping gateway or phone \"\(from)\"\(near)")
        }
        guard let source else { return (origin, configuration.usualRule(of: origin), configuration.usualSource(of: origin, now: view.now.instant)) }
        guard let found else { return (origin, configuration.usualRule(of: origin), source) }
        guard found.origin == origin else {
            throw Problem(
                .malformedRequest, "a call from \(source) is taken for \"\(configuration.name(of: found.origin))\", not for \"\(from)\"")
        }
        return (origin, found.rule, source)
    }
}

extension SwitchConfiguration {
    /// How calls of an object are recognised, where no address tells it.
    fileprivate func usualRule(of origin: CallOrigin) -> SourceTable.Rule {
        switch origin {
        case .phone(let index): phones[index].address == nil ? .credentials : .addressAndPort
        case .mappingGateway(let index):
            if mappingGateways[index].authentication == .password {
                .credentials
            } else if mappingGateways[index].registersHere {
                .binding
            } else if let address = mappingGateways[index].addresses.first {
                mappingGateways[index].isRecognised(atAnyPortOf: address) ? .address : .addressAndPort
            } else {
                .registration
            }
        }
    }

    /// An address from which its calls come.
    fileprivate func usualSource(of origin: CallOrigin, now: Instant) -> NetworkAddress {
        let configured: NetworkAddress? =
            switch origin {
            case .phone(let index): phones[index].address
            case .mappingGateway(let index): mappingGateways[index].addresses.first
            }
        return configured ?? live(origin).location.best(now: now)?.flow.remote ?? NetworkAddress(ipv4: 0, port: 0)
    }
}
