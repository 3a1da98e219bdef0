import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// What a REGISTER does to the bindings of its account; how it is read is tested apart.
@Suite("Registrar plan")
struct RegistrarPlanTests {
    typealias Known = RegistrarBench.Known

    private func bench(callID: String = "call-1@phone", cseq: Int = 2, from: String? = nil, replaces: Bool = true) -> RegistrarBench {
        var bench = RegistrarBench()
        (bench.callID, bench.cseq) = (callID, cseq)
        if let from { bench.source = NetworkAddress(from)! }
        bench.rules.replaces = replaces
        return bench
    }

    @Test("a first contact is new; the same one again, written another way, is a renewal")
    func renewal() throws {
        let first = try bench().plan(["Contact: <sip:1001@192.0.2.7:5060>"])
        #expect((first.removals, first.renewals, first.isReplacement) == ([], [nil], false))
        let again = try bench().plan(["Contact: <SIP:%31001@192.0.2.7:5060>"], standing: [Known("sip:1001@192.0.2.7:5060")])
        #expect((again.removals, again.renewals) == ([], [0]))
    }

    @Test("a CSeq that is not above the last one of its Call-ID changes nothing, not even other contacts")
    func order() throws {
        let standing = [Known("sip:a@192.0.2.7", cseq: 1), Known("sip:b@192.0.2.7", cseq: 5)]
        let both = ["Contact: <sip:a@192.0.2.7>, <sip:b@192.0.2.7>"]
        #expect(bench(cseq: 5).refusal(both, standing: standing) == .outOfOrder)
        #expect(bench(cseq: 6).refusal(both, standing: standing) == nil)
        #expect(bench(cseq: 4).refusal(["Contact: *", "Expires: 0"], standing: standing) == .outOfOrder)
        // The count begins anew with another Call-ID of the same device.
        #expect(bench(callID: "call-2@phone", cseq: 1).refusal(both, standing: standing) == nil)
    }

    @Test("star removes all, expires 0 the one it names, and one that is not there is not missed")
    func removal() throws {
        let standing = [Known("sip:a@192.0.2.7"), Known("sip:b@192.0.2.7")]
        #expect(try bench().plan(["Contact: *", "Expires: 0"], standing: standing).removals == [0, 1])
        #expect(try bench().plan(["Contact: <sip:b@192.0.2.7>;expires=0"], standing: standing).removals == [1])
        #expect(try bench().plan(["Contact: <sip:c@192.0.2.7>;expires=0"], standing: standing).removals == [])
        let mixed = try bench().plan(["Contact: <sip:a@192.0.2.7>;expires=0, <sip:c@192.0.2.7>"], standing: standing)
        #expect((mixed.removals, mixed.renewals) == ([0], [nil, nil]))
    }

    @Test("another device takes the place of the one that is registered, or is refused")
    func replacement() throws {
        let standing = [Known("sip:1001@192.0.2.7", callID: "other@phone")]
        let lines = ["Contact: <sip:1001@192.0.2.9>"]
        let plan = try bench(from: "192.0.2.9:5060").plan(lines, standing: standing)
        #expect((plan.removals, plan.renewals, plan.isReplacement) == ([0], [nil], true))
        let refusing = bench(from: "192.0.2.9:5060", replaces: false)
        #expect(refusing.refusal(lines, standing: standing) == .registeredElsewhere)
        // To look, and to remove what the other one left, is allowed.
        #expect(refusing.refusal([], standing: standing) == nil)
        #expect(try refusing.plan(["Contact: <sip:1001@192.0.2.7>;expires=0"], standing: standing).removals == [0])
        #expect(RegisterRefusal.registeredElsewhere.status == 403)
    }

    @Test("the same private Contact behind two translators is two devices")
    func twoTranslators() throws {
        let standing = [Known("sip:1001@10.0.0.5:5060", callID: "other@phone", from: "198.51.100.1:1024")]
        let lines = ["Contact: <sip:1001@10.0.0.5:5060>"]
        let elsewhere = bench(from: "198.51.100.2:1024", replaces: false)
        #expect(elsewhere.refusal(lines, standing: standing) == .registeredElsewhere)
        // From behind the same one it is the same device, though its port changed.
        #expect(try bench(from: "198.51.100.1:2048", replaces: false).plan(lines, standing: standing).renewals == [0])
    }

    @Test("the same Call-ID or instance is the same device, wherever it moved to")
    func sameDevice() throws {
        let byCallID = try bench(from: "192.0.2.9:5060", replaces: false).plan(
            ["Contact: <sip:1001@192.0.2.9>"], standing: [Known("sip:1001@192.0.2.7")])
        #expect((byCallID.removals, byCallID.renewals, byCallID.isReplacement) == ([], [nil], false))
        let byInstance = try bench(callID: "new@phone", from: "192.0.2.9:5060", replaces: false).plan(
            ["Contact: <sip:1001@192.0.2.9>;+sip.instance=\"<urn:uuid:1>\""],
            standing: [Known("sip:1001@192.0.2.7", callID: "old@phone", instance: "<urn:uuid:1>")])
        #expect((byInstance.removals, byInstance.renewals) == ([], [0]))
    }

    @Test("flows of one instance stand beside each other, by their numbers")
    func flows() throws {
        let standing = [
            Known("sip:1001@192.0.2.7", instance: "<urn:uuid:1>", flow: 1), Known("sip:1001@192.0.2.8", instance: "<urn:uuid:1>", flow: 2),
        ]
        let plan = try bench(from: "192.0.2.9:5060", replaces: false).plan(
            ["Contact: <sip:1001@192.0.2.9>;+sip.instance=\"<urn:uuid:1>\";reg-id=2"], standing: standing)
        #expect((plan.removals, plan.renewals) == ([], [1]))
    }

    @Test("a device with many addresses loses its oldest ones, and none beyond the bound is made")
    func bound() throws {
        let standing = (0..<RegistrarRules.maximumContacts).map { Known("sip:\($0)@192.0.2.7") }
        let plan = try bench().plan(["Contact: <sip:x@192.0.2.7>, <sip:y@192.0.2.7>, <sip:3@192.0.2.7>"], standing: standing)
        #expect((plan.removals, plan.renewals) == ([0, 1], [nil, nil, 3]))
    }
}
