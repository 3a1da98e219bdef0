import SIPUserAgent
import Testing
import Vocabulary

@Suite("A registration that meets failure")
struct RegistrationFailureTests {
    private func wait(_ bench: RegistrationBench) -> Int64 { (bench.client.nextDeadline - bench.now.instant).inSeconds }

    @Test("A wrong password is one try with credentials, then a state with slow retries that double up to an hour")
    func wrongPassword() {
        let bench = RegistrationBench()
        bench.start()
        bench.challenge(nonce: "n1")
        bench.challenge(nonce: "n2")
        #expect(bench.requests.count == 2)
        #expect(bench.client.state.isCredentialsRefused)
        #expect(bench.client.reason.contains("does not accept user or password"))
        #expect((600...660).contains(wait(bench)))
        for expected in [1200...1320, 2400...2640, 3600...3960, 3600...3960] as [ClosedRange<Int64>] {
            bench.fire()
            bench.challenge(nonce: "n3")
            bench.challenge(nonce: "n4")
            #expect(expected.contains(wait(bench)))
        }
    }

    @Test("A corrected password is tried at once")
    func correctedPassword() {
        let bench = RegistrationBench()
        bench.start()
        bench.challenge(nonce: "n1")
        bench.challenge(nonce: "n1")
        #expect(bench.client.state.isCredentialsRefused)
        bench.perform { $0.configure(RegistrationBench.account(password: "right"), &$1, now: $2) }
        bench.fire()
        #expect(bench.requests.count == 3)
        bench.challenge(nonce: "n2")
        bench.grant(60)
        #expect(bench.client.state.isRegistered)
    }

    @Test("An upstream that calls every nonce stale meets the bound")
    func endlessChallenge() {
        let bench = RegistrationBench()
        bench.start()
        for i in 0..<100 where bench.client.isSending { bench.challenge(nonce: "n\(i)", stale: true) }
        #expect(bench.client.state.isCredentialsRefused)
        #expect(bench.requests.count <= 4)
    }

    @Test("403 waits like refused credentials")
    func forbidden() {
        let bench = RegistrationBench()
        bench.start()
        bench.answer(403, "Forbidden")
        #expect(bench.client.state.isCredentialsRefused)
        #expect(bench.client.reason == "403 Forbidden")
    }

    @Test("423 raises the lifetime to Min-Expires at once")
    func tooBrief() {
        let bench = RegistrationBench(RegistrationBench.account(period: 60))
        bench.start()
        bench.answer(423, "Interval Too Brief", "Min-Expires: 1800")
        #expect(bench.requests.count == 2)
        #expect(bench.last.values("Expires") == ["1800"])
        bench.grant(1800)
        bench.fire()
        #expect(bench.last.values("Expires") == ["1800"])
    }

    @Test("423 that nothing satisfies is a stated failure", arguments: ["Min-Expires: 9000", "Min-Expires: 60", "X: y", "Min-Expires: abc"])
    func unsatisfiable(field: String) {
        let bench = RegistrationBench(RegistrationBench.account(period: 60))
        bench.start()
        bench.answer(423, "Interval Too Brief", field)
        #expect(bench.client.state.isWaitingToRetry)
        #expect(bench.client.reason.hasPrefix("423"))
        #expect(bench.requests.count == 1)
    }

    @Test("Retry-After longer than the delay is obeyed, a shorter one does not hurry")
    func retryAfter() {
        let bench = RegistrationBench()
        bench.start()
        bench.answer(503, "Service Unavailable", "Retry-After: 300")
        #expect((300...331).contains(wait(bench)))
        bench.fire()
        bench.answer(503, "Service Unavailable", "Retry-After: 5")
        #expect((60...66).contains(wait(bench)))
    }

    @Test("Silence: the next try after the retry delay with up to a tenth of jitter; it grows only with a ceiling")
    func growth() {
        let bench = RegistrationBench()
        bench.start()
        for _ in 0..<4 {
            bench.fail()
            #expect((60...66).contains(wait(bench)))
            bench.fire()
        }
        var account = RegistrationBench.account()
        account.retryDelayMaximum = .seconds(400)
        let growing = RegistrationBench(account)
        growing.start()
        for expected in [60...66, 120...132, 240...264, 400...440, 400...440] as [ClosedRange<Int64>] {
            growing.fail()
            #expect(expected.contains(wait(growing)))
            growing.fire()
        }
    }

    @Test("A failed target gives way to the next of the name at once; only when all failed the delay begins")
    func nextTarget() {
        let hop = NextHop(host: "sip.example.net")
        let bench = RegistrationBench(RegistrationBench.account(proxy: hop))
        bench.start()
        #expect(bench.client.state == .resolving)
        #expect(bench.questions == [hop])
        let targets = ["192.0.2.11:5060", "192.0.2.12:5060"].map { Target(address: address($0), transport: .udp) }
        bench.resolve(hop, .targets(targets, validFor: .seconds(60)))
        bench.fail()
        #expect(bench.targets == targets)
        bench.answer(503, "Service Unavailable")
        #expect(bench.client.state.isWaitingToRetry)
        // The next try asks for the name again.
        bench.fire()
        #expect(bench.questions == [hop, hop])
    }

    @Test("A refresh whose target is silent looks the name up and goes elsewhere, with the same Call-ID")
    func refreshElsewhere() {
        let hop = NextHop(host: "sip.example.net")
        let bench = RegistrationBench(RegistrationBench.account(proxy: hop))
        bench.start()
        let targets = ["192.0.2.11:5060", "192.0.2.12:5060"].map { Target(address: address($0), transport: .udp) }
        bench.resolve(hop, .targets(targets, validFor: .seconds(60)))
        bench.grant(3600)
        bench.fire()
        #expect(bench.targets.last == targets[0])
        bench.fail()
        bench.resolve(hop, .targets(targets, validFor: .seconds(60)))
        #expect(bench.targets.last == targets[1])
        #expect(bench.client.isUsable)
        bench.grant(3600)
        #expect(bench.client.binding?.target == targets[1])
    }

    @Test("A refresh that fails leaves the binding usable until it ends, and no longer")
    func usableWhileBound() {
        let bench = RegistrationBench()
        bench.start()
        bench.grant(100)
        bench.fire()
        bench.answer(500, "Server Internal Error")
        #expect(bench.client.state.isWaitingToRetry)
        #expect(bench.client.isUsable)
        let end = bench.client.binding?.until ?? .zero
        // The retry is refused too, and the binding ends before the one after.
        while bench.client.nextDeadline < end {
            bench.fire()
            if bench.client.isSending { bench.answer(500, "Server Internal Error") }
        }
        bench.pass(end - bench.now.instant)
        #expect(!bench.client.isUsable)
    }

    @Test("A name that cannot be looked up is a failure with its reason")
    func unresolvable() {
        let hop = NextHop(host: "sip.example.net")
        let bench = RegistrationBench(RegistrationBench.account(proxy: hop))
        bench.start()
        bench.resolve(hop, .failed(reason: "sip.example.net does not exist", validFor: .seconds(30)))
        #expect(bench.client.state.isWaitingToRetry)
        #expect(bench.client.reason == "sip.example.net does not exist")
    }

    @Test("A transport that nothing listens for is a failure with its remedy")
    func noListener() {
        let bench = RegistrationBench(RegistrationBench.account(proxy: NextHop(host: "192.0.2.9", transport: .tls)))
        bench.start()
        #expect(bench.client.state.isWaitingToRetry)
        #expect(bench.client.reason == "nothing listens")
    }

    @Test("Redirections are followed to numbers and names, five times at most")
    func redirections() {
        let bench = RegistrationBench()
        bench.start()
        bench.answer(302, "Moved", "Contact: <sip:192.0.2.50:5080>")
        #expect(bench.targets.last == Target(address: address("192.0.2.50:5080"), transport: .udp))
        bench.answer(302, "Moved", "Contact: <sip:sip2.example.net>")
        #expect(bench.questions == [NextHop(host: "sip2.example.net")])
        bench.resolve(
            NextHop(host: "sip2.example.net"),
            .targets([Target(address: address("192.0.2.60:5060"), transport: .udp)], validFor: .seconds(9)))
        for i in 1...9 where bench.client.isSending { bench.answer(302, "Moved", "Contact: <sip:192.0.2.5\(i):5080>") }
        #expect(bench.client.state.isWaitingToRetry)
        #expect(bench.client.reason.contains("redirections"))
        #expect(bench.requests.count == 6)
    }

    @Test("A redirection without a Contact is a stated failure")
    func redirectionToNowhere() {
        let bench = RegistrationBench()
        bench.start()
        bench.answer(301, "Moved Permanently")
        #expect(bench.client.state.isWaitingToRetry)
        #expect(bench.client.reason.contains("without a Contact"))
    }
}
