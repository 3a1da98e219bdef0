import Containers
import SIPMessages
import SIPTransactions
import Testing
import Vocabulary

/// Requests of ours: which response finds its transaction (RFC 3261, section 17.1.3), what is repeated,
/// and that everything ends. The machines' own timing is tested with them.
@Suite("Transaction layer: our requests")
struct ClientMatchingTests {
    let user = TransactionUser(leg: SlabKey(index: 5, generation: 1), purpose: .initialInvite)

    @Test("a response finds its transaction by branch and method, and its user is named")
    func delivered() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        #expect(bench.answer(bench.response(180, "INVITE", branch: branch)) == .deliver(user, key))
        #expect(bench.answer(bench.response(200, "INVITE", branch: branch)) == .deliver(user, key))
    }

    @Test("a response that no request of ours explains is stray")
    func stray() {
        let bench = Bench()
        let (_, branch) = bench.send(.options)
        // Another method than the request's.
        #expect(bench.answer(bench.response(200, "INVITE", branch: branch)) == .stray)
        // No cookie, no token, a token cut short.
        #expect(bench.answer(bench.response(200, "OPTIONS", branch: String(branch.dropFirst(7)))) == .stray)
        #expect(bench.answer(bench.response(200, "OPTIONS", branch: "z9hG4bKabc")) == .stray)
        #expect(bench.answer(bench.response(200, "OPTIONS", branch: String(branch.dropLast()))) == .stray)
        // The right slot, a guessed secret; and a slot that was never used.
        for position in 14..<27 {
            var forged = Array(branch)
            forged[7 + position] = forged[7 + position] == "0" ? "1" : "0"
            #expect(bench.answer(bench.response(200, "OPTIONS", branch: String(forged))) == .stray)
        }
        #expect(bench.answer(bench.response(200, "OPTIONS", branch: "z9hG4bK3" + String(repeating: "9", count: 25) + "0")) == .stray)
        #expect(bench.answer(bench.response(200, "OPTIONS", branch: branch)) != .stray)
    }

    @Test("a slot that is used again does not take the responses of its former request")
    func reusedSlot() {
        let bench = Bench()
        let (first, oldBranch) = bench.send(.options)
        _ = bench.answer(bench.response(200, "OPTIONS", branch: oldBranch))
        bench.pass(until: at(10_000))
        #expect(!bench.isAlive(first))
        let (second, newBranch) = bench.send(.options)
        #expect(second.slot.index == first.slot.index)
        #expect(bench.answer(bench.response(200, "OPTIONS", branch: oldBranch)) == .stray)
        #expect(bench.answer(bench.response(200, "OPTIONS", branch: newBranch)) == .deliver(.nobody, second))
    }

    @Test("the copies sent are the request itself, to the same place")
    func repetition() {
        let bench = Bench()
        _ = bench.send(.options)
        let original = bench.sent()
        #expect(original.count == 1)
        let copies = bench.pass(until: at(4_000))
        // The wheel fires at most one tick (4.2 ms) late, never early.
        #expect(copies.count == 3)
        for (copy, due) in zip(copies, [500, 1_500, 3_500] as [Int64]) { #expect((due...due + 15).contains(copy.time)) }
        for copy in copies { #expect(copy.message == original[0].message) }
        #expect(bench.layer.retransmissions == 3)
    }

    @Test("a final response to a request other than INVITE is shown once; its repetitions are absorbed for T4")
    func absorbed() {
        let bench = Bench()
        let (key, branch) = bench.send(.bye, user: user)
        #expect(bench.answer(bench.response(200, "BYE", branch: branch)) == .deliver(user, key))
        #expect(bench.answer(bench.response(200, "BYE", branch: branch)) == .absorbed)
        bench.pass(until: at(4_900))
        #expect(bench.isAlive(key))
        bench.pass(until: at(5_100))
        #expect(!bench.isAlive(key))
        #expect(bench.answer(bench.response(200, "BYE", branch: branch)) == .stray)
    }

    @Test("no answer: the user hears of it once, and nothing is left")
    func timeout() {
        let bench = Bench()
        _ = bench.send(.invite, user: user)
        _ = bench.sent()
        let copies = bench.pass(until: at(31_900))
        #expect(copies.count == 10)
        #expect(bench.takeEvents() == [])
        bench.pass(until: at(32_100))
        #expect(bench.takeEvents() == [.requestFailed(user, method: .invite, cause: .timeout)])
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }

    @Test("ringing may last: a provisional response stops copies and timer B for good")
    func ringing() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite)
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        _ = bench.sent()
        #expect(bench.pass(until: at(600_000)).isEmpty)
        #expect(bench.isAlive(key))
        #expect(bench.takeEvents() == [])
    }

    @Test("over a stream nothing is repeated and a final response ends it at once")
    func stream() {
        let bench = Bench()
        let (key, branch) = bench.send(.options, flow: tcp())
        _ = bench.sent()
        #expect(bench.pass(until: at(20_000)).isEmpty)
        #expect(bench.answer(bench.response(200, "OPTIONS", branch: branch)) == .deliver(.nobody, key))
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }

    @Test("a new list reaches requests sent afterwards, not those on their way")
    func newTiming() {
        let bench = Bench()
        _ = bench.send(.options)
        bench.layer.timing = TransactionTiming(resendIntervals: [.milliseconds(100)])
        _ = bench.send(.bye)
        _ = bench.sent()
        let copies = bench.pass(until: at(450)).map { $0.message.lines[0].prefix(3) }
        #expect(copies == ["BYE"])
        #expect(bench.takeEvents().count == 1)
        #expect(bench.pass(until: at(600)).map { $0.message.lines[0].prefix(7) } == ["OPTIONS"])
    }

    @Test("ten thousand requests, half of them answered: all end, no timer is left")
    func many() {
        let bench = Bench()
        var branches: [String] = []
        for i in 0..<10_000 {
            branches.append(bench.send(i % 2 == 0 ? .invite : .options).branch)
            bench.outbox.removeAll()
        }
        #expect(bench.layer.count == 10_000)
        for i in stride(from: 0, to: 10_000, by: 4) {
            _ = bench.answer(bench.response(200, "INVITE", branch: branches[i]))
            _ = bench.answer(bench.response(404, "OPTIONS", branch: branches[i + 1]))
        }
        bench.outbox.removeAll()
        bench.pass(until: at(33_000))
        #expect(bench.takeEvents().count == 5_000)
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }
}
