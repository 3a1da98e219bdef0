import CallRecords
import Synchronization
import Testing

@testable import tandem

/// The store's answers on their way to the shards, before and after the shards can be reached.
@Suite struct CommitRouterTests {
    /// What each shard was told, in order.
    private final class Told: Sendable {
        let commits = Mutex<[Int: [RecordCommit]]>([:])

        func note(_ commit: RecordCommit, _ shard: Int) { commits.withLock { $0[shard, default: []].append(commit) } }
        var all: [Int: [RecordCommit]] { commits.withLock { $0 } }
    }

    @Test("an answer that comes before the shards can be reached is delivered as soon as they can")
    func early() {
        let router = CommitRouter()
        let told = Told()
        router.deliver(.committed(through: 3), shard: 1)
        router.connect { told.note($0, $1) }
        #expect(told.all == [1: [.committed(through: 3)]])
        router.deliver(.committed(through: 4), shard: 1)
        router.deliver(.failing(through: 1), shard: 0)
        #expect(told.all == [0: [.failing(through: 1)], 1: [.committed(through: 3), .committed(through: 4)]])
    }

    @Test("of answers that wait the last of a kind stands for those before it, and the kinds keep their order")
    func order() {
        let router = CommitRouter()
        let told = Told()
        router.deliver(.committed(through: 1), shard: 0)
        router.deliver(.committed(through: 2), shard: 0)
        router.deliver(.failing(through: 9), shard: 1)
        router.deliver(.failing(through: 5), shard: 0)
        router.deliver(.failing(through: 6), shard: 0)
        router.deliver(.committed(through: 6), shard: 0)
        router.deliver(.committed(through: 8), shard: 0)
        router.connect { told.note($0, $1) }
        #expect(told.all == [0: [.committed(through: 2), .failing(through: 6), .committed(through: 8)], 1: [.failing(through: 9)]])
    }
}
