import SIPMessages
import SIPUserAgent
import Vocabulary

/// Header fields of a 401 and of a 200 after it: challenges, the credentials that answer them, and the proof that comes back.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = input(data, count)
    var client = DigestClient(username: "acme", password: "secret")
    read(bytes, after: "SIP/2.0 401 Unauthorized\r\n") { message in
        DigestChallenge.read(message) { reading in
            guard case .usable(let challenge) = reading else { return }
            for part in [challenge.realm, challenge.nonce, challenge.opaque ?? .empty] { requireInside(message.bytes, part) }
        }
        var retries = 0
        while client.challengeReceived(message, cnonce: 7, maximumRetries: 3) == .retry {
            retries += 1
            precondition(retries <= 3, "a challenge is answered for ever")
            readCredentials(of: &client)
        }
    }
    read(bytes, after: "SIP/2.0 200 OK\r\n") { _ = client.accepted($0) }
    readCredentials(of: &client)
    return 0
}

/// What is sent back of a challenge must not break out of its header field.
private func readCredentials(of client: inout DigestClient) {
    var outbox = Outbox()
    client.appendCredentials(method: Bytes("REGISTER"), uri: Bytes("sip:example.net"), body: .empty, to: &outbox)
    var rest = outbox.unfinished
    precondition(rest.count < 64 * 1_024, "credentials of \(rest.count) bytes")
    while !rest.isEmpty {
        guard let end = rest.firstIndex(of: 0x0A), end > 0, rest[end - 1] == 0x0D else { preconditionFailure("a line without its end") }
        let line = rest.upTo(end - 1)
        precondition(line.firstIndex(of: 0x0D) == nil, "a line end within credentials")
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { preconditionFailure("no header field was written") }
        let name = HeaderName(line.upTo(colon))
        precondition(name == .authorization || name == .proxyAuthorization, "another header field was written")
        var field = AuthenticationField(line.from(colon + 1).trimmed)
        var responses = 0
        while let item = field.next() {
            switch item {
            case .parameter(let name, _): if name.equals(Bytes("response")) { responses += 1 }
            case .scheme: break
            default: preconditionFailure("credentials that cannot be read")
            }
        }
        precondition(responses == 1, "\(responses) responses in one field")
        rest = rest.from(end + 1)
    }
}
