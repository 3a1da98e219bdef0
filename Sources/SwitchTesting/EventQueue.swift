import Vocabulary

/// What is to happen, in the order of time; what is set for the same instant happens in the order in
/// which it was set. A binary heap over small entries, payloads beside it.
public struct EventQueue<Payload> {
    private struct Entry {
        var time: Int64
        var order: UInt64
        var place: Int32
    }

    private var heap: [Entry] = []
    private var payloads: [Payload?] = []
    private var free: [Int32] = []
    private var pushed: UInt64 = 0

    public init() {}

    public var count: Int { heap.count }
    public var isEmpty: Bool { heap.isEmpty }
    /// When the first event is due; `never` when there is none.
    public var nextInstant: Instant { heap.first.map { Instant(nanoseconds: $0.time) } ?? .never }

    public mutating func push(_ payload: Payload, at instant: Instant) {
        let place: Int32
        if let reused = free.popLast() {
            place = reused
            payloads[Int(place)] = payload
        } else {
            place = Int32(payloads.count)
            payloads.append(payload)
        }
        pushed += 1
        heap.append(Entry(time: instant.nanoseconds, order: pushed, place: place))
        siftUp(heap.count - 1)
    }

    public mutating func pop() -> (instant: Instant, payload: Payload)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        guard let payload = payloads[Int(first.place)] else { return nil }
        payloads[Int(first.place)] = nil
        free.append(first.place)
        return (Instant(nanoseconds: first.time), payload)
    }

    private func precedes(_ a: Entry, _ b: Entry) -> Bool { a.time != b.time ? a.time < b.time : a.order < b.order }

    private mutating func siftUp(_ start: Int) {
        var child = start
        let entry = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(entry, heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = entry
    }

    private mutating func siftDown() {
        var parent = 0
        let entry = heap[parent]
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
            guard precedes(heap[child], entry) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = entry
    }
}
