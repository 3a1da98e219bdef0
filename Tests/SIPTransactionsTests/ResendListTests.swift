import SIPTransactions
import Testing
import Vocabulary

/// `SS_SIP_RESEND_INTERVAL`: the list that stands for T1, T2 and their doubling.
@Suite("Resend list")
struct ResendListTests {
    @Test("the default list is T1 doubled up to T2, and gives up after 64*T1")
    func defaultList() {
        let timing = TransactionTiming()
        #expect(timing.resendIntervals.map(\.inMilliseconds) == [500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000])
        #expect(timing.giveUp == .milliseconds(64 * 500))
        #expect(timing.t2 == .seconds(4))
        #expect(timing.t4 == .seconds(5))
    }

    @Test("the parameter's default is the same list")
    func parameterDefault() {
        #expect(ParameterValues().intervals(.resendInterval) == TransactionTiming.defaultIntervals)
        #expect(ParameterDefinition.transactionParameters.map(\.name) == ["SS_SIP_RESEND_INTERVAL"])
    }

    @Test(
        "a list of the operator's: as many copies as entries, given up one first wait later",
        arguments: [
            ([100], [100], 200),
            ([200, 300], [200, 500], 700),
            ([1_000, 1_000, 1_000], [1_000, 2_000, 3_000], 4_000),
            ([60_000], [60_000], 120_000),
        ] as [([Int64], [Int64], Int64)])
    func customList(list: [Int64], copies: [Int64], giveUp: Int64) {
        let timing = TransactionTiming(resendIntervals: list.map { .milliseconds($0) })
        #expect(timing.giveUp == .milliseconds(giveUp))
        var machine = InviteClientTransaction(timing: timing, reliable: false, now: at(0))
        var seen: [Int64] = []
        while machine.phase != .terminated {
            let now = machine.nextDeadline
            let actions = machine.handleTimeout(now: now)
            if actions == .retransmit {
                seen.append((now - .zero).inMilliseconds)
            } else {
                #expect(now == at(giveUp))
                #expect(actions == [.reportTimeout, .terminate])
            }
        }
        #expect(seen == copies)
    }

    @Test("a late clock does not send copies in a burst")
    func lateClock() {
        var machine = InviteClientTransaction(timing: TransactionTiming(), reliable: false, now: at(0))
        #expect(machine.handleTimeout(now: at(10_000)) == .retransmit)
        #expect(machine.handleTimeout(now: at(10_000)) == [])
        #expect(machine.nextDeadline == at(11_000))
    }

    @Test(
        "every timer of table 4 and RFC 6026, on datagrams and on streams",
        arguments: [
            (SIPTimer.a, 500, 32_000), (.b, 32_000, 32_000), (.d, 32_000, 0), (.e, 500, 32_000), (.f, 32_000, 32_000), (.g, 500, 32_000),
            (.h, 32_000, 32_000), (.i, 5_000, 0), (.j, 32_000, 0), (.k, 5_000, 0), (.l, 32_000, 32_000), (.m, 32_000, 32_000),
        ] as [(SIPTimer, Int64, Int64)])
    func lengths(timer: SIPTimer, datagram: Int64, stream: Int64) {
        let timing = TransactionTiming()
        #expect(timing.length(timer, reliable: false) == .milliseconds(datagram))
        #expect(timing.length(timer, reliable: true) == .milliseconds(stream))
    }

    @Test("no timer is missing from the table") func allTimers() { #expect(SIPTimer.allCases.count == 12) }
}
