import CSys
import Vocabulary

/// Waits for descriptors, edge-triggered (epoll): each is reported once per change, with its key.
struct Poller: ~Copyable {
    struct Event {
        var key: UInt32
        var isReadable: Bool
        var isWritable: Bool
        /// An error waits in the socket's error queue.
        var hasError: Bool
    }

    enum Interest { case reading, readingAndWriting }

    private let poller: OpaquePointer
    private(set) var count = 0

    init() throws(TransportError) {
        var errorNumber: Int32 = 0
        guard let poller = csys_poller_new(&errorNumber) else { throw .system("epoll_create1", errorNumber: errorNumber) }
        self.poller = poller
    }

    deinit { csys_poller_free(poller) }

    func add(_ watched: Int32, key: UInt32) throws(TransportError) {
        let result = csys_poller_add(poller, watched, key)
        guard result >= 0 else { throw .system("epoll_ctl", errorNumber: -result) }
    }

    func change(_ watched: Int32, key: UInt32, to interest: Interest) {
        _ = csys_poller_watch_writing(poller, watched, key, interest == .readingAndWriting ? 1 : 0)
    }

    /// Waits until something happens or `interval` is over; `nil` waits without end. An interruption
    /// ends the wait early.
    mutating func wait(for interval: Interval?) {
        count = max(0, Int(csys_poller_wait(poller, interval.map { max(0, $0.nanoseconds) } ?? -1)))
    }

    func event(at index: Int) -> Event {
        precondition(index >= 0 && index < count)
        let event = csys_poller_event(poller, Int32(index))
        return Event(
            key: event.key, isReadable: event.flags & CSYS_READABLE != 0, isWritable: event.flags & CSYS_WRITABLE != 0,
            hasError: event.flags & CSYS_FAILED != 0)
    }
}
