import Routing
import Vocabulary

// Helpers of the suites on numbers.

extension RewriteRules {
    /// The plan of rules as text, in order.
    static func plan(_ texts: String...) throws -> RewriteRules { try plan(texts) }

    static func plan(_ texts: [String]) throws -> RewriteRules { RewriteRules(try texts.map { try Rule(parsing: $0) }) }

    /// The rewritten number, and the rule that matched.
    func rewritten(_ number: String, seed: UInt64 = 1) -> (number: String, rule: Int?) {
        var random = NumberRandom(seed: seed)
        var result: [UInt8] = [1, 2, 3]
        let rule = number.withBytes { rewrite($0, random: &random, into: &result) }
        return (String(decoding: result, as: UTF8.self), rule)
    }
}

extension NumberRandom {
    /// So many characters of the alphabet.
    mutating func text(_ alphabet: String, count: Int) -> String {
        let characters = Array(alphabet)
        return String((0..<count).map { _ in characters[below(characters.count)] })
    }
}
