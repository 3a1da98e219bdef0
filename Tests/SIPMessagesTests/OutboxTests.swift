import SIPMessages
import Testing
import Vocabulary

/// Writing messages: numbers, addresses, growth, and the list of what is to be sent.
@Suite("Outbox")
struct OutboxTests {
    private static let flow = Flow(transport: .udp, listener: 0, remote: NetworkAddress(ipv4: 0xC000_0201, port: 5060))

    private func written(_ write: (inout Outbox) -> Void) -> String {
        var outbox = Outbox(capacity: 16)
        outbox.begin()
        write(&outbox)
        return outbox.finish(to: Self.flow).string
    }

    @Test(
        "decimals of every length",
        arguments: [0, 1, 9, 10, 99, 100, 65_535, 4_294_967_295, 9_999_999_999_999_999_999, 10_000_000_000_000_000_000, .max] as [UInt64])
    func decimals(value: UInt64) {
        #expect(written { $0.append(decimal: value) } == String(value))
    }

    @Test("tokens are thirteen characters, different for different values")
    func tokens() {
        #expect(written { $0.append(token: 0) } == "0000000000000")
        #expect(written { $0.append(token: .max) } == "vvvvvvvvvvvvf")
        #expect(written { $0.append(token: 31) } == "v000000000000")
    }

    @Test(
        "addresses as they stand in a URI",
        arguments: [
            ("192.0.2.1:5060", "192.0.2.1:5060"), ("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "[2001:db8::1]"),
            ("[2001:db8::1]:5061", "[2001:db8::1]:5061"),
        ])
    func addresses(text: String, expected: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(written { $0.append(address) } == expected)
        #expect(written { $0.append(host: address) } == (address.host.description))
    }

    @Test("messages keep their bytes while the box grows, and are listed in order")
    func growth() {
        var outbox = Outbox(capacity: 8)
        for i in 0..<200 {
            outbox.begin()
            for _ in 0..<i { outbox.append(UInt8(truncatingIfNeeded: i)) }
            outbox.finish(to: Flow(transport: .tcp, listener: 1, remote: Self.flow.remote, connection: UInt32(i)))
        }
        #expect(Int(outbox.count) == 200)
        for i in 0..<200 {
            #expect(outbox.message(at: i).array == [UInt8](repeating: UInt8(truncatingIfNeeded: i), count: i))
            #expect(outbox.entries[i].flow.connection == UInt32(i))
        }
        outbox.removeAll()
        #expect(Bool(outbox.isEmpty))
    }

    @Test("an unfinished message leaves nothing behind, a kept one is sent as it was")
    func unfinished() {
        var outbox = Outbox()
        outbox.begin()
        outbox.append("half")
        #expect(Bool(outbox.unfinished.equals("half")))
        outbox.begin()
        outbox.append("whole")
        outbox.finish(to: Self.flow)
        "kept".withBytes { outbox.send($0, to: Self.flow) }
        #expect((0..<outbox.count).map { outbox.message(at: $0).string } == ["whole", "kept"])
    }
}
