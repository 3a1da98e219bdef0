import Vocabulary

/// Why a rewrite rule is refused.
public struct RewriteFault: Error, Sendable, Hashable {
    public enum Field: String, Sendable, Hashable { case original, targets }

    public var field: Field
    /// What is wrong, as the rest of a sentence that begins with the field.
    public var rule: String
    public var remedy: String

    init(_ field: Field, _ rule: String, remedy: String) {
        self.field = field
        self.rule = rule
        self.remedy = remedy
    }
}

extension RewriteRules {
    /// What is wrong with a rule by itself; nil when it is usable.
    public static func fault(original: String, targets: [String]) -> RewriteFault? {
        do throws(RewriteFault) {
            let pattern = try RewritePattern(parsing: original)
            guard !targets.isEmpty else {
                return RewriteFault(.targets, "are missing", remedy: "write a target; an empty one strips what the original matches")
            }
            for target in targets { _ = try RewriteTarget(parsing: target, for: pattern) }
            return nil
        } catch {
            return error
        }
    }

    /// What is wrong with rules, by index: each by itself, and originals that stand before already.
    public static func faults(of rules: [Rule]) -> [(index: Int, fault: RewriteFault)] {
        var first: [RewritePattern: Int] = [:]
        var found: [(index: Int, fault: RewriteFault)] = []
        for (index, rule) in rules.enumerated() {
            if let fault = fault(original: rule.original, targets: rule.targets) { found.append((index, fault)) }
            guard let pattern = try? RewritePattern(parsing: rule.original) else { continue }
            if let earlier = first[pattern] {
                let fault = RewriteFault(
                    .original, "\(rule.original) stands already in rule \(earlier + 1), so this rule would never be used",
                    remedy: "put the targets into one rule, or change the original")
                found.append((index, fault))
            } else {
                first[pattern] = index
            }
        }
        return found
    }
}

extension RewriteRules.Rule {
    /// Reads `original=target1|target2`, spaces around the parts left out; `025=` strips.
    public init(parsing text: String) throws(RewriteFault) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw RewriteFault(.original, "is not told from its targets (\(text))", remedy: "write original=target, or original=target1|target2")
        }
        self.init(Self.trimmed(parts[0]), parts[1].split(separator: "|", omittingEmptySubsequences: false).map(Self.trimmed))
        if let fault = RewriteRules.fault(original: original, targets: targets) { throw fault }
    }

    /// The form that `init(parsing:)` reads.
    public var text: String { "\(original)=\(targets.joined(separator: "|"))" }

    private static func trimmed(_ part: Substring) -> String {
        var part = part
        while part.first == " " { part.removeFirst() }
        while part.last == " " { part.removeLast() }
        return String(part)
    }
}
