import SIPMessages
import SIPUserAgent
import Vocabulary

/// A digest client between requests and answers that the test writes.
struct DigestBench {
    var client: DigestClient
    var method = "REGISTER"
    var uri = "sip:example.net"
    var body = ""
    var cnonce: UInt64 = 0x0123_4567_89AB_CDEF
    var maximumRetries = 3

    init(_ username: String = "acme", _ password: String = "secret") { client = DigestClient(username: username, password: password) }

    struct NotSIP: Error {}

    /// A response with these header lines.
    static func withResponse<R>(_ status: Int, _ lines: [String], body: String = "", _ use: (Message) throws -> R) throws -> R {
        let head = ["SIP/2.0 \(status) Whatever"] + lines + ["Content-Length: \(body.utf8.count)", "", body]
        var parser = MessageParser()
        return try head.joined(separator: "\r\n").withBytes { bytes in
            guard let message = parser.parse(bytes) else { throw NotSIP() }
            return try use(message)
        }
    }

    mutating func challenged(_ status: Int = 401, _ lines: [String]) throws -> DigestClient.Verdict {
        let (bound, random) = (maximumRetries, cnonce)
        return try Self.withResponse(status, lines) { client.challengeReceived($0, cnonce: random, maximumRetries: bound) }
    }

    /// Challenged by a registrar with these parameters.
    mutating func challenged(_ parameters: String) throws -> DigestClient.Verdict {
        try challenged(401, ["WWW-Authenticate: Digest \(parameters)"])
    }

    /// The header lines of the next request.
    mutating func credentials() -> [String] {
        var outbox = Outbox()
        method.withBytes { method in
            uri.withBytes { uri in
                body.withBytes { client.appendCredentials(method: method, uri: uri, body: $0, to: &outbox) }
            }
        }
        var lines = outbox.unfinished.string.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// The parameters of the next request's credentials by name, quotes removed; the first line's, or those of `origin`.
    mutating func parameters(_ origin: DigestChallenge.Origin = .server) throws -> [String: String] {
        let name = String(describing: origin.credentialsField.name) + ": "
        guard let line = credentials().first(where: { $0.hasPrefix(name) }) else { return [:] }
        return Self.parameters(of: String(line.dropFirst(name.count)))
    }

    static func parameters(of value: String) -> [String: String] {
        var found: [String: String] = [:]
        value.withBytes { bytes in
            var field = AuthenticationField(bytes)
            while let item = field.next() {
                if case .parameter(let name, let value) = item { found[name.string] = value.string }
            }
        }
        return found
    }

    mutating func accepted(_ lines: [String], body: String = "") throws -> DigestClient.Confirmation {
        try Self.withResponse(200, lines, body: body) { client.accepted($0) }
    }
}
