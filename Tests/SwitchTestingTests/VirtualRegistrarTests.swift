import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// The virtual registrar by itself: the rules of RFC 3261, section 10.3, and its scripts, asked by a client written by hand.
@Suite struct VirtualRegistrarTests {
    private static let place = NetworkAddress(ipv4: 0xC633_6401, port: 5060)
    private static let record = "sip:acme@sw.example.net"

    /// A registrar and somebody who sends it REGISTERs.
    private final class Bench {
        let world: VirtualWorld
        let registrar: VirtualRegistrar
        let client: Peer
        private var branch = 0

        init(_ prepare: (VirtualRegistrar) -> Void = { $0.rules.challenge = nil }) {
            world = VirtualWorld(VirtualWorld.Setup(configuration: .init(), listeners: []))
            registrar = VirtualRegistrar(
                Peer("registrar", at: VirtualRegistrarTests.place, marker: "~R", in: world, towards: VirtualRegistrarTests.place), in: world)
            client = Peer(
                "client", at: NetworkAddress(ipv4: 0xC000_0201, port: 5060), marker: "~C", in: world, towards: VirtualRegistrarTests.place)
            prepare(registrar)
        }

        /// Sends a REGISTER and returns the answer's status and Contacts; 0 for silence.
        @discardableResult
        func register(
            _ cseq: Int, callID: String = "one", contacts: [String] = ["<sip:a@192.0.2.1>;expires=600"], fields: [String] = [], again: Bool = false
        ) -> (status: Int, contacts: [String], challenges: [String]) {
            if !again { branch += 1 }
            let lines =
                [
                    "REGISTER sip:sw.example.net SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK\(branch)",
                    "From: <\(VirtualRegistrarTests.record)>;tag=f", "To: <\(VirtualRegistrarTests.record)>", "Call-ID: \(callID)",
                    "CSeq: \(cseq) REGISTER", "Max-Forwards: 70",
                ] + contacts.map { "Contact: \($0)" } + fields + ["Content-Length: 0", "", ""]
            let before = client.seen.count
            client.send(raw: lines.joined(separator: "\r\n"))
            world.run(for: .milliseconds(50))
            guard client.seen.count > before, let answer = client.seen.last else { return (0, [], []) }
            return (answer.status, answer.headers("Contact"), answer.headers("WWW-Authenticate") + answer.headers("Proxy-Authenticate"))
        }

        var bound: [String] { registrar.bindings(VirtualRegistrarTests.record).map(\.contact) }
    }

    @Test("a binding is made, listed with what is left of it, replaced, and gone when its time is up")
    func lifetime() {
        let bench = Bench()
        let first = bench.register(1)
        #expect(first.status == 200)
        #expect(first.contacts == ["<sip:a@192.0.2.1>;expires=600"])
        bench.register(2, contacts: ["<sip:a@192.0.2.1>;expires=300", "<sip:b@192.0.2.1>;expires=60"])
        #expect(bench.bound == ["sip:a@192.0.2.1", "sip:b@192.0.2.1"])
        bench.world.run(for: .seconds(61))
        #expect(bench.bound == ["sip:a@192.0.2.1"])
        bench.world.run(for: .seconds(300))
        #expect(bench.bound.isEmpty)
    }

    @Test("expires 0 removes its Contact and no other; an unknown one does no harm")
    func removal() {
        let bench = Bench()
        bench.register(1, contacts: ["<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>"])
        #expect(bench.register(2, contacts: ["<sip:a@192.0.2.1>;expires=0"]).status == 200)
        #expect(bench.register(3, contacts: ["<sip:c@192.0.2.1>"], fields: ["Expires: 0"]).status == 200)
        #expect(bench.bound == ["sip:b@192.0.2.1"])
    }

    @Test("out of order within one Call-ID is refused and changes nothing; another Call-ID replaces (item 7)")
    func order() {
        let bench = Bench()
        bench.register(5)
        #expect(bench.register(5, contacts: ["<sip:b@192.0.2.1>", "<sip:a@192.0.2.1>;expires=0"]).status == 500)
        #expect(bench.bound == ["sip:a@192.0.2.1"])
        #expect(bench.registrar.outOfOrder == 1)
        #expect(bench.register(1, callID: "two", contacts: ["<sip:a@192.0.2.1>;expires=0"]).status == 200)
        #expect(bench.bound.isEmpty)
    }

    @Test("a repetition is answered again and counted, not carried out again")
    func repetition() {
        let bench = Bench()
        bench.register(1)
        #expect(bench.register(1, again: true).status == 200)
        #expect(bench.registrar.copies == 1)
        #expect(bench.registrar.exchanges.count == 1)
    }

    @Test("too short is 423 with Min-Expires, too long is cut")
    func bounds() {
        let bench = Bench { registrar in
            registrar.rules.challenge = nil
            registrar.rules.minimumExpires = 120
            registrar.rules.maximumExpires = 900
        }
        #expect(bench.register(1, contacts: ["<sip:a@192.0.2.1>;expires=60"]).status == 423)
        #expect(bench.client.seen.last?.header("Min-Expires") == "120")
        #expect(bench.register(2, contacts: ["<sip:a@192.0.2.1>;expires=7000"]).contacts == ["<sip:a@192.0.2.1>;expires=900"])
    }

    @Test("without credentials, and with wrong ones, there is a challenge and no binding")
    func challenge() {
        let bench = Bench { _ in }
        let first = bench.register(1)
        #expect(first.status == 401)
        #expect(first.challenges.count == 1)
        let wrong =
            "Authorization: Digest username=\"acme\",realm=\"example.net\",nonce=\"x\",uri=\"sip:sw.example.net\",response=\"0\",cnonce=\"c\",qop=auth,nc=00000001"
        let second = bench.register(2, fields: [wrong])
        #expect(second.status == 401)
        #expect(second.challenges.first?.contains("stale=true") == true)
        #expect(bench.bound.isEmpty)
    }

    @Test("scripts are consumed one by one, those for withdrawals apart; then the rule holds")
    func scripts() {
        let bench = Bench { registrar in
            registrar.rules.challenge = nil
            registrar.script = [.silent, .answer(503, fields: ["Retry-After: 5"]), .answerLost]
            registrar.withdrawalScript = [.answer(403)]
        }
        #expect(bench.register(1).status == 0)
        #expect(bench.register(1, again: true).status == 0)
        #expect(bench.register(2).status == 503)
        #expect(bench.register(3).status == 0)
        #expect(bench.bound.count == 1)
        #expect(bench.register(4, contacts: ["<sip:a@192.0.2.1>;expires=0"]).status == 403)
        #expect(bench.register(5, contacts: ["<sip:a@192.0.2.1>;expires=0"]).status == 200)
        #expect(bench.bound.isEmpty)
        #expect(bench.registrar.statuses == [0, 503, 0, 403, 200])
    }

    @Test("a REGISTER for every Contact, one without a Contact, and one with a user in its Request-URI are reported")
    func reports() {
        let bench = Bench()
        bench.register(1, contacts: ["*"], fields: ["Expires: 0"])
        bench.register(2, contacts: [])
        #expect(bench.world.violations.map(\.rule) == [.soundMessages, .soundMessages])
    }
}
