import SIPMessages
import Vocabulary

/// Writes a peer's messages as text.
enum PeerWriter {
    /// The Via and Record-Route lines of a request, as its responses repeat them.
    static func head(of request: SeenMessage) -> String {
        var head = ""
        for value in request.headers("Via") { head += "Via: \(value)\r\n" }
        for value in request.headers("Record-Route") { head += "Record-Route: \(value)\r\n" }
        return head
    }

    static func response(
        to request: SeenMessage, head: String? = nil, status: Int, reason: String? = nil, toTag: String, recordRoutes: [String] = [],
        fields: [String] = [], body: String = ""
    ) -> [UInt8] {
        let phrase = reason ?? Bytes(ReasonPhrase.of(status)).string
        var text = "SIP/2.0 \(status) \(phrase)\r\n\(head ?? PeerWriter.head(of: request))"
        for route in recordRoutes { text += "Record-Route: \(route)\r\n" }
        let to = request.header("To") ?? ""
        text += "From: \(request.header("From") ?? "")\r\n"
        text += "To: \(to)\(request.toTag.isEmpty && !toTag.isEmpty ? ";tag=\(toTag)" : "")\r\n"
        text += "Call-ID: \(request.callID)\r\nCSeq: \(request.header("CSeq") ?? "")\r\n"
        return finish(&text, fields: fields, body: body)
    }

    static func finish(_ text: inout String, fields: [String], body: String) -> [UInt8] {
        for field in fields { text += "\(field)\r\n" }
        if !body.isEmpty { text += "Content-Type: application/sdp\r\n" }
        text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        return Array(text.utf8)
    }

    /// A session description with one audio stream.
    static func session(version: Int, direction: String = "sendrecv") -> String {
        "v=0\r\no=- 4711 \(version) IN IP4 203.0.113.77\r\ns=-\r\nc=IN IP4 203.0.113.77\r\nt=0 0\r\n"
            + "m=audio 40000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=\(direction)\r\n"
    }
}
