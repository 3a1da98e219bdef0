import Containers
import SIPMessages
import SIPTransactions
import Testing
import Vocabulary

/// CANCEL from our side (RFC 3261, section 9.1) at every moment of an INVITE.
@Suite("Transaction layer: our CANCEL")
struct CancelTests {
    let user = TransactionUser(leg: SlabKey(index: 5, generation: 1), purpose: .initialInvite)

    func cancel(_ bench: Bench, _ key: ClientKey, reason: String = "") {
        reason.crlf.withBytes { bench.layer.cancel(key, reason: $0, now: bench.now, outbox: &bench.outbox) }
    }

    @Test("after a provisional response it goes out at once, with the INVITE's branch, Request-URI, To without tag and CSeq number")
    func construction() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, extra: "Route: <sip:p1.example.net;lr>\n")
        let invite = bench.sent()[0]
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        cancel(bench, key, reason: "Reason: Q.850;cause=31\n")
        let sent = bench.sent()
        #expect(sent.count == 1)
        let message = sent[0].message
        #expect(sent[0].flow == invite.flow)
        #expect(message.lines[0] == "CANCEL sip:+14155550100@example.net SIP/2.0")
        #expect(message.values("Via") == invite.message.values("Via"))
        #expect(message.values("Route") == ["<sip:p1.example.net;lr>"])
        #expect(message.values("From") == invite.message.values("From"))
        #expect(message.values("To") == ["<sip:+14155550100@example.net>"])
        #expect(message.values("Call-ID") == invite.message.values("Call-ID"))
        #expect(message.values("CSeq") == ["17 CANCEL"])
        #expect(message.values("Reason") == ["Q.850;cause=31"])
        #expect(message.values("Require").isEmpty && message.values("Proxy-Require").isEmpty)
    }

    @Test("before any response it waits, the INVITE is repeated, and the first provisional response lets it out")
    func beforeProvisional() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        _ = bench.sent()
        cancel(bench, key)
        #expect(bench.sent().isEmpty)
        #expect(bench.pass(until: at(3_000)).allSatisfy { $0.message.hasPrefix("INVITE ") })
        _ = bench.answer(bench.response(100, "INVITE", branch: branch, tag: ""))
        #expect(bench.sentStartLines() == ["CANCEL sip:+14155550100@example.net SIP/2.0"])
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        #expect(bench.sent().isEmpty, "one CANCEL is enough")
    }

    @Test("a peer that stays silent: no CANCEL ever, the INVITE ends by timer B")
    func silentPeer() {
        let bench = Bench()
        let (key, _) = bench.send(.invite, user: user)
        _ = bench.sent()
        cancel(bench, key)
        let repeated = bench.pass(until: at(33_000))
        #expect(repeated.count == 10 && repeated.allSatisfy { $0.message.hasPrefix("INVITE ") })
        #expect(bench.takeEvents() == [.requestFailed(user, method: .invite, cause: .timeout)])
        #expect(bench.layer.count == 0)
    }

    @Test("it has a transaction of its own: repeated until its 200, which the INVITE's user does not see")
    func ownTransaction() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        _ = bench.sent()
        cancel(bench, key)
        #expect(bench.layer.count == 2)
        let first = bench.sent()[0].message
        #expect(bench.pass(until: at(2_000)).map(\.message) == [first, first])
        #expect(bench.answer(bench.response(200, "CANCEL", branch: branch)) == .absorbed)
        #expect(bench.pass(until: at(6_000)).isEmpty)
        #expect(bench.isAlive(key))
        #expect(bench.answer(bench.response(487, "INVITE", branch: branch)) == .deliver(user, key))
        #expect(bench.sentStartLines() == ["ACK sip:+14155550100@example.net SIP/2.0"])
        bench.pass(until: at(60_000))
        #expect(bench.layer.count == 0)
        #expect(bench.takeEvents() == [])
    }

    @Test("481 to the CANCEL is nobody's business either")
    func refusedCancel() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        cancel(bench, key)
        #expect(bench.answer(bench.response(481, "CANCEL", branch: branch)) == .absorbed)
    }

    @Test("no final response after the CANCEL: the INVITE ends after 64*T1, even if it goes on ringing")
    func noFinalResponse() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        bench.pass(until: at(10_000))
        cancel(bench, key)
        _ = bench.answer(bench.response(200, "CANCEL", branch: branch))
        for second in stride(from: 15, through: 40, by: 5) {
            bench.pass(until: at(Int64(second) * 1_000))
            #expect(bench.answer(bench.response(180, "INVITE", branch: branch)) == .deliver(user, key))
        }
        bench.pass(until: at(41_900))
        #expect(bench.isAlive(key))
        bench.pass(until: at(42_100))
        #expect(bench.takeEvents() == [.requestFailed(user, method: .invite, cause: .timeout)])
        #expect(bench.layer.count == 0)
    }

    @Test("a CANCEL that waited has the same limit from when it went out")
    func noFinalResponseAfterWaiting() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        cancel(bench, key)
        bench.pass(until: at(20_000))
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        bench.pass(until: at(51_900))
        #expect(bench.isAlive(key))
        bench.pass(until: at(52_100))
        #expect(bench.layer.count == 0)
        // The CANCEL itself was never answered; that interests nobody.
        #expect(bench.takeEvents().contains(.requestFailed(user, method: .invite, cause: .timeout)))
    }

    @Test("a 200 that crosses the CANCEL is the user's, to be acknowledged and hung up")
    func answerAfterCancel() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        cancel(bench, key)
        _ = bench.answer(bench.response(200, "CANCEL", branch: branch))
        _ = bench.sent()
        #expect(bench.answer(bench.response(200, "INVITE", branch: branch)) == .deliver(user, key))
        #expect(bench.sent().isEmpty)
    }

    @Test("a 200 before the waiting CANCEL could go out: it never does")
    func answerBeforeWaitingCancel() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        cancel(bench, key)
        _ = bench.sent()
        #expect(bench.answer(bench.response(200, "INVITE", branch: branch)) == .deliver(user, key))
        #expect(bench.answer(bench.response(180, "INVITE", branch: branch)) == .absorbed)
        #expect(bench.sent().isEmpty)
        bench.pass(until: at(40_000))
        #expect(bench.layer.count == 0)
    }

    @Test("a failure before the waiting CANCEL could go out is acknowledged, and that is all")
    func failureBeforeWaitingCancel() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, user: user)
        cancel(bench, key)
        _ = bench.sent()
        #expect(bench.answer(bench.response(486, "INVITE", branch: branch)) == .deliver(user, key))
        #expect(bench.sentStartLines().map { $0.prefix(3) } == ["ACK"])
    }

    @Test("asked again, after the final response, or for another method: nothing is sent")
    func pointless() {
        let bench = Bench()
        let (invite, branch) = bench.send(.invite, user: user)
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        cancel(bench, invite)
        _ = bench.sent()
        cancel(bench, invite)
        let (options, _) = bench.send(.options)
        _ = bench.sent()
        cancel(bench, options)
        let (answered, answeredBranch) = bench.send(.invite)
        _ = bench.answer(bench.response(200, "INVITE", branch: answeredBranch))
        _ = bench.sent()
        cancel(bench, answered)
        cancel(bench, .none)
        #expect(bench.sent().isEmpty)
    }

    @Test("over a stream the 487 ends the INVITE at once and the CANCEL ends with its own response")
    func stream() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite, flow: tcp(), user: user)
        _ = bench.answer(bench.response(180, "INVITE", branch: branch))
        cancel(bench, key)
        #expect(bench.answer(bench.response(200, "CANCEL", branch: branch)) == .absorbed)
        #expect(bench.layer.count == 1)
        #expect(bench.answer(bench.response(487, "INVITE", branch: branch)) == .deliver(user, key))
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }
}
