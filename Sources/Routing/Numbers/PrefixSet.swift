import Vocabulary

/// Beginnings of numbers, built once per snapshot: 12 bytes for a prefix of up to 15 symbols.
///
/// A search looks up the number's beginnings of the lengths that occur. What is no number
/// (`PackedNumber`) is left out; the empty prefix begins every number. Copies share their memory.
public struct PrefixSet: Sendable {
    private let short: PackedTable<UInt64>
    private let long: PackedTable<UInt128>
    /// Bit n is set when a prefix of length n exists.
    private let lengths: UInt32

    public init(_ prefixes: some Sequence<String> = []) {
        var short: [UInt64] = []
        var long: [UInt128] = []
        var lengths: UInt32 = 0
        for prefix in prefixes {
            guard let packed = PackedNumber(prefix) else { continue }
            lengths |= 1 << UInt32(packed.count)
            if let code = UInt64(exactly: packed.code) { short.append(code) } else { long.append(packed.code) }
        }
        self.short = PackedTable(short)
        self.long = PackedTable(long)
        self.lengths = lengths
    }

    public var count: Int { short.count + long.count }
    public var isEmpty: Bool { lengths == 0 }

    /// Bytes that the tables occupy.
    public var byteCount: Int { short.byteCount + long.byteCount }

    /// Length of the longest prefix that begins the number; nil when none does.
    public func longestMatch(_ number: Bytes) -> Int? {
        guard lengths != 0 else { return nil }
        if !long.isEmpty, let length = longestLongMatch(number) { return length }
        let (code, length) = PackedNumber.pack64(number)
        var candidates = lengths & UInt32.beginnings(upTo: length)
        while candidates != 0 {
            let n = UInt32.bitWidth - 1 - candidates.leadingZeroBitCount
            if short.contains(code >> UInt64((length - n) * 4)) { return n }
            candidates &= ~(1 << UInt32(n))
        }
        return nil
    }

    /// Whether any prefix begins the number.
    public func beginsAny(_ number: Bytes) -> Bool {
        guard lengths != 0 else { return false }
        let (code, length) = PackedNumber.pack64(number)
        var candidates = lengths & UInt32.beginnings(upTo: length)
        while candidates != 0 {
            let n = candidates.trailingZeroBitCount
            if short.contains(code >> UInt64((length - n) * 4)) { return true }
            candidates &= candidates - 1
        }
        return !long.isEmpty && longestLongMatch(number) != nil
    }

    private func longestLongMatch(_ number: Bytes) -> Int? {
        let (code, length) = PackedNumber.pack128(number)
        var n = length
        while n > PackedNumber.shortLength {
            if lengths >> UInt32(n) & 1 == 1, long.contains(code >> UInt128((length - n) * 4)) { return n }
            n -= 1
        }
        return nil
    }
}

extension UInt32 {
    /// Bits 0 to `length`; `length` is at most 30.
    fileprivate static func beginnings(upTo length: Int) -> UInt32 { (1 << UInt32(length + 1)) - 1 }
}
