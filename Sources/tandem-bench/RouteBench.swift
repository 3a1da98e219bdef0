import CAllocationCount
import Glibc
import Routing
import Vocabulary

/// Routing decisions: a table of 1,000 gateways and 100,000 prefixes, and the memory of 1,000,000 prefixes.
enum RouteBench {
    private static let numbers = 10_000
    /// The middle one counts.
    private static let roundCount = 21

    static func run() {
        decide()
        memory()
    }

    private static func decide() {
        var random = NumberRandom(seed: 1)
        let prefixes = prefixes(100_000, &random)
        let gateways = gateways(1_000, sharing: prefixes, each: 300, &random)
        let began = now()
        let configuration = SwitchConfiguration(
            mappingGateways: [MappingGateway(name: "customer-a", addresses: [NetworkAddress(ipv4: 0x7F00_0002, port: 0)])],
            routingGateways: gateways)
        report("configuration of 1,000 gateways and 100,000 prefixes", Double(now() - began) / 1e6, "ms")

        let callees = (0..<numbers).map { _ in prefixes[random.below(prefixes.count)] + digits(5, &random) }.map { Array($0.utf8) }
        var decision = CallDecision()
        var candidates = 0
        var rounds: [UInt64] = []
        rounds.reserveCapacity(roundCount)
        func decideAll() {
            for callee in callees {
                callee.withBytes { callee in
                    let inquiry = CallInquiry(
                        origin: .mappingGateway(0), sourceRule: .address, source: NetworkAddress(ipv4: 0x7F00_0002, port: 5060),
                        caller: Bytes("14155550100"), callee: callee,
                        now: Moment(instant: .zero, wall: WallTime(microseconds: 1_800_000_000_000_000)), random: 1)
                    configuration.decide(inquiry, into: &decision)
                }
                candidates += decision.candidates.count
            }
        }
        decideAll()
        candidates = 0
        let allocations = cac_allocations()
        for _ in 0..<roundCount {
            let start = now()
            decideAll()
            rounds.append(now() - start)
        }
        let spent = cac_allocations() - allocations
        report("routing decision, 1,000 gateways and 100,000 prefixes", Double(rounds.sorted()[roundCount / 2]) / Double(numbers), "ns")
        report("candidates in it", Double(candidates) / Double(roundCount * numbers), "")
        report("allocations of a routing decision", Double(spent) / Double(roundCount * numbers), "")
    }

    private static func memory() {
        var random = NumberRandom(seed: 2)
        let before = residentBytes()
        let prefixes = prefixes(1_000_000, &random)
        let gateways = gateways(1_000, sharing: prefixes, each: 0, &random)
        let described = residentBytes()
        let began = now()
        let table = PrefixTable(gateways)
        report("table of 1,000,000 prefixes, time to make it", Double(now() - began) / 1e6, "ms")
        report("table of 1,000,000 prefixes, its memory", Double(residentBytes() - described) / 1e6, "MB")
        report("table of 1,000,000 prefixes and its gateways, as the operator wrote them", Double(residentBytes() - before) / 1e6, "MB")
        precondition(table.count == prefixes.count && gateways.count == 1_000)
    }

    /// Different beginnings of numbers, 3 to 10 digits.
    private static func prefixes(_ count: Int, _ random: inout NumberRandom) -> [String] {
        var found: Set<String> = []
        found.reserveCapacity(count)
        while found.count < count { found.insert(digits(3 + random.below(8), &random)) }
        return found.sorted()
    }

    /// Gateways that divide the prefixes among themselves, or that each take some of them by chance.
    private static func gateways(_ count: Int, sharing prefixes: [String], each: Int, _ random: inout NumberRandom) -> [RoutingGateway] {
        (0..<count).map { index in
            var own: [String] = []
            if each == 0 {
                for place in stride(from: index, to: prefixes.count, by: count) { own.append(prefixes[place]) }
            } else {
                let first = index * (each / 3)
                own += prefixes[first..<first + each / 3]
                while own.count < each { own.append(prefixes[random.below(prefixes.count)]) }
            }
            return RoutingGateway(
                name: "carrier-\(index)", addresses: [NetworkAddress(ipv4: 0x7F01_0000 + UInt32(index), port: 5060)], prefixes: own,
                priority: random.below(3))
        }
    }

    private static func digits(_ count: Int, _ random: inout NumberRandom) -> String {
        String(decoding: (0..<count).map { _ in UInt8(0x30 + random.below(10)) }, as: UTF8.self)
    }

    private static func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
