import SIPTransactions
import Testing
import Vocabulary

/// RFC 3261, section 17.1.1 (figure 5) as corrected by RFC 6026, section 8.4: every state with every event.
/// What the machine asks for is checked; who sends it is the layer's tests.
@Suite("INVITE client transaction")
struct InviteClientTransactionTests {
    typealias Machine = InviteClientTransaction
    typealias Phase = InviteClientTransaction.Phase

    /// A machine begun at 0 and brought to a state at once.
    static func machine(in phase: Phase, reliable: Bool = false) -> InviteClientTransaction {
        var machine = InviteClientTransaction(timing: TransactionTiming(), reliable: reliable, now: at(0))
        switch phase {
        case .calling: break
        case .proceeding: _ = machine.responseReceived(status: 180, now: at(0))
        case .completed: _ = machine.responseReceived(status: 486, now: at(0))
        case .accepted: _ = machine.responseReceived(status: 200, now: at(0))
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
        Row(.calling, 100, .deliver, .proceeding),
        Row(.calling, 183, .deliver, .proceeding),
        Row(.calling, 200, .deliver, .accepted),
        Row(.calling, 202, .deliver, .accepted),
        Row(.calling, 302, [.deliver, .acknowledge], .completed),
        Row(.calling, 404, [.deliver, .acknowledge], .completed),
        Row(.calling, 503, [.deliver, .acknowledge], .completed),
        Row(.calling, 603, [.deliver, .acknowledge], .completed),
        Row(.proceeding, 100, .deliver, .proceeding),
        Row(.proceeding, 180, .deliver, .proceeding),
        Row(.proceeding, 200, .deliver, .accepted),
        Row(.proceeding, 486, [.deliver, .acknowledge], .completed),
        // A repeated failure is acknowledged again and not shown to the user again.
        Row(.completed, 486, .acknowledge, .completed),
        Row(.completed, 503, .acknowledge, .completed),
        Row(.completed, 180, [], .completed),
        Row(.completed, 200, [], .completed),
        // RFC 6026: each 2xx is the user's; nothing else counts any more.
        Row(.accepted, 200, .deliver, .accepted),
        Row(.accepted, 180, [], .accepted),
        Row(.accepted, 486, [], .accepted),
        Row(.terminated, 100, [], .terminated),
        Row(.terminated, 200, [], .terminated),
        Row(.terminated, 486, [], .terminated),
        // Over a stream timer D is 0: nothing is repeated, so nothing is waited for.
        Row(.calling, 180, .deliver, .proceeding, reliable: true),
        Row(.calling, 486, [.deliver, .acknowledge, .terminate], .terminated, reliable: true),
        Row(.proceeding, 486, [.deliver, .acknowledge, .terminate], .terminated, reliable: true),
        Row(.calling, 200, .deliver, .accepted, reliable: true),
        Row(.accepted, 200, .deliver, .accepted, reliable: true),
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
            (Phase.calling, TransactionActions.terminate), (.proceeding, .terminate), (.completed, .nothing), (.accepted, .nothing),
            (.terminated, .nothing),
        ])
    func transportFailure(phase: Phase, expected: TransactionActions) {
        var machine = Self.machine(in: phase)
        let actions = machine.transportFailed()
        #expect(actions == expected)
        #expect(machine.phase == (expected.isEmpty ? phase : .terminated))
    }

    @Test("the request is repeated by the list, then given up by timer B")
    func timerAAndB() {
        var machine = Self.machine(in: .calling)
        var copies: [Int64] = []
        var last: TransactionActions = []
        while machine.nextDeadline != .never {
            let now = machine.nextDeadline
            last = machine.handleTimeout(now: now)
            if last == .retransmit { copies.append((now - .zero).inMilliseconds) }
        }
        #expect(copies == [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
        #expect(last == [.reportTimeout, .terminate])
        #expect(machine.phase == .terminated)
    }

    @Test("over a stream nothing is repeated, and timer B runs all the same")
    func timerBReliable() {
        var machine = Self.machine(in: .calling, reliable: true)
        #expect(machine.nextDeadline == at(sixtyFourT1))
        #expect(machine.handleTimeout(now: at(sixtyFourT1 - 1)) == [])
        #expect(machine.handleTimeout(now: at(sixtyFourT1)) == [.reportTimeout, .terminate])
    }

    @Test("a provisional response stops repetition and timer B: ringing is the user's matter")
    func proceedingHasNoTimer() {
        let machine = Self.machine(in: .proceeding)
        #expect(machine.nextDeadline == .never)
    }

    @Test("timer D keeps it for 32 s to acknowledge repeated failures, then it ends in silence")
    func timerD() {
        var machine = Self.machine(in: .completed)
        #expect(machine.nextDeadline == at(32_000))
        #expect(machine.handleTimeout(now: at(31_999)) == [])
        #expect(machine.phase == .completed)
        #expect(machine.handleTimeout(now: at(32_000)) == .terminate)
        #expect(machine.phase == .terminated)
        #expect(machine.nextDeadline == .never)
    }

    @Test("timer M keeps it for 64*T1 after a 2xx on every transport", arguments: [false, true])
    func timerM(reliable: Bool) {
        var machine = Self.machine(in: .accepted, reliable: reliable)
        #expect(machine.nextDeadline == at(sixtyFourT1))
        #expect(machine.handleTimeout(now: at(sixtyFourT1 - 1)) == [])
        #expect(machine.handleTimeout(now: at(sixtyFourT1)) == .terminate)
    }

    @Test("timer M is not renewed by a repeated 2xx")
    func timerMIsFixed() {
        var machine = Self.machine(in: .accepted)
        _ = machine.responseReceived(status: 200, now: at(20_000))
        #expect(machine.nextDeadline == at(sixtyFourT1))
    }

    @Test("D and M stay at least 32 s when our own list is short, because the peer's is not")
    func shortList() {
        let timing = TransactionTiming(resendIntervals: [.milliseconds(100)])
        var failed = InviteClientTransaction(timing: timing, reliable: false, now: at(0))
        _ = failed.responseReceived(status: 500, now: at(0))
        #expect(failed.nextDeadline == at(32_000))
        var answered = InviteClientTransaction(timing: timing, reliable: false, now: at(0))
        _ = answered.responseReceived(status: 200, now: at(0))
        #expect(answered.nextDeadline == at(32_000))
    }

    @Test("given up before any response: repeated until timer B, since no CANCEL may go out yet (section 9.1)")
    func abandonedWhileCalling() {
        var machine = Self.machine(in: .calling)
        machine.cancelSent(now: at(100))
        #expect(machine.phase == .calling)
        #expect(machine.handleTimeout(now: at(500)) == .retransmit)
        #expect(machine.handleTimeout(now: at(sixtyFourT1)) == [.reportTimeout, .terminate])
    }

    @Test("after a CANCEL it lasts 64*T1 at most, whatever provisional responses still come (section 9.1)")
    func cancelLimit() {
        var machine = Self.machine(in: .proceeding)
        machine.cancelSent(now: at(1_000))
        #expect(machine.nextDeadline == at(1_000 + sixtyFourT1))
        #expect(machine.responseReceived(status: 180, now: at(5_000)) == .deliver)
        #expect(machine.nextDeadline == at(1_000 + sixtyFourT1))
        #expect(machine.handleTimeout(now: at(1_000 + sixtyFourT1)) == [.reportTimeout, .terminate])
    }

    @Test("the 487 after a CANCEL is acknowledged and waited out like any failure")
    func cancelledEnds() {
        var machine = Self.machine(in: .proceeding)
        machine.cancelSent(now: at(1_000))
        #expect(machine.responseReceived(status: 487, now: at(1_100)) == [.deliver, .acknowledge])
        #expect(machine.nextDeadline == at(1_100 + 32_000))
    }

    @Test("a timeout that comes early finds nothing due", arguments: [Phase.calling, .proceeding, .completed, .accepted, .terminated])
    func earlyTimeout(phase: Phase) {
        var machine = Self.machine(in: phase)
        #expect(machine.handleTimeout(now: at(1)) == [])
        #expect(machine.phase == phase)
    }
}
