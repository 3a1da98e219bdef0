/// The switch's own name of a call, unique over restarts and nodes, rising with time: 42 bits of
/// milliseconds since 2024, 10 bits of node and shard, 11 bits of sequence. It is the key of the
/// call's record. (The header field Call-ID is another thing: each leg has its own.)
public struct CallIdentifier: Hashable, Comparable, Sendable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (a: CallIdentifier, b: CallIdentifier) -> Bool { a.rawValue < b.rawValue }

    private static let epochMilliseconds: Int64 = 1_704_067_200_000

    /// When it was minted, to the millisecond, as far as the wall clock was right.
    public var mintedAt: WallTime { WallTime(microseconds: ((rawValue >> 21) + CallIdentifier.epochMilliseconds) * 1_000) }

    /// Mints identifiers for one shard; each is greater than the one before, even when the wall clock steps back.
    public struct Mint: Sendable {
        private var last: Int64 = 0
        private let origin: Int64

        /// `origin`: node and shard, 0 to 1023.
        public init(origin: Int) {
            precondition((0..<1024).contains(origin), "origin must be 0 to 1023")
            self.origin = Int64(origin)
        }

        /// From now on identifiers are greater than this one, which a process before minted: the wall clock may have
        /// been set back since.
        public mutating func skip(past identifier: CallIdentifier) {
            last = max(last, (identifier.rawValue >> 21) << 11 | 0x7FF)
        }

        public mutating func next(at wall: WallTime) -> CallIdentifier {
            let milliseconds = max(0, wall.microseconds / 1000 - CallIdentifier.epochMilliseconds)
            var tick = milliseconds << 11
            if tick <= last { tick = last + 1 }
            last = tick
            // The sequence may carry into the milliseconds under extreme load; order and uniqueness stay.
            return CallIdentifier(rawValue: (tick >> 11) << 21 | origin << 11 | tick & 0x7FF)
        }
    }
}

extension CallIdentifier: CustomStringConvertible, LosslessStringConvertible {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// Thirteen characters of Crockford's base 32; text order is time order.
    public var description: String {
        String(unsafeUninitializedCapacity: 13) { buffer in
            for i in 0..<13 {
                buffer[12 - i] = CallIdentifier.alphabet[Int(rawValue >> (5 * Int64(i)) & 31)]
            }
            return 13
        }
    }

    public init?(_ text: String) {
        guard text.utf8.count == 13 else { return nil }
        var value: UInt64 = 0
        for byte in text.utf8 {
            guard let digit = CallIdentifier.alphabet.firstIndex(of: byte.lowercased) else { return nil }
            let (high, _) = UInt64(32).multipliedFullWidth(by: value)
            guard high == 0 else { return nil }
            value = value << 5 | UInt64(digit)
        }
        guard let raw = Int64(exactly: value) else { return nil }
        self.init(rawValue: raw)
    }
}
