import SIPTransactions
import Testing
import Vocabulary

/// RFC 3261, section 17.2.1 (figure 7) as corrected by RFC 6026, section 8.5: every state with every event.
@Suite("INVITE server transaction")
struct InviteServerTransactionTests {
    typealias Phase = InviteServerTransaction.Phase

    static func machine(in phase: Phase, reliable: Bool = false) -> InviteServerTransaction {
        var machine = InviteServerTransaction(timing: TransactionTiming(), reliable: reliable)
        switch phase {
        case .proceeding: break
        case .completed: _ = machine.responded(status: 486, now: at(0))
        case .confirmed:
            _ = machine.responded(status: 486, now: at(0))
            _ = machine.ackReceived(now: at(0))
        case .accepted: _ = machine.responded(status: 200, now: at(0))
        case .terminated:
            _ = machine.responded(status: 200, now: at(0))
            _ = machine.handleTimeout(now: at(sixtyFourT1))
        }
        return machine
    }

    @Test(
        "a repeated INVITE gets the last response, but never a 2xx, which the user repeats",
        arguments: [
            (Phase.proceeding, TransactionActions.retransmit), (.completed, .retransmit), (.confirmed, .nothing), (.accepted, .nothing),
            (.terminated, .nothing),
        ])
    func repetition(phase: Phase, expected: TransactionActions) {
        let machine = Self.machine(in: phase)
        let actions = machine.requestRepeated()
        #expect(actions == expected)
        #expect(machine.phase == phase)
    }

    @Test(
        "the user's response in every state",
        arguments: [
            (Phase.proceeding, 100, Phase.proceeding), (.proceeding, 183, .proceeding), (.proceeding, 200, .accepted),
            (.proceeding, 302, .completed), (.proceeding, 487, .completed), (.proceeding, 603, .completed),
            (.completed, 180, .completed), (.completed, 200, .completed), (.completed, 500, .completed),
            (.accepted, 180, .accepted), (.accepted, 200, .accepted), (.accepted, 500, .accepted),
            (.confirmed, 200, .confirmed), (.confirmed, 500, .confirmed), (.terminated, 200, .terminated),
        ])
    func response(from: Phase, status: Int, to: Phase) {
        var machine = Self.machine(in: from)
        let before = machine.nextDeadline
        let actions = machine.responded(status: status, now: at(10))
        #expect(actions == [])
        #expect(machine.phase == to)
        if from == to { #expect(machine.nextDeadline == before) }
    }

    @Test(
        "an ACK in every state",
        arguments: [
            (Phase.proceeding, TransactionActions.nothing, Phase.proceeding),
            (.completed, .releaseMessage, .confirmed),
            (.confirmed, .nothing, .confirmed),
            (.accepted, .deliver, .accepted),
            (.terminated, .nothing, .terminated),
        ])
    func acknowledgement(from: Phase, expected: TransactionActions, to: Phase) {
        var machine = Self.machine(in: from)
        let actions = machine.ackReceived(now: at(10))
        #expect(actions == expected)
        #expect(machine.phase == to)
    }

    @Test("over a stream timer I is 0: the ACK ends it")
    func acknowledgementReliable() {
        var machine = Self.machine(in: .completed, reliable: true)
        let actions = machine.ackReceived(now: at(10))
        #expect(actions == .terminate)
        #expect(machine.phase == .terminated)
    }

    @Test("without a final response no timer runs: the user decides when to answer")
    func proceedingHasNoTimer() {
        let machine = Self.machine(in: .proceeding)
        #expect(machine.nextDeadline == .never)
    }

    @Test("timer G repeats the failure by the list, timer H gives the ACK up and says so")
    func timerGAndH() {
        var machine = Self.machine(in: .completed)
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

    @Test("over a stream the failure is not repeated, and timer H runs all the same")
    func timerHReliable() {
        var machine = Self.machine(in: .completed, reliable: true)
        #expect(machine.nextDeadline == at(sixtyFourT1))
        #expect(machine.handleTimeout(now: at(sixtyFourT1)) == [.reportTimeout, .terminate])
    }

    @Test("timer I absorbs repeated ACKs for T4 and nothing is repeated meanwhile")
    func timerI() {
        var machine = Self.machine(in: .confirmed)
        #expect(machine.nextDeadline == at(5_000))
        #expect(machine.handleTimeout(now: at(4_999)) == [])
        #expect(machine.handleTimeout(now: at(5_000)) == .terminate)
    }

    @Test("timer L absorbs repeated INVITEs for 64*T1 after a 2xx, on every transport", arguments: [false, true])
    func timerL(reliable: Bool) {
        var machine = Self.machine(in: .accepted, reliable: reliable)
        #expect(machine.nextDeadline == at(sixtyFourT1))
        #expect(machine.handleTimeout(now: at(sixtyFourT1 - 1)) == [])
        #expect(machine.handleTimeout(now: at(sixtyFourT1)) == .terminate)
    }

    @Test("an ACK does not shorten timer L: a repeated INVITE must still be absorbed")
    func timerLAfterAck() {
        var machine = Self.machine(in: .accepted)
        _ = machine.ackReceived(now: at(100))
        #expect(machine.nextDeadline == at(sixtyFourT1))
    }

    @Test("timer L stays 32 s when our own list is short: the caller may repeat its INVITE that long")
    func shortList() {
        var machine = InviteServerTransaction(timing: TransactionTiming(resendIntervals: [.milliseconds(100)]), reliable: false)
        _ = machine.responded(status: 200, now: at(0))
        #expect(machine.nextDeadline == at(32_000))
    }
}

/// RFC 3261, section 17.2.2 (figure 8): every state with every event.
@Suite("Server transaction of other requests")
struct NonInviteServerTransactionTests {
    typealias Phase = NonInviteServerTransaction.Phase

    static func machine(in phase: Phase, reliable: Bool = false) -> NonInviteServerTransaction {
        var machine = NonInviteServerTransaction(timing: TransactionTiming(), reliable: reliable)
        switch phase {
        case .trying: break
        case .proceeding: _ = machine.responded(status: 100, now: at(0))
        case .completed: _ = machine.responded(status: 200, now: at(0))
        case .terminated:
            _ = machine.responded(status: 200, now: at(0))
            _ = machine.handleTimeout(now: at(sixtyFourT1))
        }
        return machine
    }

    @Test(
        "a repeated request gets the last response once there is one",
        arguments: [
            (Phase.trying, TransactionActions.nothing), (.proceeding, .retransmit), (.completed, .retransmit), (.terminated, .nothing),
        ])
    func repetition(phase: Phase, expected: TransactionActions) {
        let machine = Self.machine(in: phase)
        let actions = machine.requestRepeated()
        #expect(actions == expected)
    }

    @Test(
        "the user's response in every state",
        arguments: [
            (Phase.trying, 100, Phase.proceeding), (.trying, 200, .completed), (.trying, 404, .completed),
            (.proceeding, 182, .proceeding), (.proceeding, 200, .completed), (.proceeding, 600, .completed),
            (.completed, 100, .completed), (.completed, 500, .completed), (.terminated, 200, .terminated),
        ])
    func response(from: Phase, status: Int, to: Phase) {
        var machine = Self.machine(in: from)
        let actions = machine.responded(status: status, now: at(10))
        #expect(actions == [])
        #expect(machine.phase == to)
    }

    @Test("over a stream timer J is 0: the final response ends it", arguments: [Phase.trying, .proceeding])
    func finalResponseReliable(phase: Phase) {
        var machine = Self.machine(in: phase, reliable: true)
        let actions = machine.responded(status: 200, now: at(10))
        #expect(actions == .terminate)
        #expect(machine.phase == .terminated)
    }

    @Test("timer J answers repetitions for 64*T1, then it ends in silence")
    func timerJ() {
        var machine = Self.machine(in: .completed)
        #expect(machine.nextDeadline == at(sixtyFourT1))
        #expect(machine.handleTimeout(now: at(sixtyFourT1 - 1)) == [])
        #expect(machine.handleTimeout(now: at(sixtyFourT1)) == .terminate)
        #expect(machine.nextDeadline == .never)
    }

    @Test("timer J stays 32 s when our own list is short: a repeated BYE must not meet nobody")
    func shortList() {
        var machine = NonInviteServerTransaction(timing: TransactionTiming(resendIntervals: [.milliseconds(100)]), reliable: false)
        _ = machine.responded(status: 200, now: at(0))
        #expect(machine.nextDeadline == at(32_000))
    }

    @Test("without a final response no timer runs", arguments: [Phase.trying, .proceeding])
    func openHasNoTimer(phase: Phase) {
        let machine = Self.machine(in: phase)
        #expect(machine.nextDeadline == .never)
    }
}
