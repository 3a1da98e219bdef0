import Testing
import Vocabulary

@testable import SwitchCore

/// A table that lives in a box, so that expectations can ask it.
private final class Hosts {
    private var hosts: KnownHosts
    init(seed: UInt64) { hosts = KnownHosts(seed: seed) }

    var count: Int { hosts.count }
    func standing(of host: NetworkAddress) -> HostStanding? { hosts.standing(of: host) }
    func setGateways(_ all: [NetworkAddress]) { hosts.setGateways(all) }
    func noteBinding(_ host: NetworkAddress) { hosts.noteBinding(host) }
    func forgetBinding(_ host: NetworkAddress) { hosts.forgetBinding(host) }
}

@Suite("Known hosts")
struct KnownHostsTests {
    private func host(_ number: Int) -> NetworkAddress { NetworkAddress(ipv4: 0xC612_0000 + UInt32(number), port: 5060) }

    @Test("a host is known whatever its port, a stranger is not")
    func standing() {
        let hosts = Hosts(seed: 3)
        hosts.setGateways([address("192.0.2.2"), address("2001:db8::5"), address("192.0.2.2:5070")])
        #expect(hosts.standing(of: address("192.0.2.2:40000")) == .gateway)
        #expect(hosts.standing(of: address("[2001:db8::5]:5060")) == .gateway)
        #expect(hosts.standing(of: address("192.0.2.3:5060")) == nil)
        #expect(hosts.standing(of: address("0.0.0.0")) == nil)
        #expect(hosts.count == 2)
        hosts.setGateways([address("192.0.2.3")])
        #expect(hosts.standing(of: address("192.0.2.2:40000")) == nil, "it is gone with the configuration")
        #expect(hosts.standing(of: address("192.0.2.3:5060")) == .gateway)
    }

    @Test("a phone's host is known until its last binding is gone, and one forgotten too often stays unknown")
    func bindings() {
        let hosts = Hosts(seed: 3)
        hosts.noteBinding(host(1))
        hosts.noteBinding(host(1))
        hosts.forgetBinding(host(1))
        #expect(hosts.standing(of: host(1)) == .phone)
        hosts.forgetBinding(host(1))
        hosts.forgetBinding(host(1))
        #expect(hosts.standing(of: host(1)) == nil)
        hosts.noteBinding(host(1))
        #expect(hosts.standing(of: host(1)) == .phone)
    }

    @Test("a gateway at a phone's host is a gateway")
    func both() {
        let hosts = Hosts(seed: 3)
        hosts.noteBinding(host(1))
        hosts.setGateways([host(1)])
        #expect(hosts.standing(of: host(1)) == .gateway)
    }

    @Test("ten thousand hosts come and go in any order, and each is known exactly while it is there")
    func many() {
        let hosts = Hosts(seed: 11)
        for number in 0..<10_000 { hosts.noteBinding(host(number)) }
        #expect(hosts.count == 10_000)
        for number in stride(from: 0, to: 10_000, by: 3) { hosts.forgetBinding(host(number)) }
        let wrong = (0..<10_000).filter { hosts.standing(of: host($0)) != ($0 % 3 == 0 ? nil : .phone) }
        #expect(wrong.isEmpty)
        #expect((10_000..<20_000).allSatisfy { hosts.standing(of: host($0)) == nil })
    }
}
