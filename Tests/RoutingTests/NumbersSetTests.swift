import Routing
import Testing
import Vocabulary

/// Packed numbers, sets of whole numbers, and sets of prefixes, by example and against plain sets.
@Suite("Sets of numbers")
struct NumbersSetTests {
    @Test(
        "a number packs and comes back as it was",
        arguments: [
            "", "0", "00", "442071234567", "+14155550100", "*100#", "123456789012345", "1234567890123456",
            "+*#0987654321+*#0987654321+*#01",
        ])
    func packing(text: String) throws {
        let packed = try #require(PackedNumber(text))
        #expect(packed.description == text)
        #expect(packed.count == text.count)
        #expect(packed.isEmpty == text.isEmpty)
    }

    @Test(
        "what is no number does not pack",
        arguments: [
            "a", "4420x", "44 20", "12345678901234567890123456789012", "123456789012345x", "1234567890123456x", "-1", "\u{0}",
        ])
    func unpackable(text: String) { #expect(PackedNumber(text) == nil) }

    @Test("numbers differ by their leading zeros")
    func leadingZeros() {
        let set = NumberSet(["0", "007"])
        #expect(["0", "007"].allSatisfy { $0.withBytes { set.contains($0) } })
        #expect(["", "00", "7", "07", "0007", "x07", "00x"].allSatisfy { !$0.withBytes { set.contains($0) } })
    }

    @Test("an empty set has nothing, and what is no number is left out")
    func empty() {
        for set in [NumberSet(), NumberSet(["alice", String(repeating: "1", count: 32)])] {
            #expect(set.isEmpty && set.count == 0 && set.byteCount == 0)
            for number in ["", "1", "alice", String(repeating: "1", count: 20), String(repeating: "1", count: 32)] {
                #expect(!number.withBytes { set.contains($0) })
            }
        }
    }

    @Test("sets agree with a plain set", arguments: 0..<6)
    func wholeNumbers(seed: Int) {
        var random = NumberRandom(seed: UInt64(seed))
        func number() -> String { random.text("012+", count: random.below(seed < 3 ? 5 : 32)) }
        let numbers = (0..<400).map { _ in number() }
        let set = NumberSet(numbers)
        let plain = Set(numbers)
        #expect(set.count == plain.count)
        for number in numbers { #expect(number.withBytes { set.contains($0) }) }
        for _ in 0..<2_000 {
            let asked = number()
            #expect(asked.withBytes { set.contains($0) } == plain.contains(asked), "\(asked)")
        }
    }

    @Test("a million numbers of twelve digits fit in 40 MB: 12 bytes each, whatever the digits")
    func memory() {
        let set = NumberSet((0..<100_000).lazy.map { "4420" + String(10_000_000 + $0) })
        #expect(set.count == 100_000)
        #expect(set.byteCount < 4_000_000)
        #expect("442010099999".withBytes { set.contains($0) })
        #expect(!"442010100000".withBytes { set.contains($0) })
        #expect(PrefixSet((0..<1_000).lazy.map { "44" + String($0) }).byteCount < 13_000)
    }

    @Test("the longest prefix is found, of short and long ones")
    func longestPrefix() {
        let set = PrefixSet(["44", "4420", "442071234567890123", "1"])
        func longest(_ number: String) -> Int? { number.withBytes { set.longestMatch($0) } }
        #expect(longest("442071234567890123") == 18)
        #expect(longest("44207123456789012") == 4)
        #expect(longest("441") == 2)
        #expect(longest("4420x") == 4)
        #expect(longest("44") == 2)
        #expect(longest("4") == nil)
        #expect(longest("") == nil)
        #expect(longest("x1") == nil)
        #expect("".withBytes { PrefixSet([""]).longestMatch($0) } == 0)
        #expect("alice".withBytes { PrefixSet([""]).beginsAny($0) })
        #expect(PrefixSet(["alice"]).isEmpty)
    }

    @Test("prefixes agree with a search that looks at every one", arguments: 0..<8)
    func prefixes(seed: Int) {
        var random = NumberRandom(seed: UInt64(100 + seed))
        let isLong = seed % 2 == 1
        let stems = (0..<6).map { _ in random.text("01", count: 16) }
        func text(_ most: Int) -> String {
            guard isLong, random.below(2) == 0 else { return random.text("012+", count: random.below(most)) }
            return stems[random.below(stems.count)] + random.text("01", count: random.below(most))
        }
        let prefixes = (0..<150).map { _ in text(9) }.filter { seed < 4 || !$0.isEmpty }
        let set = PrefixSet(prefixes)
        #expect(set.count == Set(prefixes).count)
        for _ in 0..<3_000 {
            let number = text(16) + random.text("0x", count: random.below(2))
            let expected = prefixes.filter { $0.isEmpty || number.hasPrefix($0) }.map(\.count).max()
            #expect(number.withBytes { set.longestMatch($0) } == expected, "\(number)")
            #expect(number.withBytes { set.beginsAny($0) } == (expected != nil), "\(number)")
        }
    }

    @Test("chance repeats from its seed, keeps its bound, and every value comes")
    func chance() {
        var a = NumberRandom(seed: 3)
        var b = NumberRandom(seed: 3)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<7_000 {
            let value = a.below(7)
            #expect(value == b.below(7))
            counts[value] += 1
        }
        #expect(counts.allSatisfy { (850...1_150).contains($0) })
        #expect(a.below(1) == 0)
    }
}
