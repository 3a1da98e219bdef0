import ManagementAPI
import Synchronization
import Vocabulary

/// Whether new calls are taken: a drain refuses them until it is cancelled, a stop for good. The orders to
/// the shards are given under the lock, so that they come in the order of the decisions.
final class NewCallGate: Sendable {
    private struct State {
        var drainingSince = WallTime.unset
        var isStopping = false
    }

    private let state = Mutex(State())
    /// Tells every shard; must not block.
    private let refuse: @Sendable (Bool) throws -> Void

    init(refuse: @escaping @Sendable (Bool) throws -> Void) { self.refuse = refuse }

    /// Unset while the switch does not drain.
    var drainingSince: WallTime { state.withLock { $0.drainingSince } }
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Refuses new calls. Again, it keeps its beginning and tells the shards once more. When a shard could not be
    /// told the switch counts as draining all the same, and the `Problem` asks for another try.
    func drain(at now: WallTime) throws {
        try state.withLock { state in
            if !state.drainingSince.isSet { state.drainingSince = now }
            try tell(true, remedy: "some new calls are still taken; drain again")
        }
    }

    /// Takes new calls again. It counts as draining until every shard was told.
    func cancelDrain() throws {
        try state.withLock { state in
            if state.isStopping { throw Problem(.notReady, "the switch is stopping and takes no new calls") }
            try tell(false, remedy: "some new calls are still refused; cancel again")
            state.drainingSince = .unset
        }
    }

    /// Refuses new calls for good. A shard that cannot be told has no room for a call either.
    func closeForStop() {
        state.withLock { state in
            state.isStopping = true
            try? refuse(true)
        }
    }

    private func tell(_ refuses: Bool, remedy: String) throws {
        do {
            try refuse(refuses)
        } catch {
            throw Problem(.notReady, "not every shard could be told (\(error)): \(remedy)")
        }
    }
}
