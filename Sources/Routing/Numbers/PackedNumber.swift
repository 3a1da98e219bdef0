import Vocabulary

/// A number of at most 31 symbols (digits, `+`, `#` and `*`) in 16 bytes: four bits a symbol behind a
/// leading 1. The beginnings of a number are its code shifted to the right.
public struct PackedNumber: Hashable, Sendable {
    public static let maximumLength = 31

    /// 1 is the empty number; 0 is none, so that tables can mark free places with it.
    let code: UInt128

    init(code: UInt128) { self.code = code }

    /// Nil where the number is longer, or has another character such as a letter.
    public init?(_ number: Bytes) {
        guard number.count <= Self.maximumLength else { return nil }
        if number.count <= Self.shortLength {
            let (code, length) = Self.pack64(number)
            guard length == number.count else { return nil }
            self.code = UInt128(code)
        } else {
            let (code, length) = Self.pack128(number)
            guard length == number.count else { return nil }
            self.code = code
        }
    }

    public init?(_ text: String) {
        guard let packed = text.withBytes({ PackedNumber($0) }) else { return nil }
        self = packed
    }

    public var isEmpty: Bool { code == 1 }
    public var count: Int { (UInt128.bitWidth - 1 - code.leadingZeroBitCount) / 4 }

    /// Appends the symbols.
    public func append(to bytes: inout [UInt8]) {
        var shift = count * 4
        while shift > 0 {
            shift -= 4
            bytes.append(Self.symbol(UInt8(truncatingIfNeeded: code >> UInt128(shift)) & 0xF))
        }
    }

    // MARK: Codes

    /// The longest number whose code fits 8 bytes.
    static let shortLength = 15

    /// Code of the first symbols, up to `shortLength` or the first character that is none, and how many they are.
    @inline(__always)
    static func pack64(_ number: Bytes) -> (code: UInt64, length: Int) {
        var code: UInt64 = 1
        let end = min(number.count, shortLength)
        for i in 0..<end {
            let nibble = nibble(number[i])
            guard nibble < 16 else { return (code, i) }
            code = code << 4 | UInt64(nibble)
        }
        return (code, end)
    }

    static func pack128(_ number: Bytes) -> (code: UInt128, length: Int) {
        var code: UInt128 = 1
        let end = min(number.count, maximumLength)
        for i in 0..<end {
            let nibble = nibble(number[i])
            guard nibble < 16 else { return (code, i) }
            code = code << 4 | UInt128(nibble)
        }
        return (code, end)
    }

    /// 0 to 12, or 255 for a character that is no symbol of a number.
    @inline(__always)
    static func nibble(_ byte: UInt8) -> UInt8 {
        let digit = byte &- 0x30
        if digit <= 9 { return digit }
        switch byte {
        case UInt8(ascii: "+"): return 10
        case UInt8(ascii: "#"): return 11
        case UInt8(ascii: "*"): return 12
        default: return 255
        }
    }

    private static func symbol(_ nibble: UInt8) -> UInt8 {
        switch nibble {
        case 10: UInt8(ascii: "+")
        case 11: UInt8(ascii: "#")
        case 12: UInt8(ascii: "*")
        default: 0x30 + nibble
        }
    }
}

extension PackedNumber: CustomStringConvertible {
    public var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
