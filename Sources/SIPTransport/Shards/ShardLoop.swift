import CallRecords
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
    static var batchesPerTurn: Int { 4 }
    /// The same while messages wait, so that the urgent ones are found among them.
    static var batchesPerTurnBehind: Int { 64 }
    /// Waiting messages that are worked on before the loop looks at its sockets again.
    static var backlogPerTurn: Int { 256 }
    /// Times that the shard's answers to failed sends are sent at once; what then remains waits a turn.
    static var sendRounds: Int { 8 }
    static var mailboxKey: UInt32 { .max }

    var shard: S
    let index: Int
    let shardCount: Int
    let mailbox: Mailbox
    let mailboxes: [Mailbox]
    let sink: any RecordSink
    let streams: StreamSender?
    let names: NameService
    let notices: any NoticeSink

    var tap: TraceTap
    var poller: Poller
    var batch: ReceiveBatch
    var endpoints: FixedTable<UDPEndpoint>
    /// The endpoint of each listener of the boot file; -1 for streams.
    let endpointOfListener: [Int]

    var mail: Mailbox.Contents
    var backlog = Backlog()
    /// How long the oldest message of this turn had waited; nil when none came.
    var lag: Interval?
    var pacing = Pacing()
    var report = SendReport()
    var recordBytes: [UInt8] = []
    var now = SystemClock.moment
    var isClosed = false
    /// Something is left to do, so that the next wait must not sleep.
    var isUnfinished = false

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
        var wokenAt = now.instant
        while !isClosed {
            if !isUnfinished, let end = pacing.restEnd(ofTurnThatBegan: wokenAt, before: shard.nextDeadline) { SystemClock.sleep(until: end) }
            poller.wait(for: timeUntilNextTurn())
            now = SystemClock.moment
            wokenAt = now.instant
            let received = report.statistics.datagramsReceived
            report.statistics.waits += 1
            isUnfinished = false
            lag = nil
            handleEvents()
            workOffBacklog()
            if let lag { shard.lagMeasured(lag, at: now) }
            if shard.nextDeadline <= now.instant { shard.handleTimeouts(at: now) }
            finishBatch()
            pacing.received(Int(report.statistics.datagramsReceived - received), at: wokenAt)
        }
        tap.handOver(at: now)
    }

    func timeUntilNextTurn() -> Interval? {
        if isUnfinished { return .zero }
        let deadline = min(shard.nextDeadline, tap.deadline)
        return deadline == .never ? nil : deadline - SystemClock.instant
    }

    mutating func handleEvents() {
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
}
