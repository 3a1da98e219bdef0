import Routing
import Testing
import Vocabulary

@testable import SwitchCore

/// A gate that lives in a box, so that expectations can ask it.
private final class Gate {
    private var gate: AdmissionGate
    init(_ settings: ProtectionSettings, shards: Int = 1) { gate = AdmissionGate(settings, shards: shards, seed: 9) }

    var tableBytes: Int { gate.tableBytes }
    func configure(_ settings: ProtectionSettings) { gate.configure(settings, shards: 1) }
    func setGateways(_ hosts: [NetworkAddress]) { gate.setGateways(hosts) }
    func noteBinding(_ host: NetworkAddress) { gate.noteBinding(host) }
    func forgetBinding(_ host: NetworkAddress) { gate.forgetBinding(host) }
    func noteProof(_ host: NetworkAddress, at now: Instant) { gate.noteProof(host, at: now) }
    func close() { gate.isClosedToStrangers = true }
    func refusal(of source: NetworkAddress, at now: Instant) -> RefusalCause? { gate.refusal(of: source, at: now) }
    func takesCall(from source: NetworkAddress, at now: Instant) -> Bool { gate.takesCall(from: source, at: now) }

    func refusal(ofAccount account: StaticString, from source: NetworkAddress, opensCall: Bool, at now: Instant) -> RefusalCause? {
        gate.refusal(ofAccount: Bytes(account), from: source, opensCall: opensCall, at: now)
    }
}

/// Whom the gate lets in, by the source alone, in virtual time.
@Suite("Admission gate")
struct AdmissionGateTests {
    private func settings(_ change: (inout ProtectionSettings) -> Void = { _ in }) -> ProtectionSettings {
        var settings = ProtectionSettings()
        change(&settings)
        return settings
    }

    private func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
    private func stranger(_ number: Int) -> NetworkAddress { NetworkAddress(ipv4: 0x7F00_0000 + UInt32(truncatingIfNeeded: number), port: 5060) }

    @Test("a gateway is let in however much it sends, unless it has a limit")
    func gateway() {
        let gate = Gate(settings())
        gate.setGateways([address("192.0.2.2")])
        #expect((0..<100_000).allSatisfy { _ in gate.refusal(of: address("192.0.2.2:5060"), at: instant(5)) == nil })
        gate.configure(settings { $0.gatewayHostRate = 50 })
        let causes = (0..<200).map { _ in gate.refusal(of: address("192.0.2.2:5060"), at: instant(6)) }
        #expect(causes.count { $0 == nil } == 100)
        #expect(causes.last == .sourceRate)
    }

    @Test("a phone's host has a limit of its own, and is a stranger before and after")
    func phone() {
        let gate = Gate(settings { $0.phoneHostRate = 100 })
        let host = stranger(1)
        #expect((0..<1000).count { _ in gate.refusal(of: host, at: instant(1)) == nil } == 40)
        gate.noteBinding(host)
        #expect((0..<1000).count { _ in gate.refusal(of: host, at: instant(2)) == nil } == 200)
        gate.forgetBinding(host)
        #expect(gate.refusal(of: host, at: instant(3)) == .strangerSource)
    }

    @Test("who proved to be of an account is no stranger for an hour from then")
    func proof() {
        let gate = Gate(settings { ($0.phoneHostRate, $0.strangerRate) = (nil, 1) })
        let host = stranger(1)
        gate.noteProof(host, at: instant(1_000))
        gate.noteProof(host, at: instant(601_000))
        #expect((0..<1000).allSatisfy { _ in gate.refusal(of: host, at: instant(4_200_999)) == nil })
        #expect((0..<1000).count { _ in gate.refusal(of: host, at: instant(4_201_001)) == nil } == 2)
        #expect((0..<1000).count { _ in gate.refusal(of: stranger(2), at: instant(4_201_002)) == nil } == 2)
    }

    @Test("a flood from one stranger is bounded by that source's rate and leaves other strangers theirs")
    func oneSource() {
        let gate = Gate(settings())
        var passed = 0
        var others = 0
        // 50,000 a second for ten seconds; ten other strangers a second.
        for step in 0..<500_000 {
            let now = instant(1_000 + Int64(step / 50))
            if gate.refusal(of: stranger(1), at: now) == nil { passed += 1 }
            if step % 5_000 == 0, gate.refusal(of: stranger(1_000 + step), at: now) == nil { others += 1 }
        }
        #expect((235...245).contains(passed), "20 a second and the burst of 40: \(passed)")
        #expect(others == 100)
    }

    @Test("a million invented addresses get the budget of all strangers and no memory more")
    func manySources() {
        let gate = Gate(settings())
        let bytes = gate.tableBytes
        let passed = (0..<1_000_000).count { gate.refusal(of: stranger($0), at: instant(1_000 + Int64($0) / 50)) == nil }
        #expect((20_900...21_100).contains(passed), "1000 a second for twenty seconds, and half of the burst: \(passed)")
        #expect(gate.tableBytes == bytes)
        #expect(bytes < 1 << 20)
    }

    @Test("under a flood of invented addresses a stranger that was let in goes on with what it began")
    func secondMessage() {
        let gate = Gate(settings())
        let phone = address("198.51.100.7:5060")
        #expect(gate.refusal(of: phone, at: instant(0)) == nil)
        var answered = 0
        for step in 0..<250_000 {
            let now = instant(Int64(step) / 50)
            _ = gate.refusal(of: stranger(step), at: now)
            if step % 12_500 == 0, gate.refusal(of: phone, at: now) == nil { answered += 1 }
        }
        #expect(answered == 20)
        #expect(gate.refusal(of: address("198.51.100.8:5060"), at: instant(4_999)) == .strangers, "a new one is not let in meanwhile")
    }

    @Test("one IPv6 network is one stranger")
    func ipv6() {
        let gate = Gate(settings())
        let passed = (0..<1_000).count {
            gate.refusal(of: NetworkAddress(ipv6High: 0x2001_0DB8_0000_0001, low: UInt64($0), port: 5060), at: instant(1)) == nil
        }
        #expect(passed == 40)
    }

    @Test("None is no limit; several shards share what all strangers may send")
    func limits() {
        let open = Gate(settings { ($0.strangersRate, $0.strangerRate) = (nil, nil) })
        #expect((0..<10_000).allSatisfy { _ in open.refusal(of: stranger(1), at: instant(1)) == nil })
        let total = Gate(settings { ($0.strangersRate, $0.strangerRate) = (100, nil) })
        #expect((0..<1_000).count { _ in total.refusal(of: stranger(1), at: instant(1)) == nil } == 200)
        let shared = Gate(settings { ($0.strangersRate, $0.strangerRate) = (100, nil) }, shards: 4)
        #expect((0..<1_000).count { _ in shared.refusal(of: stranger(1), at: instant(1)) == nil } == 50)
    }

    @Test("more strangers than the table remembers are refused by that name, when nothing else bounds them")
    func tableFull() {
        let gate = Gate(settings { ($0.strangersRate, $0.strangerRate) = (nil, 1) })
        let causes = (0..<20_000).map { gate.refusal(of: stranger($0), at: instant(1)) }
        let passed = causes.count { $0 == nil }
        #expect(passed <= AdmissionGate.rememberedSources)
        #expect(passed > AdmissionGate.rememberedSources * 3 / 4)
        #expect(causes.last == .strangerTable)
    }

    @Test("a closed gate takes no stranger and every known host")
    func closed() {
        let gate = Gate(settings())
        gate.setGateways([address("192.0.2.2")])
        gate.close()
        #expect(gate.refusal(of: stranger(1), at: instant(1)) == .overloadRequest)
        #expect(gate.refusal(of: address("192.0.2.2"), at: instant(1)) == nil)
    }

    @Test("an account's rate is used up by each source for itself: who guesses from elsewhere takes nothing from its owner")
    func accounts() {
        let gate = Gate(settings { ($0.accountRate, $0.accountCallRate) = (10, 2) })
        let guesses = (0..<1_000).map { _ in gate.refusal(ofAccount: "alice", from: stranger(1), opensCall: false, at: instant(1)) }
        #expect(guesses.count { $0 == nil } == 20)
        #expect(guesses.last == .accountRate)
        let owner = (0..<6).map { _ in gate.refusal(ofAccount: "alice", from: stranger(2), opensCall: true, at: instant(1)) }
        #expect(owner == [nil, nil, nil, nil, .accountCallRate, .accountCallRate])
        #expect(gate.refusal(ofAccount: "bob", from: stranger(2), opensCall: true, at: instant(1)) == nil)
    }

    @Test("calls and accounts are counted by the IPv6 network of 64 bits: another address of it brings nothing new")
    func networks() {
        let gate = Gate(settings { ($0.sourceCallRate, $0.accountRate, $0.accountCallRate) = (5, 10, 2) })
        func host(_ network: UInt64, _ low: Int) -> NetworkAddress {
            NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000 | network, low: UInt64(low), port: 5060)
        }
        #expect((1...100).count { gate.takesCall(from: host(1, $0), at: instant(1)) } == 10)
        #expect(gate.takesCall(from: host(2, 1), at: instant(1)))
        #expect((1...100).count { gate.refusal(ofAccount: "alice", from: host(1, $0), opensCall: true, at: instant(1)) == nil } == 4)
        #expect((1...100).count { gate.refusal(ofAccount: "carol", from: host(1, $0), opensCall: false, at: instant(1)) == nil } == 20)
        #expect(gate.refusal(ofAccount: "alice", from: host(2, 1), opensCall: true, at: instant(1)) == nil)
    }

    @Test("calls of one source are bounded")
    func calls() {
        let gate = Gate(settings { $0.sourceCallRate = 5 })
        #expect((0..<100).count { _ in gate.takesCall(from: stranger(1), at: instant(1)) } == 10)
        #expect(gate.takesCall(from: stranger(2), at: instant(1)))
        gate.configure(settings { $0.sourceCallRate = nil })
        #expect(gate.takesCall(from: stranger(1), at: instant(1)))
    }
}
