import SwitchCore
import Vocabulary

// What the shard left behind after a batch: messages, records, questions and notices.
extension ShardLoop where S: ~Copyable {
    /// Sends what the shard wrote, hands its records to the store, its questions to the name service and
    /// what was traced to the trace.
    mutating func finishBatch() {
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
        if !shard.protectionNotices.isEmpty {
            notices.protectionNoticed(shard.protectionNotices, shard: index)
            shard.protectionNotices.removeAll(keepingCapacity: true)
        }
        if !shard.announcements.isEmpty { announce() }
        tap.handOverIfDue(at: now)
        guard !shard.records.isEmpty else { return }
        shard.records.exchange(with: &recordBytes)
        sink.submit(shard: index, bytes: &recordBytes, lastSequence: shard.records.lastSequence)
    }

    /// Tells the other shards of changed registrations; what a full mailbox refuses is offered again with the next batch.
    mutating func announce() {
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

    mutating func sendOutbox() {
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

    mutating func sendToStream(_ message: Bytes, _ flow: Flow) {
        guard let streams, streams.append(message, to: flow) else {
            report.statistics.unroutableStreamMessages += 1
            report.failures.append(flow)
            return
        }
    }

    /// Tells the shard of failed flows. An ICMP error comes to whichever socket of the port the kernel
    /// picks, so with several shards all of them are told.
    mutating func reportFailures() {
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

    mutating func resumeSending(_ endpoint: Int) {
        endpoints[endpoint].becameWritable(&report)
        if !endpoints[endpoint].isDelaying {
            endpoints[endpoint].isWatchedForWriting = false
            poller.change(endpoints[endpoint].socket.descriptor, key: UInt32(endpoint), to: .reading)
        }
        finishBatch()
    }

    mutating func watchForWriting(_ endpoint: Int) {
        guard endpoints[endpoint].isDelaying, !endpoints[endpoint].isWatchedForWriting else { return }
        endpoints[endpoint].isWatchedForWriting = true
        poller.change(endpoints[endpoint].socket.descriptor, key: UInt32(endpoint), to: .readingAndWriting)
    }
}
