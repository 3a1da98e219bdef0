import Routing
import Testing
import Vocabulary

/// Random dial plans against a slow model that tries everything.
@Suite("Dial plans against a model")
struct NumbersRewriteModelTests {
    /// All places where `pattern` may end in `number`, found by trying every length of every `*`.
    static func ends(_ pattern: Substring, _ number: Substring) -> Set<Int> {
        guard let symbol = pattern.first else { return [0] }
        let rest = pattern.dropFirst()
        if symbol == "*" {
            var found: Set<Int> = []
            for taken in 0...number.count { found.formUnion(ends(rest, number.dropFirst(taken)).map { $0 + taken }) }
            return found
        }
        guard let character = number.first else { return [] }
        guard symbol == "?" ? "0123456789".contains(character) : symbol == character else { return [] }
        return Set(ends(rest, number.dropFirst()).map { $0 + 1 })
    }

    static func lengthTestHolds(_ test: Substring, _ length: Int) -> Bool {
        let n = Int(test.dropFirst()) ?? 0
        switch test.first {
        case "L": return length < n
        case "E": return length == n
        case "G": return length > n
        default: return length != n
        }
    }

    /// The rules that match with the end of each, best first.
    static func matches(_ rules: [RewriteRules.Rule], _ number: String) -> [(rule: Int, end: Int)] {
        var found: [(rule: Int, end: Int, positions: Int, isTested: Bool)] = []
        for (index, rule) in rules.enumerated() {
            let parts = rule.original.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.dropFirst().allSatisfy({ lengthTestHolds($0, number.count) }) else { continue }
            guard let end = ends(parts[0], number[...]).max() else { continue }
            guard rule.targets.allSatisfy({ $0.count + number.count - end <= 63 }) else { continue }
            found.append((index, end, parts[0].count { $0 != "*" }, parts.count > 1))
        }
        found.sort { a, b in
            if a.positions != b.positions { return a.positions > b.positions }
            if a.isTested != b.isTested { return a.isTested }
            return a.rule < b.rule
        }
        return found.map { ($0.rule, $0.end) }
    }

    /// Whether `result` is what one of the targets makes of the number.
    static func isResult(_ result: String, of targets: [String], _ number: String, end: Int) -> Bool {
        let characters = Array(number)
        return targets.contains { target in
            let expected = target.enumerated().map { $1 == "$" ? characters[$0] : $1 } + characters[end...]
            let kept = target.map { $0 == "?" } + characters[end...].map { _ in false }
            guard expected.count == result.count else { return false }
            return zip(zip(expected, kept), result).allSatisfy { $0.1 ? $1.isNumber : $0.0 == $1 }
        }
    }

    static func randomRule(_ random: inout NumberRandom) -> RewriteRules.Rule {
        var original = random.text("0011122?*+", count: random.below(6))
        if random.below(3) == 0 { original += "/" + random.text("LEGF", count: 1) + String(1 + random.below(8)) }
        if random.below(12) == 0 { original += "/" + random.text("LEGF", count: 1) + String(1 + random.below(8)) }
        let targets = (0..<1 + random.below(3)).map { _ in random.text("0123?$", count: random.below(5)) }
        return RewriteRules.Rule(original, targets)
    }

    @Test("the rule, its end and the result agree", arguments: 0..<20)
    func model(seed: Int) {
        var random = NumberRandom(seed: UInt64(seed))
        var rewritten = 0
        for _ in 0..<40 {
            // Bad rules stay in the plan, where they match nothing.
            let rules = (0..<random.below(24)).map { _ in Self.randomRule(&random) }
            let good = rules.filter { RewriteRules.fault(original: $0.original, targets: $0.targets) == nil }
            let plan = RewriteRules(rules)
            for _ in 0..<25 {
                let number = random.text("001112+", count: random.below(10))
                let (result, index) = plan.rewritten(number, seed: random.next())
                guard let best = Self.matches(good, number).first else {
                    #expect(index == nil && result == number, "\(number) by \(rules)")
                    continue
                }
                rewritten += 1
                guard let index else {
                    Issue.record("\(number) is matched by \(good[best.rule]), not found in \(rules)")
                    continue
                }
                // Equal rules differ in their place only.
                #expect(rules[index] == good[best.rule], "\(number)")
                #expect(Self.isResult(result, of: good[best.rule].targets, number, end: best.end), "\(number) -> \(result) by \(good[best.rule])")
            }
        }
        #expect(rewritten > 100)
    }
}
