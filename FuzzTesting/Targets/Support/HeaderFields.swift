import SIPMessages
import Vocabulary

/// Reads a message that begins with this line and goes on with the input as header fields.
func read(_ fields: Bytes, after startLine: StaticString, _ use: (Message) -> Void) {
    var text = Bytes(startLine).array
    text += Bytes("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\nFrom: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:b@192.0.2.1>\r\n").array
    text += Bytes("Call-ID: a\r\nCSeq: 1 INVITE\r\n").array
    text += fields.array
    text += Bytes("\r\nContent-Length: 0\r\n\r\n").array
    text.withBytes { bytes in
        var parser = MessageParser()
        if let message = parser.parse(bytes) { use(message) }
    }
}
