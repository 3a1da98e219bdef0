import Testing
import Vocabulary

@testable import SIPTransport

/// Covers which names stand for an address, and the table's bounds.
@Suite("Server names")
struct ServerNamesTests {
    private func address(_ index: Int) -> NetworkAddress { NetworkAddress(ipv4: 0x0A00_0000 + UInt32(index), port: 5061) }

    @Test("an address has the names it was looked up by, the last first, each once")
    func names() {
        let names = ServerNames()
        names.note("a.example.net", for: address(1))
        names.note("B.example.net", for: address(1))
        names.note("a.example.net", for: address(1))
        #expect(names.names(for: address(1)) == ["a.example.net", "b.example.net"])
        #expect(names.names(for: address(2)).isEmpty)
        #expect(names.names(for: address(1).host).isEmpty)
    }

    @Test("of many names for one address the last ones stay")
    func manyNames() {
        let names = ServerNames()
        for index in 0..<20 { names.note("s\(index).example.net", for: address(1)) }
        let kept = names.names(for: address(1))
        #expect(kept.count == ServerNames.maximumNames)
        #expect(kept.first == "s19.example.net")
    }

    @Test("of too many addresses the one noted longest ago is forgotten")
    func manyAddresses() {
        let names = ServerNames()
        for index in 0..<ServerNames.maximumAddresses { names.note("a.example.net", for: address(index)) }
        names.note("a.example.net", for: address(0))
        names.note("new.example.net", for: address(ServerNames.maximumAddresses))
        #expect(names.names(for: address(0)) == ["a.example.net"])
        #expect(names.names(for: address(1)).isEmpty)
        #expect(names.names(for: address(2)) == ["a.example.net"])
        for _ in 0..<200_000 { names.note("a.example.net", for: address(2)) }
        #expect(names.names(for: address(0)) == ["a.example.net"])
    }
}
