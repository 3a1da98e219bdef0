import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

/// Two datagram sockets and a stream on one address, and a datagram socket on IPv6.
let listeners: [ListenerDescription] = [
    ListenerDescription(transport: .udp, local: address("192.0.2.1:5060")),
    ListenerDescription(transport: .udp, local: address("192.0.2.1:5062")),
    ListenerDescription(transport: .tcp, local: address("192.0.2.1:5060")),
    ListenerDescription(transport: .udp, local: address("[2001:db8::1]:5060")),
]
let endpoints = LocalEndpoints(listeners)

/// An address that the test wrote itself.
func address(_ text: String) -> NetworkAddress {
    guard let address = NetworkAddress(text) else { preconditionFailure("\(text) is no address") }
    return address
}

func udp(_ remote: String, listener: UInt16 = 0) -> Flow { Flow(transport: .udp, listener: listener, remote: address(remote)) }
func tcp(_ remote: String, connection: UInt32) -> Flow {
    Flow(transport: .tcp, listener: 2, remote: address(remote), connection: connection)
}

extension String {
    /// The bytes with every LF turned into CRLF.
    var crlf: [UInt8] {
        var bytes: [UInt8] = []
        for byte in utf8 {
            if byte == 0x0A { bytes.append(0x0D) }
            bytes.append(byte)
        }
        return bytes
    }

    var lines: [String] { split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init) }

    func values(_ name: String) -> [String] {
        lines.filter { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}

/// A dialog of ours in its box, with the messages of its peer.
final class DialogBench {
    var dialog: Dialog
    var outbox = Outbox()
    var parser = MessageParser()
    static let localTag = MintedToken(shard: 2, key: SlabKey(index: 6, generation: 1), secret: 99)
    static var localTagText: String {
        var outbox = Outbox()
        outbox.append(localTag)
        return outbox.unfinished.string
    }

    init(_ dialog: consuming Dialog) { self.dialog = dialog }

    /// We call: the dialog before any response.
    static func calling(_ target: String = "sip:+14155550100@192.0.2.2:5060", flow: Flow = udp("192.0.2.2:5060")) -> DialogBench {
        target.withBytes { target in
            "\"A\" <sip:+14155550101@192.0.2.1>".withBytes { local in
                "<sip:+14155550100@192.0.2.2>".withBytes { remote in
                    "our-call-id".withBytes { callID in
                        DialogBench(Dialog(calling: target, local: local, remote: remote, callID: callID, localTag: localTag, flow: flow))
                    }
                }
            }
        }
    }

    /// We are called: the dialog of an INVITE.
    static func answering(
        from: String = "\"B\" <sip:+14155550101@example.net>;tag=theirs", to: String = "<sip:+14155550100@example.net>",
        contact: String? = "<sip:b@192.0.2.2:5070>", recordRoute: [String] = [], cseq: UInt32 = 41, flow: Flow = udp("192.0.2.2:5060")
    ) throws -> DialogBench {
        let text = """
            INVITE sip:+14155550100@192.0.2.1 SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa
            \(recordRoute.map { "Record-Route: \($0)\n" }.joined())From: \(from)
            To: \(to)
            Call-ID: call@192.0.2.2
            CSeq: \(cseq) INVITE
            \(contact.map { "Contact: \($0)\n" } ?? "")Content-Length: 0


            """
        var parser = MessageParser()
        return try text.crlf.withBytes { bytes in
            guard let message = parser.parse(bytes) else { throw NotSIP() }
            return DialogBench(
                Dialog(answering: message, try Essentials(message), localTag: localTag, flow: flow, endpoints: endpoints))
        }
    }

    struct NotSIP: Error {}

    /// A response to our INVITE.
    @discardableResult
    func response(
        _ status: Int, tag: String = "theirs", contact: String? = "<sip:b@192.0.2.2:5070>", recordRoute: [String] = [], confirmed: Bool = false
    ) throws -> Bool {
        let text = """
            SIP/2.0 \(status) Whatever
            Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa
            \(recordRoute.map { "Record-Route: \($0)\n" }.joined())From: <sip:+14155550101@192.0.2.1>;tag=ours
            To: <sip:+14155550100@192.0.2.2>\(tag.isEmpty ? "" : ";tag=\(tag)")
            Call-ID: our-call-id
            CSeq: 1 INVITE
            \(contact.map { "Contact: \($0)\n" } ?? "")Content-Length: 0


            """
        return try text.crlf.withBytes { bytes in
            guard let message = parser.parse(bytes) else { throw NotSIP() }
            return dialog.responseReceived(message, try Essentials(message), confirmed: confirmed, endpoints: endpoints)
        }
    }

    /// A request of the peer inside the dialog: what its dialog identifiers are, and its target if it refreshes.
    func request<R>(
        callID: String = "call@192.0.2.2", fromTag: String = "theirs", toTag: String = DialogBench.localTagText, contact: String? = nil,
        _ body: (Message, Essentials) -> R
    ) throws -> R {
        let text = """
            UPDATE sip:+14155550100@192.0.2.1 SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKb
            From: <sip:+14155550101@example.net>;tag=\(fromTag)
            To: <sip:+14155550100@example.net>;tag=\(toTag)
            Call-ID: \(callID)
            CSeq: 42 UPDATE
            \(contact.map { "Contact: \($0)\n" } ?? "")Content-Length: 0


            """
        return try text.crlf.withBytes { bytes in
            guard let message = parser.parse(bytes) else { throw NotSIP() }
            return body(message, try Essentials(message))
        }
    }

    func refresh(_ contact: String) throws {
        try request(contact: contact) { message, _ in dialog.refreshTarget(message, endpoints: endpoints) }
    }

    /// A request of ours as it would go out.
    func write(_ method: String = "BYE", cseq: UInt32? = nil) -> String {
        let number = cseq ?? dialog.nextCSeq()
        let branch = MintedToken(shard: 2, key: SlabKey(index: 1, generation: 1), secret: 1)
        method.withBytes { dialog.writeRequest($0, cseq: number, branch: branch, endpoints: endpoints, into: &outbox) }
        return outbox.unfinished.string
    }

    var target: String { dialog.remoteTarget.string }
    var remoteTag: String { dialog.remoteTag.string }
    var flow: Flow { dialog.flow }
    func accept(cseq: UInt32) -> Bool { dialog.accept(cseq: cseq) }
    func accept(rseq: UInt32) -> Bool { dialog.accept(rseq: rseq) }
}
