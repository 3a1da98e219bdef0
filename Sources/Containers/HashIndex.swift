/// An open-addressing table from a seeded 64-bit hash to a key of a slab.
///
/// It holds no names: the caller hashes the name, and on a hit compares the whole name where it is
/// kept. Linear probing with backward-shift removal, at most three quarters full.
public struct HashIndex: ~Copyable {
    private struct Slot {
        var hash: UInt64
        var key: SlabKey
        static let empty = Slot(hash: 0, key: SlabKey(index: .max, generation: 0))
        var isEmpty: Bool { key.generation == 0 }
    }

    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int
    public private(set) var count = 0

    public init(minimumCapacity: Int = 64) {
        var capacity = 16
        while capacity < minimumCapacity { capacity *= 2 }
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: .empty, count: capacity)
    }

    deinit { slots.deallocate() }

    /// The first key with this hash that `matches` accepts.
    public func find(_ hash: UInt64, where matches: (SlabKey) -> Bool) -> SlabKey? {
        var i = Int(truncatingIfNeeded: hash) & mask
        while !slots[i].isEmpty {
            if slots[i].hash == hash, matches(slots[i].key) { return slots[i].key }
            i = (i + 1) & mask
        }
        return nil
    }

    /// Adds an entry. Several entries may share a hash.
    public mutating func insert(_ hash: UInt64, _ key: SlabKey) {
        precondition(key.generation != 0)
        if (count + 1) * 4 > (mask + 1) * 3 { grow() }
        place(Slot(hash: hash, key: key))
        count += 1
    }

    /// Removes the entry with exactly this hash and key, if there is one.
    public mutating func remove(_ hash: UInt64, _ key: SlabKey) {
        var i = Int(truncatingIfNeeded: hash) & mask
        while !slots[i].isEmpty {
            if slots[i].hash == hash, slots[i].key == key {
                closeGap(at: i)
                count -= 1
                return
            }
            i = (i + 1) & mask
        }
    }

    private mutating func closeGap(at start: Int) {
        var gap = start
        var i = (gap + 1) & mask
        while !slots[i].isEmpty {
            let home = Int(truncatingIfNeeded: slots[i].hash) & mask
            // Move back an entry whose home does not lie cyclically after the gap.
            if (i - home) & mask >= (i - gap) & mask {
                slots[gap] = slots[i]
                gap = i
            }
            i = (i + 1) & mask
        }
        slots[gap] = .empty
    }

    private mutating func place(_ slot: Slot) {
        var i = Int(truncatingIfNeeded: slot.hash) & mask
        while !slots[i].isEmpty { i = (i + 1) & mask }
        slots[i] = slot
    }

    private mutating func grow() {
        let old = slots
        let oldCapacity = mask + 1
        mask = oldCapacity * 2 - 1
        slots = .allocate(capacity: oldCapacity * 2)
        slots.initialize(repeating: .empty, count: oldCapacity * 2)
        for i in 0..<oldCapacity where !old[i].isEmpty { place(old[i]) }
        old.deallocate()
    }
}
