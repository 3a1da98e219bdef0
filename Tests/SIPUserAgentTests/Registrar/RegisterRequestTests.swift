import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// What is read from a REGISTER, and which ones are refused for what they say; what they do is tested with `RegistrarPlan`.
@Suite("REGISTER request")
struct RegisterRequestTests {
    private func read<R>(_ lines: [String], _ bench: RegistrarBench = RegistrarBench(), _ body: (RegisterRequest) -> R) throws -> R {
        try bench.with(lines) { message, essentials in
            body(try RegisterRequest(message, essentials, rules: bench.rules, bounds: bench.bounds))
        }
    }

    @Test("the lifetime comes from the Contact, else from Expires, else it is the usual one, and never more")
    func lifetimes() throws {
        let lines = [
            "Contact: <sip:a@192.0.2.7>;expires=120, <sip:b@192.0.2.7>", "Contact: <sip:c@192.0.2.7>;expires=99999", "Expires: 600",
        ]
        #expect(try read(lines) { $0.contacts.map(\.lifetime) } == [120, 600, 3_600])
        #expect(try read(["Contact: sip:a@192.0.2.7"]) { $0.contacts.map(\.lifetime) } == [3_600])
        #expect(try read(["Contact: <sip:a@192.0.2.7>;expires=soon"]) { $0.contacts.map(\.lifetime) } == [3_600])
        #expect(try read(["m: <sip:a@192.0.2.7>;expires=0", "Expires: 600"]) { $0.contacts.map(\.lifetime) } == [0])
    }

    @Test("below the minimum is too brief, unless it is 0; a minimum above the usual lifetime counts as that")
    func tooBrief() throws {
        let bench = RegistrarBench()
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>;expires=59"]) == .tooBrief(minimum: 60))
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>", "Expires: 1"]) == .tooBrief(minimum: 60))
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>;expires=60"]) == nil)
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>;expires=0"]) == nil)
        #expect(RegistrarRules(lifetime: 30, minimumLifetime: 60).minimumLifetime == 30)
        #expect(RegisterRefusal.tooBrief(minimum: 60).status == 423)
    }

    @Test("preference, instance and flow number are read; what is malformed counts as absent")
    func parameters() throws {
        let line = "Contact: <sip:a@192.0.2.7>;q=0.25;+sip.instance=\"<urn:uuid:1>\";reg-id=2;expires=100"
        try read([line]) { request in
            #expect(request.contacts[0].q == 250)
            #expect(request.contacts[0].instance.string == "<urn:uuid:1>")
            #expect(request.contacts[0].flowNumber == 2)
        }
        for (text, q) in [("0", 0), ("1", 1_000), ("1.000", 1_000), ("0.5", 500), ("1.5", 1_000), ("x", 1_000), ("0.1234", 1_000)] {
            #expect(try read(["Contact: <sip:a@192.0.2.7>;q=\(text)"]) { $0.contacts[0].q } == UInt16(q), "\(text)")
        }
    }

    @Test("a star stands alone and with Expires 0")
    func star() throws {
        let bench = RegistrarBench()
        #expect(try read(["Contact: *", "Expires: 0"]) { $0.removesAll })
        #expect(bench.refusal(["Contact: *"]) == .starWithoutZero)
        #expect(bench.refusal(["Contact: *", "Expires: 60"]) == .starWithoutZero)
        #expect(bench.refusal(["Contact: *", "Contact: <sip:a@192.0.2.7>", "Expires: 0"]) == .starWithOthers)
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>", "Contact: *", "Expires: 0"]) == .starWithOthers)
    }

    @Test("without a Contact the bindings are only asked for")
    func fetch() throws {
        #expect(try read(["Expires: 600"]) { $0.contacts.isEmpty && !$0.removesAll })
    }

    @Test("what cannot be kept or reached is refused, with a status of its own")
    func refused() throws {
        var bench = RegistrarBench()
        let long = String(repeating: "a", count: 513)
        #expect(bench.refusal(["Contact: <sip:\(long)@192.0.2.7>"]) == .contactTooLong)
        #expect(bench.refusal(["Contact: <tel:+14155550100>"]) == .contactNotSIP)
        #expect(bench.refusal(["Contact: <sip:a@>"]) == .contactMalformed)
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>", "Path: <sip:\(long)@192.0.2.9;lr>"]) == .pathTooLong)
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>;+sip.instance=\"\(long)\""]) == .contactTooLong)
        #expect(bench.refusal((0..<9).map { "Contact: <sip:\($0)@192.0.2.7>" }) == .tooManyContacts)
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>", "Require: gruu"]) == .extensionUnknown)
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>", "Require: path, outbound"]) == nil)
        bench.callID = String(repeating: "c", count: 257)
        #expect(bench.refusal(["Contact: <sip:a@192.0.2.7>"]) == .callIDTooLong)
        #expect(RegisterRefusal.extensionUnknown.status == 420)
        #expect(RegisterRefusal.tooManyContacts.status == 403)
    }

    @Test("Path and the options are seen")
    func options() throws {
        try read(["Path: <sip:edge.example.net;lr>", "Supported: path, outbound", "Contact: <sip:a@192.0.2.7>"]) { request in
            #expect(request.hasPath && request.supportsPath && request.supportsOutbound)
        }
        try read(["Contact: <sip:a@192.0.2.7>"]) { #expect(!$0.hasPath && !$0.supportsPath && !$0.supportsOutbound) }
    }
}
