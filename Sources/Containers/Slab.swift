/// Names a slot of a `Slab` and the occupant that it had: a key of a removed element never finds its successor.
public struct SlabKey: Hashable, Sendable {
    public var index: UInt32
    public var generation: UInt32

    public init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    /// Both halves in one word, for tokens of timers and tables.
    public var word: UInt64 { UInt64(generation) << 32 | UInt64(index) }
    public init(word: UInt64) {
        self.init(index: UInt32(truncatingIfNeeded: word), generation: UInt32(truncatingIfNeeded: word >> 32))
    }
}

/// Storage for many live machines that are changed in place: constant-time insert, remove and access,
/// addresses that never move, memory taken in chunks and reused slot by slot.
public struct Slab<Element: ~Copyable>: ~Copyable {
    private static var chunkShift: Int { 7 }
    private static var chunkSize: Int { 1 << chunkShift }

    private var chunks: [UnsafeMutablePointer<Element>] = []
    /// Odd while the slot is occupied.
    private var generations: [UInt32] = []
    private var free: [UInt32] = []
    /// Elements now in the slab.
    public private(set) var count = 0

    public init() {}

    deinit {
        for index in generations.indices where generations[index] & 1 == 1 {
            address(UInt32(index)).deinitialize(count: 1)
        }
        for chunk in chunks { chunk.deallocate() }
    }

    public mutating func insert(_ element: consuming Element) -> SlabKey {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            if generations.count & (Self.chunkSize - 1) == 0 { chunks.append(.allocate(capacity: Self.chunkSize)) }
            index = UInt32(generations.count)
            generations.append(0)
        }
        generations[Int(index)] &+= 1
        address(index).initialize(to: element)
        count += 1
        return SlabKey(index: index, generation: generations[Int(index)])
    }

    /// The key that the next `insert` returns: for an element that carries its own name.
    public var nextKey: SlabKey {
        let index = free.last ?? UInt32(generations.count)
        let generation = Int(index) < generations.count ? generations[Int(index)] : 0
        return SlabKey(index: index, generation: generation &+ 1)
    }

    /// Removes and returns the element; the key must be valid.
    public mutating func remove(_ key: SlabKey) -> Element {
        precondition(contains(key), "slab key is not in use")
        let element = address(key.index).move()
        vacate(key)
        return element
    }

    /// Ends the element where it stands: `remove` would first move it, and the elements are large. The key must be valid.
    public mutating func discard(_ key: SlabKey) {
        precondition(contains(key), "slab key is not in use")
        address(key.index).deinitialize(count: 1)
        vacate(key)
    }

    private mutating func vacate(_ key: SlabKey) {
        generations[Int(key.index)] &+= 1
        free.append(key.index)
        count -= 1
    }

    public func contains(_ key: SlabKey) -> Bool {
        Int(key.index) < generations.count && generations[Int(key.index)] == key.generation && key.generation & 1 == 1
    }

    /// The element, read or changed in place; the key must be valid.
    public subscript(key: SlabKey) -> Element {
        _read {
            precondition(contains(key), "slab key is not in use")
            yield address(key.index).pointee
        }
        _modify {
            precondition(contains(key), "slab key is not in use")
            yield &address(key.index).pointee
        }
    }

    /// The keys in use, in slot order. Allocates: for lists and shutdown, not for the packet path.
    public var keys: [SlabKey] {
        generations.indices.compactMap { index in
            let generation = generations[index]
            return generation & 1 == 1 ? SlabKey(index: UInt32(index), generation: generation) : nil
        }
    }

    private func address(_ index: UInt32) -> UnsafeMutablePointer<Element> {
        chunks[Int(index) >> Self.chunkShift] + (Int(index) & (Self.chunkSize - 1))
    }
}
