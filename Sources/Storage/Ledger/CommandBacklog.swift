import CallRecords
import Vocabulary

/// The commands that the writer has taken and that are not rows yet, in order for each shard: those of
/// some groups, in the journal already, and while the store fails of more, up to stated bounds.
struct CommandBacklog {
    struct Shard {
        var bytes: [UInt8] = []
        /// Number of the last command taken, refused ones included.
        var through: UInt64 = 0
        /// How many of the bytes are in the journal.
        var journaled = 0
        /// Number up to which the shard was told that everything is committed.
        var committed: UInt64 = 0
        /// Number up to which the shard was told that the store fails.
        var failingReported: UInt64 = 0
        /// Number of the last command of the groups in which a command that opens a call was refused.
        var refusedThrough: UInt64 = 0

        /// Whether the shard waits for an answer.
        var isAnswerDue: Bool { through > committed }
        /// Whether a call was refused and the shard does not know: it must, before it hears that later commands are committed.
        var isRefusalUntold: Bool { refusedThrough > failingReported }
    }

    /// What the bounds made of the commands of one group.
    struct Refusals: Equatable {
        var openedRefused: UInt64 = 0
        var recordsDropped: UInt64 = 0
    }

    private(set) var shards: [Shard]

    /// Everything that was in a journal, to be made rows at the start.
    init(journal commands: [UInt8]) { shards = [Shard(bytes: commands, journaled: commands.count)] }

    init(shards count: Int) { shards = Array(repeating: Shard(), count: count) }

    var byteCount: Int { shards.reduce(0) { $0 + $1.bytes.count } }
    var isAnswerDue: Bool { shards.contains { $0.isAnswerDue } }
    var holdsJournaled: Bool { shards.contains { $0.journaled > 0 } }
    var holdsUnjournaled: Bool { shards.contains { $0.journaled < $0.bytes.count } }

    /// How many commands only memory has, counted one by one: for the report of a loss.
    var commandsNotJournaled: UInt64 {
        shards.reduce(0) { sum, shard in
            sum
                + shard.bytes.withBytes { bytes in
                    var reader = RecordReader(bytes.from(shard.journaled))
                    var count: UInt64 = 0
                    while !reader.isAtEnd {
                        _ = reader.skipCommand()
                        count += 1
                    }
                    return count
                }
        }
    }

    /// Takes a shard's commands, by swapping where nothing waits.
    mutating func take(shard: Int, bytes: inout [UInt8], lastSequence: UInt64) {
        shards[shard].through = lastSequence
        if shards[shard].bytes.isEmpty {
            swap(&shards[shard].bytes, &bytes)
        } else {
            shards[shard].bytes.append(contentsOf: bytes)
            bytes.removeAll(keepingCapacity: true)
        }
    }

    /// Takes a shard's commands while the store fails: beyond the bounds only what must be kept.
    mutating func takeWhileFailing(
        shard: Int, bytes: inout [UInt8], lastSequence: UInt64, settings: LedgerSettings
    ) -> Refusals {
        let held = byteCount
        guard held + bytes.count > settings.refuseOpenedBeyond else {
            take(shard: shard, bytes: &bytes, lastSequence: lastSequence)
            return Refusals()
        }
        shards[shard].through = lastSequence
        let dropsUnanswered = held + bytes.count > settings.dropUnansweredBeyond
        var refusals = Refusals()
        bytes.withBytes { bytes in
            var reader = RecordReader(bytes)
            while !reader.isAtEnd {
                let start = reader.offset
                switch reader.skipCommand() {
                case .opened:
                    refusals.openedRefused += 1
                case .updated:
                    break
                case .ending:
                    // Nobody waits for it: while the store fails a call is ended at once.
                    break
                case .closed(let answered) where answered || !dropsUnanswered:
                    shards[shard].bytes.append(contentsOf: bytes[start..<reader.offset].buffer)
                case .closed:
                    refusals.recordsDropped += 1
                case .registration where dropsUnanswered, .bindings where dropsUnanswered:
                    refusals.recordsDropped += 1
                case .registration, .registrationRemoved, .bindings, .bindingsRemoved:
                    shards[shard].bytes.append(contentsOf: bytes[start..<reader.offset].buffer)
                }
            }
        }
        bytes.removeAll(keepingCapacity: true)
        if refusals.openedRefused > 0 { shards[shard].refusedThrough = lastSequence }
        return refusals
    }

    mutating func noteFailingReported(shard: Int) { shards[shard].failingReported = shards[shard].through }

    mutating func noteAnswered(shard: Int) { shards[shard].committed = shards[shard].through }

    mutating func noteJournaled() {
        for shard in shards.indices { shards[shard].journaled = shards[shard].bytes.count }
    }

    /// Forgets what is in the journal and has become rows.
    mutating func removeJournaled() {
        for shard in shards.indices where shards[shard].journaled > 0 {
            shards[shard].bytes.removeFirst(shards[shard].journaled)
            shards[shard].journaled = 0
        }
    }

    /// Forgets what is in rows and keeps the memory, unless a failure made it large.
    mutating func removeAll() {
        for shard in shards.indices where !shards[shard].bytes.isEmpty {
            let keeps = shards[shard].bytes.capacity <= 16 << 20
            shards[shard].bytes.removeAll(keepingCapacity: keeps)
            shards[shard].journaled = 0
        }
    }
}

extension RecordReader {
    enum SkippedCommand: Equatable {
        case opened
        case updated
        case ending
        case closed(answered: Bool)
        case registration
        case registrationRemoved
        case bindings
        case bindingsRemoved
    }

    /// Passes over one command and says what it was.
    mutating func skipCommand() -> SkippedCommand {
        let tag = tag()
        switch tag {
        case .opened:
            _ = integer()
            _ = text()
            return .opened
        case .updated:
            _ = integer()
            _ = text()
            return .updated
        case .ending:
            _ = integer()
            _ = text()
            return .ending
        case .closed, .closedWithoutBilling:
            var answered = false
            forEachCallInteger(tag) { field, value in
                if field == .answeredAt { answered = value != 0 }
            }
            for _ in CallRecordText.allCases { _ = text() }
            for _ in 0..<integer() {
                for _ in AttemptRecordInteger.allCases { _ = integer() }
                for _ in AttemptRecordText.allCases { _ = text() }
            }
            return .closed(answered: answered)
        case .registration:
            _ = text()
            _ = text()
            return .registration
        case .registrationRemoved:
            _ = text()
            return .registrationRemoved
        case .bindings:
            _ = text()
            _ = text()
            return .bindings
        case .bindingsRemoved:
            _ = text()
            return .bindingsRemoved
        }
    }
}
