import SIPMessages
import Vocabulary

/// The result of a hash: 16 bytes (MD5) or 32.
public struct HashValue: Equatable, Sendable {
    private var bytes = InlineArray<32, UInt8>(repeating: 0)
    public private(set) var count = 0

    init() {}

    /// Appends the low `size` bytes of `word`, most or least significant first.
    mutating func append(_ word: UInt64, size: Int, order: ByteOrder) {
        for i in 0..<size {
            let shift = UInt64(8 * (order == .bigEndian ? size - 1 - i : i))
            bytes[count] = UInt8(truncatingIfNeeded: word >> shift)
            count += 1
        }
    }

    public subscript(index: Int) -> UInt8 {
        precondition(index < count)
        return bytes[index]
    }

    public static func == (a: HashValue, b: HashValue) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for i in 0..<a.count { difference |= a.bytes[i] ^ b.bytes[i] }
        return difference == 0
    }

    /// Calls `body` with the value in lower-case hexadecimal, as digest authentication hashes and writes it.
    public func withHex<R>(_ body: (Bytes) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            for i in 0..<count {
                buffer[2 * i] = (bytes[i] >> 4).hexDigit
                buffer[2 * i + 1] = (bytes[i] & 15).hexDigit
            }
            return body(Bytes(UnsafeRawBufferPointer(rebasing: buffer[..<(2 * count)])))
        }
    }

    /// Whether `text` is this value in hexadecimal, of either case; the time taken does not tell where they differ.
    public func matches(hex text: Bytes) -> Bool {
        withHex { hex in
            guard text.count == hex.count else { return false }
            var difference: UInt8 = 0
            for i in 0..<hex.count { difference |= text[i].lowercased ^ hex[i] }
            return difference == 0
        }
    }
}

extension UInt8 {
    /// 0 to 15 as a lower-case hexadecimal digit.
    fileprivate var hexDigit: UInt8 { self < 10 ? 0x30 + self : 0x57 + self }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// Calls `body` with the value in lower-case hexadecimal of its full width: `nc` is 8 digits, our cnonce 16.
    func withHex<R>(_ body: (Bytes) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { buffer in
            let digits = Self.bitWidth / 4
            for i in 0..<digits { buffer[i] = UInt8(truncatingIfNeeded: self >> Self(4 * (digits - 1 - i)) & 15).hexDigit }
            return body(Bytes(UnsafeRawBufferPointer(rebasing: buffer[..<digits])))
        }
    }
}
