import Routing
import Testing
import Vocabulary

/// The filters of one gateway or phone: prefixes, lengths, black and white lists, and the system white list.
@Suite("Number checks")
struct NumbersCheckTests {
    static let lists = NumberLists([
        NumberGroup(name: "nuisance", numbers: ["442071234567", "442071234568"]), NumberGroup(name: "partners", numbers: ["14155550100"]),
        NumberGroup(name: NumberGroup.systemWhiteList, numbers: ["112", "442071234567"]), NumberGroup(name: "nobody"),
    ])

    static func refusal(_ number: String, _ check: NumberCheck) -> NumberRefusal? { number.withBytes { check.refusal(of: $0) } }

    @Test("without filters every number passes")
    func nothing() {
        let check = NumberCheck()
        #expect(check.isEmpty)
        for number in ["", "1", "anonymous", String(repeating: "1", count: 100)] { #expect(Self.refusal(number, check) == nil) }
    }

    @Test(
        "prefixes: allowed ones must begin the number, denied ones must not",
        arguments: [
            (FilterMode.allow, ["44", "1"], "4420", true), (.allow, ["44", "1"], "49", false), (.allow, ["44", "1"], "", false),
            (.allow, ["44", "1"], "anonymous", false), (.allow, [""], "anonymous", true), (.deny, ["44", "4420"], "4420", false),
            (.deny, ["44"], "4", true), (.deny, ["44"], "anonymous", true), (.deny, [""], "1", false), (.allow, [], "1", true),
            (.deny, [], "1", true), (.allow, ["+44"], "+4420", true), (.allow, ["+44"], "4420", false),
        ] as [(FilterMode, [String], String, Bool)])
    func prefixes(mode: FilterMode, prefixes: [String], number: String, passes: Bool) {
        let check = NumberCheck(prefixes: PrefixFilter(mode, prefixes))
        #expect(check.isEmpty == prefixes.isEmpty)
        #expect(Self.refusal(number, check) == (passes ? nil : .prefix))
    }

    @Test("an allow list of prefixes that are no numbers lets nothing through")
    func unusablePrefixes() { #expect(Self.refusal("1", NumberCheck(prefixes: PrefixFilter(.allow, ["x"]))) == .prefix) }

    @Test(
        "lengths: only those of the mask pass, 32 and more never",
        arguments: [(2, false), (3, true), (4, false), (31, true), (32, false), (35, false), (0, false)])
    func lengths(length: Int, passes: Bool) {
        let check = NumberCheck(lengths: LengthFilter(mask: 1 << 3 | 1 << 31))
        #expect(!check.isEmpty)
        #expect(Self.refusal(String(repeating: "7", count: length), check) == (passes ? nil : .length))
    }

    @Test("a black list refuses what it has, and tells which it was")
    func blackList() {
        let check = NumberCheck(groups: NameFilter(.deny, ["partners", "nuisance"]), numberGroups: Self.lists.sets)
        #expect(!check.isEmpty)
        #expect(Self.refusal("14155550100", check) == .group(0))
        #expect(Self.refusal("442071234567", check) == .group(1))
        #expect(Self.refusal("44207123456", check) == nil)
        #expect(Self.refusal("anonymous", check) == nil)
    }

    @Test("white lists let through only what one of them has")
    func whiteList() {
        let check = NumberCheck(groups: NameFilter(.allow, ["partners", "nuisance"]), numberGroups: Self.lists.sets)
        #expect(Self.refusal("14155550100", check) == nil)
        #expect(Self.refusal("442071234567", check) == nil)
        #expect(Self.refusal("44207123456", check) == .group(nil))
        #expect(Self.refusal("anonymous", check) == .group(nil))
    }

    @Test("an empty or unknown group refuses nothing as black list, everything as white list", arguments: ["nobody", "unknown"])
    func emptyGroup(name: String) {
        #expect(Self.refusal("1", NumberCheck(groups: NameFilter(.deny, [name]), numberGroups: Self.lists.sets)) == nil)
        #expect(Self.refusal("1", NumberCheck(groups: NameFilter(.allow, [name]), numberGroups: Self.lists.sets)) == .group(nil))
    }

    @Test("the first reason is told: prefix, then length, then group")
    func order() {
        let check = NumberCheck(
            prefixes: PrefixFilter(.allow, ["4", "1"]), lengths: LengthFilter(mask: 1 << 11 | 1 << 12), groups: NameFilter(.deny, ["nuisance"]),
            numberGroups: Self.lists.sets)
        #expect(Self.refusal("5", check) == .prefix)
        #expect(Self.refusal("4", check) == .length)
        #expect(Self.refusal("442071234567", check) == .group(0))
        #expect(Self.refusal("14155550100", check) == nil)
    }

    @Test("the system white list has its numbers whole, and is empty without that group")
    func systemWhiteList() {
        func isWhite(_ number: String, _ lists: NumberLists) -> Bool { number.withBytes { lists.isOnSystemWhiteList($0) } }
        #expect(isWhite("112", Self.lists))
        #expect(isWhite("442071234567", Self.lists))
        #expect(!isWhite("1123", Self.lists))
        #expect(!isWhite("14155550100", Self.lists))
        #expect(!isWhite("112", NumberLists()))
    }

    @Test("a snapshot takes over the sets of groups that stayed, and makes those that changed anew")
    func takenOver() {
        let next = NumberLists(
            [
                NumberGroup(name: "nuisance", numbers: ["442071234567", "442071234568"]), NumberGroup(name: "partners", numbers: ["14155550101"]),
                NumberGroup(name: NumberGroup.systemWhiteList, numbers: ["911"]),
            ], previous: Self.lists)
        #expect(next.sets.keys.sorted() == ["nuisance", "partners", NumberGroup.systemWhiteList].sorted())
        #expect("442071234568".withBytes { next.sets["nuisance"]?.contains($0) } == true)
        #expect("14155550100".withBytes { next.sets["partners"]?.contains($0) } == false)
        #expect("14155550101".withBytes { next.sets["partners"]?.contains($0) } == true)
        #expect("911".withBytes { next.isOnSystemWhiteList($0) })
        #expect(!"112".withBytes { next.isOnSystemWhiteList($0) })
    }

    @Test("checks agree with plain rules on random filters", arguments: 0..<10)
    func model(seed: Int) {
        var random = NumberRandom(seed: UInt64(seed))
        func number() -> String { random.text("01", count: random.below(6)) }
        var groups: [String: [String]] = [:]
        for name in ["a", "b", "c"] { groups[name] = (0..<random.below(12)).map { _ in number() } }
        let lists = NumberLists(groups.map { NumberGroup(name: $0, numbers: $1) })
        for _ in 0..<60 {
            let texts = (0..<random.below(4)).map { _ in random.text("01", count: 1 + random.below(3)) }
            let prefixes = PrefixFilter(random.below(2) == 0 ? .allow : .deny, texts)
            let lengths = LengthFilter(mask: random.below(2) == 0 ? 0 : UInt32(random.below(64)))
            let names = NameFilter(random.below(2) == 0 ? .allow : .deny, (0..<random.below(3)).map { _ in random.text("abcd", count: 1) })
            let check = NumberCheck(prefixes: prefixes, lengths: lengths, groups: names, numberGroups: lists.sets)
            for _ in 0..<40 {
                let asked = number()
                let begins = prefixes.prefixes.contains { asked.hasPrefix($0) }
                let listed = names.names.firstIndex { groups[$0, default: []].contains(asked) }
                let expected: NumberRefusal? =
                    if !prefixes.isEmpty, begins == (prefixes.mode == .deny) {
                        .prefix
                    } else if lengths.mask != 0, lengths.mask >> UInt32(asked.count) & 1 == 0 {
                        .length
                    } else if names.isEmpty || (names.mode == .allow) == (listed != nil) { nil } else { .group(listed) }
                #expect(Self.refusal(asked, check) == expected, "\(asked)")
            }
        }
    }
}
