import Containers
import Routing
import SIPMessages
import Vocabulary

/// The going round among devices behind NATs (`SS_SIP_NAT_KEEP_ALIVE_...`).
struct KeepAliveRound {
    /// Accounts of this round, and how many of them have been looked at.
    var accounts: [SlabKey] = []
    var position = 0
    var beganAt = Instant.zero
    var timer = TimerHandle.none
    /// What it goes by.
    var settings: Settings?

    struct Settings: Equatable {
        var message: [UInt8]
        var period: Interval
        var interval: Interval
        var batch: Int
    }
}

// Datagrams that keep the way to registered devices behind NATs open. No answer is expected.
extension Shard {
    /// A device behind a NAT registered: its first datagram comes within one period.
    mutating func beginKeepAlive(now: Moment) {
        let settings = configuration.endpointSettings
        guard !keepAlive.timer.isSet, !settings.keepAliveMessage.isEmpty else { return }
        keepAlive.timer = wheel.set(at: now.instant + settings.keepAlivePeriod, token: Shard.keepAliveToken)
    }

    /// The configuration changed. The round goes on where it was, unless what it goes by is another.
    mutating func keepAliveConfigured(now: Moment) {
        let present = configuration.endpointSettings
        let settings = KeepAliveRound.Settings(
            message: present.keepAliveMessage, period: present.keepAlivePeriod, interval: present.keepAliveInterval, batch: present.keepAliveBatch)
        guard settings != keepAlive.settings else { return }
        wheel.cancel(&keepAlive.timer)
        keepAlive = KeepAliveRound(settings: settings)
        if boundAccounts.count > 0 { beginKeepAlive(now: now) }
    }

    /// The next batch is due. The batches of all shards together are as large as the parameter says.
    mutating func keepAliveTimedOut(now: Moment) {
        keepAlive.timer = .none
        let settings = configuration.endpointSettings
        guard boundAccounts.count > 0, !settings.keepAliveMessage.isEmpty else {
            keepAlive = KeepAliveRound(settings: keepAlive.settings)
            return
        }
        if keepAlive.position == keepAlive.accounts.count {
            keepAlive.accounts = boundAccounts.keys
            keepAlive.position = 0
            keepAlive.beganAt = now.instant
        }
        var room = max(1, settings.keepAliveBatch / self.settings.count)
        while room > 0, keepAlive.position < keepAlive.accounts.count {
            let key = keepAlive.accounts[keepAlive.position]
            keepAlive.position += 1
            guard boundAccounts.contains(key) else { continue }
            for binding in boundAccounts[key].bindings(now: now.instant) where binding.isBehindNAT && binding.flow.transport == .udp {
                settings.keepAliveMessage.withBytes { outbox.send($0, to: binding.flow) }
                room -= 1
            }
        }
        let isRoundOver = keepAlive.position == keepAlive.accounts.count
        let next =
            isRoundOver
            ? max(keepAlive.beganAt + settings.keepAlivePeriod, now.instant + settings.keepAliveInterval) : now.instant + settings.keepAliveInterval
        keepAlive.timer = wheel.set(at: next, token: Shard.keepAliveToken)
    }
}
