import SIPMessages
import Vocabulary

/// The Digest credentials of an Authorization or Proxy-Authorization field (RFC 7616, section 3.4), read by
/// the side that challenged. Valid as long as the message's bytes; texts stand without quotes, escapes left in place.
public struct DigestCredentials {
    public let username: Bytes
    public let realm: Bytes
    public let nonce: Bytes
    public let uri: Bytes
    public let response: Bytes
    public let algorithm: DigestAlgorithm
    public let quality: QualityOfProtection?
    public let cnonce: Bytes
    /// 0 without a quality of protection.
    public let count: UInt32
    public let opaque: Bytes?
    /// Whether `username` is the userhash (section 3.4.4).
    public let isUserhash: Bool

    /// Nil for another scheme, and for credentials that break the grammar or lack what they need.
    public init?(_ value: Bytes) {
        guard let values = Values(value), values.has(.username), values.has(.realm), values.has(.nonce), values.has(.uri),
            values.has(.response), let algorithm = values.has(.algorithm) ? DigestAlgorithm(values[.algorithm]) : DigestAlgorithm(.md5)
        else { return nil }
        username = values[.username]
        realm = values[.realm]
        nonce = values[.nonce]
        uri = values[.uri]
        response = values[.response]
        self.algorithm = algorithm
        opaque = values.has(.opaque) ? values[.opaque] : nil
        cnonce = values[.cnonce]
        isUserhash = values[.userhash].equalsIgnoringCase("true")
        guard values.has(.qop) else {
            quality = nil
            count = 0
            return
        }
        guard let quality = QualityOfProtection(values[.qop]), let count = values[.nc].nonceCount, values.has(.cnonce) else { return nil }
        self.quality = quality
        self.count = count
    }

    /// Whether the response is that of this secret (`DigestResponse.secret`) for a request.
    public func isRight(secret: HashValue, method: Bytes, body: Bytes) -> Bool {
        let key = DigestResponse.key(algorithm, secret: secret, nonce: nonce, cnonce: cnonce)
        return DigestResponse.value(
            algorithm.family, key: key, nonce: nonce, count: count, cnonce: cnonce, quality: quality, method: method, uri: uri, body: body
        ).matches(hex: response)
    }

    /// The parameters by name, each at most once. Read for every request of a phone, so nothing is allocated.
    private struct Values {
        private var found = InlineArray<11, Bytes>(repeating: .empty)
        private var present: UInt16 = 0

        init?(_ value: Bytes) {
            var field = AuthenticationField(value)
            guard case .scheme(let scheme) = field.next(), scheme.equalsIgnoringCase("Digest") else { return nil }
            while let item = field.next() {
                guard case .parameter(let written, let value) = item else { return nil }
                guard let name = Name(written) else { continue }
                guard !has(name) else { return nil }
                present |= 1 << name.rawValue
                found[Int(name.rawValue)] = value
            }
        }

        func has(_ name: Name) -> Bool { present & 1 << name.rawValue != 0 }

        /// Empty when it is not there.
        subscript(name: Name) -> Bytes { found[Int(name.rawValue)] }
    }

    private enum Name: UInt16 {
        case username, realm, nonce, uri, response, algorithm, qop, cnonce, nc, opaque, userhash

        init?(_ written: Bytes) {
            func one(_ text: StaticString, _ name: Name) -> Name? { written.equalsIgnoringCase(text) ? name : nil }
            let name: Name? =
                switch written.count {
                case 2: one("nc", .nc)
                case 3: one("uri", .uri) ?? one("qop", .qop)
                case 5: one("realm", .realm) ?? one("nonce", .nonce)
                case 6: one("cnonce", .cnonce) ?? one("opaque", .opaque)
                case 8: one("username", .username) ?? one("response", .response) ?? one("userhash", .userhash)
                case 9: one("algorithm", .algorithm)
                default: nil
                }
            guard let name else { return nil }
            self = name
        }
    }
}

extension Bytes {
    /// `nc`: exactly eight hexadecimal digits (RFC 7616, section 3.4).
    fileprivate var nonceCount: UInt32? {
        guard count == 8 else { return nil }
        var value: UInt32 = 0
        for i in 0..<8 {
            guard self[i].isHexDigit else { return nil }
            value = value << 4 | UInt32(self[i].isDigit ? self[i] - 0x30 : (self[i] | 0x20) - 0x61 + 10)
        }
        return value
    }
}
