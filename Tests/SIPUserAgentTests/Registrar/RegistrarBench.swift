import SIPMessages
import SIPUserAgent
import Vocabulary

/// A request with these header lines, read as the registrar reads it.
struct RegistrarBench {
    var source = NetworkAddress("192.0.2.7:5060")!
    var callID = "call-1@phone"
    var cseq = 1
    var via = "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport"
    var method = "REGISTER"
    var uri = "sip:example.net"
    var rules = RegistrarRules()
    var bounds = RegisterRequest.Bounds(contact: 512, path: 384, callID: 256, instance: 128)

    struct NotSIP: Error {}

    func with<R>(_ lines: [String] = [], body: String = "", _ use: (Message, Essentials) throws -> R) throws -> R {
        let head =
            [
                "\(method) \(uri) SIP/2.0", "Via: \(via)", "From: <sip:1001@example.net>;tag=a", "To: <sip:1001@example.net>",
                "Call-ID: \(callID)", "CSeq: \(cseq) \(method)",
            ] + lines + ["Content-Length: \(body.utf8.count)", "", body]
        var parser = MessageParser()
        return try head.joined(separator: "\r\n").withBytes { bytes in
            guard let message = parser.parse(bytes) else { throw NotSIP() }
            return try use(message, try Essentials(message))
        }
    }

    /// A standing binding, as the rules see it.
    struct Known: RegisteredContact, Equatable {
        var contact: [UInt8]
        var callID: [UInt8] = Array("call-1@phone".utf8)
        var cseq: UInt32 = 1
        var instance: [UInt8] = []
        var flowNumber: UInt32 = 0
        var source = NetworkAddress("192.0.2.7:5060")!

        init(_ contact: String, callID: String = "call-1@phone", cseq: UInt32 = 1, instance: String = "", flow: UInt32 = 0, from: String? = nil) {
            self.contact = Array(contact.utf8)
            self.callID = Array(callID.utf8)
            self.cseq = cseq
            self.instance = Array(instance.utf8)
            flowNumber = flow
            if let from { source = NetworkAddress(from)! }
        }
    }

    /// What the request does to these bindings.
    func plan(_ lines: [String], standing: [Known] = []) throws -> RegistrarPlan {
        try with(lines) { message, essentials in
            try RegistrarPlan(
                try RegisterRequest(message, essentials, rules: rules, bounds: bounds), standing: standing, source: source, rules: rules)
        }
    }

    func refusal(_ lines: [String], standing: [Known] = []) -> RegisterRefusal? {
        do {
            _ = try plan(lines, standing: standing)
            return nil
        } catch {
            return error as? RegisterRefusal
        }
    }
}
