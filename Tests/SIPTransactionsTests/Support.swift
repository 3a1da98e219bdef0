import Containers
import SIPMessages
import SIPTransactions
import Vocabulary

/// A point of virtual time, in milliseconds from the start of the test.
func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

/// 64*T1 of RFC 3261 with T1 of 500 ms, in milliseconds.
let sixtyFourT1: Int64 = 32_000

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

    /// The lines of a message, without their ends.
    var lines: [String] { split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init) }

    /// The values of a header field, in order.
    func values(_ name: String) -> [String] {
        lines.filter { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}

/// Addresses of the tests: we are 192.0.2.1, peers are others of the same network.
let switchAddress = NetworkAddress(ipv4: 0xC000_0201, port: 5060)
let peerAddress = NetworkAddress(ipv4: 0xC000_0202, port: 5060)

func udp(_ remote: NetworkAddress = peerAddress) -> Flow { Flow(transport: .udp, listener: 0, remote: remote) }
func tcp(_ remote: NetworkAddress = peerAddress, connection: UInt32 = 1) -> Flow {
    Flow(transport: .tcp, listener: 1, remote: remote, connection: connection)
}

/// A transaction layer with its outbox and a clock that only moves when told to.
final class Bench {
    var layer: TransactionLayer
    var outbox = Outbox()
    var parser = MessageParser()
    var now = at(0)

    init(timing: TransactionTiming = TransactionTiming(), seed: UInt64 = 7) {
        layer = TransactionLayer(shard: 3, seed: seed, timing: timing, now: at(0))
    }

    /// What was sent since the last look.
    func sent() -> [(message: String, flow: Flow)] {
        let all = (0..<outbox.count).map { (outbox.message(at: $0).string, outbox.entries[$0].flow) }
        outbox.removeAll()
        return all
    }

    /// Start lines of what was sent since the last look.
    func sentStartLines() -> [String] { sent().map { $0.message.lines[0] } }

    /// Lets time pass in steps of one timer each, noting when something was sent, in milliseconds.
    @discardableResult
    func pass(until end: Instant) -> [(time: Int64, message: String)] {
        var log: [(Int64, String)] = []
        while layer.nextDeadline <= end {
            now = max(now, layer.nextDeadline)
            layer.handleTimeouts(now: now, outbox: &outbox)
            log += sent().map { (now.nanoseconds / 1_000_000, $0.message) }
        }
        now = end
        layer.handleTimeouts(now: now, outbox: &outbox)
        log += sent().map { (now.nanoseconds / 1_000_000, $0.message) }
        return log
    }

    func isAlive(_ key: ClientKey) -> Bool { layer.isAlive(key) }
    func isAlive(_ key: ServerKey) -> Bool { layer.isAlive(key) }
    func isAnswered(_ key: ClientKey) -> Bool { layer.isAnswered(key) }
    func isAnswered(_ key: ServerKey) -> Bool { layer.isAnswered(key) }

    func takeEvents() -> [TransactionEvent] {
        defer { layer.events.removeAll() }
        return layer.events
    }

    /// Gives a request to the layer.
    func receive(_ request: String, from flow: Flow = udp()) -> RequestVerdict? {
        request.crlf.withBytes { bytes in
            guard let message = parser.parse(bytes), let essentials = try? Essentials(message) else { return nil }
            return layer.requestReceived(message, essentials, from: flow, now: now, outbox: &outbox)
        }
    }

    /// Gives a response to the layer.
    func answer(_ response: String) -> ResponseVerdict? {
        response.crlf.withBytes { bytes in
            guard let message = parser.parse(bytes), let essentials = try? Essentials(message) else { return nil }
            return layer.responseReceived(message, essentials, now: now, outbox: &outbox)
        }
    }

    func respond(_ key: ServerKey, _ status: Int, tag: String = "ours") {
        tag.withBytes { layer.respond(key, status: status, toTag: $0, now: now, outbox: &outbox) }
    }

    /// Sends a request of ours; `extra` are whole header lines.
    func send(
        _ method: Method, flow: Flow = udp(), user: TransactionUser = .nobody, callID: String = "one@192.0.2.1", extra: String = ""
    ) -> (key: ClientKey, branch: String) {
        let (key, token) = layer.open(method: method, flow: flow, user: user, now: now)
        outbox.begin()
        func write(_ text: String) { text.crlf.withBytes { outbox.append($0) } }
        write("\(method.text) sip:+14155550100@example.net SIP/2.0\nVia: SIP/2.0/\(flow.transport == .udp ? "UDP" : "TCP") 192.0.2.1;branch=z9hG4bK")
        outbox.append(token)
        write(
            """

            \(extra)Max-Forwards: 69
            From: "A" <sip:+14155550101@example.net>;tag=fromtag
            To: <sip:+14155550100@example.net>
            Call-ID: \(callID)
            CSeq: 17 \(method.text)
            Content-Length: 0


            """)
        layer.sendRequest(key, outbox: &outbox)
        var characters = [UInt8](repeating: 0, count: MintedToken.length)
        characters.withUnsafeMutableBytes { token.write(into: $0) }
        return (key, "z9hG4bK" + String(decoding: characters, as: UTF8.self))
    }

    /// A response to a request that `send` sent.
    func response(_ status: Int, _ method: String, branch: String, tag: String = "theirs", extra: String = "") -> String {
        """
        SIP/2.0 \(status) Whatever
        Via: SIP/2.0/UDP 192.0.2.1;branch=\(branch)
        From: "A" <sip:+14155550101@example.net>;tag=fromtag
        To: <sip:+14155550100@example.net>\(tag.isEmpty ? "" : ";tag=\(tag)")
        Call-ID: one@192.0.2.1
        CSeq: 17 \(method)
        \(extra)Content-Length: 0


        """
    }
}

extension Method {
    var text: String { Bytes(name).string }
}

extension TransactionActions {
    static let nothing: TransactionActions = []
}

/// A request of a peer.
struct PeerRequest {
    var method = "INVITE"
    var uri = "sip:+14155550100@192.0.2.1"
    var via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKpeer1"
    var from = "<sip:+14155550101@example.net>;tag=theirs"
    var to = "<sip:+14155550100@example.net>"
    var callID = "call-1@192.0.2.2"
    var cseq = 1
    var cseqMethod: String?
    var extra = ""

    var text: String {
        """
        \(method) \(uri) SIP/2.0
        Via: \(via)
        Max-Forwards: 70
        From: \(from)
        To: \(to)
        Call-ID: \(callID)
        CSeq: \(cseq) \(cseqMethod ?? method)
        \(extra)Content-Length: 0


        """
    }

    /// The same request with some parts changed.
    func with(_ change: (inout PeerRequest) -> Void) -> PeerRequest {
        var copy = self
        change(&copy)
        return copy
    }
}

extension RequestVerdict {
    var newKey: ServerKey? { if case .new(let key) = self { key } else { nil } }
}
