import CSys
import Glibc
import Vocabulary

/// One shard's socket of one listener, with the datagrams on their way out of it.
///
/// Datagrams are gathered and leave in one system call. When the socket's buffer is full they wait,
/// in order and within a bound; beyond it they are dropped and counted.
struct UDPEndpoint: ~Copyable {
    /// Longest datagram that RFC 3261, section 18.1.1, sends without knowing the path's MTU, in bytes.
    static let unfragmentedBytes = 1300

    let socket: UDPSocket
    let listener: UInt16
    /// Datagrams may wait on the socket although no event will say so.
    var mayHaveMore = false
    /// When nothing was left on the socket.
    var emptyAt = Instant.zero
    /// What the system counted as lost when it was last looked at.
    var lostBefore: UInt32 = 0
    /// The poller reports when the socket becomes writable.
    var isWatchedForWriting = false

    /// Sends slots `from` to `to` of a batch; answers how many were taken, or the negated error.
    typealias Transmit = (_ descriptor: Int32, _ batch: OpaquePointer, _ from: Int32, _ to: Int32) -> Int32

    private let transmit: Transmit
    private let batch: OpaquePointer
    private var gathered = 0
    private var delayed: MessageQueue
    /// Delayed datagrams before this one have been sent.
    private var delayedStart = 0

    init(
        socket: UDPSocket, listener: UInt16, delayedBound: MessageQueue.Bound,
        transmit: @escaping Transmit = { csys_send($0, $1, $2, $3) }
    ) throws(TransportError) {
        guard let batch = csys_send_batch_new() else { throw .system("calloc", errorNumber: ENOMEM) }
        self.socket = socket
        self.listener = listener
        self.batch = batch
        self.transmit = transmit
        self.delayed = MessageQueue(bound: delayedBound)
    }

    deinit { csys_send_batch_free(batch) }

    /// Whether datagrams wait for the socket to become writable.
    var isDelaying: Bool { !delayed.isEmpty }

    /// Gathers a datagram. Its bytes must stay where they are until `flush`.
    mutating func send(_ message: Bytes, to remote: NetworkAddress, _ report: inout SendReport) {
        if message.count > UDPEndpoint.unfragmentedBytes { report.statistics.oversizedDatagramsSent += 1 }
        if isDelaying {
            delay(message, to: remote, &report)
            return
        }
        put(message, to: remote)
        if gathered == ReceiveBatch.capacity { flush(&report) }
    }

    /// Sends what was gathered.
    mutating func flush(_ report: inout SendReport) {
        guard gathered > 0 else { return }
        let sent = transmitGathered(&report)
        for index in sent..<gathered {
            let datagram = csys_send_get(batch, Int32(index))
            delay(Bytes(datagram.bytes, count: datagram.length), to: NetworkAddress(datagram.peer), &report)
        }
        gathered = 0
    }

    /// The socket takes datagrams again: sends those that waited.
    mutating func becameWritable(_ report: inout SendReport) {
        while delayedStart < delayed.count {
            let end = min(delayedStart + ReceiveBatch.capacity, delayed.count)
            for index in delayedStart..<end {
                put(Bytes(UnsafeRawBufferPointer(delayed.message(at: index))), to: delayed.flow(at: index).remote)
            }
            let sent = transmitGathered(&report)
            delayedStart += sent
            let isBlocked = sent < gathered
            gathered = 0
            if isBlocked { return }
        }
        delayed.removeAll()
        delayedStart = 0
    }

    /// Reads the ICMP errors that came back and reports the destinations that cannot be reached.
    mutating func readErrors(_ report: inout SendReport) {
        var destination = csys_address()
        while true {
            let result = csys_read_error(socket.descriptor, &destination)
            if result == -EINTR { continue }
            if result < 0 { return }
            if result == 1 {
                report.statistics.unreachableReports += 1
                report.failures.append(Flow(transport: .udp, listener: listener, remote: NetworkAddress(destination)))
            }
        }
    }

    // MARK: -

    private mutating func put(_ message: Bytes, to remote: NetworkAddress) {
        csys_send_put(batch, Int32(gathered), message.base, message.count, remote.system)
        gathered += 1
    }

    private mutating func delay(_ message: Bytes, to remote: NetworkAddress, _ report: inout SendReport) {
        if delayed.append(message, flow: Flow(transport: .udp, listener: listener, remote: remote)) {
            report.statistics.datagramsDelayed += 1
        } else {
            report.statistics.delayedDatagramsDropped += 1
        }
    }

    /// Sends the gathered datagrams; returns how many are done with, fewer when the socket is full.
    /// A call may fail for an ICMP error of an earlier datagram, so each gets a second try.
    private mutating func transmitGathered(_ report: inout SendReport) -> Int {
        var next = 0
        var isSecondTry = false
        while next < gathered {
            let result = transmit(socket.descriptor, batch, Int32(next), Int32(gathered))
            if result > 0 {
                next += Int(result)
                isSecondTry = false
                report.statistics.sendCalls += 1
                report.statistics.datagramsSent += UInt64(result)
            } else if result == -EAGAIN {
                return next
            } else if result == -EINTR {
                continue
            } else if result == -ENOBUFS || result == -ENOMEM {
                // The machine's own queue is full: lost like a datagram on the way, and repeated like one.
                report.statistics.datagramsDroppedLocally += 1
                next += 1
            } else if !isSecondTry {
                isSecondTry = true
                readErrors(&report)
            } else {
                let remote = NetworkAddress(csys_send_get(batch, Int32(next)).peer)
                report.statistics.sendFailures += 1
                report.failures.append(Flow(transport: .udp, listener: listener, remote: remote))
                next += 1
                isSecondTry = false
            }
        }
        return next
    }
}

/// What sending brought to light: counts, and the flows that the shard must hear have failed.
struct SendReport: ~Copyable {
    var statistics = DatagramStatistics()
    var failures: [Flow] = []
}
