import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// Whether a REGISTER came through an address translator.
@Suite("Address translation")
struct AddressTranslationTests {
    private func isBetween(
        via: String = "192.0.2.7:5060", contact: String = "sip:a@192.0.2.7:5060", from: String = "192.0.2.7:5060",
        transport: TransportKind = .udp, lines: [String] = []
    ) throws -> Bool {
        var bench = RegistrarBench()
        bench.via = "SIP/2.0/UDP \(via);branch=z9hG4bK1;rport"
        return try bench.with(lines) { message, essentials in
            contact.withBytes { text in
                AddressTranslation.isBetween(
                    message, essentials, contact: URI(text), hasPath: !lines.isEmpty && lines[0].hasPrefix("Path"),
                    source: Flow(transport: transport, listener: 0, remote: NetworkAddress(from)!))
            }
        }
    }

    @Test("who says where it is sent from is not behind one; a port left out is the usual one, a name says nothing")
    func direct() throws {
        #expect(try !isBetween())
        #expect(try !isBetween(via: "192.0.2.7", contact: "sip:a@192.0.2.7"))
        #expect(try !isBetween(via: "phone.example.net", contact: "sip:a@phone.example.net"))
        #expect(try !isBetween(via: "[2001:db8::7]:5060", contact: "sip:a@[2001:db8:0::7]:5060", from: "[2001:db8::7]:5060"))
    }

    @Test("another host or port in Via or Contact shows one")
    func translated() throws {
        #expect(try isBetween(via: "10.0.0.5:5060"))
        #expect(try isBetween(via: "192.0.2.7:5070"))
        #expect(try isBetween(contact: "sip:a@10.0.0.5:5060"))
        #expect(try isBetween(contact: "sip:a@192.0.2.7:5070"))
        // A stream's source port is its own.
        #expect(try !isBetween(via: "192.0.2.7:5060", contact: "sip:a@192.0.2.7:5060;transport=tcp", from: "192.0.2.7:40000", transport: .tcp))
        #expect(try isBetween(contact: "sip:a@10.0.0.5:5060;transport=tcp", from: "192.0.2.7:40000", transport: .tcp))
    }

    @Test("a private source counts as behind one")
    func privateSource() throws {
        for host in ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.1.1"] {
            #expect(try isBetween(via: "\(host):5060", contact: "sip:a@\(host):5060", from: "\(host):5060"), "\(host)")
        }
        for host in ["11.0.0.1", "172.32.0.1", "172.15.0.1", "192.169.0.1", "100.128.0.1", "127.0.0.1"] {
            #expect(try !isBetween(via: "\(host):5060", contact: "sip:a@\(host):5060", from: "\(host):5060"), "\(host)")
        }
        for host in ["[fd00::1]", "[fe80::1]"] { #expect(NetworkAddress(host)!.isPrivate) }
        #expect(!NetworkAddress("[2001:db8::1]")!.isPrivate)
    }

    @Test("what came through a proxy shows nothing of its sender's place")
    func proxied() throws {
        #expect(try !isBetween(via: "10.0.0.5:5060", contact: "sip:a@10.0.0.5", lines: ["Path: <sip:edge.example.net;lr>"]))
        #expect(try !isBetween(via: "192.0.2.7:5060", contact: "sip:a@10.0.0.5", lines: ["Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK2"]))
    }
}
