import NIOCore
import SwitchCore
import Vocabulary

/// One stream connection: cuts what comes into messages for the shards, writes what they send, and
/// knows how long it has been quiet. Lives on the event loop.
final class StreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A flow that a shard sent on this connection with; it is told when the connection fails.
    struct Use: Equatable {
        var shard: Int
        var flow: Flow
    }

    /// Most different uses remembered.
    private static let maximumUses = 256
    /// Time between tries to hand a message to a shard whose mailbox is full.
    private static let retryDelay = TimeAmount.milliseconds(5)
    /// Time that a peer has to read our last answer before the connection is closed for good.
    private static let lingerTime = TimeAmount.seconds(2)

    private enum State {
        /// TCP connects or TLS shakes hands; messages wait. Can transition to: open, closed.
        case opening(waiting: [ByteBuffer], bytes: Int)
        /// Can transition to: lingering, closed.
        case open
        /// Our last bytes are written, what still comes is dropped. Can transition to: closed.
        case lingering(until: Instant)
        case closed
    }

    let number: UInt32
    let peer: StreamTable.Peer
    let listener: Int
    let role: StreamRole
    /// Opened for an answer to a peer whose own connection is gone.
    let answersAccepted: Bool
    private(set) var uses: [Use] = []
    /// Why it failed; nil while it works, and when either side ended it as it may.
    private(set) var failure: StreamFailure?
    /// Whether it was ever ready for messages.
    private(set) var wasOpen = false
    /// Whether the peer has sent anything of SIP.
    private(set) var hasReceived = false

    /// Whether a whole message of the peer has come.
    private(set) var hasBroughtMessage = false
    /// Bytes held of messages that are not whole, or that a shard has no room for.
    private(set) var heldBytes = 0

    private unowned let table: StreamTable
    private var state = State.opening(waiting: [], bytes: 0)
    private var context: ChannelHandlerContext?
    private var framer: StreamFramer
    private var lastActivity = SystemClock.instant
    /// When TCP was there; nil before.
    private var connectedSince: Instant?
    /// When it was ready for messages; nil before.
    private var openSince: Instant?
    /// When the message at the front began to come; nil when none is half there.
    private var partialSince: Instant?
    private var isPaused = false
    /// Closed because nobody had anything to say.
    private var isUnused = false
    /// Nil for an accepted connection, whose peer looks after it.
    private var keepalive: StreamKeepalive?

    init(number: UInt32, peer: StreamTable.Peer, listener: Int, role: StreamRole, answersAccepted: Bool, table: StreamTable) {
        self.number = number
        self.peer = peer
        self.listener = listener
        self.role = role
        self.answersAccepted = answersAccepted
        self.table = table
        framer = StreamFramer(
            limits: .init(headerBytes: table.settings.maximumHeaderBytes, bodyBytes: table.settings.maximumBodyBytes))
    }

    /// Whether a message given to it now has a chance to arrive.
    var takesMessages: Bool {
        switch state {
        case .opening, .open: true
        case .lingering, .closed: false
        }
    }

    // MARK: - Opening

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        connectedSince = SystemClock.instant
        if peer.transport != .tls { opened() }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is StreamSecured { opened() } else { context.fireUserInboundEventTriggered(event) }
    }

    /// The connection is ready: what waited is written.
    private func opened() {
        guard case .opening(let waiting, _) = state else { return }
        state = .open
        wasOpen = true
        lastActivity = SystemClock.instant
        openSince = lastActivity
        if role == .opened { keepalive = StreamKeepalive(table.settings, now: lastActivity) }
        table.opened(self)
        for buffer in waiting { context?.write(wrapOutboundOut(buffer), promise: nil) }
        flush()
    }

    // MARK: - Receiving

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = state else { return }
        let now = SystemClock.instant
        if role == .accepted { lastActivity = now }
        if !hasReceived {
            hasReceived = true
            table.heard(self)
        }
        keepalive?.bytesReceived(at: now)
        unwrapInboundIn(data).withUnsafeReadableBytes { framer.append(Bytes($0)) }
        deliver(now)
        countHeldBytes()
    }

    /// Cuts the connection when what all of them hold is more than may be.
    private func countHeldBytes() {
        guard case .open = state else { return }
        let difference = framer.byteCount - heldBytes
        heldBytes = framer.byteCount
        guard !table.holds(difference) else { return }
        table.counters.update { $0.cutForMemory += 1 }
        fail("too many messages are unfinished at once")
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(StreamFailure(error).reason) }

    /// Hands whole messages to their shards until bytes or room are missing.
    private func deliver(_ now: Instant) {
        while case .open = state, !isPaused {
            switch framer.next() {
            case .incomplete:
                if !framer.holdsPartialMessage { partialSince = nil } else if partialSince == nil { partialSince = now }
                return
            case .pong: keepalive?.pongReceived(at: now)
            case .keepalive:
                table.counters.update { $0.keepalivesAnswered += 1 }
                writeBytes(Bytes("\r\n"))
                flush()
            case .message:
                partialSince = nil
                lastActivity = now
                if !hasBroughtMessage {
                    hasBroughtMessage = true
                    if role == .accepted { table.broughtMessage(self) }
                }
                if handOver() { framer.consumeMessage() } else { pause() }
            case .violation(let violation):
                table.counters.update { $0.framingViolations += 1 }
                refuse(violation)
            }
        }
    }

    /// False when the shard's mailbox is full. A stopped shard's messages are dropped.
    private func handOver() -> Bool {
        let flow = Flow(transport: peer.transport, listener: UInt16(listener), remote: peer.remote, connection: number)
        let outcome = framer.withFront { message -> Mailbox.Outcome in
            let count = table.mailboxes.count
            let shard = count == 1 ? 0 : table.owner(message, count)
            return table.mailboxes[shard].post(streamMessage: message, from: flow)
        }
        if outcome == .accepted { table.counters.update { $0.messagesReceived += 1 } }
        return outcome != .full
    }

    /// Stops reading and tries again soon.
    private func pause() {
        guard let context else { return }
        table.counters.update { $0.readPauses += 1 }
        isPaused = true
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: StreamConnection.retryDelay) { bound.value.resume() }
    }

    private func resume() {
        isPaused = false
        deliver(SystemClock.instant)
        countHeldBytes()
        if !isPaused, let context { try? context.channel.syncOptions?.setOption(.autoRead, value: true) }
    }

    /// Answers what can be answered, and ends the connection.
    private func refuse(_ violation: StreamFramer.Violation) {
        if let response = framer.withFront({ FramingRejection.response(to: $0, violation) }) { response.withBytes(writeBytes) }
        linger()
    }

    // MARK: - Sending

    /// Writes a message, or keeps it until the connection is open. `flush` sends it.
    func write(_ message: Bytes, flow: Flow, shard: Int) {
        let use = Use(shard: shard, flow: flow)
        if !uses.contains(use), uses.count < StreamConnection.maximumUses { uses.append(use) }
        lastActivity = SystemClock.instant
        table.counters.update { $0.messagesSent += 1 }
        guard case .opening(var waiting, var bytes) = state else { return writeBytes(message) }
        bytes += message.count
        guard bytes <= table.settings.maximumUnsentBytes else {
            table.counters.update { $0.messagesUndelivered += 1 }
            _ = table.mailboxes[shard].post(failureOf: flow)
            return
        }
        waiting.append(ByteBuffer(bytes: message.buffer))
        state = .opening(waiting: waiting, bytes: bytes)
    }

    func flush() { context?.flush() }

    /// Cuts the connection when its peer does not read what is written.
    private func writeBytes(_ bytes: Bytes) {
        guard let context, case .open = state else { return }
        context.write(wrapOutboundOut(ByteBuffer(bytes: bytes.buffer)), promise: nil)
        guard !context.channel.isWritable else { return }
        context.flush()
        guard !context.channel.isWritable else { return }
        table.counters.update { $0.slowReadersCut += 1 }
        fail("\(peer.remote) does not read what is sent to it")
    }

    // MARK: - Ending

    func checkTimeouts(_ now: Instant) {
        let settings = table.settings
        switch state {
        case .closed: return
        case .opening:
            guard let connectedSince, now - connectedSince >= settings.handshakeTimeout else { return }
            fail("\(peer.remote) did not finish the TLS handshake in time; does it speak TLS on this port?")
        case .lingering(let until):
            if now >= until { context?.close(promise: nil) }
        case .open:
            if let partialSince, !isPaused, now - partialSince >= settings.messageTimeout {
                table.counters.update { $0.messageTimeouts += 1 }
                fail("\(peer.remote) began a message and did not finish it")
            } else if role == .accepted, !hasBroughtMessage, let openSince, now - openSince >= settings.firstMessageTimeout {
                table.counters.update { $0.firstMessageTimeouts += 1 }
                fail("\(peer.remote) connected and sent no message")
            } else if now - lastActivity >= (role == .accepted ? settings.idleTimeout : settings.openedIdleTimeout) {
                table.counters.update { $0.idleTimeouts += 1 }
                isUnused = true
                context?.close(promise: nil)
            } else if !isPaused {
                // What a paused connection does not read may be the pong.
                keepAlive(now)
            }
        }
    }

    private func keepAlive(_ now: Instant) {
        guard let action = keepalive?.action(at: now, random: .random(in: 0...1)) else { return }
        switch action {
        case .sendPing:
            table.counters.update { $0.keepalivesSent += 1 }
            framer.expectPong(true)
            writeBytes(Bytes("\r\n\r\n"))
            flush()
        case .stopWaiting: framer.expectPong(false)
        case .fail:
            table.counters.update { $0.keepalivesUnanswered += 1 }
            fail("\(peer.remote) does not answer keepalives any more")
        }
    }

    /// Ends the connection for a reason; the first one counts.
    private func fail(_ reason: String) {
        if failure == nil { failure = StreamFailure(reason: reason) }
        context?.close(promise: nil)
    }

    /// Closes the connection once what was written has left; nil when it never opened.
    func closeAfterWriting() -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        let channel = context.channel
        guard case .open = state else { return channel.close() }
        // A peer that does not read must not hold up the end.
        context.eventLoop.scheduleTask(in: StreamConnection.lingerTime) { channel.close(promise: nil) }
        return channel.writeAndFlush(ByteBuffer()).flatMap { channel.close() }.flatMapError { _ in channel.close() }
    }

    /// Ends our direction, so that the peer reads our last answer before it sees the end.
    private func linger() {
        guard let context, case .open = state else { return }
        state = .lingering(until: SystemClock.instant + Interval(nanoseconds: StreamConnection.lingerTime.nanoseconds))
        context.flush()
        context.close(mode: .output, promise: nil)
    }

    /// TCP could not be opened.
    func connectFailed(_ error: any Error) {
        if failure == nil { failure = StreamFailure(error) }
        state = .closed
        table.remove(self)
    }

    private func ended() {
        if case .closed = state { return }
        state = .closed
        // Before TCP was there, `connectFailed` comes with the reason.
        if role == .opened, connectedSince == nil { return }
        if role == .opened, !hasReceived, !isUnused, failure == nil {
            failure = StreamFailure(reason: "\(peer.remote) ended the connection without an answer")
        }
        table.remove(self)
    }
}
