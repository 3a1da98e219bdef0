import Vocabulary

/// Which row of `open_slots` keeps which open call. Lives with the writer.
///
/// A call that ends leaves its row as it is, to be overwritten by a later call: the record that is
/// written at its end makes the row void (`LedgerSchema`). So an end touches no page of open calls,
/// and an answer overwrites one where it stands. Slots given back last are taken first: their pages
/// are in the cache.
///
/// Changes take effect with the transaction they belong to: `committed` or `rolledBack` ends them.
struct OpenCallSlots {
    private var slots: [Int64: Int64] = [:]
    private var free: [Int64] = []
    private var next: Int64 = 1
    /// Taken and given back within the transaction.
    private var taken: [(id: Int64, slot: Int64)] = []
    private var released: [(id: Int64, slot: Int64)] = []

    init() {}

    /// The slots of the calls that are open at the start.
    init(occupied: [(slot: Int64, id: Int64)]) {
        for (slot, id) in occupied { slots[id] = slot }
        let highest = occupied.map(\.slot).max() ?? 0
        let used = Set(occupied.map(\.slot))
        free = (1..<highest + 1).reversed().filter { !used.contains($0) }
        next = highest + 1
    }

    func slot(of id: Int64) -> Int64? { slots[id] }

    /// The slot for a call's state: its own, if it has one.
    mutating func take(_ id: Int64) -> Int64 {
        if let slot = slots[id] { return slot }
        let slot: Int64
        if let last = free.popLast() {
            slot = last
        } else {
            slot = next
            next += 1
        }
        slots[id] = slot
        taken.append((id, slot))
        return slot
    }

    /// Gives the slot of an ended call back. It is not used again before the record is committed.
    mutating func release(_ id: Int64) {
        guard let slot = slots.removeValue(forKey: id) else { return }
        released.append((id, slot))
    }

    mutating func committed() {
        for (_, slot) in released { free.append(slot) }
        released.removeAll(keepingCapacity: true)
        taken.removeAll(keepingCapacity: true)
    }

    mutating func rolledBack() {
        for (id, slot) in released { slots[id] = slot }
        for (id, slot) in taken.reversed() {
            slots[id] = nil
            free.append(slot)
        }
        released.removeAll(keepingCapacity: true)
        taken.removeAll(keepingCapacity: true)
    }
}
