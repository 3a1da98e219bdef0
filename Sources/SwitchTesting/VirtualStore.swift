import CallRecords
import Vocabulary

/// The store without a disk: takes the shards' commands, commits them in groups after a delay, can
/// fail and recover, can die between two of a group's commands, and keeps what is needed to look at the records and to restart the switch.
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
        case opened(CallIdentifier, state: [UInt8], isUpdate: Bool)
        case ending(CallIdentifier, state: [UInt8])
        case closed(CallRecord)
        case registration(StoredRegistration)
        case registrationRemoved(String)
        case bindings(StoredBindings)
        case bindingsRemoved(String)
    }

    private struct Pending {
        var sequence: UInt64
        var command: Command
        var takenAt: Instant
    }

    private struct Backlog {
        var commands: [Pending] = []
        var sequence: UInt64 = 0
        var isScheduled = false
        /// The shard was told that these are not committed: they are committed whole or not at all.
        var isReportedFailing = false
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
    /// Where phones and gateways are registered, by account.
    public private(set) var bindings: [String: StoredBindings] = [:]
    /// When each open call's state was committed, kept after its end.
    public private(set) var openedAt: [CallIdentifier: Instant] = [:]
    /// When shards handed over the ends that they decided themselves, of those that were not lost.
    public private(set) var endDecidedAt: [CallIdentifier: Instant] = [:]
    /// When such ends were lost: the process died before their commit, and the call went on.
    public private(set) var endLostAt: [CallIdentifier: Instant] = [:]
    /// Which ends are committed.
    public private(set) var committedEnds: Set<CallIdentifier> = []
    /// Called with every record committed.
    public var recordCommitted: ((CallRecord) -> Void)?
    /// Called with every record that a process had written and that went with it.
    public var recordLost: ((CallRecord) -> Void)?
    /// By how much the stored answer of an open call comes before the one that passed: what its commit took.
    public private(set) var answerDelay: [CallIdentifier: Interval] = [:]
    /// The greatest identifier of any call that was ever committed.
    public private(set) var lastCallIdentifier: CallIdentifier?
    private var backlogs: [Backlog]
    private var buffer: [UInt8] = []

    public init(shards: Int, commitDelay: Interval = .milliseconds(2)) {
        self.commitDelay = commitDelay
        backlogs = Array(repeating: Backlog(), count: shards)
    }

    /// Takes what a shard has written. True when a commit is to be scheduled after `commitDelay`.
    func take(_ stream: inout RecordStream, shard: Int, now: Instant = .zero) -> Bool {
        for command in commands(of: &stream) {
            backlogs[shard].sequence += 1
            if case .ending(let id, _) = command { endDecidedAt[id] = now }
            backlogs[shard].commands.append(Pending(sequence: backlogs[shard].sequence, command: command, takenAt: now))
        }
        guard !backlogs[shard].isScheduled else { return false }
        backlogs[shard].isScheduled = true
        return true
    }

    /// The time for a group commit has come. Nil when there is nothing to say to the shard.
    func commit(shard: Int, now: Instant) -> RecordCommit? {
        backlogs[shard].isScheduled = false
        guard let last = backlogs[shard].commands.last?.sequence else { return nil }
        if isFailing {
            backlogs[shard].isReportedFailing = true
            return .failing(through: last)
        }
        for pending in backlogs[shard].commands { apply(pending, shard: shard, now: now) }
        backlogs[shard].commands.removeAll(keepingCapacity: true)
        backlogs[shard].isReportedFailing = false
        return .committed(through: last)
    }

    private func apply(_ pending: Pending, shard: Int, now: Instant) {
        switch pending.command {
        case .opened(let id, let state, let isUpdate):
            note(id)
            openCalls[id] = OpenCall(id: id, state: state, shard: shard, committedAt: now)
            openedAt[id] = openedAt[id] ?? now
            answerDelay[id] = isUpdate ? .zero : now - pending.takenAt
        case .ending(let id, let state):
            openCalls[id] = OpenCall(id: id, state: state, shard: shard, committedAt: now)
            answerDelay[id] = .zero
            committedEnds.insert(id)
        case .closed(let record):
            note(record.id)
            openCalls[record.id] = nil
            answerDelay[record.id] = nil
            records.append(record)
            recordCommitted?(record)
        case .registration(let stored): registrations[stored.name] = stored
        case .registrationRemoved(let name): registrations[name] = nil
        case .bindings(let stored): bindings[stored.account] = stored
        case .bindingsRemoved(let account): bindings[account] = nil
        }
    }

    private func note(_ id: CallIdentifier) { lastCallIdentifier = max(lastCallIdentifier ?? id, id) }

    /// The process ended: what was not committed is gone, and the shards' streams begin anew.
    func forgetUncommitted() { forgetUncommitted { _ in 0 } }

    /// The same between two of the commands that wait: `committing` says how many of so many still came through.
    func forgetUncommitted(committing: (Int) -> Int, now: Instant = .zero) {
        for shard in backlogs.indices {
            let commands = backlogs[shard].commands
            var kept = isFailing || commands.isEmpty ? 0 : committing(commands.count)
            if backlogs[shard].isReportedFailing { kept = kept == commands.count ? kept : 0 }
            for pending in commands.prefix(kept) { apply(pending, shard: shard, now: now) }
            for pending in commands.dropFirst(kept) {
                switch pending.command {
                case .closed(let record): recordLost?(record)
                case .ending(let id, _): loseEnd(id, now)
                case .opened, .registration, .registrationRemoved, .bindings, .bindingsRemoved: break
                }
            }
        }
        backlogs = Array(repeating: Backlog(), count: backlogs.count)
    }

    /// The next process has another number of shards.
    func setShards(_ count: Int) { backlogs = Array(repeating: Backlog(), count: count) }

    /// A process died before it handed these commands over.
    func lose(_ stream: inout RecordStream, now: Instant) {
        for command in commands(of: &stream) {
            switch command {
            case .closed(let record): recordLost?(record)
            case .ending(let id, _): loseEnd(id, now)
            case .opened, .registration, .registrationRemoved, .bindings, .bindingsRemoved: break
            }
        }
    }

    /// Takes a shard's stream apart. The commands are whole before any is looked at: a state that is read and at once
    /// let go was freed while it was still being copied, in a release build.
    private func commands(of stream: inout RecordStream) -> [Command] {
        stream.exchange(with: &buffer)
        return buffer.withBytes { bytes in
            var reader = RecordReader(bytes)
            var commands: [Command] = []
            while !reader.isAtEnd { commands.append(VirtualStore.command(&reader)) }
            return commands
        }
    }

    private func loseEnd(_ id: CallIdentifier, _ now: Instant) {
        endDecidedAt[id] = nil
        endLostAt[id] = now
    }

    /// Lets go of what belongs to a call that has been judged.
    func forget(_ id: CallIdentifier) {
        openedAt[id] = nil
        endDecidedAt[id] = nil
        endLostAt[id] = nil
        committedEnds.remove(id)
    }

    /// Lets go of records that were handed to `recordCommitted`.
    func forgetRecords() { records.removeAll(keepingCapacity: true) }

    private static func command(_ reader: inout RecordReader) -> Command {
        let tag = reader.tag()
        switch tag {
        case .opened, .updated:
            return .opened(CallIdentifier(rawValue: reader.integer()), state: reader.text().array, isUpdate: tag == .updated)
        case .ending: return .ending(CallIdentifier(rawValue: reader.integer()), state: reader.text().array)
        case .closed, .closedWithoutBilling: return .closed(reader.callRecord(tag))
        case .registration:
            let name = reader.text().string
            guard let stored = StoredRegistration(name: name, state: reader.text().array) else {
                preconditionFailure("a shard wrote a registration that cannot be read")
            }
            return .registration(stored)
        case .registrationRemoved: return .registrationRemoved(reader.text().string)
        case .bindings:
            let account = reader.text().string
            guard let stored = StoredBindings(account: account, state: reader.text().array) else {
                preconditionFailure("a shard wrote bindings that cannot be read")
            }
            return .bindings(stored)
        case .bindingsRemoved: return .bindingsRemoved(reader.text().string)
        }
    }
}
