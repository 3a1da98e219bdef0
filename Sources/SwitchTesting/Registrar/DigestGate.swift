import SIPMessages
import SIPUserAgent
import Vocabulary

/// Asks for credentials and checks them: the server's side of RFC 7616.
struct DigestGate {
    enum Verdict {
        /// Header field lines of the 200.
        case accepted(fields: [String])
        case challenge(isStale: Bool)
        case refused(Int)
    }

    private struct Nonce {
        var issuedAt: Instant
        var highestCount: UInt32 = 0
        var uses = 0
    }

    /// Passwords by user.
    var passwords: [String: String]
    private var nonces: [String: Nonce] = [:]
    private var minted = 0

    init(passwords: [String: String]) { self.passwords = passwords }

    /// Forgets every nonce, as a registrar that was restarted.
    mutating func forgetNonces() { nonces.removeAll() }

    mutating func challenge(_ rules: ChallengeRules, isStale: Bool, now: Instant) -> [String] {
        let name = rules.isProxy ? "Proxy-Authenticate" : "WWW-Authenticate"
        return rules.algorithms.map { algorithm in
            var line = "\(name): Digest realm=\"\(rules.realm)\", nonce=\"\(mint(now))\""
            if !algorithm.isEmpty { line += ", algorithm=\(algorithm)" }
            if let qop = rules.qop { line += ", qop=\"\(qop)\"" }
            if isStale { line += ", stale=true" }
            if rules.wantsUserhash { line += ", userhash=true" }
            return line
        }
    }

    mutating func judge(_ request: SeenMessage, _ rules: ChallengeRules, now: Instant) -> Verdict {
        for value in request.headers(rules.isProxy ? "Proxy-Authorization" : "Authorization") {
            let found: Verdict? = value.withBytes { bytes in
                guard let credentials = DigestCredentials(bytes), credentials.realm.string == rules.realm else { return nil }
                return judge(credentials, request, rules, now: now)
            }
            if let found { return found }
        }
        return .challenge(isStale: false)
    }

    private mutating func judge(_ credentials: DigestCredentials, _ request: SeenMessage, _ rules: ChallengeRules, now: Instant) -> Verdict {
        let nonce = credentials.nonce.string
        guard credentials.uri.string == request.requestURI else { return .refused(400) }
        guard let known = nonces[nonce], rules.nonceLifetime.map({ now - known.issuedAt <= $0 }) ?? true,
            rules.nonceUses.map({ known.uses < $0 }) ?? true
        else { return .challenge(isStale: rules.saysStale) }
        guard let secret = secret(credentials), isRight(credentials, secret, request) else {
            return rules.refusal.map { .refused($0) } ?? .challenge(isStale: false)
        }
        // A count that was used before is a replay (RFC 7616, section 3.4.6).
        guard credentials.quality == nil || credentials.count > known.highestCount else { return .challenge(isStale: rules.saysStale) }
        nonces[nonce]?.highestCount = credentials.count
        nonces[nonce]?.uses += 1
        return .accepted(fields: confirmation(credentials, secret, rules, now: now))
    }

    private func secret(_ credentials: DigestCredentials) -> HashValue? {
        for (user, password) in passwords {
            let isUser = user.withBytes { user in
                credentials.isUserhash
                    ? DigestResponse.userhash(credentials.algorithm.family, username: user, realm: credentials.realm)
                        .matches(hex: credentials.username)
                    : credentials.username.equals(user)
            }
            guard isUser else { continue }
            return user.withBytes { user in
                password.withBytes { DigestResponse.secret(credentials.algorithm.family, username: user, realm: credentials.realm, password: $0) }
            }
        }
        return nil
    }

    private func isRight(_ credentials: DigestCredentials, _ secret: HashValue, _ request: SeenMessage) -> Bool {
        request.methodName.withBytes { method in
            request.body.withBytes { credentials.isRight(secret: secret, method: method, body: $0) }
        }
    }

    private mutating func confirmation(_ credentials: DigestCredentials, _ secret: HashValue, _ rules: ChallengeRules, now: Instant) -> [String] {
        var parts: [String] = []
        if rules.provesItself, let quality = credentials.quality {
            let key = DigestResponse.key(credentials.algorithm, secret: secret, nonce: credentials.nonce, cnonce: credentials.cnonce)
            let proof = DigestResponse.value(
                credentials.algorithm.family, key: key, nonce: credentials.nonce, count: credentials.count, cnonce: credentials.cnonce,
                quality: quality, method: .empty, uri: credentials.uri, body: .empty)
            parts += ["qop=\(quality.name)", "rspauth=\"\(proof.withHex { $0.string })\"", "cnonce=\"\(credentials.cnonce.string)\""]
        }
        if rules.givesNextNonce { parts.append("nextnonce=\"\(mint(now))\"") }
        guard !parts.isEmpty else { return [] }
        return ["\(rules.isProxy ? "Proxy-Authentication-Info" : "Authentication-Info"): \(parts.joined(separator: ", "))"]
    }

    private mutating func mint(_ now: Instant) -> String {
        minted += 1
        let nonce = "nonce-\(minted)-\(now.nanoseconds)"
        nonces[nonce] = Nonce(issuedAt: now)
        return nonce
    }
}
