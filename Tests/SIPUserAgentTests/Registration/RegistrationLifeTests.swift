import SIPUserAgent
import Testing
import Vocabulary

@Suite("A registration that holds")
struct RegistrationLifeTests {
    @Test("The first REGISTER names the account, our Contact and the proposed lifetime, and is on disk before it goes out")
    func firstRequest() {
        let bench = RegistrationBench()
        bench.start()
        #expect(bench.requests.count == 1)
        #expect(bench.stores == 1)
        #expect(bench.last.hasPrefix("REGISTER sip:sw.example.net SIP/2.0\r\n"))
        #expect(bench.last.values("From") == ["<sip:acme@sw.example.net>;tag=tag1"])
        #expect(bench.last.values("To") == ["<sip:acme@sw.example.net>"])
        #expect(bench.last.values("Call-ID") == ["the-call-id"])
        #expect(bench.cseq == "1 REGISTER")
        #expect(bench.last.values("Expires") == ["3600"])
        #expect(bench.contact.hasPrefix("<sip:contactuser@192.0.2.1:5060>;expires=3600"))
        #expect(bench.contact.contains(";+sip.instance=\"<urn:uuid:00000000-0000-8000-8000-000000000001>\""))
        #expect(bench.targets == [Target(address: address("192.0.2.9:5060"), transport: .udp)])
    }

    @Test("A fixed period is what is asked for")
    func period() {
        let bench = RegistrationBench(RegistrationBench.account(period: 300))
        bench.start()
        #expect(bench.last.values("Expires") == ["300"])
    }

    @Test(
        "The refresh comes early enough for a silent one and another after the retry delay, at half of a short lifetime, up to a tenth earlier",
        arguments: [(3600, 3240.0), (300, 197.0), (60, 30.0), (20, 10.0)])
    func refreshTime(granted: Int, latest: Double) {
        let bench = RegistrationBench()
        bench.start()
        bench.grant(granted)
        let wait = Double((bench.client.nextDeadline - bench.now.instant).nanoseconds) / 1e9
        #expect(wait <= latest)
        #expect(wait >= latest * 0.9)
    }

    @Test("A refresh keeps Call-ID and From tag and raises the CSeq, with credentials ahead of a challenge")
    func refresh() {
        let bench = RegistrationBench()
        bench.start()
        bench.challenge(nonce: "n1")
        #expect(bench.cseq == "2 REGISTER")
        #expect(bench.last.contains("nc=00000001"))
        bench.grant(3600)
        bench.fire()
        #expect(bench.client.state == .refreshing)
        #expect(bench.cseq == "3 REGISTER")
        #expect(bench.last.values("Call-ID") == ["the-call-id"])
        #expect(bench.last.values("From") == ["<sip:acme@sw.example.net>;tag=tag1"])
        #expect(bench.last.contains("nc=00000002"))
        bench.grant(3600)
        #expect(bench.client.state.isRegistered)
        #expect(bench.requests.count == 3)
    }

    @Test("A stale nonce costs one more round and nothing else", arguments: [true, false])
    func staleNonce(saysStale: Bool) {
        let bench = RegistrationBench()
        bench.start()
        bench.challenge(nonce: "n1")
        bench.grant(60)
        bench.fire()
        bench.challenge(nonce: "n2", stale: saysStale)
        #expect(bench.last.contains("nonce=\"n2\""))
        bench.grant(60)
        #expect(bench.client.state.isRegistered)
        #expect(bench.client.failures == 0)
    }

    @Test(
        "The lifetime is our Contact's parameter, then Expires, then an hour",
        arguments: [
            ("<CONTACT>;expires=120", "Expires: 600", 120), ("<CONTACT>", "Expires: 600", 600), ("<CONTACT>", "X: y", 3600),
            ("<CONTACT>;expires=-1", "Expires: 600", 600), ("<CONTACT>;expires=1000000000000", "X: y", 7200),
            ("<CONTACT>;expires=9", "X: y", 9), ("\"x\" <CONTACT>;q=0.5;expires=\"77\"", "Expires: 600", 600),
        ])
    func granted(contact: String, expires: String, seconds: Int) {
        let bench = RegistrationBench()
        bench.start()
        bench.answer(200, "OK", "Contact: " + contact.replacing("CONTACT", with: bench.client.contactSent), expires)
        #expect(bench.client.state.isRegistered)
        #expect(bench.client.granted == seconds)
    }

    @Test("A 200 that grants our Contact nothing is a failure")
    func grantedNothing() {
        let bench = RegistrationBench()
        bench.start()
        bench.grant(0)
        #expect(bench.client.state.isWaitingToRetry)
        #expect(!bench.client.isUsable)
        #expect(bench.client.reason.contains("grants no lifetime"))
    }

    @Test("A 200 without any Contact counts, by Expires or by what was asked")
    func grantedWithoutContact() {
        let bench = RegistrationBench()
        bench.start()
        bench.answer(200, "OK", "Expires: 240")
        #expect(bench.client.granted == 240)
        #expect(bench.client.reason == "the 200 lists no Contact at all")
    }

    @Test("A registrar that grants seconds is not hammered")
    func tinyLifetime() {
        let bench = RegistrationBench()
        bench.start()
        bench.grant(1)
        #expect(bench.client.nextDeadline - bench.now.instant >= .seconds(4))
        #expect(bench.client.reason.contains("grants only 1 s"))
    }

    @Test("Another Contact of the account is shown, and never touched")
    func foreignContact() {
        let bench = RegistrationBench()
        bench.start()
        bench.grant(3600, others: "<sip:other@192.0.2.77:5060>;expires=500")
        #expect(bench.client.foreignContacts == ["sip:other@192.0.2.77:5060"])
        #expect(bench.client.reason.contains("sip:other@192.0.2.77:5060"))
        bench.withdraw()
        #expect(bench.last.values("Contact").count == 1)
        #expect(!bench.last.contains("other@"))
        #expect(!bench.last.contains("Contact: *"))
    }

    @Test("After a restart the Call-ID is the same and the CSeq above everything sent before")
    func continuesAfterRestart() {
        let bench = RegistrationBench(
            binding: RegistrationBinding(
                target: Target(address: address("192.0.2.9:5060"), transport: .udp), contact: "sip:contactuser@192.0.2.1:5060",
                until: .zero + .seconds(2_000), isConfirmed: false),
            identity: RegistrationIdentity(callID: "kept", fromTag: "kepttag", storedBound: 65))
        #expect(bench.client.mayBeStale)
        #expect(!bench.client.isUsable)
        bench.start()
        #expect(bench.cseq == "66 REGISTER")
        #expect(bench.stores == 1)
        #expect(bench.last.values("Call-ID") == ["kept"])
        bench.grant(60)
        #expect(!bench.client.mayBeStale)
        #expect(bench.client.isUsable)
    }

    @Test("When our address changed, the same request takes the old Contact away")
    func changedAddress() {
        let bench = RegistrationBench(
            binding: RegistrationBinding(
                target: Target(address: address("192.0.2.9:5060"), transport: .udp), contact: "sip:contactuser@198.51.100.1:5060",
                until: .zero + .seconds(2_000), isConfirmed: false))
        bench.start()
        let contacts = bench.last.values("Contact")
        #expect(contacts.count == 2)
        // Without the instance: registrars that go by it would delete the new one too.
        #expect(contacts.last == "<sip:contactuser@198.51.100.1:5060>;expires=0")
        bench.grant(60)
        bench.fire()
        #expect(bench.last.values("Contact").count == 1)
    }

    @Test("One write to disk covers many CSeq numbers")
    func reservedNumbers() {
        let bench = RegistrationBench()
        bench.start()
        bench.grant(20)
        let before = bench.stores
        for _ in 0..<60 {
            bench.fire()
            bench.grant(20)
        }
        // Each grant is stored; no further write precedes a request.
        #expect(bench.stores == before + 60)
        for _ in 0..<5 {
            bench.fire()
            bench.grant(20)
        }
        #expect(bench.stores == before + 66)
    }
}
