import SIPMessages
import Vocabulary

/// Quality of protection: what a digest response covers (RFC 7616, section 3.3).
public enum QualityOfProtection: UInt8, Hashable, Sendable {
    /// Method and URI.
    case authentication
    /// Method, URI and body.
    case integrity

    public var name: StaticString {
        switch self {
        case .authentication: "auth"
        case .integrity: "auth-int"
        }
    }

    /// From one word of a `qop` parameter, in any case; nil for one that we do not know.
    public init?(_ name: Bytes) {
        if name.equalsIgnoringCase("auth") {
            self = .authentication
        } else if name.equalsIgnoringCase("auth-int") {
            self = .integrity
        } else {
            return nil
        }
    }
}

/// The arithmetic of digest authentication (RFC 7616, section 3.4), the same for both sides.
///
/// Realm, nonce and cnonce are given as they stand between the quotes, escapes left in place.
public enum DigestResponse {
    /// H(user ":" realm ":" password): all that a server needs to keep of a password.
    public static func secret(_ family: DigestAlgorithm.Family, username: Bytes, realm: Bytes, password: Bytes) -> HashValue {
        var hash = DigestHash(family)
        hash.field(username)
        hash.field(unescaping: realm)
        hash.field(password)
        return hash.finished()
    }

    /// H(A1): the secret itself, or for a `-sess` algorithm the key of the session that this nonce and cnonce began (section 3.4.2).
    public static func key(_ algorithm: DigestAlgorithm, secret: HashValue, nonce: Bytes, cnonce: Bytes) -> HashValue {
        guard algorithm.isSession else { return secret }
        var hash = DigestHash(algorithm.family)
        hash.field(secret)
        hash.field(unescaping: nonce)
        hash.field(unescaping: cnonce)
        return hash.finished()
    }

    /// H(user ":" realm): the name sent in place of the user's where `userhash` is wanted (section 3.4.4).
    public static func userhash(_ family: DigestAlgorithm.Family, username: Bytes, realm: Bytes) -> HashValue {
        var hash = DigestHash(family)
        hash.field(username)
        hash.field(unescaping: realm)
        return hash.finished()
    }

    /// The `response` parameter (section 3.4.1), or with an empty method the server's `rspauth` (section 3.5).
    /// Without a quality of protection the form is that of RFC 2069, and count and cnonce do not enter.
    public static func value(
        _ family: DigestAlgorithm.Family, key: HashValue, nonce: Bytes, count: UInt32, cnonce: Bytes, quality: QualityOfProtection?,
        method: Bytes, uri: Bytes, body: Bytes
    ) -> HashValue {
        var request = DigestHash(family)
        request.field(method)
        request.field(uri)
        if quality == .integrity {
            var content = DigestHash(family)
            content.update(body)
            request.field(content.finished())
        }
        var hash = DigestHash(family)
        hash.field(key)
        hash.field(unescaping: nonce)
        if let quality {
            count.withHex { hash.field($0) }
            hash.field(unescaping: cnonce)
            hash.field(Bytes(quality.name))
        }
        hash.field(request.finished())
        return hash.finished()
    }
}
