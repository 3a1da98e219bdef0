import Vocabulary

/// One target of a rewrite rule, taken apart.
///
/// | Symbol | Meaning |
/// | --- | --- |
/// | digit, `+`, `#` | this character |
/// | `?` | one random digit |
/// | `$` | the character that the original number has at this position, counted from its beginning |
struct RewriteTarget: Hashable {
    var symbols: [UInt8]

    static let random = UInt8(ascii: "?")
    static let keep = UInt8(ascii: "$")

    init(parsing target: String, for pattern: RewritePattern) throws(RewriteFault) {
        symbols = Array(target.utf8)
        guard symbols.allSatisfy({ $0.isNumberLiteral || $0 == Self.random || $0 == Self.keep }) else {
            throw RewriteFault(
                .targets, "have a character that is no symbol of a target (\(target))",
                remedy: "write digits, + and #, ? for one random digit, $ to keep the digit of this position")
        }
        let replaced = pattern.surelyReplaced
        if let position = symbols.lastIndex(of: Self.keep), position >= replaced {
            throw RewriteFault(
                .targets, "keep the digit of position \(position + 1) (\(target)), but the original has \(replaced) positions",
                remedy: "use $ only at positions that the original has; what follows the matched beginning is kept anyway")
        }
        // The shortest number that matches gives the shortest result.
        let kept = pattern.symbols.contains(RewritePattern.any) ? 0 : (pattern.shortestNumber ?? 0) - pattern.positions
        guard kept + symbols.count <= RewriteRules.longestNumber else {
            throw RewriteFault(
                .targets, "make a number longer than \(RewriteRules.longestNumber) (\(target))", remedy: "shorten the target")
        }
    }

    /// Whether it is written as it stands.
    var isLiteral: Bool { symbols.allSatisfy(\.isNumberLiteral) }
}
