import CallRecords
import Vocabulary

/// Writes a trace as a capture file that Wireshark and tcpdump open (the classic pcap format, link type
/// RAW: each packet is an IP packet).
///
/// The packets are made up around the messages: UDP datagrams as they were, streams as TCP segments with
/// consistent sequence numbers. What TLS carried stands there unencrypted. Checksums are right.
public struct PacketCapture {
    /// LINKTYPE_RAW: the packet begins with an IPv4 or IPv6 header.
    private static let linkType: UInt32 = 101
    private static let longestPacket: UInt32 = 262_144
    /// Bytes of a stream in one packet.
    private static let segmentBytes = 32_768

    private var file: [UInt8] = []
    private var streams: [StreamKey: StreamState] = [:]
    private var identification: UInt16 = 0

    private init() {}

    /// The whole file.
    public static func bytes(_ trace: Trace) -> [UInt8] {
        var capture = PacketCapture()
        capture.writeHeader()
        for entry in trace.entries { capture.write(entry.message) }
        return capture.file
    }

    /// Little-endian, times in microseconds.
    private mutating func writeHeader() {
        file.append(little: 0xA1B2_C3D4 as UInt32)
        file.append(little: 2 as UInt16)
        file.append(little: 4 as UInt16)
        file.append(little: 0 as UInt32)
        file.append(little: 0 as UInt32)
        file.append(little: PacketCapture.longestPacket)
        file.append(little: PacketCapture.linkType)
    }

    private mutating func write(_ message: TracedMessage) {
        let envelope = message.envelope
        let isSent = envelope.direction == .sent
        let route = Route(from: isSent ? envelope.local : envelope.remote, to: isSent ? envelope.remote : envelope.local)
        guard envelope.transport != .udp else {
            write(.udp(message.bytes[...], route), route, at: envelope.at)
            return
        }
        let key = StreamKey(local: envelope.local, remote: envelope.remote, connection: envelope.connection)
        var rest = message.bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(PacketCapture.segmentBytes)
            let state = streams[key, default: StreamState()]
            let (sequence, acknowledged) = isSent ? (state.sent, state.received) : (state.received, state.sent)
            write(.tcp(part, route, sequence: sequence, acknowledged: acknowledged), route, at: envelope.at)
            if isSent { streams[key, default: StreamState()].sent &+= UInt32(part.count) }
            if !isSent { streams[key, default: StreamState()].received &+= UInt32(part.count) }
            rest = rest.dropFirst(part.count)
        }
    }

    private mutating func write(_ segment: Segment, _ route: Route, at time: WallTime) {
        let header = route.ipHeader(of: segment, identification: identification)
        identification &+= 1
        let length = UInt32(header.count + segment.bytes.count)
        file.append(little: UInt32(truncatingIfNeeded: time.microseconds / 1_000_000))
        file.append(little: UInt32(truncatingIfNeeded: time.microseconds % 1_000_000))
        file.append(little: length)
        file.append(little: length)
        file += header
        file += segment.bytes
    }

    private struct StreamKey: Hashable {
        let local: NetworkAddress
        let remote: NetworkAddress
        let connection: UInt32
    }

    /// The next sequence number of each direction.
    private struct StreamState {
        var sent: UInt32 = 1
        var received: UInt32 = 1
    }
}

/// From where to where a packet goes, both ends of one family: IPv4 where both are, else IPv6.
private struct Route {
    let from: NetworkAddress
    let to: NetworkAddress

    private static let timeToLive: UInt8 = 64

    var isIPv4: Bool { from.family == .ipv4 && to.family == .ipv4 }

    /// An address as it stands in the IP header; an IPv4 address beside an IPv6 one is mapped.
    func addressBytes(_ address: NetworkAddress) -> [UInt8] {
        var bytes: [UInt8] = []
        if isIPv4 {
            bytes.append(big: UInt32(truncatingIfNeeded: address.low))
        } else {
            bytes.append(big: address.high)
            bytes.append(big: address.family == .ipv4 ? 0xFFFF << 32 | address.low : address.low)
        }
        return bytes
    }

    func ipHeader(of segment: Segment, identification: UInt16) -> [UInt8] {
        var header: [UInt8] = []
        if isIPv4 {
            header += [0x45, 0]
            header.append(big: UInt16(truncatingIfNeeded: 20 + segment.bytes.count))
            header.append(big: identification)
            header += [0, 0, Route.timeToLive, segment.protocolNumber, 0, 0]
            header += addressBytes(from) + addressBytes(to)
            header.replace(at: 10, big: internetChecksum(header[...]))
        } else {
            header.append(big: 0x6000_0000 as UInt32)
            header.append(big: UInt16(truncatingIfNeeded: segment.bytes.count))
            header += [segment.protocolNumber, Route.timeToLive]
            header += addressBytes(from) + addressBytes(to)
        }
        return header
    }

    /// What the checksum of UDP and TCP covers besides the segment (RFC 768, RFC 8200 section 8.1).
    func pseudoHeader(_ protocolNumber: UInt8, length: Int) -> [UInt8] {
        var bytes = addressBytes(from) + addressBytes(to)
        bytes.append(big: UInt32(length))
        bytes.append(big: UInt32(protocolNumber))
        return bytes
    }
}

/// A UDP datagram or a TCP segment with its header.
private struct Segment {
    let protocolNumber: UInt8
    private(set) var bytes: [UInt8]

    /// Longest payload of a UDP datagram over IPv4 (RFC 768, RFC 791).
    private static let longestDatagram = 65_507

    static func udp(_ message: ArraySlice<UInt8>, _ route: Route) -> Segment {
        let payload = message.prefix(longestDatagram)
        var segment = Segment(protocolNumber: 17, bytes: [])
        segment.writePorts(route)
        segment.bytes.append(big: UInt16(8 + payload.count))
        segment.bytes += [0, 0]
        segment.bytes += payload
        segment.writeChecksum(route, at: 6)
        return segment
    }

    /// Flags PSH and ACK (RFC 9293, section 3.1).
    static func tcp(_ part: ArraySlice<UInt8>, _ route: Route, sequence: UInt32, acknowledged: UInt32) -> Segment {
        var segment = Segment(protocolNumber: 6, bytes: [])
        segment.writePorts(route)
        segment.bytes.append(big: sequence)
        segment.bytes.append(big: acknowledged)
        segment.bytes += [0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]
        segment.bytes += part
        segment.writeChecksum(route, at: 16)
        return segment
    }

    private mutating func writePorts(_ route: Route) {
        bytes.append(big: route.from.port)
        bytes.append(big: route.to.port)
    }

    private mutating func writeChecksum(_ route: Route, at offset: Int) {
        let sum = internetChecksum((route.pseudoHeader(protocolNumber, length: bytes.count) + bytes)[...])
        // In UDP a sum of zero stands for "none" and is written as all ones.
        bytes.replace(at: offset, big: sum == 0 && protocolNumber == 17 ? 0xFFFF : sum)
    }
}

/// The ones' complement sum of RFC 1071.
private func internetChecksum(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    var sum: UInt64 = 0
    for (position, byte) in bytes.enumerated() { sum += UInt64(byte) << (position % 2 == 0 ? 8 : 0) }
    while sum > 0xFFFF { sum = (sum >> 16) + (sum & 0xFFFF) }
    return ~UInt16(truncatingIfNeeded: sum)
}

extension [UInt8] {
    fileprivate mutating func append(little value: some FixedWidthInteger) {
        for byte in 0..<value.bitWidth / 8 { append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }

    fileprivate mutating func append(big value: some FixedWidthInteger) {
        for byte in (0..<value.bitWidth / 8).reversed() { append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }

    fileprivate mutating func replace(at offset: Int, big value: UInt16) {
        self[offset] = UInt8(value >> 8)
        self[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}
