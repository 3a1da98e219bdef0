import CallRecords
import SIPMessages
import SwitchCore
import Vocabulary

/// What a loop asks of the pure shard that it drives. The switch's shard is one; tests bring small ones.
///
/// All members are called on one thread. After each batch of inputs the loop sends what stands in
/// `outbox`, empties it, and hands what stands in `records` to the store.
public protocol ShardDriving: ~Copyable, SendableMetatype {
    init(_ configuration: ShardConfiguration)

    /// One datagram or one framed stream message. `bytes` may be changed in place and is valid during the call.
    mutating func messageReceived(_ bytes: UnsafeMutableRawBufferPointer, from flow: Flow, at now: Moment)
    mutating func handleTimeouts(at now: Moment)
    mutating func recordsCommitted(_ commit: RecordCommit, at now: Moment)
    /// Sending to this flow failed: an ICMP error, a refused or a lost connection.
    mutating func transportFailed(_ flow: Flow, at now: Moment)
    mutating func commandReceived(_ command: ShardCommand, at now: Moment)

    /// When `handleTimeouts` is due; `.never` when nothing waits. It may be early, never late.
    var nextDeadline: Instant { get }
    var outbox: Outbox { get set }
    var records: RecordStream { get set }

    /// The shard, 0 to `count - 1`, that a message belongs to, by a cheap look at it.
    static func owner(of message: Bytes, count: Int) -> Int
}

/// Where shards hand their records: the store.
public protocol RecordSink: Sendable {
    /// Takes the commands in `bytes`, whose last has the number `lastSequence`. Called on the shard's
    /// thread and must not block; it may swap `bytes` for another array whose storage is reused.
    func submit(shard: Int, bytes: inout [UInt8], lastSequence: UInt64)
}
