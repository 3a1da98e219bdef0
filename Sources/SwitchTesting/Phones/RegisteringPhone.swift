import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

/// A phone that registers with the switch, answers challenges, and is there when it is asked.
///
/// Behind a translator its messages come from its peer's address while Via and Contact name another place.
public final class RegisteringPhone {
    public let peer: Peer
    public let number: String
    /// What Via and Contact name; the peer's address unless a translator stands between.
    public var inside: NetworkAddress
    public var callID: String
    public var cseq = 0
    public var instance: String?
    public var userAgent = "Example Phone 1.0"
    /// Final answers to its own requests, challenges that it answered left out.
    public private(set) var answers: [SeenMessage] = []
    /// Every response, challenges included.
    public private(set) var responses: [SeenMessage] = []
    /// Datagrams that are no SIP.
    public private(set) var others: [String] = []
    /// Requests of the switch.
    public private(set) var requests: [SeenMessage] = []
    /// What it answers to OPTIONS; nil: nothing.
    public var optionsStatus: Int? = 200
    /// Whether it answers challenges.
    public var answersChallenges = true
    private var digest: DigestClient
    private let world: VirtualWorld
    private var cnonce: UInt64 = 0x1234
    private var pending: (method: String, uri: String, lines: [String], body: String)?

    public init(
        _ number: String, password: String = "secret", user: String? = nil, at address: NetworkAddress, transport: TransportKind = .udp,
        in world: VirtualWorld, towards switchAddress: NetworkAddress
    ) {
        self.number = number
        self.world = world
        inside = address
        peer = Peer(
            "phone\(number)x\(address.low & 255)x\(address.port)", at: address, transport: transport, marker: "~P", in: world, towards: switchAddress)
        if transport.isReliable { peer.connection = UInt32(truncatingIfNeeded: address.low) | 1 }
        callID = peer.mint("reg")
        digest = DigestClient(username: user ?? number, password: password)
        var parser = MessageParser()
        peer.bytesArrived = { [unowned self] bytes, from in
            if let message = SeenMessage(bytes, from: from, at: world.now, parser: &parser) {
                received(message)
            } else {
                others.append(String(decoding: bytes, as: UTF8.self))
            }
            return true
        }
    }

    /// The Contact that it registers.
    public var contact: String { "sip:\(number)@\(inside)" + (peer.transport == .udp ? "" : ";transport=\(peer.transport)") }

    // MARK: - Requests

    /// REGISTER with these header lines, by default its Contact for this lifetime.
    public func register(expires: Int? = 3_600, contacts: [String]? = nil, lines: [String] = []) {
        let own = "<\(contact)>" + (instance.map { ";+sip.instance=\"\($0)\"" } ?? "")
        var all = (contacts ?? [own]).map { "Contact: \($0)" }
        if let expires { all.append("Expires: \(expires)") }
        send("REGISTER", uri: "sip:\(peer.switchAddress.sipHost)", to: number, lines: all + lines)
    }

    /// A call to this number, as far as its answer.
    public func invite(_ callee: String) {
        send("INVITE", uri: "sip:\(callee)@\(peer.switchAddress)", to: callee, lines: ["Contact: <\(contact)>"], callID: peer.mint("call"))
    }

    /// It was switched off and on: another Call-ID, and what it knew of challenges is forgotten.
    public func reboot() {
        callID = peer.mint("reg")
        cseq = 0
        digest.forget()
    }

    public func setPassword(_ password: String) { digest = DigestClient(username: number, password: password) }

    private var currentCallID = ""
    private var currentTo = ""

    private func send(_ method: String, uri: String, to: String, lines: [String], callID: String? = nil) {
        digest.beginExchange()
        currentCallID = callID ?? self.callID
        currentTo = to
        pending = (method, uri, lines, "")
        transmit()
    }

    private func transmit() {
        guard let (method, uri, lines, body) = pending else { return }
        cseq += 1
        var outbox = Outbox()
        method.withBytes { method in
            uri.withBytes { uri in body.withBytes { digest.appendCredentials(method: method, uri: uri, body: $0, to: &outbox) } }
        }
        var text = "\(method) \(uri) SIP/2.0\r\n"
        text += "Via: SIP/2.0/\(peer.transport.viaName) \(inside);branch=z9hG4bK\(peer.mint("b"));rport\r\n"
        text += "Max-Forwards: 70\r\nFrom: <sip:\(number)@\(peer.switchAddress.sipHost)>;tag=\(peer.mint("f"))\r\n"
        text += "To: <sip:\(currentTo)@\(peer.switchAddress.sipHost)>\r\nCall-ID: \(currentCallID)\r\nCSeq: \(cseq) \(method)\r\n"
        text += "User-Agent: \(userAgent)\r\n" + outbox.unfinished.string
        for line in lines { text += "\(line)\r\n" }
        text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        lastSent = text
        peer.send(raw: text)
    }

    /// Its last request, as it was sent.
    public private(set) var lastSent = ""

    /// Sends its last request once more, byte for byte.
    public func repeatLast() { peer.send(raw: lastSent) }

    // MARK: - What arrives

    private func received(_ message: SeenMessage) {
        if message.isRequest {
            requests.append(message)
            guard message.method == .options, let status = optionsStatus else { return }
            world.send(
                PeerWriter.response(to: message, status: status, toTag: peer.mint("t")), from: peer.address, to: message.from,
                transport: peer.transport)
            return
        }
        responses.append(message)
        guard message.status >= 200 else { return }
        if message.method == .invite { acknowledge(message) }
        if message.status == 401 || message.status == 407, answersChallenges, answer(message) { return }
        answers.append(message)
    }

    /// Takes a challenge for its next request, without answering it now.
    public func learn(from message: SeenMessage) { _ = take(message) }

    private func answer(_ message: SeenMessage) -> Bool {
        guard take(message) == .retry else { return false }
        transmit()
        return true
    }

    private func take(_ message: SeenMessage) -> DigestClient.Verdict {
        cnonce &+= 0x9E37_79B9
        var parser = MessageParser()
        return message.bytes.withBytes { bytes in
            guard let parsed = parser.parse(bytes) else { return .unusable("no SIP") }
            return digest.challengeReceived(parsed, cnonce: cnonce, maximumRetries: 3)
        }
    }

    private func acknowledge(_ message: SeenMessage) {
        let text =
            "ACK sip:\(currentTo)@\(peer.switchAddress) SIP/2.0\r\nVia: \(message.header("Via") ?? "")\r\nMax-Forwards: 70\r\n"
            + "From: \(message.header("From") ?? "")\r\nTo: \(message.header("To") ?? "")\r\nCall-ID: \(message.callID)\r\n"
            + "CSeq: \(message.cseq) ACK\r\nContent-Length: 0\r\n\r\n"
        peer.send(raw: text)
    }
}
