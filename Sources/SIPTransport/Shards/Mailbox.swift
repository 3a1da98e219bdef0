import CSys
import CallRecords
import SwitchCore
import Synchronization
import Vocabulary

/// What other threads hand to one shard: commands, messages of streams and of other shards'
/// sockets, commits of the store, failures of connections.
///
/// Everything is bounded; a full part refuses and the poster decides (a stream waits, a datagram is
/// dropped and counted). The shard's thread is woken only by the first thing after it last looked.
final class Mailbox: Sendable {
    /// Bounds of one shard's mailbox.
    struct Bounds: Sendable {
        var messages = MessageQueue.Bound(messages: 16_384, bytes: 16 << 20)
        /// Datagrams of which another shard could not say whether they belong to a call.
        var doubtful = MessageQueue.Bound(messages: 4_096, bytes: 4 << 20)
        var commands = 1_024
        /// Reports of failed sends; one lost costs the transaction its time-out, nothing else.
        var failures = 8_192
    }

    enum Outcome: Sendable, Equatable {
        case accepted
        case full
        /// The shard has stopped.
        case closed
    }

    /// A command for the shard or for the loop around it.
    enum Command: Sendable {
        case shard(ShardCommand)
        case transportStatistics(reply: @Sendable (DatagramStatistics) -> Void)
        /// Hand over what was traced, at once.
        case handOverTrace(reply: @Sendable (()) -> Void)
    }

    /// What the loop takes out in one go. It is emptied, not dropped, so that its memory is reused.
    struct Contents: ~Copyable {
        var commands: [Command] = []
        var commits: [RecordCommit] = []
        var failures: [Flow] = []
        var resolutions: [(hop: NextHop, resolution: Resolution)] = []
        var messages: MessageQueue
        var doubtful: MessageQueue
        /// When the first of it was posted; nil when nothing is there.
        var waitingSince: Instant?
        /// Datagrams of other shards that found no room, since the last time.
        var droppedDatagrams: UInt64 = 0

        init(bounds: Bounds) {
            messages = MessageQueue(bound: bounds.messages)
            doubtful = MessageQueue(bound: bounds.doubtful)
        }

        mutating func removeAll() {
            commands.removeAll(keepingCapacity: true)
            commits.removeAll(keepingCapacity: true)
            failures.removeAll(keepingCapacity: true)
            resolutions.removeAll(keepingCapacity: resolutions.count <= 1024)
            messages.removeAll()
            doubtful.removeAll()
            waitingSince = nil
            droppedDatagrams = 0
        }
    }

    private struct State: ~Copyable {
        var contents: Contents
        var isSignalled = false
        var isClosed = false
    }

    let bounds: Bounds
    /// An eventfd, written when the mailbox stops being empty.
    let eventDescriptor: Int32
    private let state: Mutex<State>

    init(bounds: Bounds = Bounds()) throws(TransportError) {
        let descriptor = csys_eventfd()
        guard descriptor >= 0 else { throw .system("eventfd", errorNumber: -descriptor) }
        self.bounds = bounds
        self.eventDescriptor = descriptor
        self.state = Mutex(State(contents: Contents(bounds: bounds)))
    }

    deinit { csys_close(eventDescriptor) }

    // MARK: - Posting, on any thread

    func post(_ command: Command) -> Outcome {
        post { contents in
            guard contents.commands.count < bounds.commands else { return false }
            contents.commands.append(command)
            return true
        }
    }

    /// A message of a stream; when full the poster waits and tries again.
    func post(streamMessage message: Bytes, from flow: Flow) -> Outcome {
        post { contents in contents.messages.append(message, flow: flow) }
    }

    /// A datagram that another shard's socket received; dropped and counted when full. `isDoubtful`: only for a call of this
    /// shard, which is to find out whether it is.
    func post(datagram: Bytes, from flow: Flow, isDoubtful: Bool = false) {
        _ = post { contents in
            let hasRoom = isDoubtful ? contents.doubtful.append(datagram, flow: flow) : contents.messages.append(datagram, flow: flow)
            if !hasRoom { contents.droppedDatagrams += 1 }
            return true
        }
    }

    /// The store's answer. Never refused: a commit takes the place of an earlier one, so few can wait.
    func post(_ commit: RecordCommit) {
        _ = post { contents in
            if case .committed = commit, case .committed? = contents.commits.last { contents.commits.removeLast() }
            if case .failing = commit, case .failing? = contents.commits.last { contents.commits.removeLast() }
            contents.commits.append(commit)
            return true
        }
    }

    /// The name service's answer to a question of the shard. Never refused: a shard asks for each next hop
    /// once until it is answered, so no more answers can wait than it has next hops.
    func post(_ resolution: Resolution, of hop: NextHop) {
        _ = post { contents in
            contents.resolutions.append((hop, resolution))
            return true
        }
    }

    func post(failureOf flow: Flow) -> Outcome {
        post { contents in
            guard contents.failures.count < bounds.failures else { return false }
            contents.failures.append(flow)
            return true
        }
    }

    /// Takes nothing more from now on and lets the loop end after what it holds.
    func close() {
        state.withLock { $0.isClosed = true }
        csys_eventfd_signal(eventDescriptor)
    }

    private func post(_ append: (inout Contents) -> Bool) -> Outcome {
        var wake = false
        let outcome = state.withLock { state -> Outcome in
            if state.isClosed { return .closed }
            guard append(&state.contents) else { return .full }
            wake = !state.isSignalled
            if wake { state.contents.waitingSince = SystemClock.instant }
            state.isSignalled = true
            return .accepted
        }
        if wake { csys_eventfd_signal(eventDescriptor) }
        return outcome
    }

    // MARK: - Taking, on the shard's thread

    /// Swaps everything posted with `contents`, which must be empty. True when the mailbox is closed.
    func take(into contents: inout Contents) -> Bool {
        state.withLock { state in
            state.isSignalled = false
            swap(&state.contents, &contents)
            return state.isClosed
        }
    }
}
