import CallRecords
import Glibc
import SwitchCore
import Vocabulary

/// What a loop is made from, on its own thread.
struct ShardLoopParts: Sendable {
    var configuration: ShardConfiguration
    /// This shard's socket of each listener, in the order of the boot file; nil for stream listeners.
    var sockets: [UDPSocket?]
    /// All shards' mailboxes.
    var mailboxes: [Mailbox]
    var sink: any RecordSink
    /// Nil when the switch has no stream listener.
    var streams: StreamSender?
    var names: NameService
    var notices: any NoticeSink
    /// Nil when nothing is to be traced.
    var trace: (any TraceSink)?
    /// Datagrams that may wait while a socket's buffer is full.
    var delayedBound: MessageQueue.Bound
}

/// The loop around one shard: waits, receives, lets the shard work, sends.
///
/// A busy loop makes one wait, one receive and one send per batch of datagrams and no other system
/// call. The loop is made and stays on its thread; other threads reach it by its mailbox.
struct ShardLoop<S: ShardDriving & ~Copyable>: ~Copyable {
    /// Full batches taken from one socket before the loop looks at its timers and mailbox again.
    private static var batchesPerTurn: Int { 4 }
    /// Times that the shard's answers to failed sends are sent at once; what then remains waits a turn.
    private static var sendRounds: Int { 8 }
    private static var mailboxKey: UInt32 { .max }

    private var shard: S
    private let index: Int
    private let shardCount: Int
    private let mailbox: Mailbox
    private let mailboxes: [Mailbox]
    private let sink: any RecordSink
    private let streams: StreamSender?
    private let names: NameService
    private let notices: any NoticeSink

    private var tap: TraceTap
    private var poller: Poller
    private var batch: ReceiveBatch
    private var endpoints: FixedTable<UDPEndpoint>
    /// The endpoint of each listener of the boot file; -1 for streams.
    private let endpointOfListener: [Int]

    private var mail: Mailbox.Contents
    private var report = SendReport()
    private var recordBytes: [UInt8] = []
    private var now = SystemClock.moment
    private var isClosed = false
    /// Something is left to do, so that the next wait must not sleep.
    private var isUnfinished = false

    /// Makes the loop and its shard; called on the loop's thread.
    static func make(_ parts: ShardLoopParts) throws(TransportError) -> ShardLoop {
        let poller = try Poller()
        let batch = try ReceiveBatch()
        var endpointOfListener = [Int](repeating: -1, count: parts.configuration.listeners.count)
        var opened: [(socket: UDPSocket, listener: UInt16)] = []
        for (listener, socket) in parts.sockets.enumerated() {
            guard let socket else { continue }
            endpointOfListener[listener] = opened.count
            try poller.add(socket.descriptor, key: UInt32(opened.count))
            opened.append((socket, UInt16(listener)))
        }
        try poller.add(parts.mailboxes[parts.configuration.index].eventDescriptor, key: mailboxKey)
        let endpoints = try FixedTable<UDPEndpoint>(count: opened.count) { (index) throws(TransportError) in
            try UDPEndpoint(socket: opened[index].socket, listener: opened[index].listener, delayedBound: parts.delayedBound)
        }
        return ShardLoop(parts, poller: poller, batch: batch, endpoints: endpoints, endpointOfListener: endpointOfListener)
    }

    private init(
        _ parts: ShardLoopParts, poller: consuming Poller, batch: consuming ReceiveBatch,
        endpoints: consuming FixedTable<UDPEndpoint>, endpointOfListener: [Int]
    ) {
        index = parts.configuration.index
        shardCount = parts.configuration.count
        mailboxes = parts.mailboxes
        mailbox = parts.mailboxes[parts.configuration.index]
        sink = parts.sink
        streams = parts.streams
        names = parts.names
        notices = parts.notices
        tap = TraceTap(parts.trace, listeners: parts.configuration.listeners)
        mail = Mailbox.Contents(bounds: mailbox.bounds)
        self.poller = poller
        self.batch = batch
        self.endpoints = endpoints
        self.endpointOfListener = endpointOfListener
        shard = S(parts.configuration)
    }

    /// Runs until the mailbox is closed.
    mutating func run() {
        mail.removeAll()
        readMail()
        finishBatch()
        while !isClosed {
            poller.wait(for: timeUntilNextTurn())
            now = SystemClock.moment
            report.statistics.waits += 1
            isUnfinished = false
            handleEvents()
            if shard.nextDeadline <= now.instant { shard.handleTimeouts(at: now) }
            finishBatch()
        }
        tap.handOver(at: now)
    }

    private func timeUntilNextTurn() -> Interval? {
        if isUnfinished { return .zero }
        let deadline = min(shard.nextDeadline, tap.deadline)
        return deadline == .never ? nil : deadline - SystemClock.instant
    }

    private mutating func handleEvents() {
        for position in 0..<poller.count {
            let event = poller.event(at: position)
            if event.key == ShardLoop.mailboxKey {
                readMail()
                finishBatch()
                continue
            }
            let endpoint = Int(event.key)
            if event.isWritable { resumeSending(endpoint) }
            if event.hasError {
                endpoints[endpoint].readErrors(&report)
                finishBatch()
            }
            if event.isReadable || event.hasError { endpoints[endpoint].mayHaveMore = true }
        }
        for endpoint in 0..<endpoints.count where endpoints[endpoint].mayHaveMore { receive(endpoint) }
    }

    // MARK: - Receiving

    private mutating func receive(_ endpoint: Int) {
        for _ in 0..<ShardLoop.batchesPerTurn {
            let error = batch.receive(from: endpoints[endpoint].socket.descriptor)
            if error == -EAGAIN {
                endpoints[endpoint].mayHaveMore = false
                return
            }
            if error < 0 {
                // An ICMP error of an earlier datagram; datagrams may wait behind it.
                endpoints[endpoint].readErrors(&report)
                finishBatch()
                continue
            }
            report.statistics.receiveCalls += 1
            report.statistics.datagramsReceived += UInt64(batch.count)
            let listener = endpoints[endpoint].listener
            for position in 0..<batch.count { deliver(position, listener: listener) }
            finishBatch()
            if !batch.isFull {
                endpoints[endpoint].mayHaveMore = false
                return
            }
            now = SystemClock.moment
        }
        isUnfinished = true
    }

    private mutating func deliver(_ position: Int, listener: UInt16) {
        let (datagram, source) = batch.datagram(at: position)
        guard datagram.count > 0 else {
            report.statistics.emptyDatagrams += 1
            return
        }
        let flow = Flow(transport: .udp, listener: listener, remote: source)
        if shardCount > 1 {
            let bytes = Bytes(UnsafeRawBufferPointer(datagram))
            let owner = S.owner(of: bytes, count: shardCount)
            if owner != index {
                report.statistics.datagramsSteered += 1
                mailboxes[owner].post(datagram: bytes, from: flow)
                return
            }
        }
        receive(datagram, from: flow)
    }

    /// Lets the shard work on one message, and keeps the message and its answers for the trace.
    private mutating func receive(_ message: UnsafeMutableRawBufferPointer, from flow: Flow) {
        guard tap.isOn else {
            shard.messageReceived(message, from: flow, at: now)
            return
        }
        let before = shard.outbox.count
        shard.messageReceived(message, from: flow, at: now)
        tap.sent(shard.outbox, upTo: before, at: now)
        if shard.lastMessageWasForeign {
            tap.passOver(upTo: shard.outbox.count)
        } else {
            tap.received(Bytes(UnsafeRawBufferPointer(message)), from: flow, at: now)
            tap.sent(shard.outbox, upTo: shard.outbox.count, at: now)
        }
    }

    private mutating func readMail() {
        isClosed = mailbox.take(into: &mail)
        for position in 0..<mail.messages.count {
            receive(mail.messages.message(at: position), from: mail.messages.flow(at: position))
            if position % ReceiveBatch.capacity == ReceiveBatch.capacity - 1 { finishBatch() }
        }
        for commit in mail.commits { shard.recordsCommitted(commit, at: now) }
        for flow in mail.failures { shard.transportFailed(flow, at: now) }
        for (hop, resolution) in mail.resolutions { shard.commandReceived(.resolved(hop, resolution), at: now) }
        for command in mail.commands {
            switch command {
            case .shard(let command): shard.commandReceived(command, at: now)
            case .transportStatistics(let reply): reply(report.statistics)
            case .handOverTrace(let reply):
                if tap.isOn { tap.sent(shard.outbox, upTo: shard.outbox.count, at: now) }
                tap.handOver(at: now)
                reply(())
            }
        }
        report.statistics.steeredDatagramsDropped += mail.droppedDatagrams
        mail.removeAll()
    }

    // MARK: - Sending

    /// Sends what the shard wrote, hands its records to the store, its questions to the name service and
    /// what was traced to the trace.
    private mutating func finishBatch() {
        for _ in 0..<ShardLoop.sendRounds {
            if !shard.outbox.isEmpty { sendOutbox() }
            if report.failures.isEmpty { break }
            reportFailures()
        }
        if !shard.outbox.isEmpty || !report.failures.isEmpty { isUnfinished = true }
        if !shard.questions.isEmpty {
            names.resolve(shard.questions, for: mailbox)
            shard.questions.removeAll(keepingCapacity: true)
        }
        if !shard.notices.isEmpty {
            notices.registrationsChanged(shard.notices)
            shard.notices.removeAll(keepingCapacity: true)
        }
        if !shard.announcements.isEmpty { announce() }
        tap.handOverIfDue(at: now)
        guard !shard.records.isEmpty else { return }
        shard.records.exchange(with: &recordBytes)
        sink.submit(shard: index, bytes: &recordBytes, lastSequence: shard.records.lastSequence)
    }

    /// Tells the other shards of changed registrations; what a full mailbox refuses is offered again with the next batch.
    private mutating func announce() {
        let views = shard.announcements
        shard.announcements.removeAll(keepingCapacity: true)
        for view in views {
            for other in 0..<shardCount where other != index {
                if mailboxes[other].post(.shard(.upstreamChanged(view))) == .full {
                    shard.announcements.append(view)
                    break
                }
            }
        }
    }

    private mutating func sendOutbox() {
        if tap.isOn { tap.sent(shard.outbox, upTo: shard.outbox.count, at: now) }
        var hasStreamMessages = false
        for position in 0..<shard.outbox.count {
            let flow = shard.outbox.entries[position].flow
            let message = shard.outbox.message(at: position)
            guard flow.transport == .udp else {
                hasStreamMessages = true
                sendToStream(message, flow)
                continue
            }
            let listener = Int(flow.listener)
            guard listener < endpointOfListener.count, endpointOfListener[listener] >= 0 else {
                report.statistics.sendFailures += 1
                report.failures.append(flow)
                continue
            }
            endpoints[endpointOfListener[listener]].send(message, to: flow.remote, &report)
        }
        for endpoint in 0..<endpoints.count {
            endpoints[endpoint].flush(&report)
            watchForWriting(endpoint)
        }
        shard.outbox.removeAll()
        tap.outboxEmptied()
        if hasStreamMessages { streams?.flush() }
    }

    private mutating func sendToStream(_ message: Bytes, _ flow: Flow) {
        guard let streams, streams.append(message, to: flow) else {
            report.statistics.unroutableStreamMessages += 1
            report.failures.append(flow)
            return
        }
    }

    /// Tells the shard of failed flows. An ICMP error comes to whichever socket of the port the kernel
    /// picks, so with several shards all of them are told.
    private mutating func reportFailures() {
        var failed: [Flow] = []
        swap(&failed, &report.failures)
        for flow in failed {
            shard.transportFailed(flow, at: now)
            guard shardCount > 1, flow.transport == .udp else { continue }
            for other in 0..<shardCount where other != index { _ = mailboxes[other].post(failureOf: flow) }
        }
        failed.removeAll(keepingCapacity: true)
        if report.failures.isEmpty { swap(&failed, &report.failures) }
    }

    private mutating func resumeSending(_ endpoint: Int) {
        endpoints[endpoint].becameWritable(&report)
        if !endpoints[endpoint].isDelaying {
            endpoints[endpoint].isWatchedForWriting = false
            poller.change(endpoints[endpoint].socket.descriptor, key: UInt32(endpoint), to: .reading)
        }
        finishBatch()
    }

    private mutating func watchForWriting(_ endpoint: Int) {
        guard endpoints[endpoint].isDelaying, !endpoints[endpoint].isWatchedForWriting else { return }
        endpoints[endpoint].isWatchedForWriting = true
        poller.change(endpoints[endpoint].socket.descriptor, key: UInt32(endpoint), to: .readingAndWriting)
    }
}
