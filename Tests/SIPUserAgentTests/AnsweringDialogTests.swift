import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// The dialog of a call that comes in: we are its UAS (RFC 3261, section 12.1.1), then a party as any other.
@Suite("Dialog of a call that comes in")
struct AnsweringDialogTests {
    @Test("a request of ours turns From and To round, with our tag and theirs, and has the INVITE's Call-ID")
    func request() throws {
        let bench = try DialogBench.answering()
        let text = bench.write("BYE")
        #expect(text.lines[0] == "BYE sip:b@192.0.2.2:5070 SIP/2.0")
        #expect(text.values("From") == ["<sip:+14155550100@example.net>;tag=\(DialogBench.localTagText)"])
        #expect(text.values("To") == ["\"B\" <sip:+14155550101@example.net>;tag=theirs"])
        #expect(text.values("Call-ID") == ["call@192.0.2.2"])
        #expect(text.values("CSeq") == ["1 BYE"])
        #expect(text.values("Max-Forwards") == ["70"])
        #expect(text.values("Route").isEmpty)
        #expect(text.values("Via").count == 1)
        #expect(text.values("Via")[0].hasPrefix("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK2"))
        #expect(text.values("Via")[0].hasSuffix(";rport"))
    }

    @Test("our CSeq begins at 1 whatever theirs is, and rises by one")
    func ownSequence() throws {
        let bench = try DialogBench.answering(cseq: 7_777)
        #expect(bench.write("INFO").values("CSeq") == ["1 INFO"])
        #expect(bench.write("INFO").values("CSeq") == ["2 INFO"])
        #expect(bench.write("ACK", cseq: 1).values("CSeq") == ["1 ACK"])
        #expect(bench.dialog.localCSeq == 2)
        bench.dialog.skipCSeq(by: 100)
        #expect(bench.write("BYE").values("CSeq") == ["103 BYE"])
    }

    @Test("a peer that is found where it was heard is found at its new port or connection, and another host is not believed")
    func heardElsewhere() throws {
        func place(_ requestAddress: RequestAddress, heard: Flow) throws -> Flow {
            let bench = try DialogBench.answering()
            bench.dialog.requestAddress = requestAddress
            bench.dialog.requestHeard(by: heard)
            return bench.dialog.flow
        }
        let usual = try DialogBench.answering().dialog.flow
        let rebound = udp("192.0.2.2:61000")
        #expect(try place(.source, heard: rebound) == rebound)
        let connection = Flow(transport: .tcp, listener: 1, remote: rebound.remote, connection: 9)
        #expect(try place(.source, heard: connection) == connection)
        #expect(try place(.source, heard: udp("192.0.2.3:5060")) == usual)
        #expect(try place(.contact, heard: rebound) == usual)
    }

    @Test("a peer by stream is found by the connection it opened last, and without any at its route or Contact, not at the port it came from")
    func streams() throws {
        let opened = Flow(transport: .tcp, listener: 1, remote: udp("192.0.2.2:40001").remote, connection: 3)
        let again = Flow(transport: .tcp, listener: 1, remote: udp("192.0.2.2:40002").remote, connection: 4)
        let bench = try DialogBench.answering(contact: "<sip:b@192.0.2.2:5070;transport=tcp>", flow: opened)
        bench.dialog.requestHeard(by: again)
        #expect(bench.dialog.flow == again)
        bench.dialog.connectionEnded()
        #expect(bench.dialog.flow == Flow(transport: .tcp, listener: 1, remote: udp("192.0.2.2:5070").remote))
        let routed = try DialogBench.answering(recordRoute: ["<sip:192.0.2.30:5080;lr;transport=tcp>"], flow: opened)
        routed.dialog.connectionEnded()
        #expect(routed.dialog.flow.remote == udp("192.0.2.30:5080").remote)
        let datagrams = try DialogBench.answering()
        let before = datagrams.dialog.flow
        datagrams.dialog.connectionEnded()
        #expect(datagrams.dialog.flow == before)
    }

    @Test("their CSeq may only rise; gaps are fine (section 12.2.2)")
    func theirSequence() throws {
        let bench = try DialogBench.answering(cseq: 41)
        #expect(bench.dialog.remoteCSeq == 41)
        #expect(!bench.accept(cseq: 40))
        #expect(!bench.accept(cseq: 41))
        #expect(bench.accept(cseq: 42))
        #expect(bench.accept(cseq: 900))
        #expect(!bench.accept(cseq: 899))
        #expect(bench.accept(cseq: 0x7FFF_FFFF))
    }

    @Test("a request belongs to it by Call-ID, their tag and ours, all three")
    func matching() throws {
        let bench = try DialogBench.answering()
        let matches = { (message: Message, essentials: Essentials) in bench.dialog.matches(essentials) }
        #expect(try bench.request(matches))
        #expect(try !bench.request(callID: "other@192.0.2.2", matches))
        #expect(try !bench.request(fromTag: "another", matches))
        #expect(try !bench.request(toTag: "another", matches))
    }

    @Test("Record-Route becomes our route set in the same order (section 12.1.1)")
    func routeSet() throws {
        let bench = try DialogBench.answering(recordRoute: ["<sip:192.0.2.30:5080;lr>, <sip:p2.example.net;lr>", "<sip:p3.example.net;lr>"])
        let text = bench.write()
        #expect(text.lines[0] == "BYE sip:b@192.0.2.2:5070 SIP/2.0")
        #expect(text.values("Route") == ["<sip:192.0.2.30:5080;lr>,<sip:p2.example.net;lr>,<sip:p3.example.net;lr>"])
        // Requests go to the first route.
        #expect(bench.flow == udp("192.0.2.30:5080"))
    }

    @Test("a strict router stands in the request line and the target ends the route (section 12.2.1.1)")
    func strictRouter() throws {
        let bench = try DialogBench.answering(recordRoute: ["<sip:192.0.2.30:5080>, <sip:p2.example.net;lr>, <sip:p3.example.net>"])
        let text = bench.write()
        #expect(text.lines[0] == "BYE sip:192.0.2.30:5080 SIP/2.0")
        #expect(text.values("Route") == ["<sip:p2.example.net;lr>,<sip:p3.example.net>,<sip:b@192.0.2.2:5070>"])
        #expect(bench.flow == udp("192.0.2.30:5080"))
    }

    @Test("a single strict router leaves only the target in the route")
    func oneStrictRouter() throws {
        let text = try DialogBench.answering(recordRoute: ["<sip:192.0.2.30>"]).write()
        #expect(text.lines[0] == "BYE sip:192.0.2.30 SIP/2.0")
        #expect(text.values("Route") == ["<sip:b@192.0.2.2:5070>"])
    }

    @Test("their Contact is the target and says where requests go")
    func target() throws {
        #expect(try DialogBench.answering(contact: "<sip:b@192.0.2.9:5090>").flow == udp("192.0.2.9:5090"))
        #expect(try DialogBench.answering(contact: "sip:b@192.0.2.9").flow == udp("192.0.2.9:5060"))
        // A name is not looked up here: the way the INVITE came stays.
        let named = try DialogBench.answering(contact: "<sip:b@pc.example.net>")
        #expect(named.flow == udp("192.0.2.2:5060"))
        #expect(named.target == "sip:b@pc.example.net")
        // The first of several.
        #expect(try DialogBench.answering(contact: "<sip:one@192.0.2.9>, <sip:two@192.0.2.10>").target == "sip:one@192.0.2.9")
    }

    @Test("without a usable Contact the From URI stands in", arguments: [nil, "*", "<>"] as [String?])
    func noContact(contact: String?) throws {
        #expect(try DialogBench.answering(contact: contact).target == "sip:+14155550101@example.net")
    }

    @Test("a target refresh takes the new Contact, and one without Contact changes nothing (section 12.2.2)")
    func refresh() throws {
        let bench = try DialogBench.answering()
        try bench.refresh("<sip:moved@192.0.2.77:5077>")
        #expect(bench.target == "sip:moved@192.0.2.77:5077")
        #expect(bench.flow == udp("192.0.2.77:5077"))
        #expect(bench.write().lines[0] == "BYE sip:moved@192.0.2.77:5077 SIP/2.0")
        try bench.request { message, _ in bench.dialog.refreshTarget(message, endpoints: endpoints) }
        #expect(bench.target == "sip:moved@192.0.2.77:5077")
    }

    @Test("a target refresh does not touch the route set")
    func refreshKeepsRoutes() throws {
        let bench = try DialogBench.answering(recordRoute: ["<sip:192.0.2.30:5080;lr>"])
        try bench.refresh("<sip:moved@192.0.2.77:5077>")
        let text = bench.write()
        #expect(text.lines[0] == "BYE sip:moved@192.0.2.77:5077 SIP/2.0")
        #expect(text.values("Route") == ["<sip:192.0.2.30:5080;lr>"])
        #expect(bench.flow == udp("192.0.2.30:5080"))
    }

    @Test("a peer that changes its target for ever, each time longer, does not make us keep more and more")
    func boundedTargets() throws {
        let bench = try DialogBench.answering()
        for step in 1...700 {
            try bench.refresh("<sip:\(String(repeating: "x", count: step * 20))@192.0.2.77>")
        }
        #expect(bench.target.utf8.count == 14_000 + "sip:@192.0.2.77".utf8.count)
        #expect(bench.dialog.footprint < 128 * 1024)
        try bench.refresh("<sip:b@192.0.2.2>")
        try bench.refresh("<sip:c@192.0.2.2>")
        #expect(bench.write().values("To") == ["\"B\" <sip:+14155550101@example.net>;tag=theirs"])
        #expect(bench.write().values("Call-ID") == ["call@192.0.2.2"])
    }

    @Test("From and To parameters other than the tag are not repeated, folds are taken out")
    func oddIdentities() throws {
        let bench = try DialogBench.answering(from: "\"B\"\n <sip:+14155550101@example.net>;x=1;tag=theirs", to: "sip:+14155550100@example.net")
        let text = bench.write()
        #expect(text.values("To") == ["\"B\" <sip:+14155550101@example.net>;tag=theirs"])
        #expect(text.values("From") == ["sip:+14155550100@example.net;tag=\(DialogBench.localTagText)"])
    }

    @Test("a peer without a tag (RFC 2543) is written without one and matched by the rest")
    func withoutTag() throws {
        let bench = try DialogBench.answering(from: "<sip:+14155550101@example.net>")
        #expect(bench.write().values("To") == ["<sip:+14155550101@example.net>"])
        #expect(try bench.request(fromTag: "whatever") { _, essentials in bench.dialog.matches(essentials) })
    }

    @Test("over a stream the connection that the INVITE came by is kept, unless the target is elsewhere")
    func stream() throws {
        let flow = tcp("192.0.2.2:33000", connection: 9)
        #expect(try DialogBench.answering(contact: "<sip:b@192.0.2.2:5070;transport=tcp>", flow: flow).flow == flow)
        #expect(
            try DialogBench.answering(contact: "<sip:b@192.0.2.8:5070;transport=tcp>", flow: flow).flow
                == Flow(transport: .tcp, listener: 2, remote: address("192.0.2.8:5070")))
        #expect(try !DialogBench.answering(contact: "<sip:b@192.0.2.2;transport=tcp>", flow: flow).write().values("Via")[0].contains("rport"))
    }
}
