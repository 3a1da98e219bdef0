import SIPTransactions
import Testing
import Vocabulary

/// RFC 3261, section 17.1.2 (figure 6): every state with every event.
@Suite("Client transaction of other requests")
struct NonInviteClientTransactionTests {
    typealias Phase = NonInviteClientTransaction.Phase

    static func machine(in phase: Phase, reliable: Bool = false) -> NonInviteClientTransaction {
        var machine = NonInviteClientTransaction(timing: TransactionTiming(), reliable: reliable, now: at(0))
        switch phase {
        case .trying: break
        case .proceeding: _ = machine.responseReceived(status: 100, now: at(0))
        case .completed: _ = machine.responseReceived(status: 200, now: at(0))
        case .terminated:
            _ = machine.responseReceived(status: 200, now: at(0))
            _ = machine.handleTimeout(now: at(sixtyFourT1))
        }
        return machine
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let from: Phase
        let status: Int
        let reliable: Bool
        let actions: TransactionActions
        let to: Phase
        var testDescription: String { "\(status) in \(from)\(reliable ? " over a stream" : "")" }
        init(_ from: Phase, _ status: Int, _ actions: TransactionActions, _ to: Phase, reliable: Bool = false) {
            (self.from, self.status, self.reliable, self.actions, self.to) = (from, status, reliable, actions, to)
        }
    }

    static let responses: [Row] = [
        Row(.trying, 100, .deliver, .proceeding),
        Row(.trying, 200, [.deliver, .releaseMessage], .completed),
        Row(.trying, 302, [.deliver, .releaseMessage], .completed),
        Row(.trying, 481, [.deliver, .releaseMessage], .completed),
        Row(.trying, 503, [.deliver, .releaseMessage], .completed),
        Row(.trying, 603, [.deliver, .releaseMessage], .completed),
        Row(.proceeding, 100, .deliver, .proceeding),
        Row(.proceeding, 200, [.deliver, .releaseMessage], .completed),
        Row(.proceeding, 500, [.deliver, .releaseMessage], .completed),
        Row(.completed, 100, [], .completed),
        Row(.completed, 200, [], .completed),
        Row(.completed, 500, [], .completed),
        Row(.terminated, 100, [], .terminated),
        Row(.terminated, 200, [], .terminated),
        // Timer K is 0 over a stream.
        Row(.trying, 200, [.deliver, .terminate], .terminated, reliable: true),
        Row(.proceeding, 404, [.deliver, .terminate], .terminated, reliable: true),
    ]

    @Test("a response in every state", arguments: responses)
    func response(row: Row) {
        var machine = Self.machine(in: row.from, reliable: row.reliable)
        let actions = machine.responseReceived(status: row.status, now: at(10))
        #expect(actions == row.actions)
        #expect(machine.phase == row.to)
    }

    @Test(
        "a failed transport ends it only while no final response came",
        arguments: [
            (Phase.trying, TransactionActions.terminate), (.proceeding, .terminate), (.completed, .nothing), (.terminated, .nothing),
        ])
    func transportFailure(phase: Phase, expected: TransactionActions) {
        var machine = Self.machine(in: phase)
        let actions = machine.transportFailed()
        #expect(actions == expected)
    }

    @Test("timer E repeats at T1 doubled up to T2, timer F gives up after 64*T1")
    func timerEAndF() {
        var machine = Self.machine(in: .trying)
        var copies: [Int64] = []
        var last: TransactionActions = []
        while machine.nextDeadline != .never {
            let now = machine.nextDeadline
            last = machine.handleTimeout(now: now)
            if last == .retransmit { copies.append((now - .zero).inMilliseconds) }
        }
        #expect(copies == [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
        #expect(last == [.reportTimeout, .terminate])
    }

    @Test("in the Proceeding state copies follow at T2, and timer F runs on (section 17.1.2.2)")
    func proceedingRepeatsAtT2() {
        var machine = Self.machine(in: .trying)
        _ = machine.responseReceived(status: 100, now: at(200))
        #expect(machine.phase == .proceeding)
        var copies: [Int64] = []
        var last: TransactionActions = []
        while machine.nextDeadline != .never {
            let now = machine.nextDeadline
            last = machine.handleTimeout(now: now)
            if last == .retransmit { copies.append((now - .zero).inMilliseconds) }
        }
        #expect(copies == [500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500])
        #expect(last == [.reportTimeout, .terminate])
        #expect(machine.phase == .terminated)
    }

    @Test("over a stream nothing is repeated, and timer F runs all the same", arguments: [Phase.trying, .proceeding])
    func timerFReliable(phase: Phase) {
        var machine = Self.machine(in: phase, reliable: true)
        #expect(machine.nextDeadline == at(sixtyFourT1))
        #expect(machine.handleTimeout(now: at(sixtyFourT1)) == [.reportTimeout, .terminate])
    }

    @Test("timer K absorbs repeated responses for T4, then it ends in silence")
    func timerK() {
        var machine = Self.machine(in: .completed)
        #expect(machine.nextDeadline == at(5_000))
        #expect(machine.handleTimeout(now: at(4_999)) == [])
        #expect(machine.handleTimeout(now: at(5_000)) == .terminate)
        #expect(machine.phase == .terminated)
    }

    @Test("a timeout that comes early finds nothing due", arguments: [Phase.trying, .proceeding, .completed, .terminated])
    func earlyTimeout(phase: Phase) {
        var machine = Self.machine(in: phase)
        #expect(machine.handleTimeout(now: at(1)) == [])
        #expect(machine.phase == phase)
    }
}
