import Vocabulary

/// What a host is to the switch, by its address alone.
public enum HostStanding: UInt8, Sendable, Hashable {
    /// It belongs to a gateway of the configuration, or an upstream answered from it.
    case gateway
    /// A phone is registered from it, or somebody proved there to be of an account.
    case phone
}

/// The hosts that are expected to send: those of gateways and upstreams, which change with the
/// configuration, and those of registered phones, which come and go.
///
/// Looked at for every message that arrives, before anything else: one hash and mostly one comparison.
struct KnownHosts: ~Copyable {
    private let seed: UInt64
    private var gateways: HostTable
    /// With the number of bindings from each.
    private var phones: HostTable

    init(seed: UInt64) {
        self.seed = seed
        gateways = HostTable(minimumCapacity: 64)
        phones = HostTable(minimumCapacity: 64)
    }

    /// Hosts with a standing; one with both counts twice.
    var count: Int { gateways.count + phones.count }

    /// A seeded hash of the host without its port, so that nobody can choose hosts that fall together.
    func hash(of source: NetworkAddress) -> UInt64 { KnownHosts.hash(source.high, source.low, seed) }

    func standing(of source: NetworkAddress) -> HostStanding? { standing(of: source, hash: hash(of: source)) }

    /// Nil for a stranger.
    func standing(of source: NetworkAddress, hash: UInt64) -> HostStanding? {
        if gateways.value(source, hash) != 0 { return .gateway }
        return phones.value(source, hash) != 0 ? .phone : nil
    }

    /// Replaces the hosts of gateways and upstreams.
    mutating func setGateways(_ hosts: some Sequence<NetworkAddress>) {
        var table = HostTable(minimumCapacity: 64)
        for host in hosts {
            let hash = hash(of: host)
            if table.value(host, hash) == 0 { table.add(host, hash) }
        }
        gateways = table
    }

    /// A phone registered from this host.
    mutating func noteBinding(_ host: NetworkAddress) { phones.add(host, hash(of: host)) }

    /// A binding from this host is gone; with the last one the host is a stranger again.
    mutating func forgetBinding(_ host: NetworkAddress) { phones.remove(host, hash(of: host)) }

    static func hash(_ high: UInt64, _ low: UInt64, _ seed: UInt64) -> UInt64 {
        let first = (low ^ seed).multipliedFullWidth(by: high ^ 0x9E37_79B9_7F4A_7C15 ^ (seed << 32 | seed >> 32) | 1)
        let mixed = first.high ^ first.low ^ 0xD1B5_4A32_D192_ED03
        let second = mixed.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return second.high ^ second.low
    }
}

/// Host addresses with a count each: linear probing, backward-shift removal, at most half full.
private struct HostTable: ~Copyable {
    private struct Slot {
        var high: UInt64
        var low: UInt64
        var hash: UInt64
        /// 0: the slot is empty.
        var uses: UInt32
        static let empty = Slot(high: 0, low: 0, hash: 0, uses: 0)
    }

    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int
    private(set) var count = 0

    init(minimumCapacity: Int) {
        var capacity = 16
        while capacity < minimumCapacity { capacity *= 2 }
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: .empty, count: capacity)
    }

    deinit { slots.deallocate() }

    /// How often the host was added and not removed.
    func value(_ host: NetworkAddress, _ hash: UInt64) -> UInt32 { slots[index(host, hash)].uses }

    mutating func add(_ host: NetworkAddress, _ hash: UInt64) {
        if (count + 1) * 2 > mask + 1 { grow() }
        let i = index(host, hash)
        if slots[i].uses == 0 {
            slots[i] = Slot(high: host.high, low: host.low, hash: hash, uses: 1)
            count += 1
        } else {
            slots[i].uses += 1
        }
    }

    mutating func remove(_ host: NetworkAddress, _ hash: UInt64) {
        let i = index(host, hash)
        guard slots[i].uses > 0 else { return }
        slots[i].uses -= 1
        guard slots[i].uses == 0 else { return }
        count -= 1
        closeGap(at: i)
    }

    /// Where the host stands, or the empty slot where it would.
    private func index(_ host: NetworkAddress, _ hash: UInt64) -> Int {
        var i = Int(truncatingIfNeeded: hash) & mask
        while slots[i].uses != 0, slots[i].low != host.low || slots[i].high != host.high { i = (i + 1) & mask }
        return i
    }

    private mutating func closeGap(at start: Int) {
        var gap = start
        var i = (gap + 1) & mask
        while slots[i].uses != 0 {
            let home = Int(truncatingIfNeeded: slots[i].hash) & mask
            if (i - home) & mask >= (i - gap) & mask {
                slots[gap] = slots[i]
                gap = i
            }
            i = (i + 1) & mask
        }
        slots[gap] = .empty
    }

    private mutating func grow() {
        let old = slots
        let oldCapacity = mask + 1
        mask = oldCapacity * 2 - 1
        slots = .allocate(capacity: oldCapacity * 2)
        slots.initialize(repeating: .empty, count: oldCapacity * 2)
        for i in 0..<oldCapacity where old[i].uses != 0 {
            var at = Int(truncatingIfNeeded: old[i].hash) & mask
            while slots[at].uses != 0 { at = (at + 1) & mask }
            slots[at] = old[i]
        }
        old.deallocate()
    }
}
