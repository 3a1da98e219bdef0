import Vocabulary

/// From a callee number to the routing gateways that take it, longest prefix first.
///
/// Each prefix that some gateway names is kept once, hashed, with its gateways in order of priority
/// and name. A search looks up the number's beginnings of the lengths that occur, and allocates nothing.
public struct PrefixTable: Sendable {
    private struct Entry: Sendable {
        var prefix: [UInt8]
        var gateways: [Int]
    }

    private var entries: [Entry] = []
    /// Open addressing: index into `entries`, -1 for empty. A power of two, at most half full.
    private var slots: [Int32] = []
    /// Bit n is set when a prefix of length n exists.
    private var lengths: UInt64 = 0

    /// Longest prefix that can be configured.
    public static let maximumPrefixLength = 63
    private static let seed: UInt64 = 0x5A17_1F0D_C0DE_0001

    public init(_ gateways: [RoutingGateway]) {
        let order = gateways.indices.sorted {
            (gateways[$0].priority, gateways[$0].name) < (gateways[$1].priority, gateways[$1].name)
        }
        var places: [String: Int] = [:]
        for index in order {
            for prefix in gateways[index].prefixes where prefix.utf8.count <= Self.maximumPrefixLength {
                if let place = places[prefix] {
                    if entries[place].gateways.last != index { entries[place].gateways.append(index) }
                } else {
                    places[prefix] = entries.count
                    entries.append(Entry(prefix: Array(prefix.utf8), gateways: [index]))
                    lengths |= 1 << UInt64(prefix.utf8.count)
                }
            }
        }
        var capacity = 16
        while capacity < entries.count * 2 { capacity *= 2 }
        slots = Array(repeating: -1, count: capacity)
        for (place, entry) in entries.enumerated() {
            var i = entry.prefix.withBytes { Int(truncatingIfNeeded: $0.hash(seed: Self.seed)) } & (capacity - 1)
            while slots[i] >= 0 { i = (i + 1) & (capacity - 1) }
            slots[i] = Int32(place)
        }
    }

    /// Calls `visit` with every gateway whose prefix begins the number, longest prefix first, each
    /// gateway once per prefix of its own.
    public func forEachMatch(_ number: Bytes, _ visit: (_ gateway: Int, _ prefixLength: Int) -> Void) {
        var length = min(number.count, Self.maximumPrefixLength)
        while length >= 0 {
            if lengths >> UInt64(length) & 1 == 1, let place = find(number.upTo(length)) {
                for gateway in entries[place].gateways { visit(gateway, length) }
            }
            length -= 1
        }
    }

    private func find(_ prefix: Bytes) -> Int? {
        let mask = slots.count - 1
        var i = Int(truncatingIfNeeded: prefix.hash(seed: Self.seed)) & mask
        while slots[i] >= 0 {
            let place = Int(slots[i])
            if entries[place].prefix.withBytes({ $0.equals(prefix) }) { return place }
            i = (i + 1) & mask
        }
        return nil
    }
}
