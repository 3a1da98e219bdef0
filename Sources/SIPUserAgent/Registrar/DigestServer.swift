import SIPMessages
import SIPTransactions
import Vocabulary

/// The side that challenges (RFC 3261, section 22; RFC 7616; RFC 8760): writes challenges and judges the
/// answers. It keeps nothing; what is kept of used nonces and of failures stands with its caller.
public struct DigestServer: Sendable {
    /// What an operator can say about it.
    public struct Settings: Hashable, Sendable {
        /// Shown to people who are asked for a password; part of what is hashed.
        public var realm: [UInt8]
        /// The hashes offered, the preferred one first (RFC 8760, section 2.4).
        public var algorithms: [DigestAlgorithm.Family]
        /// 401 or 407.
        public var origin: DigestChallenge.Origin
        /// How long a challenge waits for its first answer.
        public var answerTime: Interval
        /// How long a nonce that was answered in time may be used for further requests.
        public var nonceLifetime: Interval

        public init(
            realm: [UInt8], algorithms: [DigestAlgorithm.Family] = [.md5], origin: DigestChallenge.Origin = .server,
            answerTime: Interval = .seconds(30), nonceLifetime: Interval = .seconds(300)
        ) {
            self.realm = realm
            self.algorithms = algorithms
            self.origin = origin
            self.answerTime = answerTime
            self.nonceLifetime = nonceLifetime
        }
    }

    /// What a request's credentials are worth.
    public enum Verdict: Hashable, Sendable {
        /// None for our realm: challenge.
        case absent
        /// The nonce is none of ours for this host, or too old: challenge, saying `stale`. Nothing was computed.
        case stale
        /// User, password or response is wrong, and the nonce was good.
        case wrong
        /// Right. Whether nonce and count were used before is for the caller to find out; `count` is 0 for a
        /// client that does not count (RFC 2069), whose nonce is good for one request.
        case right(nonce: SignedNonce, count: UInt32)
    }

    public let settings: Settings
    private let signer: NonceSigner

    public init(_ settings: Settings, signer: NonceSigner) {
        self.settings = settings
        self.signer = signer
    }

    /// Judges the credentials of a request that came from `source`, for the account of this name and password.
    ///
    /// The URI that they name need not be the Request-URI: a proxy may have changed the latter, and many clients name
    /// their server alone (RFC 3261, section 22.4: no failure). That an answer serves once, and from one host,
    /// is what the nonce and its count see to.
    public func verify(_ message: Message, username: Bytes, password: Bytes, source: NetworkAddress, now: WallTime) -> Verdict {
        guard let credentials = credentials(of: message) else { return .absent }
        guard let nonce = signer.read(credentials.nonce, host: source), isCurrent(nonce, now: now),
            settings.algorithms.contains(credentials.algorithm.family)
        else { return .stale }
        let family = credentials.algorithm.family
        let isNamed =
            credentials.isUserhash
            ? DigestResponse.userhash(family, username: username, realm: credentials.realm).matches(hex: credentials.username)
            : credentials.username.isQuoted(username)
        let secret = DigestResponse.secret(family, username: username, realm: credentials.realm, password: password)
        let isRight = credentials.isRight(secret: secret, method: message.methodName, body: message.body)
        return isNamed && isRight ? .right(nonce: nonce, count: credentials.count) : .wrong
    }

    /// Writes a challenge line for each hash that is offered. `salt` is random and new for every call.
    public func appendChallenges(isStale: Bool, source: NetworkAddress, salt: UInt64, now: WallTime, to outbox: inout Outbox) {
        signer.withText(SignedNonce(time: now, salt: salt), host: source) { nonce in
            for algorithm in settings.algorithms {
                outbox.append(settings.origin.challengeField.name)
                outbox.append(": Digest realm=\"")
                settings.realm.withBytes { outbox.append(quoting: $0) }
                outbox.append("\",nonce=\"")
                outbox.append(nonce)
                outbox.append("\",algorithm=")
                outbox.append(DigestAlgorithm(algorithm).name)
                outbox.append(isStale ? ",qop=\"auth\",stale=true\r\n" : ",qop=\"auth\"\r\n")
            }
        }
    }

    /// Status of a challenge: 401 or 407.
    public var challengeStatus: Int { settings.origin == .server ? 401 : 407 }

    /// The user name of the credentials for our realm, to learn whom a request claims to be from; nil without any.
    public func claimedName(of message: Message) -> Bytes? {
        guard let credentials = credentials(of: message), !credentials.isUserhash else { return nil }
        return credentials.username
    }

    /// The first credentials for our realm, in either field: the code may have been changed since the challenge.
    private func credentials(of message: Message) -> DigestCredentials? {
        for origin in DigestChallenge.Origin.allCases {
            var position = 0
            while let value = message.next(origin.credentialsField, from: &position) {
                guard let credentials = DigestCredentials(value) else { continue }
                if settings.realm.withBytes({ credentials.realm.isQuoted($0) }) { return credentials }
            }
        }
        return nil
    }

    private func isCurrent(_ nonce: SignedNonce, now: WallTime) -> Bool {
        let age = now.microseconds - nonce.time.microseconds
        return age >= 0 && age < max(settings.answerTime, settings.nonceLifetime).nanoseconds / 1_000
    }
}

extension Bytes {
    /// Whether this inside of a quoted string says `plain`.
    fileprivate func isQuoted(_ plain: Bytes) -> Bool {
        if firstIndex(of: UInt8(ascii: "\\")) == nil { return equals(plain) }
        var i = 0
        var j = 0
        while i < count {
            if self[i] == UInt8(ascii: "\\"), i + 1 < count { i += 1 }
            guard j < plain.count, self[i] == plain[j] else { return false }
            i += 1
            j += 1
        }
        return j == plain.count
    }
}

extension Outbox {
    /// The inside of a quoted string.
    fileprivate mutating func append(quoting text: Bytes) {
        for i in 0..<text.count {
            let byte = text[i]
            if byte < 0x20 || byte == 0x7F { continue }
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(UInt8(ascii: "\\")) }
            append(byte)
        }
    }
}
