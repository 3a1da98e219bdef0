import CAllocationCount
import CallRecords
import Glibc
import Routing
import SwitchCore
import Vocabulary

/// The first look at what arrives: at a gateway's message, and at those of strangers that are over their budget.
enum AdmissionBench {
    private static let repetitions = 100_000
    private static let rounds = 15
    private static let gateways = 1_000

    static func run() {
        // A thousand gateways, so that the table of known hosts has its usual size.
        let known = (0..<gateways).map { NetworkAddress(ipv4: 0x0A00_0000 + UInt32($0) * 257, port: 5060) }
        var shard = Shard(
            ShardConfiguration(
                seed: 1, listeners: [ListenerDescription(transport: .udp, local: NetworkAddress(ipv4: 0x7F00_0001, port: 5060))],
                switchConfiguration: SwitchConfiguration(
                    mappingGateways: known.enumerated().map { MappingGateway(name: "customer-\($0)", addresses: [$1.host]) })), now: .zero)
        let invite = Array(ParseBench.invite.utf8)
        let register = Array(ParseBench.invite.replacing("INVITE", with: "REGISTER").utf8)
        let stranger = { (number: Int) in NetworkAddress(ipv4: 0x7F10_0000 + UInt32(number % 1_000_000), port: 5060) }
        let now = Moment(instant: .zero + .seconds(1), wall: WallTime(microseconds: 1_800_000_000_000_000))
        var best: [(what: String, nanoseconds: UInt64, allocations: UInt64)] = []
        func measure(_ what: String, _ message: [UInt8], _ expected: Bool, _ source: (Int) -> NetworkAddress) {
            var fastest = UInt64.max
            var allocations: UInt64 = 0
            message.withBytes { bytes in
                for round in 0..<rounds {
                    var admitted = 0
                    let before = cac_allocations()
                    let start = time()
                    for number in 0..<repetitions where shard.admits(bytes, from: source(number), at: now) == .taken { admitted += 1 }
                    let end = time()
                    // The first round uses up the budget of strangers.
                    if round > 0 {
                        precondition((admitted == repetitions) == expected)
                        fastest = min(fastest, end - start)
                        allocations += cac_allocations() - before
                    }
                }
            }
            best.append((what, fastest, allocations))
        }
        measure("gateway", invite, true) { known[$0 % gateways] }
        measure("one stranger's REGISTER, dropped", register, false) { _ in stranger(0) }
        measure("one stranger's INVITE, dropped", invite, false) { _ in stranger(0) }
        measure("REGISTERs of a million strangers, dropped", register, false, stranger)
        measure("INVITEs of a million strangers, dropped", invite, false, stranger)
        for result in best {
            report("admission: \(result.what)", Double(result.nanoseconds) / Double(repetitions), "ns, \(result.allocations) allocations")
        }
    }

    private static func time() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
