import Testing
import Vocabulary

/// Addresses as text: what is read, what is refused, and the one form in which they are written (RFC 5952).
@Suite("NetworkAddress")
struct NetworkAddressTests {
    @Test(
        "text is read and written back in its one form",
        arguments: [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:5060", "192.0.2.1:5060"),
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255:65535", "255.255.255.255:65535"),
            ("2001:db8::1", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("[2001:db8::1]:5061", "[2001:db8::1]:5061"),
            ("::", "[::]"),
            ("::1", "[::1]"),
            ("1::", "[1::]"),
            ("2001:DB8:0:0:0:0:0:1", "[2001:db8::1]"),
            // RFC 5952, section 4.1: leading zeros go. 4.2.2: one group of zeros is not shortened.
            ("2001:0db8::0001", "[2001:db8::1]"),
            ("2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]"),
            ("2001:db8::1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]"),
            // 4.2.3: the longest run, the first of equal ones.
            ("2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]"),
            ("2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]"),
            ("1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]"),
            ("1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]"),
            ("::2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]"),
            ("64:ff9b::192.0.2.33", "[64:ff9b::c000:221]"),
            ("1:2:3:4:5:6:192.0.2.33", "[1:2:3:4:5:6:c000:221]"),
            // An IPv4-mapped address is its IPv4 address.
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:c000:201]:5060", "192.0.2.1:5060"),
        ])
    func forms(text: String, written: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(address.description == written)
        #expect(NetworkAddress(address.description) == address)
    }

    @Test(
        "malformed text is refused",
        arguments: [
            "", ".", ":", ":::", "1", "192.0.2", "192.0.2.", ".192.0.2.1", "192.0.2.256", "192.0.2.1.1", "192.0..1", "0192.0.2.1", "192.0.2.1:",
            "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:5060x", "192.0.2.1 ", "example.net", "[192.0.2.1]", "[::1", "::1]", "[::1]5060",
            "[::1]:", "[]", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:2:3:4:5:6:7:",
            ":1:2:3:4:5:6:7",
            "::192.0.2.256", "::192.0.2.1:1", "1:2:3:4:5:6:7:192.0.2.1", "2001:db8:::1", "::ffff:192.0.2", "fe80::1%eth0",
        ])
    func malformed(text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    @Test("a missing port is the default, a given one stays")
    func defaultPort() {
        #expect(NetworkAddress("192.0.2.1", defaultPort: 5060)?.port == 5060)
        #expect(NetworkAddress("192.0.2.1:5080", defaultPort: 5060)?.port == 5080)
        #expect(NetworkAddress("2001:db8::1", defaultPort: 5060)?.port == 5060)
        #expect(NetworkAddress("192.0.2.1")?.port == 0)
    }

    @Test("hosts compare without the port, and families do not mix")
    func hosts() throws {
        let a = try #require(NetworkAddress("192.0.2.1:5060"))
        let b = try #require(NetworkAddress("192.0.2.1:5080"))
        #expect(a != b)
        #expect(a.hasSameHost(as: b))
        #expect(a.host == b.host)
        // ::c000:201 has the same number in its low word as 192.0.2.1.
        let compatible = try #require(NetworkAddress("::c000:201"))
        #expect(!compatible.hasSameHost(as: a))
        #expect(compatible.family == .ipv6)
    }

    @Test("loopback and unspecified are told apart from the rest")
    func kinds() throws {
        for (text, loopback, unspecified) in [
            ("127.0.0.1", true, false), ("127.255.0.9", true, false), ("128.0.0.1", false, false), ("0.0.0.0", false, true), ("::", false, true),
            ("::1", true, false), ("::2", false, false),
        ] {
            let address = try #require(NetworkAddress(text))
            #expect(address.isLoopback == loopback, "\(text)")
            #expect(address.isUnspecified == unspecified, "\(text)")
        }
    }

    @Test("every address that is written is read again")
    func roundTrip() {
        var state: UInt64 = 88
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
        for _ in 0..<5_000 {
            // Zero bytes often, so that runs of zero groups occur.
            let mask = (next() | next()) & 0xFFFF_0000_FFFF_FFFF
            let address = NetworkAddress(ipv6High: next() & mask, low: next() & next() & ~mask, port: UInt16(truncatingIfNeeded: next() >> 20))
            #expect(NetworkAddress(address.description) == address, "\(address)")
        }
    }
}
