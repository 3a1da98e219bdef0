import CallRecords
import ManagementAPI
import Storage
import Testing
import Vocabulary

/// Reports over records that say which rule and limit held, and over older ones that do not.
@Suite("The ledger's reports")
struct LedgerReportTests {
    private static let start = WallTime(microseconds: 1_750_000_000_000_000)
    private static let always = ReportPeriod(from: start + .seconds(-86_400))
    private static let noTimer = "SS_SIP_NO_TIMER_REINVITE_INTERVAL"

    private let folder: TemporaryFolder
    private let store: LedgerStore

    init() throws {
        folder = try TemporaryFolder()
        store = try LedgerStore(folder: folder.path)
    }

    /// Stores one call a minute and returns their identifiers.
    @discardableResult
    private func store(_ calls: [Call]) throws -> [CallIdentifier] {
        let writer = store.startWriter(shards: 1) { _, _ in }
        var mint = CallIdentifier.Mint(origin: 3)
        var shard = TestShard()
        let ids = calls.enumerated().map { n, call in
            let received = LedgerReportTests.start + .seconds(60 * Int64(n))
            let id = mint.next(at: received)
            var record = sampleRecord(
                id.rawValue, received: received.microseconds, mappingGateway: call.gateway, endReason: call.reason, answered: call.isAnswered,
                decision: call.decision)
            record.durationMilliseconds = call.milliseconds
            shard.close(record)
            return id
        }
        shard.submit(to: writer)
        try writer.close()
        return ids
    }

    private struct Call {
        var gateway = "customer-a"
        var reason = EndReason.normalClearing
        var milliseconds: Int64 = 60_000
        var decision = old
        var isAnswered = true

        /// As records were written before they said the rule.
        static let old = #"{"takenFor":"customer-a","candidates":[]}"#
        static func rule(_ name: String, limit: Int? = nil, of source: String = noTimer) -> String {
            let bound = limit.map { #","limitSeconds":\#($0),"limitOf":"\#(source)""# } ?? ""
            return #"{"takenFor":"customer-a","candidates":[],"rule":{"name":"\#(name)","why":"in words"\#(bound)}}"#
        }
    }

    @Test("ends by a limit are counted by gateway, reason and whose limit it was; a record that does not say is unknown")
    func limitEnds() throws {
        let own = "maximum duration of the mapping gateway"
        try store([
            Call(reason: .noTimerLimit, milliseconds: 7_200_000, decision: Call.rule("noTimerLimit", limit: 7200)),
            Call(reason: .noTimerLimit, milliseconds: 7_200_001, decision: Call.rule("noTimerLimit", limit: 7200)),
            Call(reason: .noTimerLimit, milliseconds: 900_000),
            Call(reason: .maximumDuration, milliseconds: 600_000, decision: Call.rule("sessionTimer", limit: 600, of: own)),
            Call(gateway: "customer-b", reason: .sessionExpired, milliseconds: 30_000, decision: Call.rule("sessionTimer", limit: 600)),
            Call(gateway: "customer-b", reason: .peerSilent, milliseconds: 1, decision: ""),
            Call(gateway: "customer-b", reason: .dialogLost, milliseconds: 2, decision: "no JSON {"),
            Call(gateway: "customer-b", reason: .dialogLost, isAnswered: false),
            Call(reason: .normalClearing, decision: Call.rule("noTimerLimit", limit: 7200)),
        ])
        let ends = try store.reader.limitEnds(in: LedgerReportTests.always, limit: 100)
        func row(_ gateway: String, _ reason: EndReason, _ source: String, _ calls: Int, _ milliseconds: Int64) -> LimitEnds {
            LimitEnds(mappingGateway: gateway, endReason: reason, limitSource: source, calls: calls, durationMilliseconds: milliseconds)
        }
        #expect(
            ends == [
                row("customer-a", .noTimerLimit, LedgerReportTests.noTimer, 2, 14_400_001),
                row("customer-a", .noTimerLimit, "unknown", 1, 900_000),
                row("customer-a", .maximumDuration, own, 1, 600_000),
                row("customer-b", .dialogLost, "", 1, 2),
                row("customer-b", .sessionExpired, "", 1, 30_000),
                row("customer-b", .peerSilent, "", 1, 1),
            ])
        #expect(try store.reader.limitEnds(in: LedgerReportTests.always, limit: 2) == Array(ends.prefix(2)))
        #expect(try store.reader.limitEnds(in: LedgerReportTests.always, limit: 0).isEmpty)
    }

    @Test("near a limit is who lasted to within so many percent and was not ended by it, newest first and page by page")
    func nearLimit() throws {
        let limited = Call.rule("noTimerLimit", limit: 7200)
        let ids = try store([
            Call(milliseconds: 6_840_000, decision: limited),
            Call(milliseconds: 6_839_999, decision: limited),
            Call(reason: .peerSilent, milliseconds: 7_199_999, decision: limited),
            Call(reason: .noTimerLimit, milliseconds: 7_200_000, decision: limited),
            Call(reason: .maximumDuration, milliseconds: 7_200_000, decision: limited),
            // Its limit was counted from later than the answer.
            Call(milliseconds: 9_000_000, decision: limited),
            Call(milliseconds: 7_200_000),
            Call(milliseconds: 7_200_000, decision: Call.rule("none")),
            Call(milliseconds: 7_200_000, decision: ""),
            Call(milliseconds: 7_200_000, decision: "no JSON {"),
            Call(milliseconds: 0, decision: limited, isAnswered: false),
        ])
        func near(within percent: Int, before: CallIdentifier? = nil, limit: Int = 100) throws -> [CallNearLimit] {
            try store.reader.callsNearLimit(in: LedgerReportTests.always, within: percent, before: before, limit: limit)
        }
        let found = try near(within: 5)
        #expect(found.map(\.id) == [ids[2], ids[0]])
        #expect(found.map(\.percent) == [99, 95])
        #expect(
            found.last
                == CallNearLimit(
                    id: ids[0], receivedAt: LedgerReportTests.start, caller: "+14155550100", callee: "0014155550111",
                    mappingGateway: "customer-a", routingGateway: "carrier-x", durationMilliseconds: 6_840_000, limitSeconds: 7200,
                    limitSource: LedgerReportTests.noTimer, endReason: .normalClearing))
        #expect(try near(within: 6).map(\.id) == [ids[2], ids[1], ids[0]])
        #expect(try near(within: 0).isEmpty)
        #expect(try near(within: 6, limit: 2).map(\.id) == [ids[2], ids[1]])
        #expect(try near(within: 6, before: ids[1], limit: 2).map(\.id) == [ids[0]])
    }

    @Test("timer support is counted over answered calls, and records without a rule apart")
    func timerSupport() throws {
        try store([
            Call(decision: Call.rule("sessionTimer")),
            Call(decision: Call.rule("sessionTimer", limit: 900)),
            Call(decision: Call.rule("noTimerLimit", limit: 7200)),
            Call(decision: ""),
            Call(decision: Call.rule("sessionTimer"), isAnswered: false),
            Call(gateway: "customer-b", decision: Call.rule("none")),
            Call(gateway: "customer-b"),
            Call(gateway: "customer-b", decision: "no JSON {"),
            Call(gateway: "customer-c"),
        ])
        let support = try store.reader.timerSupport(in: LedgerReportTests.always, limit: 100)
        #expect(
            support == [
                TimerSupport(mappingGateway: "customer-a", withTimer: 2, withoutTimer: 1, unknown: 1),
                TimerSupport(mappingGateway: "customer-b", withTimer: 0, withoutTimer: 1, unknown: 2),
                TimerSupport(mappingGateway: "customer-c", withTimer: 0, withoutTimer: 0, unknown: 1),
            ])
        #expect(support.map(\.shareInTenths) == [667, 0, nil])
        #expect(try store.reader.timerSupport(in: LedgerReportTests.always, limit: 1) == Array(support.prefix(1)))
    }

    @Test("a report holds the calls of its period, its first moment included and its last not")
    func period() throws {
        let ids = try store(
            (0..<6).map { n in
                Call(
                    reason: n % 2 == 0 ? .sessionExpired : .normalClearing, milliseconds: 7_199_000,
                    decision: Call.rule("noTimerLimit", limit: 7200))
            })
        let period = ReportPeriod(from: LedgerReportTests.start + .seconds(60), to: LedgerReportTests.start + .seconds(240))
        #expect(try store.reader.limitEnds(in: period, limit: 9).map(\.calls) == [1])
        #expect(try store.reader.callsNearLimit(in: period, within: 5, before: nil, limit: 9).map(\.id) == [ids[3], ids[2], ids[1]])
        #expect(try store.reader.timerSupport(in: period, limit: 9).map(\.calls) == [3])
        let open = ReportPeriod(from: LedgerReportTests.start + .seconds(300))
        #expect(try store.reader.timerSupport(in: open, limit: 9).map(\.calls) == [1])
    }
}
