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
        var field = AuthenticationField(value)
        guard case .scheme(let scheme) = field.next(), scheme.equalsIgnoringCase("Digest") else { return nil }
        var values = [Name: Bytes]()
        while let item = field.next() {
            guard case .parameter(let written, let value) = item else { return nil }
            guard let name = Name.allCases.first(where: { written.equalsIgnoringCase($0.text) }) else { continue }
            guard values.updateValue(value, forKey: name) == nil else { return nil }
        }
        guard let username = values[.username], let realm = values[.realm], let nonce = values[.nonce], let uri = values[.uri],
            let response = values[.response],
            let algorithm = values[.algorithm].map({ DigestAlgorithm($0) }) ?? DigestAlgorithm(.md5)
        else { return nil }
        self.username = username
        self.realm = realm
        self.nonce = nonce
        self.uri = uri
        self.response = response
        self.algorithm = algorithm
        opaque = values[.opaque]
        cnonce = values[.cnonce] ?? .empty
        isUserhash = values[.userhash]?.equalsIgnoringCase("true") ?? false
        guard let qop = values[.qop] else {
            quality = nil
            count = 0
            return
        }
        guard let quality = QualityOfProtection(qop), let count = values[.nc]?.nonceCount, values[.cnonce] != nil else { return nil }
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

    private enum Name: CaseIterable {
        case username, realm, nonce, uri, response, algorithm, qop, cnonce, nc, opaque, userhash

        var text: StaticString {
            switch self {
            case .username: "username"
            case .realm: "realm"
            case .nonce: "nonce"
            case .uri: "uri"
            case .response: "response"
            case .algorithm: "algorithm"
            case .qop: "qop"
            case .cnonce: "cnonce"
            case .nc: "nc"
            case .opaque: "opaque"
            case .userhash: "userhash"
            }
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
