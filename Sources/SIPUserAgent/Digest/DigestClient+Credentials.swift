import SIPMessages
import Vocabulary

extension DigestClient {
    /// Writes an Authorization or Proxy-Authorization line for each challenge held, nothing when none is
    /// (RFC 7616, section 3.4). `uri` is the Request-URI as it stands in the request's first line.
    public mutating func appendCredentials(method: Bytes, uri: Bytes, body: Bytes, to outbox: inout Outbox) {
        guard !held.isEmpty else { return }
        if !self.uri.withBytes({ $0.equals(uri) }) { self.uri = uri.array }
        for i in held.indices {
            held[i].count &+= 1
            held[i].isSent = true
            let answer = held[i]
            let response = answer.response(method: method, uri: uri, body: body, quality: answer.quality)
            username.withBytes { answer.append(username: $0, uri: uri, response: response, to: &outbox) }
        }
    }
}

extension HeldChallenge {
    fileprivate func append(username: Bytes, uri: Bytes, response: HashValue, to outbox: inout Outbox) {
        outbox.append(origin.credentialsField.name)
        outbox.append(": Digest username=\"")
        if let userhash {
            outbox.append(hex: userhash)
        } else {
            outbox.append(escaping: username)
        }
        outbox.append("\",realm=\"")
        realm.withBytes { outbox.append($0) }
        outbox.append("\",nonce=\"")
        nonce.withBytes { outbox.append($0) }
        outbox.append("\",uri=\"")
        outbox.append(escaping: uri)
        outbox.append("\",response=\"")
        outbox.append(hex: response)
        outbox.append("\"")
        if namesAlgorithm {
            outbox.append(",algorithm=")
            outbox.append(algorithm.name)
        }
        // A session key cannot be computed without the cnonce, whatever the form.
        if quality != nil || algorithm.isSession {
            outbox.append(",cnonce=\"")
            cnonce.withHex { outbox.append($0) }
            outbox.append("\"")
        }
        if let quality {
            outbox.append(",qop=")
            outbox.append(quality.name)
            outbox.append(",nc=")
            count.withHex { outbox.append($0) }
        }
        if let opaque {
            outbox.append(",opaque=\"")
            opaque.withBytes { outbox.append($0) }
            outbox.append("\"")
        }
        if userhash != nil { outbox.append(",userhash=true") }
        outbox.append("\r\n")
    }
}

extension Outbox {
    fileprivate mutating func append(hex value: HashValue) { value.withHex { append($0) } }

    /// The inside of a quoted string. Control bytes are left out: none may stand there, and a line break would end the header field.
    fileprivate mutating func append(escaping text: Bytes) {
        for i in 0..<text.count {
            let byte = text[i]
            if byte < 0x20 || byte == 0x7F { continue }
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(UInt8(ascii: "\\")) }
            append(byte)
        }
    }
}
