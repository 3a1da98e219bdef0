import Glibc
import SwitchCore
import Vocabulary

// What comes by sockets and by the mailbox: let in, steered, worked on at once or later.
extension ShardLoop where S: ~Copyable {
    mutating func receive(_ endpoint: Int) {
        var batchesLeft = ShardLoop.batchesPerTurn
        while batchesLeft > 0 {
            batchesLeft -= 1
            let error = batch.receive(from: endpoints[endpoint].socket.descriptor)
            if error == -EAGAIN {
                emptied(endpoint)
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
            noteLost(endpoint)
            let waited = waitingTime(endpoint)
            lag = max(lag ?? .zero, waited)
            if batch.isFull, waited >= Backlog.patience, !backlog.isCollecting {
                backlog.isCollecting = true
                batchesLeft = ShardLoop.batchesPerTurnBehind
            }
            let listener = endpoints[endpoint].listener
            let arrived = Instant(nanoseconds: now.instant.nanoseconds - waited.nanoseconds)
            for position in 0..<batch.count { deliver(position, listener: listener, arrived: arrived) }
            finishBatch()
            if !batch.isFull {
                emptied(endpoint)
                return
            }
            now = SystemClock.moment
        }
        isUnfinished = true
    }

    /// Nothing waits on the socket any more.
    mutating func emptied(_ endpoint: Int) {
        endpoints[endpoint].mayHaveMore = false
        endpoints[endpoint].emptyAt = now.instant
    }

    /// How long the batch's oldest datagram has waited. A jump of the wall clock cannot make it longer than the
    /// time since the socket was last seen empty.
    func waitingTime(_ endpoint: Int) -> Interval {
        let arrival = batch.oldestArrival
        guard arrival.isSet else { return .zero }
        let waited = Interval.microseconds(now.wall.microseconds - arrival.microseconds)
        return max(.zero, min(waited, now.instant - endpoints[endpoint].emptyAt))
    }

    mutating func noteLost(_ endpoint: Int) {
        let lost = batch.lost
        report.statistics.datagramsLost += UInt64(lost &- endpoints[endpoint].lostBefore)
        endpoints[endpoint].lostBefore = lost
    }

    mutating func deliver(_ position: Int, listener: UInt16, arrived: Instant) {
        let (datagram, source) = batch.datagram(at: position)
        guard datagram.count > 0 else {
            report.statistics.emptyDatagrams += 1
            return
        }
        let bytes = Bytes(UnsafeRawBufferPointer(datagram))
        let flow = Flow(transport: .udp, listener: listener, remote: source)
        switch shard.admits(bytes, from: source, at: now) {
        case .taken: break
        case .refused: return
        case .ifOwn(let owner):
            report.statistics.datagramsSteered += 1
            mailboxes[owner].post(datagram: bytes, from: flow, isDoubtful: true)
            return
        }
        if shardCount > 1 {
            let owner = S.owner(of: bytes, count: shardCount)
            if owner != index {
                report.statistics.datagramsSteered += 1
                mailboxes[owner].post(datagram: bytes, from: flow)
                return
            }
        }
        take(datagram, from: flow, arrived: arrived)
    }

    /// Lets the shard work on a message at once, or puts it to those that wait.
    mutating func take(_ message: UnsafeMutableRawBufferPointer, from flow: Flow, arrived: Instant) {
        let bytes = Bytes(UnsafeRawBufferPointer(message))
        guard backlog.isCollecting, WorkClass(bytes).canWait else { return receive(message, from: flow) }
        if !backlog.append(bytes, from: flow, arrived: arrived) { shard.backlogRefused(flow.remote, at: now) }
    }

    /// Works on some of the messages that wait.
    mutating func workOffBacklog() {
        guard backlog.isCollecting else { return }
        var done = 0
        while done < ShardLoop.backlogPerTurn, let waiting = backlog.next() {
            if done % ReceiveBatch.capacity == 0 { lag = max(lag ?? .zero, now.instant - waiting.arrived) }
            receive(waiting.message, from: waiting.flow)
            done += 1
            if done % ReceiveBatch.capacity == 0 {
                finishBatch()
                now = SystemClock.moment
            }
        }
        if backlog.isEmpty { backlog.isCollecting = false } else { isUnfinished = true }
    }

    /// Lets the shard work on one message, and keeps the message and its answers for the trace.
    mutating func receive(_ message: UnsafeMutableRawBufferPointer, from flow: Flow) {
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

    mutating func readMail() {
        isClosed = mailbox.take(into: &mail)
        let arrived = mail.waitingSince ?? now.instant
        if !mail.messages.isEmpty || !mail.doubtful.isEmpty { lag = max(lag ?? .zero, now.instant - arrived) }
        for position in 0..<mail.messages.count {
            let message = mail.messages.message(at: position)
            let flow = mail.messages.flow(at: position)
            // A datagram was let in by the shard whose socket received it.
            if !flow.transport.isReliable || shard.admits(Bytes(UnsafeRawBufferPointer(message)), from: flow.remote, at: now) == .taken {
                take(message, from: flow, arrived: arrived)
            }
            if position % ReceiveBatch.capacity == ReceiveBatch.capacity - 1 { finishBatch() }
        }
        for position in 0..<mail.doubtful.count {
            let message = mail.doubtful.message(at: position)
            let flow = mail.doubtful.flow(at: position)
            if shard.admitsOwn(Bytes(UnsafeRawBufferPointer(message)), from: flow.remote, at: now) {
                take(message, from: flow, arrived: arrived)
            }
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
}
