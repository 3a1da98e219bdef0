import Routing
import Testing
import Vocabulary

/// In which order usable gateways are tried: prefix, priority, the answer-seizure ratio where it has a say, load,
/// calls, name; protect routes last.
@Suite("Order of gateways")
struct RouteOrderTests {
    struct Live {
        var calls = 0
        var answers = 0
        var attempts = 0
    }

    static func order(
        _ gateways: [(RoutingGateway, Live)], policies: [RoutePolicy] = [], parameters: [String: ParameterValue] = [:]
    ) -> String {
        var values = parameters
        values["SS_GATEWAY_ASR_CALCULATE"] = values["SS_GATEWAY_ASR_CALCULATE"] ?? .flag(true)
        let configuration = SwitchConfiguration(
            mappingGateways: [Decide.mapping { $0.routePolicies = policies }], routingGateways: gateways.map(\.0),
            parameters: ParameterValues(values))
        var kept: [SeatBox] = []
        for (index, (_, live)) in gateways.enumerated() {
            kept += configuration.routingLive[index].occupy(live.calls)
            for attempt in 0..<live.attempts {
                configuration.attemptEnded(at: .routingGateway(index), answered: attempt < live.answers, now: Decide.moment().instant)
            }
        }
        defer { withExtendedLifetime(kept) {} }
        let decision = Decide.decision(configuration, callee: "4420")
        let isUsable = decision.candidates.allSatisfy { $0.verdict.isUsable }
        #expect(isUsable)
        return decision.candidates.map { configuration.name(of: $0.destination) }.joined(separator: " ")
    }

    static func gateway(_ name: String, _ change: (inout RoutingGateway) -> Void = { _ in }) -> RoutingGateway {
        Decide.gateway(name, [""], change)
    }

    @Test("a longer prefix before a lower priority number, that before load, that before calls, those before the name")
    func steps() {
        #expect(
            Self.order([
                (Self.gateway("a") { $0.priority = 1 }, Live()),
                (Decide.gateway("b", ["44"]) { $0.priority = 9 }, Live()),
            ]) == "b a")
        #expect(
            Self.order([
                (Self.gateway("a") { $0.priority = 2 }, Live()),
                (
                    Self.gateway("b") {
                        $0.priority = 1
                        $0.capacity = 2
                    }, Live(calls: 1)
                ),
            ]) == "b a")
        #expect(
            Self.order([
                (Self.gateway("a") { $0.capacity = 10 }, Live(calls: 2)), (Self.gateway("b") { $0.capacity = 100 }, Live(calls: 19)),
                (Self.gateway("c") { $0.capacity = 1000 }, Live(calls: 0)),
            ]) == "c b a")
        #expect(
            Self.order([
                (Self.gateway("a"), Live(calls: 2)), (Self.gateway("b"), Live(calls: 1)), (Self.gateway("d"), Live()), (Self.gateway("c"), Live()),
            ]) == "c d b a")
    }

    @Test("without capacity limit a gateway is never loaded; one with as much load but fewer calls goes first")
    func load() {
        #expect(
            Self.order([(Self.gateway("a") { $0.capacity = 100 }, Live(calls: 1)), (Self.gateway("b"), Live(calls: 50))]) == "b a")
        #expect(
            Self.order([
                (Self.gateway("a") { $0.capacity = 4 }, Live(calls: 2)), (Self.gateway("b") { $0.capacity = 2 }, Live(calls: 1)),
            ]) == "b a")
    }

    @Test("among idle gateways the one that was given the fewest calls so far")
    func callsGiven() {
        let configuration = SwitchConfiguration(
            mappingGateways: [Decide.mapping()], routingGateways: [Self.gateway("a"), Self.gateway("b"), Self.gateway("c")])
        var tried: [String] = []
        for second in 0..<6 {
            let decision = Decide.decision(configuration, callee: "4420")
            tried.append(configuration.name(of: decision.candidates[0].destination))
            _ = configuration.seize(decision.candidates[0], began: .zero, now: Decide.moment(Int64(second)))
        }
        #expect(tried == ["a", "b", "c", "a", "b", "c"])
    }

    @Test("a period's priority holds in its time")
    func periodPriority() {
        let late = Self.gateway("a") {
            $0.periods = [Period()]
            $0.periods[0].priority = 20
        }
        #expect(Self.order([(late, Live()), (Self.gateway("b"), Live())]) == "b a")
    }

    @Test("protect routes go last, whatever their prefix and priority")
    func protectRoutes() {
        let backup = Decide.gateway("a", ["4420"]) {
            $0.isProtectRoute = true
            $0.priority = 0
        }
        #expect(Self.order([(backup, Live()), (Self.gateway("b") { $0.priority = 99 }, Live())]) == "b a")
    }

    static let answering: [(RoutingGateway, Live)] = [
        (gateway("bad") { $0.priority = 1 }, Live(answers: 2, attempts: 20)),
        (gateway("good") { $0.priority = 2 }, Live(calls: 1, answers: 18, attempts: 20)),
        (gateway("fair") { $0.priority = 2 }, Live(answers: 10, attempts: 20)),
        (gateway("new") { $0.priority = 3 }, Live(calls: 2, answers: 0, attempts: 9)),
    ]

    @Test(
        "where the answer-seizure ratio stands in the order",
        arguments: [
            (nil, "bad fair good new"), (1, "new good fair bad"), (2, "bad good fair new"), (3, "bad good fair new"), (4, "bad fair good new"),
        ] as [(Int?, String)])
    func position(position: Int?, expected: String) {
        let values: [String: ParameterValue] = position.map { ["SS_GATEWAY_ASR_ROUTE_SORT_CONFIG": .integer($0)] } ?? [:]
        #expect(Self.order(Self.answering, parameters: values) == expected)
    }

    @Test("after load and after calls it decides what those leave open")
    func laterPositions() {
        let equal: [(RoutingGateway, Live)] = [
            (Self.gateway("a"), Live(calls: 1, answers: 2, attempts: 20)), (Self.gateway("b"), Live(calls: 1, answers: 18, attempts: 20)),
            (Self.gateway("c"), Live(answers: 2, attempts: 20)),
        ]
        #expect(Self.order(equal, parameters: ["SS_GATEWAY_ASR_ROUTE_SORT_CONFIG": .integer(4)]) == "c b a")
        #expect(Self.order(equal, parameters: ["SS_GATEWAY_ASR_ROUTE_SORT_CONFIG": .integer(3)]) == "b c a")
    }

    @Test("a caller's own policy orders by it after priority, where the parameter says nothing")
    func policy() {
        #expect(Self.order(Self.answering, policies: [.asr]) == "bad good fair new")
        #expect(Self.order(Self.answering, policies: [.asr], parameters: ["SS_GATEWAY_ASR_ROUTE_SORT_CONFIG": .integer(1)]) == "new good fair bad")
    }

    @Test("what is not measured is not known")
    func notMeasured() {
        let off: [String: ParameterValue] = ["SS_GATEWAY_ASR_CALCULATE": .flag(false), "SS_GATEWAY_ASR_ROUTE_SORT_CONFIG": .integer(1)]
        #expect(Self.order(Self.answering, parameters: off) == "bad fair good new")
        var own = Self.answering
        for index in own.indices { own[index].0.calculatesASR = true }
        #expect(Self.order(own, parameters: off) == "new good fair bad")
    }
}
