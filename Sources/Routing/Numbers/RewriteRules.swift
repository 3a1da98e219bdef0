import Vocabulary

/// A dial plan: original -> targets. The rule with the longest matching original wins.
///
/// It is applied once: a result is not rewritten again by the same plan, so rules cannot chase each other.
/// An original matches the beginning of a number; what it matched is replaced by a target, and the rest
/// of the number is kept. The symbols are those of `RewritePattern` and of `RewriteTarget`.
///
/// Longest means: most positions, literal characters and `?` together (`*` is none). Of equally long
/// originals one with a length test goes before one without, then the one that stands first.
public struct RewriteRules: Sendable {
    public struct Rule: Sendable, Hashable {
        /// Digits, `+`, `#`, `*` and `?`, with an optional length test at its end (`/L9`).
        public var original: String
        /// One of them is used, by chance. One that stands twice is used twice as often.
        public var targets: [String]

        public init(_ original: String, _ targets: [String]) {
            self.original = original
            self.targets = targets
        }
    }

    public let rules: [Rule]
    /// Nil when no rule is usable.
    private let plan: RewritePlan?

    /// A rule with a fault (`RewriteRules.fault`) never matches.
    public init(_ rules: [Rule] = []) {
        self.rules = rules
        self.plan = RewritePlan(rules)
    }

    /// No result is longer; a rule that would make it longer does not match.
    public static let longestNumber = 63

    public var isEmpty: Bool { rules.isEmpty }

    /// Puts the rewritten number into `result`, or the number as it was when no rule matches.
    ///
    /// `number` must not lie in `result`. Chance is drawn only where a rule leaves something to it.
    /// - Returns: the index of the rule that matched, nil when none did.
    public func rewrite(_ number: Bytes, random: inout NumberRandom, into result: inout [UInt8]) -> Int? {
        result.removeAll(keepingCapacity: true)
        guard let plan, let match = plan.match(number) else {
            result.append(contentsOf: number.buffer)
            return nil
        }
        plan.write(match, number, random: &random, into: &result)
        return plan.rule(of: match)
    }
}

extension RewriteRules: Hashable {
    public static func == (a: RewriteRules, b: RewriteRules) -> Bool { a.rules == b.rules }
    public func hash(into hasher: inout Hasher) { hasher.combine(rules) }
}
