import Vocabulary

/// The original of a rewrite rule, taken apart.
///
/// | Symbol | Meaning |
/// | --- | --- |
/// | digit, `+`, `#` | this character |
/// | `?` | exactly one digit |
/// | `*` | any run of digits, none included; as many as the rest of the original leaves. Other characters of a number are taken too, so that a lone `*` replaces everything. |
/// | `/L`n | at its end: the whole number is shorter than n |
/// | `/E`n | its length is n |
/// | `/G`n | it is longer than n |
/// | `/F`n | its length is not n |
///
/// Several length tests all hold together. An empty original begins every number.
struct RewritePattern: Hashable {
    /// Without the length tests.
    var symbols: [UInt8]
    /// Bit n stands for numbers of length n, bit 63 also for longer ones.
    var lengths: UInt64

    static let any = UInt8(ascii: "*")
    static let digit = UInt8(ascii: "?")
    /// Lengths that can be tested.
    static let testableLengths = 1...62

    /// Literal characters and `?`: how many characters a number has at least.
    var positions: Int { symbols.count { $0 != Self.any } }
    /// Literal characters before the first other symbol.
    var leading: Int { symbols.firstIndex { $0 == Self.any || $0 == Self.digit } ?? symbols.count }
    var isTested: Bool { lengths != .max }
    var endsInAny: Bool { symbols.last == Self.any }

    /// The length of the shortest number that can match; nil when none can.
    var shortestNumber: Int? {
        let possible = lengths & (UInt64.max << UInt64(positions))
        return possible == 0 ? nil : possible.trailingZeroBitCount
    }

    /// Characters that a match replaces in every case.
    var surelyReplaced: Int { endsInAny ? shortestNumber ?? positions : positions }

    init(parsing original: String) throws(RewriteFault) {
        let bytes = Array(original.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
        symbols = Array(bytes[..<end])
        lengths = .max
        guard symbols.count <= RewriteRules.longestNumber else {
            throw RewriteFault(.original, "is longer than \(RewriteRules.longestNumber) symbols", remedy: "shorten it")
        }
        for (i, symbol) in symbols.enumerated() {
            guard symbol.isNumberLiteral || symbol == Self.any || symbol == Self.digit else {
                throw RewriteFault(
                    .original, "has a character that is no symbol of a number (\(original))",
                    remedy: "write digits, + and #, ? for one digit, * for any run of digits, and length tests such as /L9 at the end")
            }
            if symbol == Self.any, i > 0, symbols[i - 1] == Self.any {
                throw RewriteFault(.original, "has ** in it, which is the same as *", remedy: "write one *")
            }
        }
        var rest = bytes[end...]
        while let test = rest.popFirst() {
            guard test == UInt8(ascii: "/"), let kind = rest.popFirst(), let mask = Self.mask(kind, &rest) else {
                throw RewriteFault(
                    .original, "has a length test that cannot be read (\(original))",
                    remedy: "write /L9 (shorter than 9), /E9 (exactly 9), /G9 (longer than 9) or /F9 (not 9), with a length from "
                        + "\(Self.testableLengths.lowerBound) to \(Self.testableLengths.upperBound)")
            }
            lengths &= mask
        }
        guard shortestNumber != nil else {
            throw RewriteFault(
                .original, "matches no number: its length test leaves no length of \(positions) or more",
                remedy: "correct the length test; it counts the whole number, the matched beginning included")
        }
    }

    /// The lengths that a test leaves; the digits are taken from `rest`.
    private static func mask(_ kind: UInt8, _ rest: inout ArraySlice<UInt8>) -> UInt64? {
        let digits = rest.prefix { $0.isDigit }
        guard digits.count <= 2, let n = Int(String(decoding: digits, as: UTF8.self)), testableLengths.contains(n) else { return nil }
        rest = rest.dropFirst(digits.count)
        let bit: UInt64 = 1 << UInt64(n)
        switch kind {
        case UInt8(ascii: "L"): return bit - 1
        case UInt8(ascii: "E"): return bit
        case UInt8(ascii: "G"): return ~(bit - 1) & ~bit
        case UInt8(ascii: "F"): return ~bit
        default: return nil
        }
    }
}

extension UInt8 {
    /// A character that stands for itself in originals and targets.
    var isNumberLiteral: Bool { isDigit || self == UInt8(ascii: "+") || self == UInt8(ascii: "#") }
}
