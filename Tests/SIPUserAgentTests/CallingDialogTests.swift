import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Testing
import Vocabulary

/// The dialog of a call that goes out: we are its UAC (RFC 3261, section 12.1.2), forks included (13.2.2.4).
@Suite("Dialog of a call that goes out")
struct CallingDialogTests {
    @Test("the INVITE has our tag, no other, the target as Request-URI and CSeq 1")
    func invite() {
        let bench = DialogBench.calling()
        let text = bench.write("INVITE")
        #expect(text.lines[0] == "INVITE sip:+14155550100@192.0.2.2:5060 SIP/2.0")
        #expect(text.values("From") == ["\"A\" <sip:+14155550101@192.0.2.1>;tag=\(DialogBench.localTagText)"])
        #expect(text.values("To") == ["<sip:+14155550100@192.0.2.2>"])
        #expect(text.values("Call-ID") == ["our-call-id"])
        #expect(text.values("CSeq") == ["1 INVITE"])
        #expect(text.values("Route").isEmpty)
    }

    @Test("the first response with a tag makes the dialog: tag, target, and Record-Route in reverse order")
    func established() throws {
        let bench = DialogBench.calling()
        _ = bench.write("INVITE")
        #expect(try bench.response(180, recordRoute: ["<sip:p3.example.net;lr>, <sip:p2.example.net;lr>", "<sip:192.0.2.30:5080;lr>"]))
        #expect(bench.remoteTag == "theirs")
        let text = bench.write("PRACK")
        #expect(text.lines[0] == "PRACK sip:b@192.0.2.2:5070 SIP/2.0")
        #expect(text.values("To") == ["<sip:+14155550100@192.0.2.2>;tag=theirs"])
        #expect(text.values("Route") == ["<sip:192.0.2.30:5080;lr>,<sip:p2.example.net;lr>,<sip:p3.example.net;lr>"])
        #expect(text.values("CSeq") == ["2 PRACK"])
        #expect(bench.flow == udp("192.0.2.30:5080"))
    }

    @Test("100 without a tag makes no dialog")
    func trying() throws {
        let bench = DialogBench.calling()
        #expect(try bench.response(100, tag: "", contact: nil))
        #expect(bench.remoteTag == "")
    }

    @Test("the 2xx gives target and route set anew; without Record-Route there is no route (section 13.2.2.4)")
    func recomputed() throws {
        let bench = DialogBench.calling()
        try bench.response(183, recordRoute: ["<sip:192.0.2.30:5080;lr>"])
        try bench.response(200, contact: "<sip:new@192.0.2.3:5063>", recordRoute: ["<sip:192.0.2.31:5081;lr>"])
        #expect(bench.write().values("Route") == ["<sip:192.0.2.31:5081;lr>"])
        #expect(bench.write().lines[0] == "BYE sip:new@192.0.2.3:5063 SIP/2.0")
        #expect(bench.flow == udp("192.0.2.31:5081"))

        let other = DialogBench.calling()
        try other.response(183, recordRoute: ["<sip:192.0.2.30:5080;lr>"])
        try other.response(200)
        #expect(other.write().values("Route").isEmpty)
        #expect(other.flow == udp("192.0.2.2:5070"))
    }

    @Test("a later provisional response without Record-Route or Contact leaves route set and target")
    func laterProvisional() throws {
        let bench = DialogBench.calling()
        try bench.response(183, recordRoute: ["<sip:192.0.2.30:5080;lr>"])
        try bench.response(180, contact: nil)
        #expect(bench.write().values("Route") == ["<sip:192.0.2.30:5080;lr>"])
        #expect(bench.target == "sip:b@192.0.2.2:5070")
    }

    @Test("each fork is a dialog of its own: tag, target, route set and way")
    func forks() throws {
        let bench = DialogBench.calling()
        try bench.response(180, tag: "a", contact: "<sip:a@192.0.2.10>", recordRoute: ["<sip:192.0.2.30;lr>"])
        try bench.response(180, tag: "b", contact: "<sip:b@192.0.2.11>")
        #expect(bench.remoteTag == "b")
        #expect(bench.write().lines[0] == "BYE sip:b@192.0.2.11 SIP/2.0")
        #expect(bench.write().values("Route").isEmpty)
        #expect(bench.flow == udp("192.0.2.11:5060"))

        "a".withBytes { bench.dialog.selectFork(tag: $0) }
        #expect(bench.write().lines[0] == "BYE sip:a@192.0.2.10 SIP/2.0")
        #expect(bench.write().values("To") == ["<sip:+14155550100@192.0.2.2>;tag=a"])
        #expect(bench.write().values("Route") == ["<sip:192.0.2.30;lr>"])
        #expect(bench.flow == udp("192.0.2.30:5060"))

        // The one that answers is the call's.
        try bench.response(200, tag: "b", contact: "<sip:b2@192.0.2.11>")
        #expect(bench.write().lines[0] == "BYE sip:b2@192.0.2.11 SIP/2.0")
        "a".withBytes { bench.dialog.selectFork(tag: $0) }
        #expect(bench.target == "sip:a@192.0.2.10")
        "never seen".withBytes { bench.dialog.selectFork(tag: $0) }
        #expect(bench.remoteTag == "a")
    }

    @Test("a fork whose Contact is a name goes the way of the INVITE, not the way of the fork before it")
    func forkByName() throws {
        let bench = DialogBench.calling(flow: udp("192.0.2.2:5060"))
        try bench.response(180, tag: "a", contact: "<sip:a@192.0.2.10:5090>")
        try bench.response(180, tag: "b", contact: "<sip:b@b.example.net>")
        #expect(bench.flow == udp("192.0.2.2:5060"))
    }

    @Test("a fork without Contact keeps the INVITE's target, and what another fork says does not change it")
    func forkWithoutContact() throws {
        let bench = DialogBench.calling()
        try bench.response(180, tag: "a", contact: nil)
        try bench.response(180, tag: "b", contact: "<sip:b@192.0.2.11>")
        "a".withBytes { bench.dialog.selectFork(tag: $0) }
        #expect(bench.target == "sip:+14155550100@192.0.2.2:5060")
    }

    @Test("after the answer a second tag is told apart")
    func secondAnswer() throws {
        let bench = DialogBench.calling()
        try bench.response(200, tag: "a")
        #expect(try bench.response(200, tag: "a", confirmed: true))
        #expect(try !bench.response(200, tag: "b", confirmed: true))
        #expect(bench.remoteTag == "a")
    }

    @Test("a vendor that forks and moves without end does not make us keep more and more")
    func boundedForks() throws {
        let bench = DialogBench.calling()
        let long = String(repeating: "r", count: 7_000)
        for fork in 0..<500 {
            try bench.response(180, tag: "fork-\(fork)", contact: "<sip:\(long)\(fork)@192.0.2.11>", recordRoute: ["<sip:\(long)@192.0.2.30;lr>"])
        }
        #expect(bench.remoteTag == "fork-499")
        #expect(bench.target == "sip:\(long)499@192.0.2.11")
        #expect(bench.dialog.footprint < 1 << 20)
        #expect(bench.write().values("Call-ID") == ["our-call-id"])
        // The latest forks are still known, the oldest are not.
        "fork-498".withBytes { bench.dialog.selectFork(tag: $0) }
        #expect(bench.target == "sip:\(long)498@192.0.2.11")
        "fork-1".withBytes { bench.dialog.selectFork(tag: $0) }
        #expect(bench.remoteTag == "fork-498")
    }

    @Test("an ordinary dialog takes little")
    func footprint() throws {
        let bench = DialogBench.calling()
        try bench.response(180)
        try bench.response(200)
        #expect(bench.dialog.footprint <= 512)
    }

    @Test("a reliable provisional response counts when it is the first or the next; others come again (RFC 3262, section 4)")
    func reliableNumbers() throws {
        let bench = DialogBench.calling()
        try bench.response(183)
        #expect(bench.accept(rseq: 988_789))
        #expect(!bench.accept(rseq: 988_789))
        #expect(!bench.accept(rseq: 988_788))
        // One came before its predecessor: it is not acknowledged, so that the missing one is not lost.
        #expect(!bench.accept(rseq: 988_791))
        #expect(bench.accept(rseq: 988_790))
        #expect(bench.accept(rseq: 988_791))
    }

    @Test("each fork counts its own reliable provisional responses")
    func reliableNumbersOfForks() throws {
        let bench = DialogBench.calling()
        try bench.response(183, tag: "a")
        #expect(bench.accept(rseq: 1))
        try bench.response(183, tag: "b")
        #expect(bench.accept(rseq: 1))
        "a".withBytes { bench.dialog.selectFork(tag: $0) }
        #expect(!bench.accept(rseq: 1))
        #expect(bench.accept(rseq: 2))
    }

    @Test("a peer's first request inside sets its CSeq, whatever it is")
    func theirSequence() throws {
        let bench = DialogBench.calling()
        try bench.response(200)
        #expect(bench.dialog.remoteCSeq == nil)
        #expect(bench.accept(cseq: 0))
        #expect(!bench.accept(cseq: 0))
        #expect(bench.accept(cseq: 1))
    }

    // MARK: - After a restart

    @Test("a restored dialog speaks and understands as before, its CSeq ahead of what may have been sent")
    func restored() throws {
        let before = DialogBench.calling()
        _ = before.write("INVITE")
        try before.response(200, recordRoute: ["<sip:192.0.2.30:5080;lr>"])
        #expect(before.accept(cseq: 5))
        let after = DialogBench(Dialog(restoring: before.dialog.stored, skipping: 1_000))
        #expect(after.flow == before.flow)
        #expect(!after.accept(cseq: 5))
        #expect(after.accept(cseq: 6))
        let text = after.write("BYE")
        #expect(text.values("CSeq") == ["1002 BYE"])
        let expected = before.write("BYE")
        #expect(text.lines[0] == expected.lines[0])
        for name in ["From", "To", "Call-ID", "Route", "Via"] { #expect(text.values(name) == expected.values(name)) }
        #expect(try after.request(callID: "our-call-id") { _, essentials in after.dialog.matches(essentials) })
        try after.refresh("<sip:moved@192.0.2.77:5077>")
        #expect(after.target == "sip:moved@192.0.2.77:5077")
    }

    @Test("a dialog without any request of the peer is restored so")
    func restoredWithoutSequence() throws {
        let before = DialogBench.calling()
        try before.response(200)
        let after = DialogBench(Dialog(restoring: before.dialog.stored, skipping: 0))
        #expect(after.dialog.remoteCSeq == nil)
        #expect(after.accept(cseq: 1))
    }
}
