import Vocabulary

/// How a challenge wants credentials hashed (RFC 7616, section 3.3; RFC 8760, section 2.2).
public struct DigestAlgorithm: Hashable, Sendable {
    /// The hash, weakest first.
    public enum Family: UInt8, Hashable, Sendable, CaseIterable, Comparable {
        case md5, sha256, sha512t256

        public static func < (a: Family, b: Family) -> Bool { a.rawValue < b.rawValue }
    }

    public var family: Family
    /// A `-sess` algorithm: the key is bound to the challenge's nonce and our cnonce.
    public var isSession: Bool

    public init(_ family: Family, isSession: Bool = false) {
        self.family = family
        self.isSession = isSession
    }

    /// From the `algorithm` parameter, in any case; nil for one that we do not know.
    public init?(_ name: Bytes) {
        for family in Family.allCases {
            for algorithm in [DigestAlgorithm(family), DigestAlgorithm(family, isSession: true)] where name.equalsIgnoringCase(algorithm.name) {
                self = algorithm
                return
            }
        }
        return nil
    }

    /// The registered name (RFC 7616, section 6.1).
    public var name: StaticString {
        switch (family, isSession) {
        case (.md5, false): "MD5"
        case (.md5, true): "MD5-sess"
        case (.sha256, false): "SHA-256"
        case (.sha256, true): "SHA-256-sess"
        case (.sha512t256, false): "SHA-512-256"
        case (.sha512t256, true): "SHA-512-256-sess"
        }
    }
}

/// A hash of the family that a challenge names. Digest hashes fields with colons between them.
struct DigestHash {
    private enum Function {
        case md5(MD5)
        case sha256(SHA256)
        case sha512t256(SHA512t256)
    }

    private var function: Function
    private var isFirstField = true

    init(_ family: DigestAlgorithm.Family) {
        switch family {
        case .md5: function = .md5(MD5())
        case .sha256: function = .sha256(SHA256())
        case .sha512t256: function = .sha512t256(SHA512t256())
        }
    }

    mutating func update(_ bytes: Bytes) {
        switch function {
        case .md5(var hash):
            hash.update(bytes)
            function = .md5(hash)
        case .sha256(var hash):
            hash.update(bytes)
            function = .sha256(hash)
        case .sha512t256(var hash):
            hash.update(bytes)
            function = .sha512t256(hash)
        }
    }

    /// Adds a field, behind a colon unless it is the first.
    mutating func field(_ bytes: Bytes) {
        separate()
        update(bytes)
    }

    mutating func field(_ value: HashValue) { value.withHex { field($0) } }

    /// Adds the value of a quoted string: each escaped byte counts without its backslash (RFC 7616, section 3.4.1).
    mutating func field(unescaping quoted: Bytes) {
        separate()
        var rest = quoted
        while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")), backslash + 1 < rest.count {
            update(rest.upTo(backslash))
            update(rest[backslash + 1..<backslash + 2])
            rest = rest.from(backslash + 2)
        }
        update(rest)
    }

    private mutating func separate() {
        if !isFirstField { update(Bytes(":")) }
        isFirstField = false
    }

    func finished() -> HashValue {
        switch function {
        case .md5(let hash): hash.finished()
        case .sha256(let hash): hash.finished()
        case .sha512t256(let hash): hash.finished()
        }
    }
}
