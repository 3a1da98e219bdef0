import Containers
import SIPMessages
import Vocabulary

/// The form of every identifier that we mint (branches, tags, Call-IDs): a letter for the shard that
/// owns it, the slot it names, and a secret, 27 characters of `[0-9a-v]`.
///
/// A message that carries one is steered to its shard by a look at one character, and finds its
/// machine without a table. The secret keeps strangers from naming a machine by guessing.
public struct MintedToken: Hashable, Sendable {
    public static let length = 27

    public var shard: Int
    public var key: SlabKey
    public var secret: UInt64

    public init(shard: Int, key: SlabKey, secret: UInt64) {
        self.shard = shard
        self.key = key
        self.secret = secret
    }

    /// Nil when `text` does not begin with a token; what follows the token is not looked at.
    public init?(_ text: Bytes) {
        guard text.count >= MintedToken.length, let shard = MintedToken.digit(text[0]) else { return nil }
        guard let word = MintedToken.word(text[1..<14]), let secret = MintedToken.word(text[14..<27]) else { return nil }
        self.init(shard: Int(shard), key: SlabKey(word: word), secret: secret)
    }

    /// The shard named by a token, without decoding the rest.
    public static func shard(of text: Bytes) -> Int? {
        guard text.count >= length else { return nil }
        return digit(text[0]).map(Int.init)
    }

    /// Writes the 27 characters; the buffer must hold them.
    public func write(into buffer: UnsafeMutableRawBufferPointer) {
        precondition(buffer.count >= MintedToken.length)
        func character(_ digit: UInt64) -> UInt8 { UInt8(digit < 10 ? 0x30 + digit : 0x57 + digit) }
        buffer[0] = character(UInt64(shard))
        for i in 0..<13 {
            buffer[1 + i] = character(key.word >> (5 * UInt64(i)) & 31)
            buffer[14 + i] = character(secret >> (5 * UInt64(i)) & 31)
        }
    }

    private static func digit(_ c: UInt8) -> UInt64? {
        if c.isDigit { return UInt64(c - 0x30) }
        if c >= 0x61, c <= 0x76 { return UInt64(c - 0x57) }
        return nil
    }

    private static func word(_ text: Bytes) -> UInt64? {
        var value: UInt64 = 0
        for i in 0..<13 {
            guard let digit = digit(text[i]) else { return nil }
            if i == 12 {
                guard digit < 16 else { return nil }
            }
            value |= digit << (5 * UInt64(i))
        }
        return value
    }
}

extension Outbox {
    /// Writes the token's 27 characters.
    public mutating func append(_ token: MintedToken) {
        append(UInt8(token.shard < 10 ? 0x30 + token.shard : 0x57 + token.shard))
        append(token: token.key.word)
        append(token: token.secret)
    }
}

/// A source of secrets for one shard: fast, seeded from the system's randomness, never repeated.
public struct SecretSource: Sendable {
    private var state: (UInt64, UInt64)

    public init(seed: UInt64, stream: UInt64) {
        state = (seed ^ 0x9E37_79B9_7F4A_7C15 &* (stream &+ 1), seed.byteSwapped ^ 0xD1B5_4A32_D192_ED03)
        for _ in 0..<8 { _ = next() }
    }

    /// xoroshiro128+ (Blackman and Vigna).
    public mutating func next() -> UInt64 {
        let (a, b) = state
        let mixed = a ^ b
        state = ((a << 24 | a >> 40) ^ mixed ^ (mixed << 16), mixed << 37 | mixed >> 27)
        return a &+ b
    }
}
