import CallRecords
import Vocabulary

/// The store without a disk: takes the shards' commands, commits them in groups after a delay, can
/// fail and recover, and keeps what is needed to look at the records and to restart the switch.
public final class VirtualStore {
    /// An answered call as the store keeps it for a restart.
    public struct OpenCall: Sendable, Equatable {
        public let id: CallIdentifier
        public let state: [UInt8]
        public let shard: Int
        /// When it was committed.
        public let committedAt: Instant
    }

    private enum Command {
        case opened(CallIdentifier, state: [UInt8])
        case closed(CallRecord)
        case registration(StoredRegistration)
        case registrationRemoved(String)
    }

    private struct Backlog {
        var commands: [(sequence: UInt64, command: Command)] = []
        var sequence: UInt64 = 0
        var isScheduled = false
    }

    /// How long a group waits for its commit.
    public var commitDelay: Interval
    /// While set nothing is committed, and shards are told so.
    public var isFailing = false
    /// Calls that are answered and not closed, by identifier.
    public private(set) var openCalls: [CallIdentifier: OpenCall] = [:]
    /// Records in the order of their commits.
    public private(set) var records: [CallRecord] = []
    /// What is kept of registrations, by name.
    public private(set) var registrations: [String: StoredRegistration] = [:]
    /// When each open call's state was committed, kept after its end.
    public private(set) var openedAt: [CallIdentifier: Instant] = [:]
    /// Called with every record committed.
    public var recordCommitted: ((CallRecord) -> Void)?
    private var backlogs: [Backlog]
    private var buffer: [UInt8] = []

    public init(shards: Int, commitDelay: Interval = .milliseconds(2)) {
        self.commitDelay = commitDelay
        backlogs = Array(repeating: Backlog(), count: shards)
    }

    /// Takes what a shard has written. True when a commit is to be scheduled after `commitDelay`.
    func take(_ stream: inout RecordStream, shard: Int) -> Bool {
        stream.exchange(with: &buffer)
        buffer.withBytes { bytes in
            var reader = RecordReader(bytes)
            while !reader.isAtEnd {
                backlogs[shard].sequence += 1
                backlogs[shard].commands.append((backlogs[shard].sequence, VirtualStore.command(&reader)))
            }
        }
        guard !backlogs[shard].isScheduled else { return false }
        backlogs[shard].isScheduled = true
        return true
    }

    /// The time for a group commit has come. Nil when there is nothing to say to the shard.
    func commit(shard: Int, now: Instant) -> RecordCommit? {
        backlogs[shard].isScheduled = false
        guard let last = backlogs[shard].commands.last?.sequence else { return nil }
        if isFailing { return .failing(through: last) }
        for (_, command) in backlogs[shard].commands {
            switch command {
            case .opened(let id, let state):
                openCalls[id] = OpenCall(id: id, state: state, shard: shard, committedAt: now)
                openedAt[id] = openedAt[id] ?? now
            case .closed(let record):
                openCalls[record.id] = nil
                records.append(record)
                recordCommitted?(record)
            case .registration(let stored): registrations[stored.name] = stored
            case .registrationRemoved(let name): registrations[name] = nil
            }
        }
        backlogs[shard].commands.removeAll(keepingCapacity: true)
        return .committed(through: last)
    }

    /// The process ended: what was not committed is gone, and the shards' streams begin anew.
    func forgetUncommitted() {
        backlogs = Array(repeating: Backlog(), count: backlogs.count)
    }

    /// The next process has another number of shards.
    func setShards(_ count: Int) { backlogs = Array(repeating: Backlog(), count: count) }

    /// Lets go of what belongs to a call that has been judged.
    func forget(_ id: CallIdentifier) { openedAt[id] = nil }

    /// Lets go of records that were handed to `recordCommitted`.
    func forgetRecords() { records.removeAll(keepingCapacity: true) }

    private static func command(_ reader: inout RecordReader) -> Command {
        switch reader.tag() {
        case .opened, .updated: return .opened(CallIdentifier(rawValue: reader.integer()), state: reader.text().array)
        case .closed: return .closed(reader.callRecord())
        case .registration:
            let name = reader.text().string
            guard let stored = StoredRegistration(name: name, state: reader.text().array) else {
                preconditionFailure("a shard wrote a registration that cannot be read")
            }
            return .registration(stored)
        case .registrationRemoved: return .registrationRemoved(reader.text().string)
        }
    }
}
