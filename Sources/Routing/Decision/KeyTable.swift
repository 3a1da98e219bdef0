import Vocabulary

/// Byte strings numbered in the order in which they came, found by their bytes without allocation.
///
/// The strings stand one behind the other in one array; open addressing finds them, and a slot carries a
/// part of the hash, so that a miss usually touches one cache line.
struct KeyTable: Sendable {
    private struct Slot: Sendable {
        var tag: UInt32
        /// Number of the key, -1 for an empty slot.
        var key: Int32
        static let empty = Slot(tag: 0, key: -1)
    }

    private var bytes: [UInt8] = []
    /// Where each key ends in `bytes`.
    private var ends: [UInt32] = []
    /// A power of two, at most half full.
    private var slots: [Slot]
    /// For names of objects of which two may be the same: the index of the first with each name. Empty where
    /// all differ, and the number of a name is its index.
    private var firsts: [Int32] = []

    private static let seed: UInt64 = 0x5A17_1F0D_C0DE_0001

    var count: Int { ends.count }

    init(minimumCapacity: Int = 0) {
        var capacity = 16
        while capacity < minimumCapacity * 2 { capacity *= 2 }
        slots = Array(repeating: .empty, count: capacity)
        ends.reserveCapacity(minimumCapacity)
    }

    /// Indices by name; the first of equal names is found.
    init(names: some Collection<String>) {
        self.init(minimumCapacity: names.count)
        for (index, name) in names.enumerated() {
            let isNew = insert(name).isNew
            if !isNew, firsts.isEmpty { firsts = (0..<Int32(index)).map { $0 } }
            if isNew, !firsts.isEmpty { firsts.append(Int32(index)) }
        }
        finish()
    }

    /// The number of the key, a new one where it is not known.
    mutating func insert(_ key: Bytes) -> (number: Int, isNew: Bool) {
        let hash = key.hash(seed: KeyTable.seed)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot].key >= 0 {
            if slots[slot].tag == KeyTable.tag(hash), equals(Int(slots[slot].key), key) { return (Int(slots[slot].key), false) }
            slot = (slot + 1) & (slots.count - 1)
        }
        bytes.append(contentsOf: key.buffer)
        ends.append(UInt32(bytes.count))
        slots[slot] = Slot(tag: KeyTable.tag(hash), key: Int32(ends.count - 1))
        if ends.count * 2 > slots.count { grow() }
        return (ends.count - 1, true)
    }

    mutating func insert(_ key: String) -> (number: Int, isNew: Bool) {
        var copy = key
        return copy.withUTF8 { insert(Bytes(UnsafeRawBufferPointer($0))) }
    }

    /// The index of a name, where the table was made from names; else the number of the key.
    func find(_ key: Bytes) -> Int? {
        let hash = key.hash(seed: KeyTable.seed)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot].key >= 0 {
            if slots[slot].tag == KeyTable.tag(hash), equals(Int(slots[slot].key), key) {
                let number = Int(slots[slot].key)
                return firsts.isEmpty ? number : Int(firsts[number])
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Gives back what was set aside for more keys.
    mutating func finish() {
        bytes = bytes.withUnsafeBufferPointer { Array($0) }
        ends = ends.withUnsafeBufferPointer { Array($0) }
    }

    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

    private func equals(_ number: Int, _ key: Bytes) -> Bool {
        let start = number == 0 ? 0 : Int(ends[number - 1])
        let end = Int(ends[number])
        guard end - start == key.count else { return false }
        return bytes.withBytes { $0[start..<end].equals(key) }
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: .empty, count: old.count * 2)
        bytes.withBytes { bytes in
            for entry in old where entry.key >= 0 {
                let number = Int(entry.key)
                let start = number == 0 ? 0 : Int(ends[number - 1])
                let hash = bytes[start..<Int(ends[number])].hash(seed: KeyTable.seed)
                var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
                while slots[slot].key >= 0 { slot = (slot + 1) & (slots.count - 1) }
                slots[slot] = entry
            }
        }
    }
}
