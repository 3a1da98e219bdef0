import CSys
import Glibc
import SIPUserAgent
import Synchronization
import Vocabulary

@testable import SIPTransport

/// A name server on loopback, by UDP and TCP on one port, with a thread of its own. What its table does not
/// hold does not exist.
final class LocalNameServer: Sendable {
    private struct State {
        var table: [DNSQuestion: DNSReply] = [:]
        var asked: [DNSQuestion] = []
        var byTCP = 0
        /// Queries that wait for `release`; nil: they are answered at once.
        var held: [(query: [UInt8], peer: csys_address)]?
        var isStopped = false
    }

    let address: NetworkAddress
    private let datagrams: Int32
    private let streams: Int32
    private let state = Mutex(State())

    init() throws {
        // The system chooses the port for TCP; UDP on the same number may be taken by another test.
        for _ in 0..<50 {
            var address = csys_address(high: 0, low: 0x7F00_0001, port: 0, is_ipv6: 0)
            let streams = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let datagrams = csys_udp_socket(0)
            if csys_bind(streams, &address) == 0, listen(streams, 16) == 0, csys_local_address(streams, &address) == 0,
                csys_bind(datagrams, &address) == 0
            {
                self.address = NetworkAddress(address)
                (self.datagrams, self.streams) = (datagrams, streams)
                start()
                return
            }
            csys_close(streams)
            csys_close(datagrams)
        }
        throw TransportError.system("bind", errorNumber: EADDRINUSE)
    }

    /// Every question that came, in order.
    var asked: [DNSQuestion] { state.withLock { $0.asked } }
    var askedByTCP: Int { state.withLock { $0.byTCP } }

    subscript(_ name: String, _ type: DNSQuestion.RecordType) -> DNSReply {
        get { state.withLock { $0.table[DNSQuestion(name, type)] ?? .noSuchName } }
        set { state.withLock { $0.table[DNSQuestion(name, type)] = newValue } }
    }

    func set(_ replies: [DNSQuestion: DNSReply]) { state.withLock { $0.table = replies } }

    /// From now on questions wait.
    func hold() { state.withLock { $0.held = [] } }

    /// Answers what waits, and what comes from now on.
    func release() {
        let held = state.withLock { state in
            defer { state.held = nil }
            return state.held ?? []
        }
        for (query, peer) in held { answer(query, to: peer) }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    // MARK: - Work

    /// Holds the server alive until `stop`.
    private func start() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<LocalNameServer>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }

    private func work() {
        guard let batch = csys_receive_batch_new() else { return }
        while !state.withLock({ $0.isStopped }) {
            var ready = [pollfd(fd: datagrams, events: Int16(POLLIN), revents: 0), pollfd(fd: streams, events: Int16(POLLIN), revents: 0)]
            guard poll(&ready, 2, 50) > 0 else { continue }
            if ready[0].revents != 0 {
                for index in 0..<max(0, csys_receive(datagrams, batch)) {
                    let datagram = csys_received(batch, index)
                    received(Array(UnsafeRawBufferPointer(start: datagram.bytes, count: datagram.length)), from: datagram.peer)
                }
            }
            if ready[1].revents != 0 { serveStream() }
        }
        csys_receive_batch_free(batch)
        csys_close(datagrams)
        csys_close(streams)
    }

    private func received(_ query: [UInt8], from peer: csys_address) {
        let isHeld = state.withLock { state -> Bool in
            if let (question, _) = DNSMessage.question(query) { state.asked.append(question) }
            guard state.held != nil else { return false }
            state.held?.append((query, peer))
            return true
        }
        if !isHeld { answer(query, to: peer) }
    }

    private func answer(_ query: [UInt8], to peer: csys_address) {
        guard let (question, _) = DNSMessage.question(query) else { return }
        let reply = self[question.name, question.type]
        if reply.isSilent { return }
        let message = DNSMessage.answer(query, reply, byUDP: true)
        guard let batch = csys_send_batch_new() else { return }
        message.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            csys_send_put(batch, 0, base, bytes.count, peer)
            _ = csys_send(datagrams, batch, 0, 1)
        }
        csys_send_batch_free(batch)
    }

    /// One question and its answer, each behind its length (RFC 1035, section 4.2.2).
    private func serveStream() {
        let peer = accept(streams, nil, nil)
        guard peer >= 0 else { return }
        defer { csys_close(peer) }
        var length: [UInt8] = [0, 0]
        guard recv(peer, &length, 2, Int32(MSG_WAITALL)) == 2 else { return }
        var query = [UInt8](repeating: 0, count: Int(length[0]) << 8 | Int(length[1]))
        guard recv(peer, &query, query.count, Int32(MSG_WAITALL)) == query.count, let (question, _) = DNSMessage.question(query) else { return }
        state.withLock { $0.byTCP += 1 }
        let message = DNSMessage.answer(query, self[question.name, question.type], byUDP: false)
        let framed = [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message
        _ = send(peer, framed, framed.count, Int32(MSG_NOSIGNAL))
    }
}
