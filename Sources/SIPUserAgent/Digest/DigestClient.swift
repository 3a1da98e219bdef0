import SIPMessages
import Vocabulary

/// Credentials for one account, and the challenges they answer (RFC 3261, section 22; RFC 7616).
///
/// It keeps the last challenge of each realm, so that the next request carries credentials ahead and
/// needs no second round trip. One value serves one sequence of requests: two copies in use at once
/// would count the same nonce twice.
public struct DigestClient: Sendable {
    /// What a 401 or 407 means.
    public enum Verdict: Equatable, Sendable {
        /// Send the request again, with credentials and a new CSeq.
        case retry
        /// Credentials for this challenge were already sent: user or password is wrong.
        case rejected
        /// No answer is possible, or the bound is reached. `reason` is for people.
        case unusable(String)
    }

    /// What a 2xx says of the other side knowing the password (RFC 7616, section 3.5).
    public enum Confirmation: Hashable, Sendable {
        /// No proof was given.
        case absent
        case right
        /// A proof was given and it is wrong.
        case wrong
    }

    /// Most realms that are answered at once: the registrar and a few proxies before it.
    public static let maximumChallenges = 4

    let username: [UInt8]
    let password: [UInt8]
    var held: [HeldChallenge] = []
    /// Times the current request was sent again for a challenge.
    var retries = 0
    /// Request-URI that credentials were last written for.
    var uri: [UInt8] = []

    public init(username: String, password: String) {
        self.username = Array(username.utf8)
        self.password = Array(password.utf8)
    }

    /// Whether the next request goes out with credentials.
    public var hasChallenge: Bool { !held.isEmpty }

    /// A new request begins (not one sent again for a challenge): what is held now is from before.
    public mutating func beginExchange() {
        retries = 0
        for i in held.indices {
            held[i].isOfThisExchange = false
            held[i].isSent = false
        }
    }

    /// Drops every challenge; the next request goes out without credentials.
    public mutating func forget() {
        held.removeAll()
        retries = 0
    }
}

/// A challenge in the form in which it is answered again and again.
struct HeldChallenge: Sendable {
    var origin: DigestChallenge.Origin
    /// Realm, nonce and opaque as they stood between the quotes, sent back unchanged.
    var realm: [UInt8]
    var nonce: [UInt8]
    var opaque: [UInt8]?
    var algorithm: DigestAlgorithm
    var namesAlgorithm: Bool
    var quality: QualityOfProtection?
    /// Set where the name is sent hashed.
    var userhash: HashValue?
    /// H(A1), fixed for as long as the challenge is held, also over a nextnonce (RFC 7616, section 3.4.2).
    var key: HashValue
    var cnonce: UInt64
    /// Requests that carried this nonce.
    var count: UInt32 = 0
    /// Whether the nonce was learnt in answer to the request that is being sent now.
    var isOfThisExchange = true
    /// Whether the request sent last carried credentials for this challenge.
    var isSent = false

    init(_ challenge: DigestChallenge, username: [UInt8], password: [UInt8], cnonce: UInt64) {
        origin = challenge.origin
        realm = challenge.realm.array
        nonce = challenge.nonce.array
        opaque = challenge.opaque?.array
        algorithm = challenge.algorithm
        namesAlgorithm = challenge.namesAlgorithm
        quality = challenge.quality
        self.cnonce = cnonce
        (userhash, key) = username.withBytes { username in
            let secret = password.withBytes {
                DigestResponse.secret(challenge.algorithm.family, username: username, realm: challenge.realm, password: $0)
            }
            let userhash = DigestResponse.userhash(challenge.algorithm.family, username: username, realm: challenge.realm)
            let key = cnonce.withHex { DigestResponse.key(challenge.algorithm, secret: secret, nonce: challenge.nonce, cnonce: $0) }
            return (challenge.wantsUserhash ? userhash : nil, key)
        }
    }

    func isFor(_ challenge: DigestChallenge) -> Bool {
        origin == challenge.origin && realm.withBytes { challenge.realm.equals($0) }
    }

    /// The response to the request with this count; with an empty method, the proof expected of the server.
    func response(method: Bytes, uri: Bytes, body: Bytes, quality: QualityOfProtection?) -> HashValue {
        nonce.withBytes { nonce in
            cnonce.withHex { cnonce in
                DigestResponse.value(
                    algorithm.family, key: key, nonce: nonce, count: count, cnonce: cnonce, quality: quality, method: method, uri: uri,
                    body: body)
            }
        }
    }
}
