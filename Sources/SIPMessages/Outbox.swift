import Vocabulary

/// Messages on their way out: written once, straight into the memory that the shell sends from.
///
/// The core appends, the shell sends everything after each event and empties the box. A message that
/// may have to be repeated is copied by its transaction; nothing else keeps what stands here.
public struct Outbox: ~Copyable {
    public struct Entry: Sendable {
        public var flow: Flow
        public var offset: Int
        public var length: Int
    }

    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private var used = 0
    /// Where the message being written began.
    private var start = 0
    public private(set) var entries: [Entry] = []
    /// Messages finished since the box was made, for the statistics.
    public private(set) var finished: UInt64 = 0

    public init(capacity: Int = 256 * 1024) {
        self.capacity = capacity
        self.memory = .allocate(byteCount: capacity, alignment: 16)
        entries.reserveCapacity(256)
    }

    deinit { memory.deallocate() }

    public var isEmpty: Bool { entries.isEmpty }
    public var count: Int { entries.count }

    /// The finished message at `index`, valid until the next write.
    public func message(at index: Int) -> Bytes {
        let entry = entries[index]
        return Bytes(memory + entry.offset, count: entry.length)
    }

    public mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        used = 0
        start = 0
    }

    // MARK: - Writing one message

    /// Starts a message; what an unfinished one had written is dropped.
    public mutating func begin() { used = start }

    /// Ends the message and addresses it. Returns a view of it, valid until the next write.
    @discardableResult
    public mutating func finish(to flow: Flow) -> Bytes {
        let length = used - start
        finished += 1
        entries.append(Entry(flow: flow, offset: start, length: length))
        let message = Bytes(memory + start, count: length)
        start = used
        return message
    }

    /// The message written so far, valid until the next write.
    public var unfinished: Bytes { Bytes(memory + start, count: used - start) }

    /// Sends a copy of a message kept elsewhere (a retransmission).
    public mutating func send(_ message: Bytes, to flow: Flow) {
        begin()
        append(message)
        finish(to: flow)
    }

    public mutating func append(_ bytes: Bytes) {
        reserve(bytes.count)
        (memory + used).copyMemory(from: bytes.base, byteCount: bytes.count)
        used += bytes.count
    }

    public mutating func append(_ literal: StaticString) { append(Bytes(literal)) }

    public mutating func append(_ byte: UInt8) {
        reserve(1)
        memory.storeBytes(of: byte, toByteOffset: used, as: UInt8.self)
        used += 1
    }

    /// A whole number in decimal.
    public mutating func append(decimal value: UInt64) {
        reserve(20)
        var rest = value
        var digits = 1
        var bound: UInt64 = 10
        while digits < 20, rest >= bound {
            digits += 1
            let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
            if overflow { break }
            bound = next
        }
        for i in stride(from: digits - 1, through: 0, by: -1) {
            memory.storeBytes(of: UInt8(0x30 + rest % 10), toByteOffset: used + i, as: UInt8.self)
            rest /= 10
        }
        used += digits
    }

    /// The host as it stands in a URI or Via (IPv6 in brackets), with the port unless it is 0.
    public mutating func append(_ address: NetworkAddress) {
        append(host: address)
        if address.port != 0 {
            append(UInt8(ascii: ":"))
            append(decimal: UInt64(address.port))
        }
    }

    public mutating func append(host address: NetworkAddress) {
        reserve(64)
        let isIPv6 = address.family == .ipv6
        if isIPv6 { append(UInt8(ascii: "[")) }
        used += address.writeHost(into: UnsafeMutableRawBufferPointer(start: memory + used, count: 48))
        if isIPv6 { append(UInt8(ascii: "]")) }
    }

    /// A 64-bit value as 13 characters of lower-case base 32.
    public mutating func append(token value: UInt64) {
        reserve(13)
        var rest = value
        for i in 0..<13 {
            let digit = UInt8(rest & 31)
            memory.storeBytes(of: digit < 10 ? 0x30 + digit : 0x57 + digit, toByteOffset: used + i, as: UInt8.self)
            rest >>= 5
        }
        used += 13
    }

    private mutating func reserve(_ count: Int) {
        guard used + count > capacity else { return }
        let grown = max(capacity * 2, used + count)
        let next = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
        next.copyMemory(from: memory, byteCount: used)
        memory.deallocate()
        memory = next
        capacity = grown
    }
}
