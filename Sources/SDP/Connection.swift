import Vocabulary

/// A `c=` line: where media is to be sent (RFC 8866, section 5.7).
public struct Connection {
    public let networkType: Bytes
    public let addressType: Bytes
    /// Host name or address as written, with TTL and count for multicast.
    public let address: Bytes

    init?(_ value: Bytes) {
        var words = SDPWords(value)
        guard let network = words.next(), let type = words.next(), let address = words.next(), words.next() == nil else { return nil }
        networkType = network
        addressType = type
        self.address = address
    }

    /// The numeric address (port 0); nil for a host name.
    public var numeric: NetworkAddress? {
        NetworkAddress(parsing: address.upTo(address.firstIndex(of: UInt8(ascii: "/")) ?? address.count))
    }

    /// `0.0.0.0` or `::`: nothing is to be sent, the way hold was signalled before RFC 3264.
    public var isUnspecified: Bool { numeric?.isUnspecified ?? false }
}

/// A `b=` line: the bandwidth that the session or medium may take (RFC 8866, section 5.8).
public struct Bandwidth {
    /// `AS`, `CT`, `TIAS`, `RS`, `RR` or another.
    public let type: Bytes
    /// Kilobits per second, for TIAS, RS and RR bits per second.
    public let value: UInt64

    init?(_ text: Bytes) {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0, let value = text.from(colon + 1).trimmed.decimal else { return nil }
        type = text.upTo(colon)
        self.value = value
    }
}

/// A `t=` line: when the session is held, in NTP seconds; zero is unbounded (RFC 8866, section 5.9).
public struct SessionTime {
    public let start: UInt64
    public let stop: UInt64

    init?(_ value: Bytes) {
        var words = SDPWords(value)
        guard let start = words.next()?.decimal, let stop = words.next()?.decimal, words.next() == nil else { return nil }
        self.start = start
        self.stop = stop
    }
}
