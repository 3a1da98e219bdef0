import Routing
import Testing
import Vocabulary

/// Dial plans by table: each symbol, each length test, which rule wins, and what is left to chance.
/// Bad rules are in `NumbersFaultTests`, random plans in `NumbersRewriteModelTests`.
@Suite("Dial plans")
struct NumbersRewriteTests {
    @Test(
        "the examples of the trade's guides",
        arguments: [
            ("0=0", "02584316146", "02584316146", 0),
            ("025=", "02584316146", "84316146", 0),
            ("*=12345678", "02584316146", "12345678", 0),
            ("0??84=8431", "02584316146", "8431316146", 0),
            ("0??84=84", "02584316146", "84316146", 0),
            ("13/L9=013", "13912345", "013912345", 0),
            ("13/L9=013", "139123456", "139123456", nil),
        ] as [(String, String, String, Int?)])
    func guides(rule: String, number: String, expected: String, index: Int?) throws {
        let result = try RewriteRules.plan(rule).rewritten(number)
        #expect(result.number == expected)
        #expect(result.rule == index)
    }

    @Test(
        "what is matched is replaced, and the rest is kept",
        arguments: [
            ("44=0", "442071234567", "02071234567"), ("44=", "44", ""), ("44=00", "44", "00"), ("44=00", "4", "4"), ("44=00", "54420", "54420"),
            ("=00", "4420", "004420"), ("=00", "", "00"), ("+44=0", "+4420", "020"), ("+44=0", "4420", "4420"), ("=+", "4420", "+4420"),
            ("00#=#", "00#7", "#7"), ("4420=4420", "4420", "4420"),
        ])
    func literals(rule: String, number: String, expected: String) throws {
        #expect(try RewriteRules.plan(rule).rewritten(number).number == expected)
    }

    @Test(
        "? is exactly one digit",
        arguments: [
            ("1?3=9", "123", "9"), ("1?3=9", "1234", "94"), ("1?3=9", "13", "13"), ("1?3=9", "1+3", "1+3"), ("1?3=9", "1223", "1223"),
            ("?=9", "5", "9"), ("?=9", "", ""), ("??=", "12345", "345"), ("?4=0", "34", "0"), ("?4=0", "44", "0"),
        ])
    func oneDigit(rule: String, number: String, expected: String) throws {
        #expect(try RewriteRules.plan(rule).rewritten(number).number == expected)
    }

    @Test(
        "* is any run of digits, none included, and takes what the rest of the original leaves",
        arguments: [
            ("*=1", "", "1"), ("*=1", "999", "1"), ("*=1", "+44anonymous", "1"), ("00*=1", "00", "1"), ("00*=1", "004420", "1"),
            ("00*=1", "04420", "04420"),
            ("1*3=9", "13", "9"), ("1*3=9", "123", "9"),
            ("1*3=9", "12344", "944"), ("1*3=9", "1232344", "944"), ("1*3=9", "1244", "1244"),
            ("*5=", "1525677", "677"), ("*5=", "1234", "1234"), ("1*2*3=9", "1002003", "9"), ("1*2*3=9", "1302003344", "944"),
            ("1*2*3=9", "1300", "1300"), ("1*?=9", "1", "1"), ("1*?=9", "12", "9"), ("1*??8=9", "1778", "9"), ("1*??8=9", "178", "178"),
            ("1*2?*=9", "10245", "9"), ("1*22*22=9", "12222", "9"), ("1*22*22=9", "1222", "1222"),
        ])
    func anyRun(rule: String, number: String, expected: String) throws {
        #expect(try RewriteRules.plan(rule).rewritten(number).number == expected)
    }

    @Test(
        "length tests look at the whole number",
        arguments: [
            ("13/L5=9", [2: true, 4: true, 5: false, 6: false]), ("13/E5=9", [4: false, 5: true, 6: false]),
            ("13/G5=9", [4: false, 5: false, 6: true, 40: true, 62: true, 63: true, 70: false]),
            ("13/F5=9", [2: true, 4: true, 5: false, 6: true]),
            ("13/G3/L7=9", [3: false, 4: true, 6: true, 7: false]), ("13/F4/F6=9", [3: true, 4: false, 5: true, 6: false, 7: true]),
            ("13*/E5=9", [4: false, 5: true, 6: false]), ("13/G62=9", [62: false, 63: true]),
            ("*/G62=9", [62: false, 63: true, 64: true, 200: true]),
        ])
    func lengthTests(rule: String, matches: [Int: Bool]) throws {
        let plan = try RewriteRules.plan(rule)
        for (length, isMatched) in matches {
            let number = "13" + String(repeating: "7", count: length - 2)
            #expect((plan.rewritten(number).rule != nil) == isMatched, "length \(length)")
        }
    }

    @Test(
        "$ keeps the character that the number has at this position",
        arguments: [
            ("0??=$$", "0258", "028"), ("0??=1$$", "0258", "1258"), ("0??=$1$", "0258", "0158"), ("0??=$", "0258", "08"), ("44=$$0", "4420", "44020"),
            ("*/E4=$$", "1234", "12"), ("*/G3=00$$", "1234", "0034"), ("+1=$", "+14155550100", "+4155550100"),
        ])
    func keeps(rule: String, number: String, expected: String) throws {
        #expect(try RewriteRules.plan(rule).rewritten(number).number == expected)
    }

    @Test(
        "the longest original wins: literals and ? count, * does not; then one with a length test, then the first",
        arguments: [
            (["0=a", "025=b", "02=c"], "0258", 1), (["0=a", "02?=b", "02=c"], "0258", 1), (["025*=a", "0258=b"], "02584", 1),
            (["*=a", "0=b"], "02", 1), (["*=a", "0=b"], "12", 0), (["02*8=a", "025=b"], "0258", 0), (["025=b", "02*8=a"], "0258", 0),
            (["0?=a", "02=b"], "02", 0), (["02=b", "0?=a"], "02", 0), (["02=a", "02/L9=b"], "0258", 1), (["02=a", "02/L3=b"], "0258", 0),
            (["02/L9=a", "02/E4=b"], "0258", 0), (["????=a", "025=b"], "0258", 0), (["????=a", "025=b"], "025", 1), (["=a", "*=b"], "7", 0),
            (["*=b", "=a"], "7", 0), (["025=a", "??/E3=b"], "02", nil), (["1=a", "0???????????=b"], "0", nil),
        ] as [([String], String, Int?)])
    func longest(rules: [String], number: String, expected: Int?) throws {
        // Letters stand for targets here, only to tell the rules apart.
        let plan = try RewriteRules.plan(rules.map { $0.split(separator: "=", omittingEmptySubsequences: false)[0] + "=7" })
        #expect(plan.rewritten(number).rule == expected)
    }

    @Test("a plan is applied once: a result is not rewritten again, so rules that lead back to each other end")
    func once() throws {
        let plan = try RewriteRules.plan("1=2", "2=1", "0=00")
        #expect(plan.rewritten("15").number == "25")
        #expect(plan.rewritten("25").number == "15")
        #expect(plan.rewritten("05").number == "005")
    }

    @Test("without a rule that matches the number stays as it was, also one with letters or longer than any number")
    func unmatched() throws {
        let plan = try RewriteRules.plan("44=0")
        for number in ["", "1", "anonymous", "+44", String(repeating: "5", count: 300)] {
            #expect(plan.rewritten(number) == (number, nil))
            #expect(RewriteRules().rewritten(number) == (number, nil))
        }
    }

    @Test("no result is longer than the longest number: a rule that would make it longer does not match")
    func longestResult() throws {
        let plan = try RewriteRules.plan("1=000", "=5")
        let fits = "1" + String(repeating: "7", count: 60)
        #expect(plan.rewritten(fits).number.count == 63)
        #expect(plan.rewritten(fits).rule == 0)
        #expect(plan.rewritten(fits + "7").rule == 1)
        #expect(plan.rewritten(fits + "777").rule == nil)
        #expect(try RewriteRules.plan("*=5").rewritten(String(repeating: "x", count: 300)).number == "5")
    }

    @Test("several targets are used by chance, one that stands twice twice as often, and chance repeats from the seed")
    func severalTargets() throws {
        let plan = try RewriteRules.plan("44=1|2|2|")
        var counts: [String: Int] = [:]
        for seed in 0..<4_000 { counts[plan.rewritten("447", seed: UInt64(seed)).number, default: 0] += 1 }
        #expect(Set(counts.keys) == ["17", "27", "7"])
        #expect((900...1_100).contains(counts["17"] ?? 0))
        #expect((1_850...2_150).contains(counts["27"] ?? 0))
        for seed in 0..<50 { #expect(plan.rewritten("447", seed: UInt64(seed)) == plan.rewritten("447", seed: UInt64(seed))) }
    }

    @Test("? in a target is one random digit, each of its own, and every digit comes")
    func randomDigits() throws {
        let plan = try RewriteRules.plan("*=44??5")
        var pairs: Set<String> = []
        for seed in 0..<3_000 {
            let number = plan.rewritten("1", seed: UInt64(seed)).number
            #expect(number.count == 5 && number.hasPrefix("44") && number.hasSuffix("5"))
            pairs.insert(String(number.dropFirst(2).prefix(2)))
        }
        #expect(pairs.count == 100)
    }

    @Test("chance is drawn only where a rule leaves something to it")
    func chance() throws {
        var random = NumberRandom(seed: 5)
        var result: [UInt8] = []
        let plan = try RewriteRules.plan("44=0", "55=?")
        for number in ["4420", "1"] { _ = number.withBytes { plan.rewrite($0, random: &random, into: &result) } }
        var untouched = NumberRandom(seed: 5)
        #expect(random.next() == untouched.next())
        _ = "55".withBytes { plan.rewrite($0, random: &random, into: &result) }
        #expect(random.next() != untouched.next())
    }

    @Test("plans are equal when their rules are")
    func equality() throws {
        #expect(try RewriteRules.plan("44=0") == RewriteRules([RewriteRules.Rule("44", ["0"])]))
        #expect(try RewriteRules.plan("44=0") != RewriteRules.plan("44=1"))
        #expect(try Set([RewriteRules.plan("44=0"), RewriteRules.plan("44=0"), RewriteRules()]).count == 2)
        #expect(RewriteRules().isEmpty)
        #expect(try !RewriteRules.plan("44=0").isEmpty)
    }
}
