import CSys
import Glibc
import Vocabulary

/// Room for the datagrams of one receive call: 64 of up to 65,535 bytes. The memory becomes resident
/// only as far as datagrams fill it.
struct ReceiveBatch: ~Copyable {
    static let capacity = Int(CSYS_BATCH)

    private let batch: OpaquePointer
    /// Datagrams held; 0 to `capacity`.
    private(set) var count = 0

    init() throws(TransportError) {
        guard let batch = csys_receive_batch_new() else { throw .system("mmap", errorNumber: ENOMEM) }
        self.batch = batch
    }

    deinit { csys_receive_batch_free(batch) }

    /// Receives what waits on the socket in place of what was held. Returns 0, or the negated error.
    mutating func receive(from descriptor: Int32) -> Int32 {
        let received = csys_receive(descriptor, batch)
        count = max(0, Int(received))
        return min(0, received)
    }

    /// When the first datagram held arrived at this machine; unset when the system did not say.
    var oldestArrival: WallTime { WallTime(microseconds: csys_oldest_arrival(batch)) }

    /// Datagrams that the sockets last received from had lost for want of room; it wraps around.
    var lost: UInt32 { csys_lost(batch) }

    /// Whether more may wait: only a full batch leaves something behind.
    var isFull: Bool { count == ReceiveBatch.capacity }

    /// The datagram at `index`, valid until the next receive, and who sent it.
    func datagram(at index: Int) -> (bytes: UnsafeMutableRawBufferPointer, source: NetworkAddress) {
        precondition(index >= 0 && index < count)
        let datagram = csys_received(batch, Int32(index))
        return (UnsafeMutableRawBufferPointer(start: datagram.bytes, count: datagram.length), NetworkAddress(datagram.peer))
    }
}
