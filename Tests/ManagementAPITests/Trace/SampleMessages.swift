import CallRecords
import ManagementAPI
import Vocabulary

/// The switch of these tests, and peers around it.
enum Host {
    static let own = NetworkAddress(ipv4: 0xC000_0201, port: 5060)
    static let caller = NetworkAddress(ipv4: 0xC000_020A, port: 5060)
    static let callee = NetworkAddress(ipv4: 0xC000_0214, port: 5080)
}

/// A message `milliseconds` after the trace's first.
func message(
    _ lines: [String], body: String = "", _ direction: TraceEnvelope.Direction, _ remote: NetworkAddress, _ milliseconds: Int64 = 0,
    transport: TransportKind = .udp, connection: UInt32 = 0, local: NetworkAddress = Host.own
) -> TracedMessage {
    TracedMessage(
        envelope: TraceEnvelope(
            at: WallTime(microseconds: 1_769_860_800_000_000 + milliseconds * 1_000), direction: direction, transport: transport, local: local,
            remote: remote, connection: connection),
        bytes: Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
}

func text(_ message: TracedMessage) -> String { String(decoding: message.bytes, as: UTF8.self) }

/// A call that is refused by one gateway and answered by the next.
let sampleCall: [TracedMessage] = [
    message(["INVITE sip:0111@192.0.2.1 SIP/2.0", "Call-ID: a", "CSeq: 1 INVITE", "Content-Type: application/sdp"], .received, Host.caller),
    message(["SIP/2.0 100 Trying", "Call-ID: a", "CSeq: 1 INVITE"], .sent, Host.caller, 1),
    message(["INVITE sip:0111@192.0.2.20 SIP/2.0", "Call-ID: b", "CSeq: 1 INVITE", "c: application/sdp"], .sent, Host.callee, 2),
    message(["INVITE sip:0111@192.0.2.20 SIP/2.0", "Call-ID: b", "CSeq: 1 INVITE", "c: application/sdp"], .sent, Host.callee, 502),
    message(["SIP/2.0 503 Service Unavailable", "Call-ID: b", "CSeq: 1 INVITE"], .received, Host.callee, 600),
    message(
        ["INVITE sip:0111@[2001:db8::30] SIP/2.0", "Call-ID: c", "CSeq: 1 INVITE"], .sent,
        NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 0x30, port: 5061), 1_601, transport: .tls, connection: 3),
]
