import Routing
import Testing
import Vocabulary

/// The dynamic blacklist in virtual time: what lists a number, and for how long. Entries by hand, bounds and
/// parameters are in `NumbersBlacklistEntryTests.swift`.
@Suite("Dynamic blacklist")
struct NumbersBlacklistTests {
    static let caller = "442071234567"
    static let callee = "14155550100"

    static func settings(_ change: (inout BlacklistSettings) -> Void) -> BlacklistSettings {
        var settings = BlacklistSettings()
        change(&settings)
        return settings
    }

    static let malicious = settings {
        $0.maliciousCaller = BlacklistSettings.Rate(limit: 3, interval: .seconds(80))
        $0.maliciousCallerExpiry = .seconds(600)
    }
    static let noAnswer = settings {
        $0.unansweredCallee = BlacklistSettings.Rate(limit: 3, interval: .seconds(80))
        $0.unansweredCalleeExpiry = .seconds(600)
    }
    static let concurrent = settings {
        $0.concurrentCalls = 2
        $0.concurrentCallsExpiry = .seconds(600)
    }

    static func at(_ seconds: Int64) -> Instant { Instant.zero + .seconds(seconds) }

    static func check(_ list: DynamicBlacklist, _ seconds: Int64, caller: String = caller, callee: String = callee) -> BlacklistKind? {
        caller.withBytes { caller in callee.withBytes { list.check(caller: caller, callee: $0, now: at(seconds)) } }
    }

    @discardableResult
    static func attempt(_ list: DynamicBlacklist, _ seconds: Int64, _ number: String = caller, _ settings: BlacklistSettings = malicious) -> Bool {
        number.withBytes { list.attempt(caller: $0, now: at(seconds), settings: settings) }
    }

    @discardableResult
    static func unanswered(_ list: DynamicBlacklist, _ seconds: Int64, _ settings: BlacklistSettings = noAnswer) -> Bool {
        callee.withBytes { list.unanswered(callee: $0, now: at(seconds), settings: settings) }
    }

    /// A live call with its seat.
    final class Call {
        private let seat: ConcurrentCallSeat
        init(_ seat: consuming ConcurrentCallSeat) { self.seat = seat }
        var isAboveLimit: Bool { seat.isAboveLimit }
    }

    static func call(_ list: DynamicBlacklist, _ seconds: Int64, _ settings: BlacklistSettings = concurrent) -> Call? {
        caller.withBytes {
            guard let seat = list.seat(caller: $0, now: at(seconds), settings: settings) else { return nil }
            return Call(seat)
        }
    }

    static func live(_ list: DynamicBlacklist) -> Int { caller.withBytes { list.liveCalls(of: $0) } }

    // MARK: Malicious caller

    @Test("so many attempts as the limit within the window list the caller, until the entry expires")
    func maliciousCaller() {
        let list = DynamicBlacklist(seed: 1)
        #expect(!Self.attempt(list, 100))
        #expect(!Self.attempt(list, 110))
        #expect(Self.check(list, 110) == nil)
        #expect(Self.attempt(list, 120))
        #expect(Self.check(list, 120) == .maliciousCaller)
        #expect(Self.check(list, 719) == .maliciousCaller)
        #expect(Self.check(list, 720) == nil)
        #expect(Self.check(list, 120, caller: "442071234568") == nil)
    }

    @Test("attempts older than the window do not count")
    func maliciousWindow() {
        let list = DynamicBlacklist(seed: 1)
        for second in stride(from: Int64(0), to: 2_000, by: 40) { #expect(!Self.attempt(list, second), "at \(second)") }
    }

    @Test("after an entry the count begins anew")
    func maliciousAnew() {
        let list = DynamicBlacklist(seed: 1)
        for second in 0..<3 { Self.attempt(list, Int64(second)) }
        #expect(!Self.attempt(list, 3))
        #expect(!Self.attempt(list, 4))
        #expect(Self.attempt(list, 5))
    }

    @Test("callers are counted each for itself, and one without a number is not counted")
    func maliciousEach() {
        let list = DynamicBlacklist(seed: 1)
        for index in 0..<500 { #expect(!Self.attempt(list, 1, "4420\(index)")) }
        for _ in 0..<100 {
            #expect(!Self.attempt(list, 1, "anonymous"))
            #expect(!Self.attempt(list, 1, ""))
        }
        #expect(Self.check(list, 1, caller: "anonymous", callee: "") == nil)
        #expect(list.entries(now: Self.at(1)).isEmpty)
    }

    @Test("the window slides: nobody is listed below the limit in it, everybody at the limit in seven eighths of it", arguments: 0..<12)
    func slidingWindow(seed: Int) {
        var random = NumberRandom(seed: UInt64(seed))
        let limit = 2 + random.below(6)
        let window = Int64(8 * (1 + random.below(100)))
        let settings = Self.settings { $0.maliciousCaller = BlacklistSettings.Rate(limit: limit, interval: .seconds(window)) }
        let list = DynamicBlacklist(seed: UInt64(seed))
        var attempts: [Int64] = []
        var now: Int64 = 0
        var listings = 0
        for _ in 0..<3_000 {
            now += Int64(random.below(Int(window) / 2))
            attempts.append(now)
            let isListed = Self.attempt(list, now, Self.caller, settings)
            let within = attempts.count { now - $0 < window }
            let surelyWithin = attempts.count { now - $0 <= window * 7 / 8 }
            #expect(isListed ? within >= limit : surelyWithin < limit, "at \(now)")
            if isListed {
                listings += 1
                attempts = []
            }
        }
        #expect(listings > 0)
    }

    @Test("a changed window begins to count anew rather than wrongly")
    func changedWindow() {
        let list = DynamicBlacklist(seed: 1)
        let longer = Self.settings { $0.maliciousCaller = BlacklistSettings.Rate(limit: 3, interval: .seconds(800)) }
        Self.attempt(list, 10_000)
        Self.attempt(list, 10_001)
        #expect(!Self.attempt(list, 10_002, Self.caller, longer))
        #expect(!Self.attempt(list, 10_003, Self.caller, longer))
        #expect(Self.attempt(list, 10_004, Self.caller, longer))
    }

    // MARK: Calls at once

    @Test("calls at once are counted from the seats, and one above the limit lists the caller")
    func concurrentCalls() {
        let list = DynamicBlacklist(seed: 1)
        var calls: [Call?] = []
        for second in 0..<2 {
            calls.append(Self.call(list, Int64(second)))
            #expect(calls.last??.isAboveLimit == false)
        }
        #expect(Self.live(list) == 2)
        #expect(Self.check(list, 11) == nil)
        calls.append(Self.call(list, 12))
        #expect(calls.last??.isAboveLimit == true)
        #expect(Self.live(list) == 3)
        calls.removeLast(2)
        #expect(Self.live(list) == 1)
        #expect(Self.check(list, 12) == .concurrentCaller)
        #expect(Self.check(list, 611) == .concurrentCaller)
        #expect(Self.check(list, 612) == nil)
        calls.removeAll()
        #expect(Self.live(list) == 0)
    }

    @Test("any number of calls one after the other is no abuse")
    func oneAfterTheOther() {
        let list = DynamicBlacklist(seed: 1)
        for second in 0..<100 {
            #expect(Self.call(list, Int64(second))?.isAboveLimit == false)
        }
        #expect(Self.live(list) == 0)
        #expect(Self.check(list, 100) == nil)
    }

    @Test("seats taken and given back on many threads leave nothing behind")
    func threads() async {
        let list = DynamicBlacklist(seed: 1)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for index in 0..<2_000 {
                        let call = Self.call(list, 1)
                        Self.attempt(list, 1, "4420\(index % 16)")
                        withExtendedLifetime(call) { _ = Self.check(list, 1) }
                    }
                }
            }
        }
        #expect(Self.live(list) == 0)
        // 8 threads, 125 attempts each of every number: each number was listed at every third.
        #expect(list.entries(now: Self.at(1)).count { $0.kind == .maliciousCaller } == 16)
    }

    // MARK: Unanswered callee

    @Test("so many unanswered calls in a row list the callee; an answer ends the row")
    func unansweredCallee() {
        let list = DynamicBlacklist(seed: 1)
        Self.unanswered(list, 1)
        Self.unanswered(list, 2)
        Self.callee.withBytes { list.answered(callee: $0) }
        #expect(!Self.unanswered(list, 3))
        #expect(!Self.unanswered(list, 4))
        #expect(Self.unanswered(list, 5))
        #expect(Self.check(list, 5) == .unansweredCallee)
        #expect(Self.check(list, 5, caller: Self.callee, callee: Self.caller) == nil)
        Self.callee.withBytes { list.answered(callee: $0) }
        #expect(Self.check(list, 6) == .unansweredCallee)
        #expect(Self.check(list, 605) == nil)
    }

    @Test("unanswered calls further apart than the window do not list the callee")
    func unansweredWindow() {
        let list = DynamicBlacklist(seed: 1)
        for second in stride(from: Int64(0), to: 2_000, by: 40) { #expect(!Self.unanswered(list, second), "at \(second)") }
    }

    // MARK: Off

    @Test("without settings nothing is watched, and an entry without expiry stays")
    func off() {
        let list = DynamicBlacklist(seed: 1)
        let none = BlacklistSettings()
        for second in 0..<100 {
            #expect(!Self.attempt(list, Int64(second), Self.caller, none))
            #expect(!Self.unanswered(list, Int64(second), none))
        }
        #expect(Self.call(list, 1, none)?.isAboveLimit == nil)
        #expect(Self.check(list, 1) == nil)
        Self.attempt(list, 1, Self.caller, Self.settings { $0.maliciousCaller = BlacklistSettings.Rate(limit: 1, interval: .seconds(1)) })
        #expect(Self.check(list, 1_000_000_000) == .maliciousCaller)
        #expect(list.entries(now: Self.at(1_000_000_000)).map(\.until) == [.never])
    }
}
