import Routing
import Testing
import Vocabulary

// Entries of the dynamic blacklist by hand, its bounds, and its parameters.

extension NumbersBlacklistTests {
    // MARK: By hand

    static func entry(_ number: String, _ kind: BlacklistKind, until: Int64) throws -> BlacklistEntry {
        BlacklistEntry(number: try #require(PackedNumber(number)), kind: kind, since: at(0), until: at(until))
    }

    @Test("entries can be added, seen and removed by hand, each side by itself")
    func byHand() throws {
        let list = DynamicBlacklist(seed: 1)
        #expect(list.add(try Self.entry(Self.callee, .calleeByHand, until: 50), now: Self.at(0)))
        #expect(list.add(try Self.entry(Self.caller, .callerByHand, until: 100), now: Self.at(0)))
        #expect(list.add(try Self.entry("1", .callerByHand, until: 100), now: Self.at(0)))
        let shown = list.entries(now: Self.at(1)).map { "\($0.number) \($0.kind)" }
        #expect(shown == ["1 callerByHand", "\(Self.caller) callerByHand", "\(Self.callee) calleeByHand"])
        #expect(list.entries(now: Self.at(50)).count == 2)
        #expect(Self.check(list, 1) == .callerByHand)
        #expect(Self.check(list, 1, caller: "2") == .calleeByHand)
        let number = try #require(PackedNumber(Self.caller))
        let before = list.changes
        #expect(before == 3)
        #expect(!list.remove(number, from: .callee))
        #expect(list.changes == before)
        #expect(list.remove(number, from: .caller))
        #expect(!list.remove(number, from: .caller))
        #expect(list.changes == before + 1)
        #expect(Self.check(list, 1) == .calleeByHand)
    }

    @Test("the empty number cannot be added")
    func emptyNumber() throws {
        let list = DynamicBlacklist(seed: 1)
        #expect(!list.add(try Self.entry("", .callerByHand, until: 100), now: Self.at(0)))
        #expect(Self.check(list, 1, caller: "", callee: "") == nil)
    }

    @Test("a number is listed once per side, and the entry that stays longer counts")
    func twice() throws {
        let list = DynamicBlacklist(seed: 1)
        list.add(try Self.entry(Self.caller, .callerByHand, until: 100), now: Self.at(0))
        list.add(try Self.entry(Self.caller, .maliciousCaller, until: 60), now: Self.at(0))
        #expect(Self.check(list, 1) == .callerByHand)
        list.add(try Self.entry(Self.caller, .concurrentCaller, until: 200), now: Self.at(0))
        #expect(Self.check(list, 1) == .concurrentCaller)
        #expect(list.entries(now: Self.at(1)).count == 1)
        list.add(try Self.entry(Self.caller, .callerByHand, until: 210), now: Self.at(205))
        #expect(Self.check(list, 206) == .callerByHand)
    }

    @Test("who is removed by hand begins anew")
    func removedBeginsAnew() throws {
        let list = DynamicBlacklist(seed: 1)
        Self.attempt(list, 1)
        Self.attempt(list, 2)
        list.remove(try #require(PackedNumber(Self.caller)), from: .caller)
        #expect(!Self.attempt(list, 3))
    }

    // MARK: Bounds

    @Test("a full list takes no new entry and counts it, until entries expire")
    func full() throws {
        let list = DynamicBlacklist(watched: 64, entries: 128, seed: 1)
        var added = 0
        for index in 0..<1_000 where list.add(try Self.entry("44\(index)", .callerByHand, until: 100), now: Self.at(0)) { added += 1 }
        #expect(added <= 128 && added > 100)
        #expect(list.entries(now: Self.at(1)).count == added)
        #expect(list.refusedEntries == 1_000 - added)
        // What is listed already may be changed.
        let listed = try #require(list.entries(now: Self.at(1)).first)
        #expect(list.add(BlacklistEntry(number: listed.number, kind: .callerByHand, since: Self.at(1), until: Self.at(150)), now: Self.at(1)))
        var addedLater = 0
        for index in 0..<1_000 where list.add(try Self.entry("33\(index)", .callerByHand, until: 300), now: Self.at(100)) { addedLater += 1 }
        #expect(addedLater <= 128 && addedLater > 100)
        #expect(list.entries(now: Self.at(101)).contains { $0.number == listed.number })
    }

    @Test("a flood of invented callers lists nobody; a caller that goes on is counted again afterwards")
    func flood() {
        let list = DynamicBlacklist(watched: 512, seed: 1)
        for index in 0..<20_000 { #expect(!Self.attempt(list, 1, "99\(index)")) }
        Self.attempt(list, 2)
        Self.attempt(list, 2)
        #expect(Self.attempt(list, 2))
        #expect(list.entries(now: Self.at(2)).count == 1)
    }

    @Test("when places are short the number seen longest ago is forgotten")
    func forgotten() {
        // One set of eight places per stripe.
        let list = DynamicBlacklist(watched: 512, seed: 1)
        Self.attempt(list, 1)
        Self.attempt(list, 1)
        for index in 0..<5_000 { Self.attempt(list, 2, "99\(index)") }
        #expect(!Self.attempt(list, 3))
    }

    // MARK: Parameters

    @Test("everything is off by default, and takes a limit and a window")
    func defaults() {
        let settings = BlacklistSettings()
        #expect(settings.maliciousCaller == nil && settings.unansweredCallee == nil && settings.concurrentCalls == nil)
        #expect(settings.maliciousCallerExpiry == nil && settings.unansweredCalleeExpiry == nil && settings.concurrentCallsExpiry == nil)
        for name in ["CALLER_MALICIOUS_CALL_LIMIT", "CALLER_MALICIOUS_CALL_CHECK_INTERVAL", "NO_ANSWER_LIMIT", "NO_ANSWER_PERIODS"] {
            #expect(BlacklistSettings(ParameterValues(["SS_BLACK_LIST_" + name: .integer(9)])) == settings)
        }
    }

    @Test("each parameter sets its own field")
    func parameters() {
        let settings = BlacklistSettings(
            ParameterValues([
                "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL": .integer(1), "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": .integer(2),
                "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE": .integer(3), "SS_BLACK_LIST_NO_ANSWER_LIMIT": .integer(4),
                "SS_BLACK_LIST_NO_ANSWER_PERIODS": .integer(5), "SS_BLACK_LIST_NO_ANSWER_EXPIRE": .integer(6),
                "SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT": .integer(7), "SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE": .integer(8),
            ]))
        #expect(settings.maliciousCaller == BlacklistSettings.Rate(limit: 2, interval: .seconds(1)))
        #expect(settings.maliciousCallerExpiry == .seconds(3))
        #expect(settings.unansweredCallee == BlacklistSettings.Rate(limit: 4, interval: .seconds(5)))
        #expect(settings.unansweredCalleeExpiry == .seconds(6))
        #expect(settings.concurrentCalls == 7)
        #expect(settings.concurrentCallsExpiry == .seconds(8))
    }

    @Test("every parameter is in the list once, None by default, with words for the operator")
    func catalogue() {
        let names = ParameterDefinition.blacklistParameters.map(\.name)
        #expect(names.count == 8 && Set(names).count == 8)
        for definition in ParameterDefinition.blacklistParameters {
            #expect(definition.defaultValue == .none)
            #expect(definition.group == .system && definition.effect == .newCalls && definition.confidence == .ours)
            #expect(definition.meaning.hasSuffix("."))
            #expect(definition.related.allSatisfy { names.contains($0) && $0 != definition.name })
        }
    }
}
