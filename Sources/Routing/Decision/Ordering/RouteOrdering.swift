/// What the order of a candidate is made from: its settings at this time, and its calls now.
struct OrderingFacts: Sendable {
    /// Lower goes first.
    var priority: Int32 = 0
    /// Most calls at once at this time; nil: no limit.
    var capacity: Int32?
    /// Calls that are up.
    var calls = 0
    /// Calls that it was given since the process began.
    var callsGiven: UInt64 = 0
    /// In percent; nil: not measured, or too little to judge.
    var answerRatio: UInt8?
}

/// One way to order gateways whose prefixes are equally long. A strategy stands in a file of its own.
protocol OrderingStrategy {
    /// A lower key goes first; equal keys leave the order to the next strategy.
    static func key(_ facts: OrderingFacts) -> UInt64
}

/// One place in the order.
enum OrderingStep: UInt8, Sendable, Hashable {
    case priority, answerRatio, loadRatio, fewestCalls

    func key(_ facts: OrderingFacts) -> UInt64 {
        switch self {
        case .priority: PriorityOrdering.key(facts)
        case .answerRatio: AnswerRatioOrdering.key(facts)
        case .loadRatio: LoadRatioOrdering.key(facts)
        case .fewestCalls: FewestCallsOrdering.key(facts)
        }
    }
}

/// The strategies of a caller, one after the other. Before them come normal before protect routes and the
/// length of the prefix, after them the name.
struct RouteOrdering: Sendable, Hashable {
    let steps: [OrderingStep]

    /// Where a caller's own policies stand when `SS_GATEWAY_ASR_ROUTE_SORT_CONFIG` says nothing: after priority.
    static let policyPosition = 2

    init(_ settings: RoutingSettings, policies: [RoutePolicy]) {
        var steps: [OrderingStep] = [.priority, .loadRatio, .fewestCalls]
        if policies.contains(.asr) || settings.answerRatioPosition != nil {
            steps.insert(.answerRatio, at: min((settings.answerRatioPosition ?? RouteOrdering.policyPosition) - 1, steps.count))
        }
        self.steps = steps
    }
}
