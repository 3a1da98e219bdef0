import Routing
import Testing
import Vocabulary

/// Rules that are refused, each with the field, what is wrong and what to do; and rules as text.
@Suite("Faults of dial plans")
struct NumbersFaultTests {
    @Test(
        "a bad original is refused",
        arguments: [
            ("12a", "no symbol"), ("12 3", "no symbol"), ("$1", "no symbol"), ("12-3", "no symbol"), ("1*23**", "**"), ("**", "**"),
            (String(repeating: "1", count: 64), "longer than 63"), ("13/", "length test"), ("13/L", "length test"), ("13/L0", "length test"),
            ("13/L63", "length test"), ("13/L100", "length test"), ("13/L-1", "length test"), ("13/l9", "length test"), ("13/X9", "length test"),
            ("13/L9x", "length test"), ("13/L9/", "length test"), ("13/9", "length test"), ("13//L9", "length test"), ("/L9/L", "length test"),
            ("13/L2", "matches no number"), ("13/E1", "matches no number"), ("1*3/L2", "matches no number"), ("/L5/G9", "matches no number"),
            ("13/E5/F5", "matches no number"), ("13/E5/E6", "matches no number"),
        ])
    func originals(original: String, words: String) throws {
        let fault = try #require(RewriteRules.fault(original: original, targets: ["1"]))
        #expect(fault.field == .original)
        #expect(fault.rule.contains(words), "\(fault.rule)")
        #expect(!fault.remedy.isEmpty)
    }

    @Test(
        "a bad target is refused, wherever it stands",
        arguments: [
            ("44", ["a"], "no symbol"), ("44", ["1", "2 "], "no symbol"), ("44", ["*"], "no symbol"), ("44", ["1/L9"], "no symbol"),
            ("44", ["$$$"], "position 3"), ("44", ["1", "00$"], "position 3"), ("*", ["$"], "position 1"), ("", ["$"], "position 1"),
            ("*/E4", ["0000$"], "position 5"), ("1*3", ["$$$"], "position 3"), ("44/G9", ["$$$"], "position 3"), ("44", [], "missing"),
            ("44", [String(repeating: "1", count: 64)], "longer than 63"), ("1/G60", ["12345"], "longer than 63"),
        ] as [(String, [String], String)])
    func targets(original: String, targets: [String], words: String) throws {
        let fault = try #require(RewriteRules.fault(original: original, targets: targets))
        #expect(fault.field == .targets)
        #expect(fault.rule.contains(words), "\(fault.rule)")
        #expect(!fault.remedy.isEmpty)
    }

    @Test(
        "what is usable is not refused",
        arguments: [
            ("", ["00"]), ("*", [""]), ("0??84", ["8431"]), ("13/L9", ["0"]), ("13/E2", ["0"]), ("13/L62", ["0"]), ("*/E4", ["$$$$"]),
            ("*/G3", ["$$$$"]), ("1*3/F5/G3", ["$$"]), ("44", ["", "", "??"]), ("+#", ["+#"]), (String(repeating: "1", count: 63), ["$"]),
            ("*", [String(repeating: "1", count: 63)]),
        ])
    func usable(original: String, targets: [String]) { #expect(RewriteRules.fault(original: original, targets: targets) == nil) }

    @Test("an original that stands already is refused, also where its length tests are in another order")
    func duplicates() {
        typealias Rule = RewriteRules.Rule
        let faults = RewriteRules.faults(of: [
            Rule("44", ["0"]), Rule("13/L9/G3", ["0"]), Rule("44/L9", ["0"]), Rule("44", ["1"]), Rule("13/G3/L9", ["0"]),
            Rule("5x", ["0"]),
        ])
        #expect(faults.map(\.index) == [3, 4, 5])
        #expect(faults.first?.fault.rule.contains("already in rule 1") == true)
        #expect(faults.dropFirst().first?.fault.rule.contains("already in rule 2") == true)
        #expect(RewriteRules.faults(of: []).isEmpty)
    }

    @Test("a rule with a fault never matches, and the others do")
    func ignored() {
        typealias Rule = RewriteRules.Rule
        let plan = RewriteRules([Rule("44x", ["0"]), Rule("44", ["$$$"]), Rule("4", ["5"]), Rule("6", [])])
        #expect(plan.rewritten("4420") == ("5420", 2))
        #expect(plan.rewritten("6") == ("6", nil))
        #expect(plan.rules.count == 4)
    }

    @Test(
        "a rule is read from text, and written as it is read",
        arguments: [
            ("44=0", "44", ["0"], "44=0"), ("025=", "025", [""], "025="), (" 0??84 = 8431 | 8432 ", "0??84", ["8431", "8432"], "0??84=8431|8432"),
            ("*/L9=|1", "*/L9", ["", "1"], "*/L9=|1"), ("=00", "", ["00"], "=00"),
        ])
    func text(text: String, original: String, targets: [String], written: String) throws {
        let rule = try RewriteRules.Rule(parsing: text)
        #expect(rule == RewriteRules.Rule(original, targets))
        #expect(rule.text == written)
        #expect(try RewriteRules.Rule(parsing: rule.text) == rule)
    }

    @Test("text that is no rule is refused", arguments: ["", "44", "44:0", "44=0=1", "44=a", "x=1", "4 4=1", "44=1,2"])
    func badText(text: String) { #expect(throws: RewriteFault.self) { try RewriteRules.Rule(parsing: text) } }
}
