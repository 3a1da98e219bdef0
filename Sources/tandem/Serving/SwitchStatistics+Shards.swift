import ManagementAPI
import SwitchCore

extension SwitchStatistics {
    /// Adds one shard's counts.
    mutating func add(_ shard: ShardStatistics) {
        shards += 1
        calls += shard.calls
        answeredCalls += shard.answeredCalls
        transactions += shard.transactions
        callsReceived += shard.callsReceived
        callsAnswered += shard.callsAnswered
        callsRefused += shard.callsRefused
        messagesReceived += shard.messagesReceived
        messagesSent += shard.messagesSent
        retransmissionsSent += shard.retransmissionsSent
        malformedMessages += shard.malformedMessages
        strayMessages += shard.strayMessages
        unrecognisedSources += shard.unrecognisedSources
        oversizedDatagramsSent += shard.oversizedDatagramsSent
    }
}
