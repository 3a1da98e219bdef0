import CallRecords
import SIPMessages
import SwitchCore
import Synchronization
import Vocabulary

/// The switch under test: one or several shards behind the same addresses, steered as the real loops steer.
public final class VirtualSwitch {
    /// A shard lives in a box of its own, since it cannot be copied into an array.
    final class Box {
        var shard: Shard
        /// When the shard is woken next.
        var wakesAt = Instant.never
        init(_ shard: consuming Shard) { self.shard = shard }
    }

    public let listeners: [ListenerDescription]
    let boxes: [Box]

    /// `settings.count` shards made from the same settings.
    public init(_ settings: ShardConfiguration, now: Instant) {
        listeners = settings.listeners
        boxes = (0..<settings.count).map { index in
            var own = settings
            own.index = index
            return Box(Shard(own, now: now))
        }
    }

    public var shardCount: Int { boxes.count }

    /// The shard that a message belongs to.
    public func owner(of message: Bytes) -> Int { Shard.owner(of: message, count: boxes.count) }

    /// What all shards count, added up.
    public var statistics: ShardStatistics {
        boxes.reduce(into: ShardStatistics()) { sum, box in
            let one = box.shard.statistics
            sum.calls += one.calls
            sum.answeredCalls += one.answeredCalls
            sum.transactions += one.transactions
            sum.callsReceived += one.callsReceived
            sum.callsAnswered += one.callsAnswered
            sum.callsRefused += one.callsRefused
            sum.messagesReceived += one.messagesReceived
            sum.messagesSent += one.messagesSent
            sum.retransmissionsSent += one.retransmissionsSent
            sum.malformedMessages += one.malformedMessages
            sum.strayMessages += one.strayMessages
            sum.unrecognisedSources += one.unrecognisedSources
            sum.refusals += one.refusals
        }
    }

    /// Legs alive in all shards.
    public var legCount: Int { boxes.reduce(0) { $0 + $1.shard.legCount } }
}

/// Takes the reply of a shard command, which arrives before the command returns.
final class ReplyBox<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    func put(_ reply: Value) { value.withLock { $0 = reply } }
    var taken: Value? { value.withLock { $0 } }
}
