import CallRecords
import ManagementAPI
import Testing
import Vocabulary

/// Capture files byte by byte, and read back by a reader of the tests' own.
@Suite("Capture files")
struct PacketCaptureTests {
    /// One packet of a capture file, read back; reading checks lengths and checksums.
    private struct Packet {
        var microseconds: Int64
        var source: NetworkAddress
        var destination: NetworkAddress
        var protocolNumber: UInt8
        /// Sequence and acknowledged number of a TCP segment.
        var sequence: UInt32 = 0
        var acknowledged: UInt32 = 0
        var payload: [UInt8]
    }

    @Test("a UDP message over IPv4 is these bytes")
    func bytes() {
        let file = PacketCapture.bytes(Trace(of: "x", [message(["A"], .received, Host.caller, 1)]))
        let header: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0]
        let record: [UInt8] = [0xC0, 0xEE, 0x7D, 0x69, 0xE8, 3, 0, 0, 33, 0, 0, 0, 33, 0, 0, 0]
        let ip: [UInt8] = [0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17, 0xF6, 0xBE, 192, 0, 2, 10, 192, 0, 2, 1]
        let udp: [UInt8] = [0x13, 0xC4, 0x13, 0xC4, 0, 13]
        #expect(Array(file.prefix(24)) == header)
        #expect(Array(file[24..<40]) == record)
        #expect(Array(file[40..<50]) == Array(ip.prefix(10)))
        #expect(Array(file[52..<60]) == Array(ip.suffix(8)))
        #expect(Array(file[60..<66]) == udp)
        #expect(Array(file[68...]) == Array("A\r\n\r\n".utf8))
    }

    @Test("every message comes back with its time, addresses and bytes, and all checksums are right", arguments: [false, true])
    func readBack(isIPv6: Bool) throws {
        let own = isIPv6 ? NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 1, port: 5060) : Host.own
        let remote = isIPv6 ? NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 2, port: 5070) : Host.caller
        let messages = (0..<20).map { number in
            message(
                [String(repeating: "x", count: number * 37)], number % 2 == 0 ? .sent : .received, remote, Int64(number) * 1_250, local: own)
        }
        let packets = try read(PacketCapture.bytes(Trace(of: "x", messages)))
        #expect(packets.count == 20)
        for (packet, message) in zip(packets, messages) {
            let isSent = message.envelope.direction == .sent
            #expect(packet.microseconds == message.envelope.at.microseconds)
            #expect(packet.protocolNumber == 17)
            #expect(packet.source == (isSent ? own : remote))
            #expect(packet.destination == (isSent ? remote : own))
            #expect(packet.payload == message.bytes)
        }
    }

    @Test("streams are TCP segments whose numbers follow each other, each connection by itself; a long message is several")
    func streams() throws {
        let long = String(repeating: "y", count: 70_000)
        let messages = [
            message(["one"], .sent, Host.caller, transport: .tcp, connection: 1),
            message(["two"], .received, Host.caller, 1, transport: .tcp, connection: 1),
            message([long], .sent, Host.caller, 2, transport: .tcp, connection: 1),
            message(["other"], .sent, Host.caller, 3, transport: .tls, connection: 2),
            message(["three"], .received, Host.caller, 4, transport: .tcp, connection: 1),
        ]
        let packets = try read(PacketCapture.bytes(Trace(of: "x", messages)))
        #expect(packets.allSatisfy { $0.protocolNumber == 6 })
        #expect(packets.map(\.payload.count) == [7, 7, 32_768, 32_768, 70_004 - 65_536, 9, 9])
        #expect(packets.map(\.sequence) == [1, 1, 8, 32_776, 65_544, 1, 8])
        #expect(packets.map(\.acknowledged) == [1, 8, 8, 8, 8, 1, 70_012])
        #expect(packets[2...4].flatMap(\.payload) == messages[2].bytes)
    }

    @Test("ends of different families, and the longest datagram, still make packets that can be read")
    func edges() throws {
        let mixed = message(["x"], .sent, NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 9, port: 5060))
        let longest = message([String(repeating: "z", count: 70_000)], .sent, Host.caller)
        let packets = try read(PacketCapture.bytes(Trace(of: "x", [mixed, longest])))
        #expect(packets[0].source == Host.own)
        #expect(packets[1].payload.count == 65_507)
        #expect(PacketCapture.bytes(Trace(of: "x", [])).count == 24)
    }

    // MARK: - Reading

    private func read(_ file: [UInt8]) throws -> [Packet] {
        var packets: [Packet] = []
        var offset = 24
        while offset < file.count {
            func little(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[offset + at + $1]) << (8 * $1) } }
            let length = little(8)
            try #require(little(12) == length && offset + 16 + length <= file.count)
            let microseconds = Int64(little(0)) * 1_000_000 + Int64(little(4))
            packets.append(try packet(Array(file[offset + 16..<offset + 16 + length]), microseconds))
            offset += 16 + length
        }
        return packets
    }

    private func packet(_ bytes: [UInt8], _ microseconds: Int64) throws -> Packet {
        func big(_ at: Int, _ count: Int, in bytes: [UInt8]) -> UInt64 { bytes[at..<at + count].reduce(0) { $0 << 8 | UInt64($1) } }
        let isIPv4 = bytes[0] >> 4 == 4
        let headerSize = isIPv4 ? 20 : 40
        let segment = Array(bytes[headerSize...])
        let protocolNumber = isIPv4 ? bytes[9] : bytes[6]
        if isIPv4 {
            #expect(big(2, 2, in: bytes) == UInt64(bytes.count))
            #expect(sum(Array(bytes.prefix(20))) == 0xFFFF)
        } else {
            #expect(big(4, 2, in: bytes) == UInt64(segment.count))
        }
        let addresses = Array(bytes[(isIPv4 ? 12 : 8)..<headerSize])
        let count = segment.count
        #expect(sum(addresses + [0, 0, UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF), 0, 0, 0, protocolNumber] + segment) == 0xFFFF)
        func address(_ at: Int, port: Int) -> NetworkAddress {
            let port = UInt16(big(port, 2, in: segment))
            if isIPv4 { return NetworkAddress(ipv4: UInt32(big(at, 4, in: addresses)), port: port) }
            return NetworkAddress(ipv6High: big(at, 8, in: addresses), low: big(at + 8, 8, in: addresses), port: port)
        }
        let half = addresses.count / 2
        var packet = Packet(
            microseconds: microseconds, source: address(0, port: 0), destination: address(half, port: 2), protocolNumber: protocolNumber,
            payload: Array(segment[(protocolNumber == 17 ? 8 : 20)...]))
        if protocolNumber == 17 {
            #expect(big(4, 2, in: segment) == UInt64(count))
        } else {
            packet.sequence = UInt32(big(4, 4, in: segment))
            packet.acknowledged = UInt32(big(8, 4, in: segment))
        }
        return packet
    }

    /// The folded sum of RFC 1071, over the checksum field too: all ones when that is right.
    private func sum(_ bytes: [UInt8]) -> UInt64 {
        var sum = bytes.enumerated().reduce(UInt64(0)) { $0 + UInt64($1.element) << ($1.offset % 2 == 0 ? 8 : 0) }
        while sum > 0xFFFF { sum = (sum >> 16) + (sum & 0xFFFF) }
        return sum
    }
}
