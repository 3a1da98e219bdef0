import SIPMessages
import SIPTransactions
import Testing
import Vocabulary

/// The ACK of both kinds, from our side: made by the transaction for a failure (RFC 3261, section 17.1.1.3),
/// made by the user and kept by the transaction for a 2xx (section 13.2.2.4).
@Suite("Transaction layer: our ACKs")
struct AcknowledgementTests {
    @Test("a failure is acknowledged with the INVITE's branch, Request-URI, From, Call-ID, Route and CSeq number, and the response's To")
    func construction() throws {
        let bench = Bench()
        let (_, branch) = bench.send(.invite, extra: "Route: <sip:p1.example.net;lr>,<sip:p2.example.net;lr>\nRoute: <sip:p3.example.net;lr>\n")
        let invite = bench.sent()[0]
        _ = bench.answer(bench.response(486, "INVITE", branch: branch, tag: "busy-1"))
        let sent = bench.sent()
        let ack = try #require(sent.first)
        #expect(sent.count == 1)
        #expect(ack.flow == invite.flow)
        #expect(ack.message.lines[0] == "ACK sip:+14155550100@example.net SIP/2.0")
        #expect(ack.message.values("Via") == ["SIP/2.0/UDP 192.0.2.1;branch=\(branch)"])
        #expect(ack.message.values("Route") == ["<sip:p1.example.net;lr>,<sip:p2.example.net;lr>", "<sip:p3.example.net;lr>"])
        #expect(ack.message.values("From") == invite.message.values("From"))
        #expect(ack.message.values("To") == ["<sip:+14155550100@example.net>;tag=busy-1"])
        #expect(ack.message.values("Call-ID") == invite.message.values("Call-ID"))
        #expect(ack.message.values("CSeq") == ["17 ACK"])
        #expect(ack.message.values("Max-Forwards") == ["70"])
        #expect(ack.message.values("Content-Length") == ["0"])
        #expect(ack.message.hasSuffix("\r\n\r\n"))
    }

    @Test("the ACK can be read back as a request of the INVITE's transaction")
    func parses() throws {
        let bench = Bench()
        let (_, branch) = bench.send(.invite)
        _ = bench.sent()
        _ = bench.answer(bench.response(503, "INVITE", branch: branch))
        let ack = Array(bench.sent()[0].message.utf8)
        var parser = MessageParser()
        try ack.withBytes { bytes in
            let parsed = parser.parse(bytes)
            let message = try #require(parsed)
            let essentials = try Essentials(message)
            #expect(essentials.cseq.method == .ack)
            #expect(essentials.via.branch.string == branch)
            try message.checkRequest()
        }
    }

    @Test("each copy of the failure gets the same ACK, and the user sees the failure once")
    func repeatedFailure() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite)
        _ = bench.sent()
        #expect(bench.answer(bench.response(404, "INVITE", branch: branch)) == .deliver(.nobody, key))
        let first = bench.sent().map(\.message)
        for _ in 0..<3 {
            #expect(bench.answer(bench.response(404, "INVITE", branch: branch)) == .absorbed)
            #expect(bench.sent().map(\.message) == first)
        }
    }

    @Test("the transaction stays 32 s to acknowledge copies, then it is gone")
    func timerD() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite)
        _ = bench.answer(bench.response(404, "INVITE", branch: branch))
        bench.pass(until: at(31_900))
        #expect(bench.isAlive(key))
        bench.pass(until: at(32_100))
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }

    @Test("over a stream the failure is acknowledged and the transaction gone at once")
    func stream() {
        let bench = Bench()
        let (_, branch) = bench.send(.invite, flow: tcp())
        _ = bench.sent()
        _ = bench.answer(bench.response(404, "INVITE", branch: branch))
        #expect(bench.sentStartLines() == ["ACK sip:+14155550100@example.net SIP/2.0"])
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == .never)
    }

    @Test("provisional responses and 2xx are not acknowledged by the transaction")
    func noAck() {
        let bench = Bench()
        let (_, branch) = bench.send(.invite)
        _ = bench.sent()
        _ = bench.answer(bench.response(183, "INVITE", branch: branch))
        _ = bench.answer(bench.response(200, "INVITE", branch: branch))
        #expect(bench.sent().isEmpty)
    }

    @Test("a failure of a request other than INVITE is not acknowledged")
    func nonInvite() {
        let bench = Bench()
        let (_, branch) = bench.send(.bye)
        _ = bench.sent()
        _ = bench.answer(bench.response(481, "BYE", branch: branch))
        #expect(bench.sent().isEmpty)
    }

    @Test("a 2xx that comes again gets the kept ACK, unchanged, until timer M ends")
    func keptAck() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite)
        _ = bench.sent()
        #expect(bench.answer(bench.response(200, "INVITE", branch: branch, tag: "a")) == .deliver(.nobody, key))
        "ACK kept".withBytes { ack in "a".withBytes { tag in bench.layer.acknowledged(key, toTag: tag, ack: ack) } }
        for second in 1...3 {
            bench.pass(until: at(Int64(second) * 1_000))
            #expect(bench.answer(bench.response(200, "INVITE", branch: branch, tag: "a")) == .absorbed)
            #expect(bench.sent().map(\.message) == ["ACK kept"])
        }
        bench.pass(until: at(32_100))
        #expect(bench.answer(bench.response(200, "INVITE", branch: branch, tag: "a")) == .stray)
        #expect(bench.sent().isEmpty)
        #expect(bench.layer.count == 0)
    }

    @Test("a 2xx of another fork is the user's, whatever was acknowledged")
    func otherFork() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite)
        _ = bench.sent()
        _ = bench.answer(bench.response(200, "INVITE", branch: branch, tag: "a"))
        "ACK kept".withBytes { ack in "a".withBytes { tag in bench.layer.acknowledged(key, toTag: tag, ack: ack) } }
        #expect(bench.answer(bench.response(200, "INVITE", branch: branch, tag: "b")) == .deliver(.nobody, key))
        #expect(bench.sent().isEmpty)
    }

    @Test("an answer not yet acknowledged comes again to the user")
    func unacknowledged() {
        let bench = Bench()
        let (key, branch) = bench.send(.invite)
        _ = bench.answer(bench.response(200, "INVITE", branch: branch))
        #expect(bench.answer(bench.response(200, "INVITE", branch: branch)) == .deliver(.nobody, key))
        #expect(bench.isAnswered(key))
    }
}
