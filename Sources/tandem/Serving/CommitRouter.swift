import CallRecords
import Synchronization

/// Routes the store's answers to the shards, and keeps them until there is a way to the shards.
///
/// The writer starts before the shards, and the first shards serve while others still start: a call that
/// one of them answers then waits for its answer as any other does.
final class CommitRouter: Sendable {
    /// Takes an answer to its shard. Must not block.
    typealias Destination = @Sendable (_ commit: RecordCommit, _ shard: Int) -> Void

    private struct State {
        var destination: Destination?
        /// What each shard is to be told, in order; empty once there is a destination.
        var waiting: [Int: [RecordCommit]] = [:]
    }

    private let state = Mutex(State())

    /// The store's answer to a shard, from the writer's thread.
    func deliver(_ commit: RecordCommit, shard: Int) {
        let destination = state.withLock { state -> Destination? in
            if state.destination == nil { CommitRouter.keep(commit, in: &state.waiting[shard, default: []]) }
            return state.destination
        }
        destination?(commit, shard)
    }

    /// Sets the way to the shards, once, and tells them what has waited; nothing later comes before it.
    func connect(to destination: @escaping Destination) {
        state.withLock { state in
            for (shard, commits) in state.waiting {
                for commit in commits { destination(commit, shard) }
            }
            state.waiting = [:]
            state.destination = destination
        }
    }

    /// A later answer of the same kind says what the one before it said. One of the other kind does not:
    /// calls up to it are refused, and those after it connected.
    private static func keep(_ commit: RecordCommit, in commits: inout [RecordCommit]) {
        switch (commits.last, commit) {
        case (.committed, .committed), (.failing, .failing): commits[commits.count - 1] = commit
        default: commits.append(commit)
        }
    }
}
