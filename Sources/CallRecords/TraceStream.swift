import Vocabulary

/// When, where and which way a message went.
public struct TraceEnvelope: Hashable, Sendable {
    public enum Direction: UInt8, Hashable, Sendable { case received, sent }

    public var at: WallTime
    public var direction: Direction
    public var transport: TransportKind
    /// Our address: the listener's.
    public var local: NetworkAddress
    public var remote: NetworkAddress
    /// The stream connection's number; 0 for datagrams, and for a stream that was still to be opened.
    public var connection: UInt32

    public init(
        at: WallTime, direction: Direction, transport: TransportKind, local: NetworkAddress, remote: NetworkAddress, connection: UInt32 = 0
    ) {
        self.at = at
        self.direction = direction
        self.transport = transport
        self.local = local
        self.remote = remote
        self.connection = connection
    }
}

/// SIP messages as a shard received and sent them, one behind the other: written on the packet path with
/// one copy and no allocation in the long run, and put into the trace's files as it stands.
///
/// Each message is a frame: nine words of eight bytes, little-endian, and the message.
///
/// | word | holds |
/// | --- | --- |
/// | 0 | the mark "TF1" and a zero byte; in the high half the message's length |
/// | 1 | the checksum of everything behind it, from `seal` on |
/// | 2 | microseconds since 1970 |
/// | 3, 4 | the remote address |
/// | 5, 6 | the local address |
/// | 7 | the remote port, the local port (two bytes each), the connection's number |
/// | 8 | direction, transport, family of the remote and of the local address (a byte each) |
public struct TraceStream: Sendable {
    public private(set) var bytes: [UInt8] = []
    /// Messages in it.
    public private(set) var count = 0

    public init() {}

    public var isEmpty: Bool { count == 0 }

    public mutating func append(_ message: Bytes, _ envelope: TraceEnvelope) {
        let ports = UInt64(envelope.remote.port) | UInt64(envelope.local.port) << 16 | UInt64(envelope.connection) << 32
        let kinds =
            UInt64(envelope.direction.rawValue) | UInt64(envelope.transport.rawValue) << 8 | UInt64(envelope.remote.family.rawValue) << 16
            | UInt64(envelope.local.family.rawValue) << 24
        let words = (
            (TraceFrame.mark | UInt64(message.count) << 32).littleEndian, UInt64(0), UInt64(bitPattern: envelope.at.microseconds).littleEndian,
            envelope.remote.high.littleEndian, envelope.remote.low.littleEndian, envelope.local.high.littleEndian,
            envelope.local.low.littleEndian, ports.littleEndian, kinds.littleEndian
        )
        withUnsafeBytes(of: words) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: message.buffer)
        count += 1
    }

    /// Empties it and keeps its memory, unless a burst made that large.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= TraceStream.restingCapacity)
        count = 0
    }

    /// Memory kept while the stream is empty, in bytes.
    public static let restingCapacity = 512 * 1024

    /// Writes the checksum of every frame and tells `body` of each, with its place in the stream.
    public mutating func seal(_ body: (_ offset: Int, _ frame: TraceFrame) -> Void) {
        bytes.withUnsafeMutableBytes { buffer in
            var offset = 0
            while let frame = TraceFrame(Bytes(UnsafeRawBufferPointer(buffer)), at: offset, check: .unsealed) {
                buffer.storeBytes(of: frame.checksum.littleEndian, toByteOffset: offset + 8, as: UInt64.self)
                body(offset, frame)
                offset += frame.size
            }
        }
    }
}

/// One frame of a trace where it stands in memory, valid as long as that is.
public struct TraceFrame {
    public enum Check: Sendable {
        /// Its checksum must be right.
        case sealed
        /// It has none yet.
        case unsealed
    }

    public static let headerSize = 72
    static let mark: UInt64 = 0x0031_4654
    /// Longest message: what is longer is no frame. Far beyond what a transport takes.
    private static let largestMessage = 16 << 20

    public let envelope: TraceEnvelope
    public let message: Bytes
    let checksum: UInt64

    /// Its length in bytes, header and message.
    public var size: Int { TraceFrame.headerSize + message.count }

    /// Reads the frame at `offset`; nil where none begins, where it is cut off, and where it is damaged.
    public init?(_ bytes: Bytes, at offset: Int, check: Check = .sealed) {
        guard offset >= 0, bytes.count - offset >= TraceFrame.headerSize else { return nil }
        func word(_ position: Int) -> UInt64 {
            UInt64(littleEndian: bytes.base.loadUnaligned(fromByteOffset: offset + position * 8, as: UInt64.self))
        }
        guard word(0) & 0xFFFF_FFFF == TraceFrame.mark, let length = TraceFrame.length(bytes, at: offset) else { return nil }
        guard length <= bytes.count - offset - TraceFrame.headerSize else { return nil }
        checksum = bytes[offset + 16..<offset + TraceFrame.headerSize + length].hash(seed: TraceFrame.mark)
        if check == .sealed, checksum != word(1) { return nil }
        let kinds = word(8)
        guard
            let direction = TraceEnvelope.Direction(rawValue: UInt8(truncatingIfNeeded: kinds)),
            let transport = TransportKind(rawValue: UInt8(truncatingIfNeeded: kinds >> 8))
        else { return nil }
        func address(_ position: Int, port: UInt16, family: UInt64) -> NetworkAddress {
            family & 0xFF == UInt64(NetworkAddress.Family.ipv4.rawValue)
                ? NetworkAddress(ipv4: UInt32(truncatingIfNeeded: word(position + 1)), port: port)
                : NetworkAddress(ipv6High: word(position), low: word(position + 1), port: port)
        }
        let ports = word(7)
        envelope = TraceEnvelope(
            at: WallTime(microseconds: Int64(bitPattern: word(2))), direction: direction, transport: transport,
            local: address(5, port: UInt16(truncatingIfNeeded: ports >> 16), family: kinds >> 24),
            remote: address(3, port: UInt16(truncatingIfNeeded: ports), family: kinds >> 16), connection: UInt32(truncatingIfNeeded: ports >> 32))
        message = bytes[offset + TraceFrame.headerSize..<offset + TraceFrame.headerSize + length]
    }

    /// The length of the message whose frame begins at `offset`, from the frame's header alone; nil where none begins.
    public static func length(_ bytes: Bytes, at offset: Int) -> Int? {
        guard offset >= 0, bytes.count - offset >= headerSize else { return nil }
        let word = UInt64(littleEndian: bytes.base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        guard word & 0xFFFF_FFFF == mark, word >> 32 <= UInt64(largestMessage) else { return nil }
        return Int(word >> 32)
    }
}
