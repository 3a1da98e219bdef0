import Vocabulary

/// Where in its work a process dies.
public enum DeathPoint: Sendable, Equatable, CaseIterable {
    /// Between two events.
    case atOnce
    /// While it sends what an event asked for: some messages are out, the rest and its records are not.
    case atOutput
    /// While the store commits a group: some of its commands are through, and the shard never hears of it.
    case atCommit
}

// Deaths of the process at any instant, and clocks that are set.
extension VirtualWorld {
    /// The process dies at the next point of this kind; `processDied` is called then.
    public func killAt(_ point: DeathPoint) {
        guard !isSwitchDown else { return }
        nextDeath = point
        if point == .atOnce { die { [unowned self] in deathGenerator.chance(0.5) ? 0 : deathGenerator.below($0 + 1) } }
    }

    /// The wall clock is set forwards or, with a negative length, backwards. The monotonic clock never is.
    public func jumpWallClock(by length: Interval) { wallOffset = wallOffset + length }

    /// A request of a peer as it was sent.
    public func text(of client: PeerClient) -> String { String(decoding: client.bytes, as: UTF8.self) }

    func die(committing: (Int) -> Int) {
        nextDeath = nil
        store.forgetUncommitted(committing: committing, now: now)
        isSwitchDown = true
        processDied?()
    }

    /// Some of the messages leave. When all have, the records may have been handed over.
    func dieInOutput(of box: VirtualSwitch.Box, shard: Int) {
        let count = box.shard.outbox.count
        let sent = deathGenerator.below(count + 1)
        for entry in 0..<sent { send(entry, of: box) }
        box.shard.outbox.removeAll()
        if sent == count, deathGenerator.chance(0.5) {
            _ = store.take(&box.shard.records, shard: shard, now: now)
        } else {
            store.lose(&box.shard.records, now: now)
        }
        die { [unowned self] in deathGenerator.below($0 + 1) }
    }
}
