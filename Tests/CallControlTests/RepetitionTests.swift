import Containers
import SIPTransactions
import Testing
import Vocabulary

@testable import CallControl

/// What a leg repeats itself: a 2xx until its ACK (RFC 3261, section 13.3.1.4), reliable provisional
/// responses until their PRACK (RFC 3262, section 3).
@Suite("What a leg repeats")
struct RepetitionTests {
    func answer(_ timing: TransactionTiming = TransactionTiming()) -> UnacknowledgedAnswer {
        UnacknowledgedAnswer(
            server: ServerKey(slot: SlabKey(index: 1, generation: 1)), cseq: 7, peerLeg: leg(0), client: .none, clientCSeq: 1, timing: timing,
            now: moment(0).instant)
    }

    func response(_ rseq: UInt32, tag: String = "a") -> ReliableProvisionals.Response {
        ReliableProvisionals.Response(
            rseq: rseq, status: 183, peerRSeq: 100 + rseq, peerCSeq: 1, peerTag: Array(tag.utf8), peerLeg: leg(0),
            message: Array("message \(rseq)".utf8))
    }

    @Test("a 2xx is repeated by the list and given up after 64*T1")
    func answerSchedule() {
        var answer = answer()
        var times: [Int64] = []
        while true {
            let now = answer.nextDeadline
            let due = answer.handleTimeout(now: now)
            if due == .giveUp {
                #expect(now == moment(32_000).instant)
                break
            }
            #expect(due == .repeatAnswer)
            times.append((now - .zero).inMilliseconds)
        }
        #expect(times == [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
    }

    @Test("a list of the operator's applies")
    func customList() {
        var answer = answer(TransactionTiming(resendIntervals: [.milliseconds(200), .milliseconds(300)]))
        #expect(answer.handleTimeout(now: moment(199).instant) == .nothing)
        #expect(answer.handleTimeout(now: moment(200).instant) == .repeatAnswer)
        #expect(answer.handleTimeout(now: moment(200).instant) == .nothing)
        #expect(answer.handleTimeout(now: moment(500).instant) == .repeatAnswer)
        #expect(answer.nextDeadline == moment(700).instant)
        #expect(answer.handleTimeout(now: moment(700).instant) == .giveUp)
    }

    @Test("provisional responses are numbered from 1 upwards")
    func numbers() {
        var reliable = ReliableProvisionals()
        #expect((1...3).map { _ in reliable.nextRSeq() } == [1, 2, 3])
    }

    @Test("one is repeated by the list until its PRACK, then given up after 64*T1")
    func provisionalSchedule() {
        var reliable = ReliableProvisionals()
        #expect(reliable.nextDeadline == .never)
        let isNext = reliable.add(response(1), timing: TransactionTiming(), now: moment(0).instant)
        #expect(isNext)
        var copies = 0
        while reliable.nextDeadline != .never {
            let now = reliable.nextDeadline
            switch reliable.handleTimeout(now: now) {
            case .repeatAnswer: copies += 1
            case .giveUp: #expect(now == moment(32_000).instant)
            case .nothing: Issue.record("woken for nothing")
            }
        }
        #expect(copies == 10)
    }

    @Test("its PRACK ends the repetition and names the vendor's response behind it")
    func acknowledged() {
        var reliable = ReliableProvisionals()
        _ = reliable.add(response(1), timing: TransactionTiming(), now: moment(0).instant)
        let taken = reliable.acknowledged(1, now: moment(100).instant)
        #expect(taken?.response.peerRSeq == 101)
        #expect(taken?.next == nil)
        #expect(reliable.nextDeadline == .never)
        #expect(reliable.awaiting == nil)
        let again = reliable.acknowledged(1, now: moment(100).instant)
        #expect(again == nil)
    }

    @Test("a PRACK for another number is not taken", arguments: [UInt32(0), 2, 99])
    func otherNumber(rseq: UInt32) {
        var reliable = ReliableProvisionals()
        _ = reliable.add(response(1), timing: TransactionTiming(), now: moment(0).instant)
        let taken = reliable.acknowledged(rseq, now: moment(100).instant)
        #expect(taken == nil)
        #expect(reliable.awaiting?.rseq == 1)
        #expect(reliable.nextDeadline == moment(500).instant)
    }

    @Test("a second waits until the first is acknowledged, then runs its own time (RFC 3262, section 3)")
    func oneAtATime() {
        var reliable = ReliableProvisionals()
        let first = reliable.add(response(1, tag: "a"), timing: TransactionTiming(), now: moment(0).instant)
        let second = reliable.add(response(2, tag: "b"), timing: TransactionTiming(), now: moment(10).instant)
        #expect(first && !second)
        #expect(reliable.awaiting?.rseq == 1)
        let early = reliable.acknowledged(2, now: moment(20).instant)
        #expect(early == nil)
        let taken = reliable.acknowledged(1, now: moment(3_000).instant)
        #expect(taken?.next?.rseq == 2)
        #expect(reliable.awaiting?.peerTag == Array("b".utf8))
        #expect(reliable.nextDeadline == moment(3_500).instant)
        let last = reliable.acknowledged(2, now: moment(3_100).instant)
        #expect(last?.response.peerRSeq == 102)
    }

    @Test("after the final answer nothing is repeated or sent, and a PRACK on its way is still taken")
    func stopped() {
        var reliable = ReliableProvisionals()
        _ = reliable.add(response(1), timing: TransactionTiming(), now: moment(0).instant)
        _ = reliable.add(response(2), timing: TransactionTiming(), now: moment(0).instant)
        reliable.stop()
        #expect(reliable.nextDeadline == .never)
        let taken = reliable.acknowledged(1, now: moment(100).instant)
        #expect(taken != nil && taken?.next == nil)
        #expect(reliable.nextDeadline == .never)
    }

    @Test("a vendor that floods reliable provisional responses makes us keep a bounded number")
    func bounded() {
        var reliable = ReliableProvisionals()
        for number in 1...10_000 { _ = reliable.add(response(UInt32(number)), timing: TransactionTiming(), now: moment(0).instant) }
        var taken = 0
        while let next = reliable.awaiting?.rseq, reliable.acknowledged(next, now: moment(1).instant) != nil { taken += 1 }
        #expect(taken == ReliableProvisionals.maximumPending)
    }
}
