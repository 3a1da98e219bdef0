import ManagementAPI
import SIPTransport
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
        inboundRegistrations += shard.registrations
        authenticationFailures += shard.authenticationFailures
        suspendedRequests += shard.suspendedRequests
        overloadLevel = max(overloadLevel, shard.overloadLevel)
        for cause in RefusalCause.allCases { refusals[cause.rawValue, default: 0] += shard.refusals[cause] }
    }

    /// Adds what the listeners of streams refused.
    mutating func add(_ streams: StreamStatistics) {
        refusals["connections"] = streams.refusedForTotal
        refusals["connectionsOfSource"] = streams.refusedForSource
        refusals["silentConnections"] = streams.refusedForSilence
        refusals["handshakes"] = streams.refusedForHandshakes
        refusals["slowFirstMessages"] = streams.firstMessageTimeouts
        refusals["slowMessages"] = streams.messageTimeouts
        refusals["heldMessages"] = streams.cutForMemory
    }
}
