/// An IPv4 or IPv6 address with a port: a plain value of 24 bytes, made and compared without allocation.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is stored as its IPv4 address, so that one peer
/// has one identity on a dual-stack socket.
public struct NetworkAddress: Hashable, Sendable {
    public enum Family: UInt8, Sendable { case ipv4, ipv6 }

    /// The address bytes as two big-endian words; an IPv4 address stands in the low half of `low`.
    public let high: UInt64
    public let low: UInt64
    public var port: UInt16
    public let family: Family

    public init(ipv4: UInt32, port: UInt16) {
        self.init(high: 0, low: UInt64(ipv4), port: port, family: .ipv4)
    }

    public init(ipv6High high: UInt64, low: UInt64, port: UInt16) {
        if high == 0, low >> 32 == 0xFFFF {
            self.init(ipv4: UInt32(truncatingIfNeeded: low), port: port)
            return
        }
        self.init(high: high, low: low, port: port, family: .ipv6)
    }

    private init(high: UInt64, low: UInt64, port: UInt16, family: Family) {
        self.high = high
        self.low = low
        self.port = port
        self.family = family
    }

    /// The same host, any port: the port is 0.
    public var host: NetworkAddress {
        var copy = self
        copy.port = 0
        return copy
    }

    public var isUnspecified: Bool { high == 0 && low == 0 }
    public var isLoopback: Bool {
        switch family {
        case .ipv4: low >> 24 == 127
        case .ipv6: high == 0 && low == 1
        }
    }

    public func hasSameHost(as other: NetworkAddress) -> Bool {
        high == other.high && low == other.low && family == other.family
    }
}

// MARK: - Reading

extension NetworkAddress {
    /// Reads `192.0.2.1`, `192.0.2.1:5060`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:5060`.
    /// Without a port it is `defaultPort`. Nil for anything else, host names included.
    public init?(_ text: String, defaultPort: UInt16 = 0) {
        guard let parsed = text.withBytes({ NetworkAddress(parsing: $0, defaultPort: defaultPort) }) else { return nil }
        self = parsed
    }

    public init?(parsing text: Bytes, defaultPort: UInt16 = 0) {
        guard text.count > 0 else { return nil }
        if text[0] == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            guard let (high, low) = NetworkAddress.ipv6(text[1..<close]) else { return nil }
            guard let port = NetworkAddress.port(text.from(close + 1), default: defaultPort) else { return nil }
            self.init(ipv6High: high, low: low, port: port)
            return
        }
        let colon = text.firstIndex(of: UInt8(ascii: ":"))
        if let colon, text.firstIndex(of: UInt8(ascii: ":"), from: colon + 1) != nil {
            guard let (high, low) = NetworkAddress.ipv6(text) else { return nil }
            self.init(ipv6High: high, low: low, port: defaultPort)
            return
        }
        guard let address = NetworkAddress.ipv4(text.upTo(colon ?? text.count)) else { return nil }
        guard let port = NetworkAddress.port(text.from(colon ?? text.count), default: defaultPort) else { return nil }
        self.init(ipv4: address, port: port)
    }

    private static func port(_ text: Bytes, default defaultPort: UInt16) -> UInt16? {
        if text.isEmpty { return defaultPort }
        guard text[0] == UInt8(ascii: ":"), let value = text.from(1).decimal, value <= 65_535 else { return nil }
        return UInt16(value)
    }

    private static func ipv4(_ text: Bytes) -> UInt32? {
        var address: UInt32 = 0
        var parts = 0
        var value: UInt32 = 0
        var digits = 0
        for i in 0...text.count {
            if i == text.count || text[i] == UInt8(ascii: ".") {
                guard digits > 0, value <= 255 else { return nil }
                address = address << 8 | value
                parts += 1
                value = 0
                digits = 0
            } else {
                guard text[i].isDigit, digits < 3, parts < 4 else { return nil }
                value = value * 10 + UInt32(text[i] - 0x30)
                digits += 1
            }
        }
        return parts == 4 ? address : nil
    }

    private static func ipv6(_ text: Bytes) -> (UInt64, UInt64)? {
        var high: UInt64 = 0
        var low: UInt64 = 0
        func append(_ group: UInt64) {
            high = high << 16 | low >> 48
            low = low << 16 | group
        }
        var groups = 0
        var gap: Int? = nil
        var i = 0
        guard text.count >= 2 else { return nil }
        if text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            i = 2
        }
        while i < text.count {
            guard groups < 8 else { return nil }
            let start = i
            var value: UInt64 = 0
            while i < text.count, text[i].isHexDigit {
                let c = text[i]
                value = value << 4 | UInt64(c.isDigit ? c - 0x30 : (c | 0x20) - 0x61 + 10)
                i += 1
            }
            if i < text.count, text[i] == UInt8(ascii: ".") {
                guard groups <= 6, let v4 = ipv4(text.from(start)) else { return nil }
                append(UInt64(v4 >> 16))
                append(UInt64(v4 & 0xFFFF))
                groups += 2
                i = text.count
                break
            }
            guard i > start, i - start <= 4 else { return nil }
            append(value)
            groups += 1
            if i == text.count { break }
            guard text[i] == UInt8(ascii: ":") else { return nil }
            i += 1
            if i < text.count, text[i] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = groups
                i += 1
            } else if i == text.count {
                return nil
            }
        }
        guard let gap else { return groups == 8 ? (high, low) : nil }
        guard groups <= 7 else { return nil }
        // Move the groups after the gap to the right end, the ones before it to the left end.
        let tail = groups - gap
        let all = (high, low)
        func group(_ index: Int) -> UInt64 {
            let fromRight = groups - 1 - index
            return fromRight < 4 ? all.1 >> (16 * UInt64(fromRight)) & 0xFFFF : all.0 >> (16 * UInt64(fromRight - 4)) & 0xFFFF
        }
        high = 0
        low = 0
        for position in 0..<8 {
            if position < gap {
                append(group(position))
            } else if position >= 8 - tail {
                append(group(position - (8 - tail) + gap))
            } else {
                append(0)
            }
        }
        return (high, low)
    }
}

// MARK: - Writing

extension NetworkAddress: CustomStringConvertible {
    /// The host alone, IPv6 without brackets, in RFC 5952 form.
    public var hostDescription: String {
        withUnsafeTemporaryAllocation(byteCount: 48, alignment: 1) { buffer in
            let n = writeHost(into: buffer)
            return String(decoding: UnsafeRawBufferPointer(buffer)[..<n], as: UTF8.self)
        }
    }

    /// The host as it stands in a SIP URI or Via: IPv6 in brackets.
    public var sipHost: String { family == .ipv6 ? "[\(hostDescription)]" : hostDescription }

    /// `192.0.2.1:5060` or `[2001:db8::1]:5060`; without the port when it is 0.
    public var description: String { port == 0 ? sipHost : "\(sipHost):\(port)" }

    /// Writes what `description` says into `buffer`, which must hold 64 bytes; returns the length.
    public func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(buffer.count >= 64)
        var n = 0
        if family == .ipv6 {
            buffer[0] = UInt8(ascii: "[")
            n = 1
        }
        n += writeHost(into: UnsafeMutableRawBufferPointer(rebasing: buffer[n..<n + 48]))
        if family == .ipv6 {
            buffer[n] = UInt8(ascii: "]")
            n += 1
        }
        guard port != 0 else { return n }
        buffer[n] = UInt8(ascii: ":")
        n += 1
        var divisor: UInt16 = 10_000
        while divisor > port { divisor /= 10 }
        while divisor > 0 {
            buffer[n] = UInt8(0x30 + port / divisor % 10)
            n += 1
            divisor /= 10
        }
        return n
    }

    /// Writes the host (IPv6 without brackets) into `buffer`, which must hold 48 bytes; returns the length.
    public func writeHost(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(buffer.count >= 48)
        var n = 0
        func put(_ byte: UInt8) {
            buffer[n] = byte
            n += 1
        }
        func putDecimal(_ value: UInt64) {
            if value >= 100 { put(UInt8(0x30 + value / 100)) }
            if value >= 10 { put(UInt8(0x30 + value / 10 % 10)) }
            put(UInt8(0x30 + value % 10))
        }
        if family == .ipv4 {
            for position in 0..<4 {
                let shift = UInt64(24 - 8 * position)
                putDecimal(low >> shift & 0xFF)
                if shift != 0 { put(UInt8(ascii: ".")) }
            }
            return n
        }
        func group(_ i: Int) -> UInt64 { i < 4 ? high >> (16 * UInt64(3 - i)) & 0xFFFF : low >> (16 * UInt64(7 - i)) & 0xFFFF }
        // The longest run of at least two zero groups becomes "::" (RFC 5952, section 4.2).
        var runStart = -1
        var runLength = 1
        var i = 0
        while i < 8 {
            var j = i
            while j < 8, group(j) == 0 { j += 1 }
            if j - i > runLength {
                runStart = i
                runLength = j - i
            }
            i = max(j, i + 1)
        }
        i = 0
        while i < 8 {
            if i == runStart {
                put(UInt8(ascii: ":"))
                put(UInt8(ascii: ":"))
                i += runLength
                continue
            }
            if i > 0, i != runStart + runLength || runStart < 0 { put(UInt8(ascii: ":")) }
            let value = group(i)
            var started = false
            for position in 0..<4 {
                let shift = UInt64(12 - 4 * position)
                let digit = UInt8(value >> shift & 0xF)
                if digit != 0 || started || shift == 0 {
                    put(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
                    started = true
                }
            }
            i += 1
        }
        return n
    }
}
