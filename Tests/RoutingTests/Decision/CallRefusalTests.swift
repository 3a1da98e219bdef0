import Routing
import Testing
import Vocabulary

/// Every reason for which a call is not taken at all, each by itself; what a forwarded call and the white list pass.
@Suite("Call refusals")
struct CallRefusalTests {
    static let now = Decide.moment().instant

    static func decide(
        _ change: (inout MappingGateway) -> Void, groups: [GatewayGroup] = [], lists: [NumberGroup] = [], callee: String = "4420",
        isForwarded: Bool = false, before: (SwitchConfiguration) -> [SeatBox] = { _ in [] }
    ) -> String {
        let configuration = SwitchConfiguration(
            mappingGateways: [Decide.mapping("customer-a", change)], routingGateways: [Decide.gateway("any")], groups: groups,
            numberGroups: lists)
        let kept = before(configuration)
        defer { withExtendedLifetime(kept) {} }
        return Decide.lines(Decide.decision(configuration, callee: callee, isForwarded: isForwarded), configuration).joined(separator: ", ")
    }

    @Test("the caller's own state")
    func state() {
        #expect(Self.decide { $0.locked = true } == "refused: locked")
        #expect(
            Self.decide {
                $0.periods = [Period(weekdays: 0b100, begin: 40_000, end: 50_000)]
                $0.periods[0].isBarred = true
            } == "refused: periodBarred")
        #expect(
            Self.decide {
                $0.periods = [Period(weekdays: 0b1000, begin: 40_000, end: 50_000)]
                $0.periods[0].isBarred = true
            } == "any/0 waiting")
    }

    @Test("capacity of the caller and of its groups, by a period's value where there is one")
    func capacity() {
        #expect(Self.decide({ $0.capacity = 1 }, before: { $0.mappingLive[0].occupy(1, .made) }) == "refused: full 1")
        #expect(Self.decide({ $0.capacity = 2 }, before: { $0.mappingLive[0].occupy(1, .made) }) == "any/0 waiting")
        #expect(
            Self.decide(
                {
                    $0.capacity = 2
                    $0.periods = [Period()]
                    $0.periods[0].capacity = 1
                }, before: { $0.mappingLive[0].occupy(1, .made) }) == "refused: full 1")
        let groups = [Decide.group("a"), Decide.group("b", capacity: 1)]
        #expect(Self.decide({ $0.groups = ["b"] }, groups: groups, before: { $0.groupLive[1].occupy(1) }) == "refused: groupFull 1")
        #expect(Self.decide({ $0.groups = ["a"] }, groups: groups, before: { $0.groupLive[1].occupy(1) }) == "any/0 waiting")
    }

    @Test("calls per second of the caller and of its groups")
    func rate() {
        #expect(
            Self.decide(
                { $0.callsPerSecond = 1 },
                before: {
                    _ = $0.mappingLive[0].admit(limit: 1, now: Self.now)
                    return []
                }) == "refused: rateExceeded 1")
        #expect(
            Self.decide(
                { $0.groups = ["b"] }, groups: [Decide.group("a"), Decide.group("b", callsPerSecond: 1)],
                before: {
                    _ = $0.groupLive[1].admit(limit: 1, now: Self.now)
                    return []
                }) == "refused: groupRateExceeded 1")
    }

    @Test("the caller's filters see the numbers as received, before its dial plan")
    func numbers() {
        let lists = [NumberGroup(name: "l", numbers: ["14155550100", "4420"])]
        #expect(Self.decide { $0.callerPrefixes = PrefixFilter(.deny, ["1"]) } == "refused: callerPrefix")
        #expect(Self.decide { $0.calleePrefixes = PrefixFilter(.allow, ["49"]) } == "refused: calleePrefix")
        #expect(Self.decide { $0.callerLengths = LengthFilter(mask: 1) } == "refused: callerLength")
        #expect(Self.decide { $0.calleeLengths = LengthFilter(mask: 1 << 3) } == "refused: calleeLength")
        #expect(Self.decide({ $0.callerNumberGroups = NameFilter(.deny, ["l"]) }, lists: lists) == "refused: callerGroup")
        #expect(Self.decide({ $0.calleeNumberGroups = NameFilter(.allow, ["x"]) }, lists: lists) == "refused: calleeGroup -1")
        #expect(
            Self.decide {
                $0.calleePrefixes = PrefixFilter(.allow, ["44"])
                $0.calleeRewrite = RewriteRules([.init("44", ["00"])])
            } == "any/0 waiting")
        #expect(
            Self.decide {
                $0.periods = [Period()]
                $0.periods[0].calleePrefixes = PrefixFilter(.deny, ["44"])
            } == "refused: calleePrefix")
    }

    @Test("dynamic blacklists know the numbers after the dial plan")
    func blacklists() {
        func list(_ number: String, _ kind: BlacklistKind) -> (SwitchConfiguration) -> [SeatBox] {
            { configuration in
                guard let packed = PackedNumber(number) else { return [] }
                let entry = BlacklistEntry(number: packed, kind: kind, since: .zero, until: .never)
                _ = configuration.live.blacklist.add(entry, now: .zero)
                return []
            }
        }
        #expect(Self.decide({ _ in }, before: list("14155550100", .maliciousCaller)) == "refused: callerBlacklisted 1")
        #expect(Self.decide({ _ in }, before: list("4420", .unansweredCallee)) == "refused: calleeBlacklisted 3")
        let rewrite: (inout MappingGateway) -> Void = { $0.calleeRewrite = RewriteRules([.init("44", ["0044"])]) }
        #expect(Self.decide(rewrite, before: list("4420", .unansweredCallee)) == "any/0 waiting")
        #expect(Self.decide(rewrite, before: list("004420", .unansweredCallee)) == "refused: calleeBlacklisted 3")
        let white = [NumberGroup(name: NumberGroup.systemWhiteList, numbers: ["4420", "14155550100"])]
        #expect(Self.decide({ _ in }, lists: white, before: list("4420", .unansweredCallee)) == "any/0 waiting")
        #expect(Self.decide({ _ in }, lists: white, before: list("14155550100", .maliciousCaller)) == "any/0 waiting")
    }

    @Test("a number on the system white list passes every filter on it, and only on it")
    func whiteList() {
        let white = [NumberGroup(name: NumberGroup.systemWhiteList, numbers: ["4420"])]
        #expect(Self.decide({ $0.calleePrefixes = PrefixFilter(.deny, ["44"]) }, lists: white) == "any/0 waiting")
        #expect(Self.decide({ $0.callerPrefixes = PrefixFilter(.deny, ["1"]) }, lists: white) == "refused: callerPrefix")
        #expect(Self.decide({ $0.locked = true }, lists: white) == "refused: locked")
    }

    @Test("the dial plan left no callee")
    func noCallee() {
        #expect(Self.decide { $0.calleeRewrite = RewriteRules([.init("4420", [""])]) } == "refused: noCallee")
        #expect(Self.decide({ _ in }, callee: "") == "refused: noCallee")
    }

    @Test("the dial plan of the caller, and of its period instead")
    func dialPlan() {
        let configuration = SwitchConfiguration(
            mappingGateways: [
                Decide.mapping {
                    $0.callerRewrite = RewriteRules([.init("1", ["001"])])
                    $0.calleeRewrite = RewriteRules([.init("9", [""]), .init("44", ["0044"])])
                    $0.periods = [Period(weekdays: 1, begin: 0, end: 86_400)]
                    $0.periods[0].calleeRewrite = RewriteRules([.init("44", ["7"])])
                }
            ])
        let other = Decide.decision(configuration, callee: "4420")
        #expect(String(decoding: other.callee, as: UTF8.self) == "004420" && other.calleeRule == 1 && other.period == nil)
        #expect(String(decoding: other.caller, as: UTF8.self) == "0014155550100" && other.callerRule == 0)
        // Monday, 2026-06-29.
        let monday = Decide.decision(configuration, callee: "4420", at: Decide.moment(wall: 1_782_734_400))
        #expect(String(decoding: monday.callee, as: UTF8.self) == "720" && monday.calleeRule == 0 && monday.period == 0)
        #expect(String(decoding: monday.caller, as: UTF8.self) == "0014155550100")
    }

    @Test("a forwarded call passes the caller's limits, lists and dial plan for callees")
    func forwarded() {
        let change: (inout MappingGateway) -> Void = {
            $0.locked = true
            $0.capacity = 0
            $0.calleePrefixes = PrefixFilter(.deny, ["44"])
            $0.calleeRewrite = RewriteRules([.init("44", ["7"])])
        }
        #expect(Self.decide(change) == "refused: locked")
        #expect(Self.decide(change, isForwarded: true) == "any/0 waiting")
        #expect(Self.decide(change, callee: "", isForwarded: true) == "refused: noCallee")
    }
}
