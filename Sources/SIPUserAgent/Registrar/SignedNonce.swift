import SIPMessages
import Vocabulary

/// A nonce that says when and to which host it was given, so that nothing needs to be kept of a
/// challenge (RFC 7616, section 3.3; RFC 3261, section 22.4).
///
/// Its text is 52 characters of `[0-9a-v]`: the time, a salt, and a keyed hash over both and the host.
/// An answer from another host has no use for it, so nobody can fail in another's name.
public struct SignedNonce: Hashable, Sendable {
    public static let length = 52

    /// When it was given.
    public var time: WallTime
    /// Tells apart the nonces of one moment.
    public var salt: UInt64

    public init(time: WallTime, salt: UInt64) {
        self.time = time
        self.salt = salt
    }
}

/// Makes and checks nonces. The key comes from the installation's secret: a restart, or another
/// process of the installation, takes the nonces that were given before.
public struct NonceSigner: Sendable {
    /// The first half of a hash over the secret; with what is signed it fits one block of SHA-256.
    private let key: (UInt64, UInt64)

    public init(secret: [UInt8]) {
        var hash = SHA256()
        secret.withBytes { hash.update($0) }
        hash.update(Bytes("digest nonce"))
        key = hash.finished().words
    }

    /// Calls `body` with the nonce's text.
    public func withText<R>(_ nonce: SignedNonce, host: NetworkAddress, _ body: (Bytes) -> R) -> R {
        let signature = signature(nonce, host)
        return withUnsafeTemporaryAllocation(byteCount: SignedNonce.length, alignment: 1) { buffer in
            let words: [4 of UInt64] = [UInt64(bitPattern: nonce.time.microseconds), nonce.salt, signature.0, signature.1]
            for word in 0..<4 {
                for digit in 0..<13 {
                    let value = UInt8(truncatingIfNeeded: words[word] >> (5 * UInt64(digit)) & 31)
                    buffer[13 * word + digit] = value < 10 ? 0x30 + value : 0x57 + value
                }
            }
            return body(Bytes(UnsafeRawBufferPointer(buffer)))
        }
    }

    /// The nonce, when it was made with this key for this host; nil for any other text.
    public func read(_ text: Bytes, host: NetworkAddress) -> SignedNonce? {
        guard text.count == SignedNonce.length, let time = text.word(at: 0), let salt = text.word(at: 13),
            let first = text.word(at: 26), let second = text.word(at: 39)
        else { return nil }
        let nonce = SignedNonce(time: WallTime(microseconds: Int64(bitPattern: time)), salt: salt)
        let signature = signature(nonce, host)
        return (first ^ signature.0) | (second ^ signature.1) == 0 ? nonce : nil
    }

    private func signature(_ nonce: SignedNonce, _ host: NetworkAddress) -> (UInt64, UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 49, alignment: 8) { buffer in
            let words: [6 of UInt64] = [
                key.0, key.1, UInt64(bitPattern: nonce.time.microseconds), nonce.salt, host.high, host.low,
            ]
            for i in 0..<6 { buffer.storeBytes(of: words[i].littleEndian, toByteOffset: 8 * i, as: UInt64.self) }
            buffer[48] = host.family.rawValue
            var hash = SHA256()
            hash.update(Bytes(UnsafeRawBufferPointer(buffer)))
            return hash.finished().words
        }
    }
}

extension HashValue {
    /// The first sixteen bytes.
    fileprivate var words: (UInt64, UInt64) {
        var words: (UInt64, UInt64) = (0, 0)
        for i in 0..<8 {
            words.0 = words.0 << 8 | UInt64(self[i])
            words.1 = words.1 << 8 | UInt64(self[8 + i])
        }
        return words
    }
}

extension Bytes {
    /// Thirteen base-32 digits, the lowest first.
    fileprivate func word(at offset: Int) -> UInt64? {
        var value: UInt64 = 0
        for i in 0..<13 {
            let c = self[offset + i]
            let digit: UInt64
            if c.isDigit { digit = UInt64(c - 0x30) } else if c >= 0x61, c <= 0x76 { digit = UInt64(c - 0x57) } else { return nil }
            guard i < 12 || digit < 16 else { return nil }
            value |= digit << (5 * UInt64(i))
        }
        return value
    }
}
