import Vocabulary

/// Messages that belong to nothing: scanners, restarted peers, broken software.
enum StrayTraffic {
    static func send(from peer: Peer, _ generator: inout SeededGenerator) {
        let tail = String(generator.next(), radix: 32)
        let token = "0" + String(repeating: "0", count: 12) + "0" + String(tail.prefix(13).filter { $0 != "w" })
        let head =
            "Via: SIP/2.0/UDP \(peer.address.hostDescription):5099;branch=z9hG4bK\(tail)\r\nMax-Forwards: 70\r\n"
            + "From: <sip:stray@example.net>;tag=s\(tail)\r\nCall-ID: stray\(tail)\r\n"
        let end = "Content-Length: 0\r\n\r\n"
        let target = "sip:+12125550123@\(peer.switchAddress) SIP/2.0\r\n"
        let messages = [
            "BYE \(target)\(head)To: <sip:x@example.net>;tag=\(token)\r\nCSeq: 7 BYE\r\n\(end)",
            "ACK \(target)\(head)To: <sip:x@example.net>;tag=\(token)\r\nCSeq: 7 ACK\r\n\(end)",
            "CANCEL \(target)\(head)To: <sip:x@example.net>\r\nCSeq: 7 CANCEL\r\n\(end)",
            "OPTIONS \(target)\(head)To: <sip:x@example.net>\r\nCSeq: 7 OPTIONS\r\n\(end)",
            "NOTIFY \(target)\(head)To: <sip:x@example.net>\r\nCSeq: 7 NOTIFY\r\n\(end)",
            "INVITE \(target)\(head)To: <sip:x@example.net>;tag=\(token)\r\nCSeq: 7 INVITE\r\n\(end)",
            "INVITE \(target)\(head)To: <sip:x@example.net>\r\nCSeq: 7 INVITE\r\nRequire: teleport\r\n\(end)",
            "INVITE \(target)From: <sip:stray@example.net>\r\n\(end)",
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP \(peer.switchAddress);branch=z9hG4bK\(token)\r\nFrom: <sip:a@example.net>;tag=\(token)\r\n"
                + "To: <sip:x@example.net>;tag=1\r\nCall-ID: \(tail)\r\nCSeq: 1 INVITE\r\n\(end)",
            "SIP/2.0 999 What\r\n\(head)\r\n", "\r\n\r\n", "INVITE", "BYE sip:a SIP/2.0\r\n\r\n", String(repeating: "x", count: 300),
        ]
        peer.send(raw: generator.element(of: messages))
    }
}
