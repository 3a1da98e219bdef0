import Testing
import Vocabulary

@testable import SIPUserAgent

/// Covers priorities and weights over many draws (RFC 2782), and turned address lists.
@Suite("Server order")
struct ServerOrderTests {
    private static let draws = 60_000

    /// How often each server stands at `position`, as parts of all draws.
    private func shares(_ records: [SRVRecord], at position: Int = 0) -> [String: Double] {
        var generator = LocationGenerator(seed: 7)
        var counts: [String: Int] = [:]
        for _ in 0..<ServerOrderTests.draws {
            counts[ServerOrder.arrange(records, using: &generator)[position].target, default: 0] += 1
        }
        return counts.mapValues { Double($0) / Double(ServerOrderTests.draws) }
    }

    private func isNear(_ share: Double?, _ expected: Double) -> Bool { abs((share ?? 0) - expected) < 0.01 }

    @Test("a lower priority always stands first, whatever the weights")
    func priorities() {
        let records = [server("b", priority: 20, weight: 60_000), server("a", priority: 10, weight: 1), server("c", priority: 30)]
        var generator = LocationGenerator(seed: 1)
        for _ in 0..<1_000 { #expect(ServerOrder.arrange(records, using: &generator).map(\.target) == ["a", "b", "c"]) }
    }

    @Test("among one priority each is first as often as its weight says")
    func weights() {
        // The number drawn lies between 0 and the sum, both included: the first of the list has one part more.
        let first = shares([server("a", weight: 100), server("b", weight: 300), server("c", weight: 600)])
        #expect(isNear(first["a"], 0.1) && isNear(first["b"], 0.3) && isNear(first["c"], 0.6))
    }

    @Test("the second place is drawn among the rest in the same way")
    func secondPlace() {
        let second = shares([server("a", weight: 100), server("b", weight: 300), server("c", weight: 600)], at: 1)
        // P(a second) = P(b first) * 100/700 + P(c first) * 100/400, and so on.
        #expect(isNear(second["a"], 0.3 * 100 / 700 + 0.6 * 100 / 400))
        #expect(isNear(second["b"], 0.1 * 300 / 900 + 0.6 * 300 / 400))
        #expect(isNear(second["c"], 0.1 * 600 / 900 + 0.3 * 600 / 700))
    }

    @Test("weight 0 beside weights is chosen first seldom, but is")
    func zeroBesideWeights() {
        let first = shares([server("zero", weight: 0), server("nine", weight: 9)])
        #expect(isNear(first["zero"], 0.1) && isNear(first["nine"], 0.9))
    }

    @Test("servers without weights share alike")
    func equal() {
        let first = shares((0..<4).map { server("s\($0)") })
        for index in 0..<4 { #expect(isNear(first["s\(index)"], 0.25)) }
    }

    @Test("the largest weights do not overflow, and no server is lost")
    func largest() {
        var generator = LocationGenerator(seed: 3)
        let records = (0..<64).map { server("s\($0)", weight: .max) }
        let order = ServerOrder.arrange(records, using: &generator)
        #expect(Set(order.map(\.target)).count == 64)
    }

    @Test("resolutions of the same answers draw anew")
    func newDraws() {
        var zone = Zone()
        zone["_sip._udp.example.net", .srv] = servers(server("sip1.example.net", weight: 1), server("sip2.example.net", weight: 1))
        zone["sip1.example.net", .a] = addresses("192.0.2.1")
        zone["sip2.example.net", .a] = addresses("192.0.2.2")
        let hop = NextHop(host: "example.net", transport: .udp)
        let first = (0..<50).compactMap { zone.resolve(hop, seed: $0)?.places.first }
        #expect(Set(first) == ["udp 192.0.2.1:5060", "udp 192.0.2.2:5060"])
    }

    @Test("the addresses of one host share the requests, in the order of their ring")
    func turnedAddresses() {
        var zone = Zone()
        zone["sip.example.net", .a] = addresses("192.0.2.1", "192.0.2.2", "192.0.2.3")
        let hop = NextHop(host: "sip.example.net", port: 5060)
        let orders = Set((0..<100).compactMap { zone.resolve(hop, seed: $0)?.places.map { $0.suffix(6).first } })
        #expect(orders == [["1", "2", "3"], ["2", "3", "1"], ["3", "1", "2"]])
    }
}
