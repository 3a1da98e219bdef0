import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// Which socket a message leaves by, and which address it names.
@Suite("Local endpoints")
struct LocalEndpointsTests {
    @Test("a way to an address: the first socket of its transport and family, or none")
    func flowToAddress() {
        #expect(endpoints.flow(to: address("192.0.2.2:5060"), transport: .udp) == udp("192.0.2.2:5060"))
        #expect(endpoints.flow(to: address("192.0.2.2:5060"), transport: .tcp) == tcp("192.0.2.2:5060", connection: 0))
        #expect(endpoints.flow(to: address("[2001:db8::9]:5060"), transport: .udp) == udp("[2001:db8::9]:5060", listener: 3))
        #expect(endpoints.flow(to: address("[2001:db8::9]:5060"), transport: .tcp) == nil)
        #expect(endpoints.flow(to: address("192.0.2.2:5061"), transport: .tls) == nil)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let uri: String
        let known: Flow
        let expected: Flow
        var testDescription: String { "\(uri) known by \(known.transport) \(known.remote)" }
    }

    static let rows: [Row] = [
        // The same place: the known way, its socket included.
        Row(uri: "sip:b@192.0.2.2:5060", known: udp("192.0.2.2:5060", listener: 1), expected: udp("192.0.2.2:5060", listener: 1)),
        Row(uri: "sip:b@192.0.2.2", known: udp("192.0.2.2:5060"), expected: udp("192.0.2.2:5060")),
        // Another port or host: by the socket that the peer knows us by.
        Row(uri: "sip:b@192.0.2.2:5099", known: udp("192.0.2.2:5060", listener: 1), expected: udp("192.0.2.2:5099", listener: 1)),
        Row(uri: "sip:b@192.0.2.9", known: udp("192.0.2.2:5060", listener: 1), expected: udp("192.0.2.9:5060", listener: 1)),
        // Another family needs another socket.
        Row(uri: "sip:b@[2001:db8::9]", known: udp("192.0.2.2:5060", listener: 1), expected: udp("[2001:db8::9]:5060", listener: 3)),
        // A name, another scheme: the known way.
        Row(uri: "sip:b@pc.example.net:5099", known: udp("192.0.2.2:5060", listener: 1), expected: udp("192.0.2.2:5060", listener: 1)),
        Row(uri: "tel:+14155550100", known: udp("192.0.2.2:5060"), expected: udp("192.0.2.2:5060")),
        // A stream stands: it is used whatever port the peer listens on.
        Row(uri: "sip:b@192.0.2.2:5060;transport=tcp", known: tcp("192.0.2.2:41000", connection: 8), expected: tcp("192.0.2.2:41000", connection: 8)),
        Row(uri: "sip:b@192.0.2.2", known: tcp("192.0.2.2:41000", connection: 8), expected: tcp("192.0.2.2:41000", connection: 8)),
        // To another host a new one is opened.
        Row(uri: "sip:b@192.0.2.3;transport=tcp", known: tcp("192.0.2.2:41000", connection: 8), expected: tcp("192.0.2.3:5060", connection: 0)),
        // The URI may ask for another transport.
        Row(uri: "sip:b@192.0.2.2:5070;transport=tcp", known: udp("192.0.2.2:5060", listener: 1), expected: tcp("192.0.2.2:5070", connection: 0)),
        Row(uri: "sip:b@192.0.2.2:5070;transport=udp", known: tcp("192.0.2.2:41000", connection: 8), expected: udp("192.0.2.2:5070")),
        // One that nothing listens for leaves the known way.
        Row(uri: "sips:b@192.0.2.2", known: udp("192.0.2.2:5060"), expected: udp("192.0.2.2:5060")),
    ]

    @Test("the way to the peer behind a URI", arguments: rows)
    func flowTowardURI(row: Row) {
        row.uri.withBytes { bytes in
            guard let uri = URI(bytes) else {
                Issue.record("\(row.uri) is no URI")
                return
            }
            #expect(endpoints.flow(toward: uri, known: row.known) == row.expected)
        }
    }

    @Test("what is written is the advertised address of the socket, to loopback peers loopback when nobody said otherwise")
    func advertised() {
        let shownAddress = address("198.51.100.7:5060")
        let wild = ListenerDescription(transport: .udp, local: address("0.0.0.0:5060"))
        var shown = wild
        shown.advertised = shownAddress
        let told = ListenerDescription(transport: .udp, local: address("0.0.0.0:5060"), advertised: shownAddress)
        let endpoints = LocalEndpoints([shown, told, ListenerDescription(transport: .udp, local: address("[::]:5060"))])
        #expect(endpoints.advertised(udp("192.0.2.2:5060")) == shownAddress)
        #expect(endpoints.advertised(udp("127.0.0.1:5070")) == address("127.0.0.1:5060"))
        #expect(endpoints.advertised(udp("127.0.0.1:5070", listener: 1)) == shownAddress)
        #expect(endpoints.advertised(udp("[::1]:5070", listener: 2)) == address("[::1]:5060"))
    }

    @Test("our own addresses are recognised, with their ports")
    func own() {
        #expect(endpoints.isOwn(address("192.0.2.1:5062")))
        #expect(!endpoints.isOwn(address("192.0.2.1:5064")))
        #expect(!endpoints.isOwn(address("192.0.2.2:5060")))
        let wild = LocalEndpoints([ListenerDescription(transport: .udp, local: address("0.0.0.0:5060"))])
        #expect(wild.isOwn(address("127.0.0.1:5060")))
        #expect(!wild.isOwn(address("127.0.0.1:5070")))
    }
}
