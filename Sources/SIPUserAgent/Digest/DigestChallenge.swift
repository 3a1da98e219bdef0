import SIPMessages
import Vocabulary

/// One Digest challenge of a 401 or 407 (RFC 7616, section 3.3; RFC 8760), as it stands in the message:
/// valid as long as the message's bytes.
public struct DigestChallenge {
    /// Who asks: the field the challenge stands in, and so the field the credentials go into.
    public enum Origin: UInt8, Hashable, Sendable, CaseIterable {
        /// WWW-Authenticate, answered in Authorization.
        case server
        /// Proxy-Authenticate, answered in Proxy-Authorization.
        case proxy

        public var challengeField: HeaderName { self == .server ? .wwwAuthenticate : .proxyAuthenticate }
        public var credentialsField: HeaderName { self == .server ? .authorization : .proxyAuthorization }
        /// What a 2xx confirms credentials in (RFC 7615).
        public var confirmationField: StaticString { self == .server ? "Authentication-Info" : "Proxy-Authentication-Info" }
    }

    /// Bounds on what of a challenge is kept and sent back, in bytes between the quotes.
    public enum Limit {
        public static let realm = 1_024
        public static let nonce = 4_096
        public static let opaque = 4_096
    }

    /// A challenge, or why it cannot be answered.
    public enum Reading {
        case usable(DigestChallenge)
        case unusable(reason: String)
    }

    public let origin: Origin
    /// Realm, nonce and opaque stand without quotes, escapes left in place.
    public let realm: Bytes
    public let nonce: Bytes
    public let opaque: Bytes?
    public let algorithm: DigestAlgorithm
    /// Whether the challenge named its algorithm; absent means MD5, and then the credentials do not name it either.
    public let namesAlgorithm: Bool
    /// The best that is offered; nil for a challenge in the form of RFC 2069.
    public let quality: QualityOfProtection?
    /// The nonce of the refused credentials was too old; user and password may be right.
    public let isStale: Bool
    public let wantsUserhash: Bool

    /// Calls `body` with every challenge of the message in order, over all fields of both names. Challenges
    /// of other schemes are passed over; the answer names the first one, for a reason.
    @discardableResult
    public static func read(_ message: Message, _ body: (Reading) -> Void) -> String? {
        var otherScheme: String?
        for origin in Origin.allCases {
            var position = 0
            while let value = message.next(origin.challengeField, from: &position) {
                var draft: Draft?
                var field = AuthenticationField(value)
                while let item = field.next() {
                    guard case .scheme(let scheme) = item else {
                        draft?.take(item)
                        continue
                    }
                    if let draft { body(draft.reading) }
                    draft = scheme.equalsIgnoringCase("Digest") ? Draft(origin) : nil
                    if draft == nil, otherScheme == nil { otherScheme = scheme.upTo(min(scheme.count, 32)).string }
                }
                if let draft { body(draft.reading) }
            }
        }
        return otherScheme
    }

    /// The parameters met so far.
    private struct Draft {
        let origin: Origin
        var isMalformed = false
        var repeated: StaticString?
        var realm: Bytes?
        var nonce: Bytes?
        var opaque: Bytes?
        var algorithm: Bytes?
        var qop: Bytes?
        var stale: Bytes?
        var userhash: Bytes?

        init(_ origin: Origin) { self.origin = origin }

        mutating func take(_ item: AuthenticationField.Item) {
            guard case .parameter(let name, let value) = item else {
                isMalformed = true
                return
            }
            switch name {
            case "realm": keep(value, in: \.realm, "realm")
            case "nonce": keep(value, in: \.nonce, "nonce")
            case "opaque": keep(value, in: \.opaque, "opaque")
            case "algorithm": keep(value, in: \.algorithm, "algorithm")
            case "qop": keep(value, in: \.qop, "qop")
            case "stale": keep(value, in: \.stale, "stale")
            case "userhash": keep(value, in: \.userhash, "userhash")
            default: break
            }
        }

        /// A parameter may not stand twice; the same value again is harmless, another one leaves no telling which counts.
        private mutating func keep(_ value: Bytes, in place: WritableKeyPath<Draft, Bytes?>, _ name: StaticString) {
            if let known = self[keyPath: place] {
                if !known.equals(value) { repeated = name }
                return
            }
            self[keyPath: place] = value
        }

        var reading: Reading {
            if isMalformed { return .unusable(reason: "malformed challenge") }
            if let repeated { return .unusable(reason: "challenge with two values of \(repeated)") }
            guard let realm else { return .unusable(reason: "challenge without realm") }
            guard let nonce else { return .unusable(reason: "challenge without nonce") }
            if realm.count > Limit.realm { return .unusable(reason: "realm of \(realm.count) bytes, above \(Limit.realm)") }
            if nonce.count > Limit.nonce { return .unusable(reason: "nonce of \(nonce.count) bytes, above \(Limit.nonce)") }
            if let opaque, opaque.count > Limit.opaque {
                return .unusable(reason: "opaque of \(opaque.count) bytes, above \(Limit.opaque)")
            }
            guard let known = algorithm.map({ DigestAlgorithm($0) }) ?? DigestAlgorithm(.md5) else {
                let name = algorithm ?? .empty
                return .unusable(reason: "unknown digest algorithm \(name.upTo(min(name.count, 32)).string)")
            }
            var quality: QualityOfProtection?
            if let qop, !qop.isEmpty {
                var list = CommaList(qop)
                while let word = list.next() {
                    guard let offered = QualityOfProtection(word) else { continue }
                    if quality == nil || offered == .authentication { quality = offered }
                }
                if quality == nil {
                    return .unusable(reason: "unknown quality of protection \(qop.upTo(min(qop.count, 32)).string)")
                }
            }
            return .usable(
                DigestChallenge(
                    origin: origin, realm: realm, nonce: nonce, opaque: opaque, algorithm: known, namesAlgorithm: algorithm != nil,
                    quality: quality, isStale: stale?.equalsIgnoringCase("true") ?? false,
                    wantsUserhash: userhash?.equalsIgnoringCase("true") ?? false))
        }
    }
}

/// A parameter's name compares without case.
private func ~= (name: StaticString, written: Bytes) -> Bool { written.equalsIgnoringCase(name) }
