import Vocabulary

/// A run of bytes kept in a `ByteStore`.
public struct StoredBytes: Hashable, Sendable {
    var offset: UInt32
    public private(set) var count: UInt32
    /// Bytes set aside, so that a value of like length can replace it in place.
    var room: UInt32

    public static let none = StoredBytes(offset: 0, count: 0, room: 0)
    public var isEmpty: Bool { count == 0 }

    fileprivate mutating func resize(to count: Int) { self.count = UInt32(count) }
    fileprivate init(offset: Int, count: Int, room: Int) {
        self.offset = UInt32(offset)
        self.count = UInt32(count)
        self.room = UInt32(room)
    }
    private init(offset: UInt32, count: UInt32, room: UInt32) {
        self.offset = offset
        self.count = count
        self.room = room
    }
}

/// The texts of one owner (a leg, a call) in one allocation that is freed whole.
///
/// Values are appended and named by offset, so they survive growth. Replacing a value reuses its
/// place when the new one fits, else takes a new place; the old place is lost until the owner ends.
public struct ByteStore: ~Copyable {
    private var memory: UnsafeMutableRawPointer?
    private var capacity: UInt32 = 0
    private var used: UInt32 = 0
    /// No store grows beyond this: what a peer can make us keep is bounded by the message bounds.
    public static var maximumSize: Int { 1 << 20 }

    public init() {}

    deinit { memory?.deallocate() }

    /// Bytes allocated.
    public var size: Int { Int(capacity) }

    public mutating func store(_ bytes: Bytes, room: Int = 0) -> StoredBytes {
        let wanted = max(bytes.count, room)
        reserve(wanted)
        let offset = Int(used)
        if bytes.count > 0 { (memory! + offset).copyMemory(from: bytes.base, byteCount: bytes.count) }
        used += UInt32(wanted)
        return StoredBytes(offset: offset, count: bytes.count, room: wanted)
    }

    public mutating func replace(_ place: inout StoredBytes, with bytes: Bytes) {
        guard bytes.count <= Int(place.room) else {
            place = store(bytes, room: (bytes.count + 15) & ~15)
            return
        }
        if bytes.count > 0 { (memory! + Int(place.offset)).copyMemory(from: bytes.base, byteCount: bytes.count) }
        place.resize(to: bytes.count)
    }

    /// A view of the value, valid until the store is changed.
    public subscript(place: StoredBytes) -> Bytes {
        guard let memory, place.count > 0 else { return .empty }
        precondition(place.offset + place.count <= used)
        return Bytes(memory + Int(place.offset), count: Int(place.count))
    }

    private mutating func reserve(_ count: Int) {
        let needed = Int(used) + count
        guard needed > Int(capacity) else { return }
        precondition(needed <= Self.maximumSize, "byte store outgrew its bound")
        let grown = min(Self.maximumSize, max(needed, max(256, Int(capacity) + Int(capacity) / 2)))
        let next = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 8)
        if let memory {
            next.copyMemory(from: memory, byteCount: Int(used))
            memory.deallocate()
        }
        memory = next
        capacity = UInt32(grown)
    }
}

/// A message kept for repetition: one allocation, freed with its owner.
public struct OwnedBytes: ~Copyable {
    private let memory: UnsafeMutableRawPointer?
    private let count: Int

    /// Nothing kept.
    public init() {
        memory = nil
        count = 0
    }

    public init(copying bytes: Bytes) {
        count = bytes.count
        guard bytes.count > 0 else {
            memory = nil
            return
        }
        let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 8)
        copy.copyMemory(from: bytes.base, byteCount: bytes.count)
        memory = copy
    }

    deinit { memory?.deallocate() }

    public var isEmpty: Bool { count == 0 }
    /// A view, valid as long as the owner.
    public var bytes: Bytes { memory.map { Bytes($0, count: count) } ?? .empty }
}
