import Routing
import Testing
import Vocabulary

/// Every reason for which a gateway or phone that matched is not tried, each by itself; the search over
/// prefixes. The order among usable gateways is `RouteOrderTests`' matter.
@Suite("Candidate verdicts")
struct CandidateVerdictTests {
    struct Case: Sendable, CustomStringConvertible {
        var verdict: Candidate.Verdict
        var detail: Int32 = 0
        var mapping = Decide.mapping()
        var gateway: RoutingGateway
        var groups: [GatewayGroup] = []
        var lists: [NumberGroup] = []
        var source = Decide.customer
        /// What was before the decision.
        var before: @Sendable (SwitchConfiguration) -> [SeatBox] = { _ in [] }

        var description: String { "\(verdict)" }
    }

    static let now = Decide.moment().instant
    static let black = NumberGroup(name: "black", numbers: ["14155550100", "4420"])

    static let cases: [Case] = [
        Case(verdict: .waiting, gateway: Decide.gateway("x")),
        Case(verdict: .locked, gateway: Decide.gateway("x") { $0.locked = true }),
        Case(verdict: .sameAsSource, gateway: Decide.gateway("x"), source: Decide.address("192.0.2.99:5060")),
        Case(verdict: .waiting, gateway: Decide.gateway("x"), source: Decide.address("192.0.2.99:5061")),
        Case(verdict: .waiting, gateway: Decide.gateway("x") { $0.returnsCalls = true }, source: Decide.address("192.0.2.99:5060")),
        Case(
            verdict: .sameAsSource,
            gateway: Decide.gateway("x") { $0.addresses.append(Decide.address("192.0.2.98:5060")) }, source: Decide.address("192.0.2.98:5060")),
        Case(verdict: .withoutAddress, gateway: Decide.gateway("x") { $0.addresses = [] }),
        Case(
            verdict: .waiting,
            gateway: Decide.gateway("x") {
                $0.addresses = []
                $0.registration = "upstream"
            }),
        Case(
            verdict: .groupNotAllowed, mapping: Decide.mapping { $0.routingGroups = NameFilter(.allow, ["premium"]) },
            gateway: Decide.gateway("x") { $0.groups = ["cheap"] }),
        Case(
            verdict: .waiting, mapping: Decide.mapping { $0.routingGroups = NameFilter(.allow, ["premium"]) },
            gateway: Decide.gateway("x") { $0.groups = ["cheap", "premium"] }),
        Case(
            verdict: .groupNotAllowed, mapping: Decide.mapping { $0.routingGroups = NameFilter(.deny, ["cheap"]) },
            gateway: Decide.gateway("x") { $0.groups = ["cheap", "premium"] }),
        Case(
            verdict: .waiting, mapping: Decide.mapping { $0.routingGroups = NameFilter(.deny, ["cheap"]) }, gateway: Decide.gateway("x")),
        Case(
            verdict: .periodBarred,
            gateway: Decide.gateway("x") {
                $0.periods = [Period(weekdays: 0b100, begin: 43_200, end: 43_201)]
                $0.periods[0].isBarred = true
            }),
        Case(
            verdict: .waiting,
            gateway: Decide.gateway("x") {
                $0.periods = [Period(weekdays: 0b100, begin: 0, end: 43_200), Period(weekdays: 0b1111011)]
                $0.periods[0].isBarred = true
                $0.periods[1].isBarred = true
            }),
        Case(verdict: .callerPrefix, gateway: Decide.gateway("x") { $0.callerPrefixes = PrefixFilter(.allow, ["44"]) }),
        Case(verdict: .calleePrefix, gateway: Decide.gateway("x") { $0.calleePrefixes = PrefixFilter(.deny, ["442"]) }),
        Case(verdict: .callerLength, gateway: Decide.gateway("x") { $0.callerLengths = LengthFilter(mask: 1 << 10) }),
        Case(verdict: .calleeLength, gateway: Decide.gateway("x") { $0.calleeLengths = LengthFilter(mask: 1 << 5) }),
        Case(
            verdict: .callerGroup, detail: 1,
            gateway: Decide.gateway("x") { $0.callerNumberGroups = NameFilter(.deny, ["nobody", "black"]) },
            lists: [NumberGroup(name: "nobody"), black]),
        Case(
            verdict: .calleeGroup, detail: -1, gateway: Decide.gateway("x") { $0.calleeNumberGroups = NameFilter(.allow, ["nobody"]) },
            lists: [NumberGroup(name: "nobody")]),
        Case(
            verdict: .waiting, gateway: Decide.gateway("x") { $0.calleeNumberGroups = NameFilter(.deny, ["black"]) },
            lists: [black, NumberGroup(name: NumberGroup.systemWhiteList, numbers: ["4420"])]),
        Case(
            verdict: .calleePrefix,
            gateway: Decide.gateway("x") {
                $0.periods = [Period()]
                $0.periods[0].calleePrefixes = PrefixFilter(.deny, ["44"])
            }),
        Case(
            verdict: .retryAfter, detail: 30, gateway: Decide.gateway("x"),
            before: {
                $0.routingLive[0].unavailable(until: now + .seconds(30))
                $0.routingLive[0].unavailable(until: now + .seconds(3))
                return []
            }),
        Case(
            verdict: .retryAfter, detail: 1, gateway: Decide.gateway("x"),
            before: {
                $0.routingLive[0].unavailable(until: now + .milliseconds(1))
                return []
            }),
        Case(
            verdict: .waiting, gateway: Decide.gateway("x"),
            before: {
                $0.routingLive[0].unavailable(until: now)
                return []
            }),
        Case(
            verdict: .noAddressAlive, gateway: Decide.gateway("x") { $0.optionsCheck = true },
            before: {
                $0.routingLive[0].set(.dead, of: Decide.address("192.0.2.99:5060"))
                return []
            }),
        Case(
            verdict: .waiting, gateway: Decide.gateway("x"),
            before: {
                $0.routingLive[0].set(.dead, of: Decide.address("192.0.2.99:5060"))
                return []
            }),
        Case(verdict: .notRegistered, gateway: Decide.gateway("x") { $0.registersHere = true }),
        Case(
            verdict: .notRegistered, gateway: Decide.gateway("x") { $0.registersHere = true },
            before: {
                $0.routingLive[0].location.update { $0 = [Decide.binding(from: Decide.address("192.0.2.77:5060"), until: 1_000)] }
                return []
            }),
        Case(
            verdict: .waiting,
            gateway: Decide.gateway("x") {
                $0.addresses = []
                $0.registersHere = true
            },
            before: {
                $0.routingLive[0].location.update { $0 = [Decide.binding(from: Decide.address("192.0.2.77:5060"), until: 1_001)] }
                return []
            }),
        Case(
            verdict: .sameAsSource, gateway: Decide.gateway("x") { $0.registersHere = true }, source: Decide.address("192.0.2.77:5060"),
            before: {
                $0.routingLive[0].location.update { $0 = [Decide.binding(from: Decide.address("192.0.2.77:5060"), until: 1_001)] }
                return []
            }),
        Case(verdict: .full, detail: 2, gateway: Decide.gateway("x") { $0.capacity = 2 }, before: { $0.routingLive[0].occupy(2) }),
        Case(verdict: .waiting, gateway: Decide.gateway("x") { $0.capacity = 2 }, before: { $0.routingLive[0].occupy(1) }),
        Case(
            verdict: .full, detail: 1,
            gateway: Decide.gateway("x") {
                $0.capacity = 2
                $0.periods = [Period()]
                $0.periods[0].capacity = 1
            },
            before: { $0.routingLive[0].occupy(1) }),
        Case(
            verdict: .groupFull, detail: 1, gateway: Decide.gateway("x") { $0.groups = ["b"] },
            groups: [Decide.group("a"), Decide.group("b", capacity: 3)], before: { $0.groupLive[1].occupy(3) }),
        Case(
            verdict: .linesReserved, detail: 1,
            gateway: Decide.gateway("x") {
                $0.groups = ["b"]
                $0.reservedLines = 2
            },
            groups: [Decide.group("a"), Decide.group("b", capacity: 3)], before: { $0.groupLive[1].occupy(2) }),
        Case(
            verdict: .waiting,
            gateway: Decide.gateway("x") {
                $0.groups = ["b"]
                $0.reservedLines = 2
            },
            groups: [Decide.group("a"), Decide.group("b", capacity: 3)], before: { $0.groupLive[1].occupy(1) }),
        Case(
            verdict: .publishedFull, detail: 1,
            gateway: Decide.gateway("x") {
                $0.allowsPublish = true
                $0.capacity = 5
            },
            before: {
                $0.routingLive[0].publish(capacity: 1, until: now + .seconds(1))
                return $0.routingLive[0].occupy(1)
            }),
        Case(
            verdict: .waiting, gateway: Decide.gateway("x") { $0.allowsPublish = true },
            before: {
                $0.routingLive[0].publish(capacity: 1, until: now)
                return $0.routingLive[0].occupy(1)
            }),
        Case(
            verdict: .waiting, gateway: Decide.gateway("x"),
            before: {
                $0.routingLive[0].publish(capacity: 0, until: now + .seconds(1))
                return []
            }),
        Case(
            verdict: .rateExceeded, detail: 2, gateway: Decide.gateway("x") { $0.callsPerSecond = 2 },
            before: {
                for _ in 0..<2 { _ = $0.routingLive[0].admit(limit: 2, now: now) }
                return []
            }),
        Case(
            verdict: .groupRateExceeded, detail: 1, gateway: Decide.gateway("x") { $0.groups = ["b"] },
            groups: [Decide.group("a"), Decide.group("b", callsPerSecond: 1)],
            before: {
                _ = $0.groupLive[1].admit(limit: 1, now: now)
                return []
            }),
        Case(
            verdict: .noPoolNumber, gateway: Decide.gateway("x") { $0.callerPool = CallerPool(group: "pool") },
            lists: [NumberGroup(name: "pool")]),
        Case(
            verdict: .waiting, gateway: Decide.gateway("x") { $0.callerPool = CallerPool(group: "pool") },
            lists: [NumberGroup(name: "pool", numbers: ["14155550111"])]),
    ]

    @Test("each reason by itself", arguments: cases)
    func verdict(_ example: Case) throws {
        let configuration = SwitchConfiguration(
            mappingGateways: [example.mapping], routingGateways: [example.gateway], groups: example.groups, numberGroups: example.lists)
        let kept = example.before(configuration)
        let decision = Decide.decision(configuration, callee: "4420", source: example.source)
        let candidate = try #require(decision.candidates.first)
        #expect(decision.refusal == nil && decision.candidates.count == 1)
        #expect(candidate.verdict == example.verdict)
        #expect(candidate.detail == example.detail)
        withExtendedLifetime(kept) {}
    }

    @Test("every verdict that a decision can give has its case here or in another suite")
    func complete() {
        let here = Set(Self.cases.map(\.verdict))
        let elsewhere: Set<Candidate.Verdict> = [
            // What becomes of an attempt.
            .tried, .answered, .registrationDown, .redirected, .notNeeded,
            // Below, and in `SeizureTests`.
            .alreadyListed, .searchTerminated, .protectDelayOver,
        ]
        #expect(here.union(elsewhere) == Set(Candidate.Verdict.allCases))
    }

    // MARK: - The search

    static func search(_ gateways: [RoutingGateway], _ callee: String = "4420") -> [String] {
        let configuration = SwitchConfiguration(mappingGateways: [Decide.mapping()], routingGateways: gateways)
        return Decide.lines(Decide.decision(configuration, callee: callee), configuration)
    }

    @Test("a gateway with two prefixes of the number is listed by the longer")
    func twice() {
        #expect(Self.search([Decide.gateway("x", ["4", "442", "1"])]) == ["x/3 waiting", "x/1 alreadyListed"])
        #expect(Self.search([Decide.gateway("x", ["4", "44"]) { $0.locked = true }]) == ["x/2 locked", "x/1 alreadyListed"])
    }

    @Test("a terminating gateway ends the search at its prefix, not before gateways with the same one")
    func terminate() {
        let gateways = [
            Decide.gateway("a", ["44"]) { $0.prefixStyle = .terminate }, Decide.gateway("b", ["44"]), Decide.gateway("c", ["4"]),
            Decide.gateway("d", ["4420"]), Decide.gateway("e"),
        ]
        #expect(
            Self.search(gateways) == ["d/4 waiting", "a/2 waiting", "b/2 waiting", "c/1 searchTerminated", "e/0 searchTerminated"])
        #expect(Self.search(gateways, "4900") == ["c/1 waiting", "e/0 waiting"])
    }

    @Test("one that cannot take the call now ends the search, one that is not meant for it does not")
    func terminateWhenUnusable() {
        func search(_ change: (inout RoutingGateway) -> Void) -> String {
            let first = Decide.gateway("first", ["44"]) {
                $0.prefixStyle = .terminate
                change(&$0)
            }
            return Self.search([first, Decide.gateway("second")]).last ?? ""
        }
        #expect(search { $0.capacity = 0 } == "second/0 searchTerminated")
        #expect(search { $0.callsPerSecond = 0 } == "second/0 searchTerminated")
        #expect(search { $0.registersHere = true } == "second/0 searchTerminated")
        #expect(search { $0.locked = true } == "second/0 waiting")
        #expect(search { $0.calleePrefixes = PrefixFilter(.deny, ["44"]) } == "second/0 waiting")
        #expect(search { $0.addresses = [] } == "second/0 waiting")
    }

    @Test("a terminating protect route ends the search for protect routes only")
    func terminatingProtectRoute() {
        let gateways = [
            Decide.gateway("backup", ["44"]) {
                $0.isProtectRoute = true
                $0.prefixStyle = .terminate
            },
            Decide.gateway("normal", ["4"]), Decide.gateway("other-backup", ["4"]) { $0.isProtectRoute = true },
        ]
        #expect(Self.search(gateways) == ["normal/1 waiting", "backup/2 waiting", "other-backup/1 searchTerminated"])
    }

    @Test("at most so many gateways are listed, usable ones rather than others")
    func bound() {
        let many = CallDecision.maximumCandidates + 40
        let gateways = (0..<many).map { index in
            Decide.gateway("g\(1000 + index)") { $0.locked = index < CallDecision.maximumCandidates }
        }
        let configuration = SwitchConfiguration(mappingGateways: [Decide.mapping()], routingGateways: gateways)
        let decision = Decide.decision(configuration, callee: "4420")
        #expect(decision.candidates.count == CallDecision.maximumCandidates)
        #expect(decision.unlisted == 40)
        let usable = decision.candidates.filter { $0.verdict.isUsable }
        #expect(usable.count == 40)
    }

    @Test("a decision that is used again says nothing of the one before")
    func reused() {
        let configuration = SwitchConfiguration(mappingGateways: [Decide.mapping()], routingGateways: [Decide.gateway("x", ["44"])])
        var decision = CallDecision()
        for (callee, count) in [("4420", 1), ("", 0), ("4921", 0), ("4420", 1)] {
            callee.withBytes { callee in
                configuration.decide(
                    CallInquiry(
                        origin: .mappingGateway(0), sourceRule: .address, source: Decide.customer, caller: Bytes("1"), callee: callee,
                        now: Decide.moment(), random: 1),
                    into: &decision)
            }
            #expect(decision.candidates.count == count)
            #expect((decision.refusal == .noCallee) == callee.isEmpty)
            #expect(decision.isUsable == (count > 0))
        }
    }

    @Test("only a waiting candidate can be tried")
    func usable() { for verdict in Candidate.Verdict.allCases { #expect(verdict.isUsable == (verdict == .waiting)) } }

    @Test("the snapshot knows the hosts of its routing gateways, whatever the port")
    func hosts() {
        let configuration = SwitchConfiguration(routingGateways: [Decide.gateway("x"), Decide.gateway("y")])
        #expect(configuration.routingHosts == [Decide.address("192.0.2.99")])
    }
}
