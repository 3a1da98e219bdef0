import CallRecords
import SIPMessages
import Vocabulary

/// Where shards hand copies of what went over the wire: the trace.
public protocol TraceSink: Sendable {
    /// Takes the messages and leaves an empty stream with room in their place. False when it cannot now:
    /// the shard keeps them and comes again. Called on the shard's thread and never waits. `lost`: messages
    /// that the shard had no room for since the last time.
    func submit(_ messages: inout TraceStream, lost: UInt64) -> Bool
}

/// Copies what one shard receives and sends into a buffer of its own, which goes to the trace when it is
/// full enough or old enough. Lives on the shard's thread.
///
/// What strangers send and what they are answered is not kept: the shard says which messages those are
/// (`ShardDriving.lastMessageWasForeign`). Nor are the keepalives of streams and NAT bindings.
struct TraceTap {
    /// Bytes at which the buffer is handed over.
    static let fullBytes = 128 << 10
    /// Bytes beyond which messages are dropped and counted while the trace takes nothing.
    static let mostBytes = 1 << 20
    /// How long a message stays here at most while the trace takes them.
    static let patience = Interval.milliseconds(200)
    /// Shorter than any SIP message; keepalives are.
    private static let shortestMessage = 16

    private let sink: (any TraceSink)?
    /// Whether anything is to be kept.
    let isOn: Bool
    /// Our address of each listener.
    private let locals: [NetworkAddress]
    private var stream = TraceStream()
    private var lost: UInt64 = 0
    /// Entries of the shard's outbox that have been looked at.
    private var outboxTaken = 0
    /// When the buffer is to be handed over; `.never` while it is empty.
    private(set) var deadline = Instant.never

    init(_ sink: (any TraceSink)?, listeners: [ListenerDescription]) {
        self.sink = sink
        isOn = sink != nil
        locals = listeners.map { listener in
            // A socket bound to every address is shown by the one that peers know it by.
            var address = listener.local.isUnspecified ? listener.advertised : listener.local
            address.port = listener.local.port
            return address
        }
    }

    mutating func received(_ message: Bytes, from flow: Flow, at now: Moment) { keep(message, .received, flow, now) }

    /// Keeps the outbox's messages that it has not looked at, up to the entry before `end`.
    mutating func sent(_ outbox: borrowing Outbox, upTo end: Int, at now: Moment) {
        while outboxTaken < end {
            keep(outbox.message(at: outboxTaken), .sent, outbox.entries[outboxTaken].flow, now)
            outboxTaken += 1
        }
    }

    /// Passes over the outbox's messages before `end`: they are not to be kept.
    mutating func passOver(upTo end: Int) { outboxTaken = max(outboxTaken, end) }

    mutating func outboxEmptied() { outboxTaken = 0 }

    /// Hands the buffer over when it is due.
    mutating func handOverIfDue(at now: Moment) {
        if deadline <= now.instant || stream.bytes.count >= TraceTap.fullBytes { handOver(at: now) }
    }

    /// Hands the buffer over, whatever is in it; what the trace does not take stays for the next time.
    mutating func handOver(at now: Moment) {
        guard let sink, !stream.isEmpty || lost > 0 else { return }
        if sink.submit(&stream, lost: lost) {
            lost = 0
            deadline = .never
        } else {
            deadline = now.instant + TraceTap.patience
        }
    }

    private mutating func keep(_ message: Bytes, _ direction: TraceEnvelope.Direction, _ flow: Flow, _ now: Moment) {
        guard message.count >= TraceTap.shortestMessage else { return }
        guard stream.bytes.count + message.count <= TraceTap.mostBytes else {
            lost += 1
            return
        }
        if stream.isEmpty { deadline = now.instant + TraceTap.patience }
        let listener = Int(flow.listener)
        let local = listener < locals.count ? locals[listener] : NetworkAddress(ipv4: 0, port: 0)
        stream.append(
            message,
            TraceEnvelope(
                at: now.wall, direction: direction, transport: flow.transport, local: local, remote: flow.remote, connection: flow.connection))
    }
}
