import SIPUserAgent
import Testing
import Vocabulary

@Suite("The withdrawal of a registration")
struct RegistrationWithdrawalTests {
    private func registered(_ seconds: Int = 3600, challenged: Bool = true) -> RegistrationBench {
        let bench = RegistrationBench()
        bench.start()
        if challenged { bench.challenge(nonce: "n1") }
        bench.grant(seconds)
        return bench
    }

    @Test("It repeats Call-ID, From tag, target and Contact, with a higher CSeq, expires 0 twice and credentials ahead")
    func message() {
        let bench = registered()
        bench.withdraw()
        #expect(bench.client.state == .withdrawing)
        #expect(bench.cseq == "3 REGISTER")
        #expect(bench.last.values("Call-ID") == ["the-call-id"])
        #expect(bench.last.values("From") == ["<sip:acme@sw.example.net>;tag=tag1"])
        #expect(bench.last.values("Expires") == ["0"])
        #expect(bench.contact.hasPrefix("<sip:contactuser@192.0.2.1:5060>;expires=0"))
        #expect(bench.last.contains("nc=00000002"))
        bench.answer(200, "OK")
        #expect(bench.client.state == .withdrawn)
        #expect(!bench.client.mayBeBound(bench.now.instant))
    }

    @Test("401 and 407 are answered, also for a stale nonce", arguments: [401, 407], [true, false])
    func challenged(status: Int, stale: Bool) {
        let bench = registered()
        bench.withdraw()
        bench.challenge(status, nonce: "n2", stale: stale)
        #expect(bench.last.contains("nonce=\"n2\""))
        #expect(bench.last.values("Expires") == ["0"])
        bench.answer(200, "OK")
        #expect(bench.client.state == .withdrawn)
    }

    @Test("A refusal says its code and until when the binding may stand; the stopping process does not try again")
    func refused() {
        let bench = registered()
        bench.withdraw()
        bench.answer(403, "Forbidden")
        #expect(bench.client.state == .withdrawalFailed(nextTryAt: .never))
        #expect(bench.client.reason == "403 Forbidden")
        #expect((bench.client.end(bench.now.instant) ?? .zero) - bench.now.instant == .seconds(3600))
        #expect(bench.client.nextDeadline == .never)
    }

    @Test("Silence is told, with the end of what may stand")
    func silence() {
        let bench = registered(600)
        bench.withdraw()
        bench.fail("no answer from 192.0.2.9:5060 (udp)")
        #expect(bench.client.state == .withdrawalFailed(nextTryAt: .never))
        #expect(bench.client.mayBeBound(bench.now.instant))
        #expect(bench.client.reason.hasPrefix("no answer"))
    }

    @Test("A 200 that still lists our Contact is no success")
    func stillListed() {
        let bench = registered()
        bench.withdraw()
        bench.grant(90)
        #expect(bench.client.state.isWithdrawalFailed)
        #expect(bench.client.reason.contains("still stands for 90 s"))
    }

    @Test("Other contacts that stay are none of our business")
    func othersStay() {
        let bench = registered()
        bench.withdraw()
        bench.answer(200, "OK", "Contact: <sip:other@192.0.2.77>;expires=500")
        #expect(bench.client.state == .withdrawn)
        #expect(bench.client.foreignContacts == ["sip:other@192.0.2.77"])
    }

    @Test("Where nothing can stand nothing is sent")
    func nothingStands() {
        let bench = RegistrationBench()
        bench.start()
        bench.answer(503, "Service Unavailable")
        bench.withdraw()
        #expect(bench.requests.count == 1)
        #expect(bench.client.state == .withdrawn)
    }

    @Test("A REGISTER whose answer was lost may have made a binding: it is withdrawn")
    func lostAnswer() {
        let bench = RegistrationBench()
        bench.start()
        bench.fail()
        #expect(bench.client.mayBeBound(bench.now.instant))
        #expect(!bench.client.isUsable)
        bench.withdraw()
        #expect(bench.requests.count == 2)
        #expect(bench.last.values("Expires") == ["0"])
    }

    @Test("A REGISTER that reached nobody made no binding: nothing is sent at the stop")
    func neverArrived() {
        let bench = RegistrationBench()
        bench.start()
        bench.perform { $0.requestFailed("cannot be reached", mayHaveArrived: false, &$1, now: $2) }
        #expect(!bench.client.mayBeBound(bench.now.instant))
        bench.withdraw()
        #expect(bench.requests.count == 1)
        #expect(bench.client.state == .withdrawn)
    }

    @Test("It waits for the REGISTER under way, two seconds at most", arguments: [true, false])
    func waitsForAnswer(answers: Bool) {
        let bench = registered()
        bench.fire()
        bench.withdraw()
        #expect(bench.client.state == .withdrawing)
        #expect(bench.requests.count == 3)
        if answers {
            bench.grant(3600)
        } else {
            #expect(bench.client.nextDeadline - bench.now.instant == .seconds(2))
            bench.fire()
        }
        #expect(bench.requests.count == 4)
        #expect(bench.last.values("Expires") == ["0"])
        #expect(bench.cseq == "4 REGISTER")
    }

    @Test("A removed object is withdrawn until nothing can stand, then it is gone")
    func removed() {
        let bench = registered(100)
        bench.withdraw(.removed)
        bench.fail()
        #expect(bench.client.state.isWithdrawalFailed)
        #expect(!bench.isFinished)
        bench.fire()
        #expect(bench.last.values("Expires") == ["0"])
        bench.fail()
        bench.fire()
        #expect(bench.client.state == .withdrawn)
        #expect(bench.isFinished)
    }

    @Test("An object enabled again in the middle of its withdrawal registers again")
    func enabledAgain() {
        let bench = registered()
        bench.withdraw(.disabled)
        bench.perform { $0.configure(RegistrationBench.account(), &$1, now: $2) }
        bench.answer(200, "OK")
        bench.fire()
        #expect(bench.client.state == .registering)
        #expect(bench.last.values("Expires") == ["3600"])
    }

    @Test("Off: nothing is sent, and it is said that the binding stands")
    func abandoned() {
        let bench = registered()
        bench.perform { $0.abandon(.disabled, &$1, now: $2) }
        #expect(bench.requests.count == 2)
        #expect(bench.client.state == .disabled)
        #expect(bench.client.mayBeBound(bench.now.instant))
        #expect(bench.client.reason.contains("SS_SIP_USER_AGENT_SEND_UNREGISTER is Off"))
    }

    @Test("404 means that nothing of ours stands there")
    func unknownAccount() {
        let bench = registered()
        bench.withdraw()
        bench.answer(404, "Not Found")
        #expect(bench.client.state == .withdrawn)
    }
}
