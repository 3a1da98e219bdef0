import CallRecords
import Vocabulary

/// The commands that the writer has taken and not committed, in order for each shard. Normally one
/// group; while the store fails it grows, up to stated bounds.
struct CommandBacklog {
    struct Shard {
        var bytes: [UInt8] = []
        /// Number of the last command taken, refused ones included.
        var through: UInt64 = 0
        /// Number up to which the shard was told that everything is committed.
        var committed: UInt64 = 0
        /// Number up to which the shard was told that the store fails.
        var failingReported: UInt64 = 0

        /// Whether the shard waits for an answer.
        var isPending: Bool { through > committed }
    }

    /// What the bounds made of the commands of one group.
    struct Refusals: Equatable {
        var openedRefused: UInt64 = 0
        var recordsDropped: UInt64 = 0
    }

    private(set) var shards: [Shard]

    init(shards count: Int) { shards = Array(repeating: Shard(), count: count) }

    var byteCount: Int { shards.reduce(0) { $0 + $1.bytes.count } }
    var pendingShards: Int { shards.reduce(0) { $0 + ($1.isPending ? 1 : 0) } }
    var hasWork: Bool { shards.contains { $0.isPending } }

    /// How many commands are waiting, counted one by one: for the report of a loss.
    var commandCount: UInt64 {
        shards.reduce(0) { sum, shard in
            sum + shard.bytes.withBytes { bytes in
                var reader = RecordReader(bytes)
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
                case .closed(let answered) where answered || !dropsUnanswered:
                    shards[shard].bytes.append(contentsOf: bytes[start..<reader.offset].buffer)
                case .closed:
                    refusals.recordsDropped += 1
                }
            }
        }
        bytes.removeAll(keepingCapacity: true)
        return refusals
    }

    mutating func noteFailingReported(shard: Int) { shards[shard].failingReported = shards[shard].through }

    /// Forgets what is committed and keeps the memory, unless a failure made it large.
    mutating func removeAll() {
        for shard in shards.indices where shards[shard].isPending {
            shards[shard].committed = shards[shard].through
            let keeps = shards[shard].bytes.capacity <= 1 << 20
            shards[shard].bytes.removeAll(keepingCapacity: keeps)
        }
    }
}

extension RecordReader {
    enum SkippedCommand: Equatable {
        case opened
        case updated
        case closed(answered: Bool)
    }

    /// Passes over one command and says what it was.
    mutating func skipCommand() -> SkippedCommand {
        switch tag() {
        case .opened:
            _ = integer()
            _ = text()
            return .opened
        case .updated:
            _ = integer()
            _ = text()
            return .updated
        case .closed:
            var answered = false
            for field in CallRecordInteger.allCases {
                let value = integer()
                if field == .answeredAt { answered = value != 0 }
            }
            for _ in CallRecordText.allCases { _ = text() }
            for _ in 0..<integer() {
                for _ in AttemptRecordInteger.allCases { _ = integer() }
                for _ in AttemptRecordText.allCases { _ = text() }
            }
            return .closed(answered: answered)
        }
    }
}
