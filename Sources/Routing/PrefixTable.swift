import Vocabulary

/// From a callee number to the routing gateways that take it, longest prefix first.
///
/// Each prefix that some gateway names is kept once, with its gateways in order of priority and name
/// as one range of one array: a million prefixes take some 60 bytes each at most. A search looks up the number's
/// beginnings of the lengths that occur, and allocates nothing.
public struct PrefixTable: Sendable {
    private let prefixes: KeyTable
    /// Where each prefix's gateways begin in `gateways`, and after the last one where they end.
    private var starts: [Int32]
    private var gateways: [Int32]
    /// Bit n is set when a prefix of length n exists.
    private var lengths: UInt64 = 0

    /// Longest prefix that can be configured.
    public static let maximumPrefixLength = 63

    /// How many different prefixes there are.
    public var count: Int { prefixes.count }

    public init(_ all: [RoutingGateway]) {
        let order = all.indices.sorted { (all[$0].priority, all[$0].name) < (all[$1].priority, all[$1].name) }
        let named = all.reduce(0) { $0 + $1.prefixes.count }
        var table = KeyTable(minimumCapacity: named)
        // First whose prefixes they are, then how many gateways each has, then where each one's begin.
        var pairs: [(prefix: Int32, gateway: Int32)] = []
        pairs.reserveCapacity(named)
        var last: [Int32] = []
        starts = []
        for index in order {
            for prefix in all[index].prefixes where prefix.utf8.count <= Self.maximumPrefixLength {
                let (number, isNew) = table.insert(prefix)
                if isNew {
                    last.append(-1)
                    starts.append(0)
                    lengths |= 1 << UInt64(prefix.utf8.count)
                }
                guard last[number] != Int32(index) else { continue }
                last[number] = Int32(index)
                starts[number] += 1
                pairs.append((Int32(number), Int32(index)))
            }
        }
        table.finish()
        prefixes = table
        var total: Int32 = 0
        for number in starts.indices {
            let count = starts[number]
            starts[number] = total
            last[number] = total
            total += count
        }
        starts.append(total)
        gateways = Array(repeating: 0, count: pairs.count)
        for pair in pairs {
            gateways[Int(last[Int(pair.prefix)])] = pair.gateway
            last[Int(pair.prefix)] += 1
        }
    }

    /// Calls `visit` with every gateway whose prefix begins the number, longest prefix first, each
    /// gateway once per prefix of its own.
    @inline(__always)
    public func forEachMatch(_ number: Bytes, _ visit: (_ gateway: Int, _ prefixLength: Int) -> Void) {
        var length = min(number.count, Self.maximumPrefixLength)
        while length >= 0 {
            if lengths >> UInt64(length) & 1 == 1, let prefix = prefixes.find(number.upTo(length)) {
                for place in starts[prefix]..<starts[prefix + 1] { visit(Int(gateways[Int(place)]), length) }
            }
            length -= 1
        }
    }
}
