import Routing
import Testing
import Vocabulary

/// Which gateways take a number: longest prefix first, then priority, then name.
@Suite("Prefix table")
struct PrefixTableTests {
    static func gateway(_ name: String, _ prefixes: [String], priority: Int = 10) -> RoutingGateway {
        RoutingGateway(name: name, addresses: [NetworkAddress(ipv4: 0xC000_0201, port: 5060)], prefixes: prefixes, priority: priority)
    }

    /// Names with the length of the prefix that matched, in order.
    static func matches(_ gateways: [RoutingGateway], _ number: String) -> [String] {
        let table = PrefixTable(gateways)
        var found: [String] = []
        number.withBytes { table.forEachMatch($0) { found.append("\(gateways[$0].name)/\($1)") } }
        return found
    }

    @Test("a longer prefix goes before a shorter one, whatever the priority")
    func longestFirst() {
        let gateways = [
            Self.gateway("any", [""], priority: 1), Self.gateway("country", ["44"], priority: 2), Self.gateway("city", ["4420"], priority: 9),
            Self.gateway("other", ["49"], priority: 0),
        ]
        #expect(Self.matches(gateways, "442071234567") == ["city/4", "country/2", "any/0"])
        #expect(Self.matches(gateways, "4479") == ["country/2", "any/0"])
        #expect(Self.matches(gateways, "1") == ["any/0"])
        #expect(Self.matches(gateways, "") == ["any/0"])
    }

    @Test("within one prefix the lower priority number goes first, then the name")
    func priority() {
        let gateways = [
            Self.gateway("b", ["44"]), Self.gateway("a", ["44"]), Self.gateway("last", ["44"], priority: 11),
            Self.gateway("first", ["44"], priority: 0),
        ]
        #expect(Self.matches(gateways, "4420") == ["first/2", "a/2", "b/2", "last/2"])
    }

    @Test("a gateway comes once for each of its prefixes, however often it names one")
    func severalPrefixes() {
        #expect(Self.matches([Self.gateway("one", ["4", "44", "44", "1"])], "4420") == ["one/2", "one/1"])
    }

    @Test("a whole number can be a prefix, and a longer prefix than the number does not match")
    func wholeNumber() {
        let gateways = [Self.gateway("exact", ["442071234567"]), Self.gateway("plus", ["+44"])]
        #expect(Self.matches(gateways, "442071234567") == ["exact/12"])
        #expect(Self.matches(gateways, "44207123456").isEmpty)
        #expect(Self.matches(gateways, "+4420") == ["plus/3"])
    }

    @Test("prefixes up to the longest that may be configured, numbers beyond it")
    func longest() {
        let prefix = String(repeating: "7", count: PrefixTable.maximumPrefixLength)
        let gateways = [Self.gateway("long", [prefix]), Self.gateway("ignored", [prefix + "7"])]
        #expect(Self.matches(gateways, prefix) == ["long/63"])
        #expect(Self.matches(gateways, prefix + "777777") == ["long/63"])
        #expect(Self.matches(gateways, String(prefix.dropLast())).isEmpty)
    }

    @Test("no gateways, no match")
    func empty() { #expect(Self.matches([], "4420").isEmpty) }

    @Test("many prefixes agree with a search that looks at every gateway")
    func model() {
        var generator = Generator(state: 17)
        func digits(_ count: Int) -> String { String((0..<count).map { _ in Character(String(generator.next() % 4)) }) }
        let gateways = (0..<600).map { index in
            Self.gateway(
                "g\(index)", (0..<Int(generator.next() % 6)).map { _ in digits(Int(generator.next() % 9)) }, priority: Int(generator.next() % 3))
        }
        func naive(_ number: String) -> [String] {
            var found: [(length: Int, priority: Int, name: String)] = []
            for gateway in gateways {
                for prefix in Set(gateway.prefixes) where number.hasPrefix(prefix) || prefix.isEmpty {
                    found.append((prefix.utf8.count, gateway.priority, gateway.name))
                }
            }
            return found.sorted { (-$0.length, $0.priority, $0.name) < (-$1.length, $1.priority, $1.name) }.map { "\($0.name)/\($0.length)" }
        }
        let table = PrefixTable(gateways)
        for _ in 0..<1_000 {
            let number = digits(Int(generator.next() % 12))
            var found: [String] = []
            number.withBytes { table.forEachMatch($0) { found.append("\(gateways[$0].name)/\($1)") } }
            #expect(found == naive(number), "for \(number)")
        }
    }
}

/// A small repeatable source of numbers (SplitMix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
