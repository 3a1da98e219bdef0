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

    /// Whether a message is worth looking at: asked once for each, before it is steered or copied, by the shard that received it.
    mutating func admits(_ message: Bytes, from source: NetworkAddress, at now: Moment) -> AdmissionVerdict
    /// Whether a message that another shard let pass only `ifOwn` belongs to a call of this one.
    mutating func admitsOwn(_ message: Bytes, from source: NetworkAddress, at now: Moment) -> Bool
    /// The oldest message that waited in this turn of the loop had waited for `lag`.
    mutating func lagMeasured(_ lag: Interval, at now: Moment)
    /// A message found no room among those that wait.
    mutating func backlogRefused(_ source: NetworkAddress, at now: Moment)
    /// One datagram or one framed stream message. `bytes` is valid during the call and stays as it is: the
    /// trace copies it afterwards.
    mutating func messageReceived(_ bytes: UnsafeMutableRawBufferPointer, from flow: Flow, at now: Moment)
    mutating func handleTimeouts(at now: Moment)
    mutating func recordsCommitted(_ commit: RecordCommit, at now: Moment)
    /// Sending to this flow failed: an ICMP error, a refused or a lost connection.
    mutating func transportFailed(_ flow: Flow, at now: Moment)
    mutating func commandReceived(_ command: ShardCommand, at now: Moment)

    /// When `handleTimeouts` is due; `.never` when nothing waits. It may be early, never late.
    var nextDeadline: Instant { get }
    /// Whether the last message came from nobody that the switch knows, or is no SIP: the trace does not
    /// keep it, nor what it was answered.
    var lastMessageWasForeign: Bool { get }
    var outbox: Outbox { get set }
    var records: RecordStream { get set }
    /// Next hops to look up, each asked once until `ShardCommand.resolved` answers it; the loop takes them after each batch.
    var questions: [NextHop] { get set }
    /// Registrations that went into another state; the loop takes them after each batch.
    var notices: [RegistrationEvent] { get set }
    /// Floods and overload, for people; the loop takes them after each batch.
    var protectionNotices: [ProtectionNotice] { get set }
    /// What the other shards are to be told of a registration that one keeps; the loop takes them after each batch.
    var announcements: [RegistrationView] { get set }

    /// The shard, 0 to `count - 1`, that a message belongs to, by a cheap look at it.
    static func owner(of message: Bytes, count: Int) -> Int
}

extension ShardDriving where Self: ~Copyable {
    /// A shard that knows everybody need not say so.
    public var lastMessageWasForeign: Bool { false }

    /// A shard may let everybody in and refuse nothing.
    public func admits(_ message: Bytes, from source: NetworkAddress, at now: Moment) -> AdmissionVerdict { .taken }
    public func admitsOwn(_ message: Bytes, from source: NetworkAddress, at now: Moment) -> Bool { true }
    public func lagMeasured(_ lag: Interval, at now: Moment) {}
    public func backlogRefused(_ source: NetworkAddress, at now: Moment) {}
    public var protectionNotices: [ProtectionNotice] {
        get { [] }
        set {}
    }

    /// A shard that looks nothing up need not say so.
    public var questions: [NextHop] {
        get { [] }
        set {}
    }

    /// A shard that keeps nothing for others need not say so.
    public var announcements: [RegistrationView] {
        get { [] }
        set {}
    }

    /// A shard without registrations need not say so.
    public var notices: [RegistrationEvent] {
        get { [] }
        set {}
    }
}

/// Where shards hand their records: the store.
public protocol RecordSink: Sendable {
    /// Takes the commands in `bytes`, whose last has the number `lastSequence`. Called on the shard's
    /// thread and must not block; it may swap `bytes` for another array whose storage is reused.
    func submit(shard: Int, bytes: inout [UInt8], lastSequence: UInt64)
}

/// Who is told what happens to registrations, and of floods and overload.
public protocol NoticeSink: Sendable {
    /// Registrations went into another state, in this order. Called on a shard's thread and must not block.
    func registrationsChanged(_ events: [RegistrationEvent])
    /// A shard refuses more than usual, or does so no longer. Called on the shard's thread and must not block.
    func protectionNoticed(_ notices: [ProtectionNotice], shard: Int)
}

extension NoticeSink {
    public func protectionNoticed(_ notices: [ProtectionNotice], shard: Int) {}
}

/// For a switch that nobody watches.
public struct NoNotices: NoticeSink {
    public init() {}
    public func registrationsChanged(_ events: [RegistrationEvent]) {}
}
