import Vocabulary

/// Copies of messages in order, in one run of memory, within a bound on their number and bytes.
///
/// Emptied and filled again it allocates nothing; memory that only a burst needed is given back when
/// the queue is emptied.
struct MessageQueue: ~Copyable {
    struct Bound: Sendable, Equatable {
        /// Most messages.
        var messages: Int
        /// Most bytes of all messages together.
        var bytes: Int
    }

    private struct Entry {
        var flow: Flow
        var offset: Int
        var length: Int
    }

    /// Memory kept while the queue is empty.
    private static let restingCapacity = 256 * 1024

    let bound: Bound
    private var memory: UnsafeMutableRawPointer?
    private var capacity = 0
    private var used = 0
    private var entries: [Entry] = []

    init(bound: Bound) { self.bound = bound }

    deinit { memory?.deallocate() }

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    /// Appends a copy; false when the queue is full.
    mutating func append(_ message: Bytes, flow: Flow) -> Bool {
        guard entries.count < bound.messages, used + message.count <= bound.bytes else { return false }
        let start = reserve(message.count)
        start.copyMemory(from: message.base, byteCount: message.count)
        entries.append(Entry(flow: flow, offset: used, length: message.count))
        used += message.count
        return true
    }

    func flow(at index: Int) -> Flow { entries[index].flow }

    /// The message at `index`, valid until the queue is next changed. It may be changed in place.
    func message(at index: Int) -> UnsafeMutableRawBufferPointer {
        let entry = entries[index]
        guard let memory else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return UnsafeMutableRawBufferPointer(start: memory + entry.offset, count: entry.length)
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: entries.count <= 4096)
        used = 0
        if capacity > MessageQueue.restingCapacity {
            memory?.deallocate()
            memory = nil
            capacity = 0
        }
    }

    /// Where the next `count` bytes go; grows the memory when they do not fit.
    private mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        if let memory, used + count <= capacity { return memory + used }
        let grown = max(16 * 1024, capacity * 2, used + count)
        let next = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
        if let memory {
            next.copyMemory(from: memory, byteCount: used)
            memory.deallocate()
        }
        memory = next
        capacity = grown
        return next + used
    }
}

/// The queue alone owns its memory and is never copied, so that moving it to another thread moves the memory.
extension MessageQueue: @unchecked Sendable {}
