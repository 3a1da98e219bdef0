import CallRecords
import Foundation
import Storage
import Vocabulary

/// A folder that disappears with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-storage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func size(of name: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: file(name))[.size] as? Int) ?? 0
    }

    /// Copies the ledger's files as they are: what a killed process leaves behind.
    func copyLedger(to other: TemporaryFolder) throws {
        for name in ["ledger.db", "ledger.db-wal", "ledger.journal"] where FileManager.default.fileExists(atPath: file(name)) {
            try FileManager.default.copyItem(atPath: file(name), toPath: other.file(name))
        }
    }
}

/// The writer's answers in order, and a wait for them.
final class Answers: Sendable {
    struct Answer: Equatable {
        var shard: Int
        var commit: RecordCommit
    }

    private let condition = NSCondition()
    private nonisolated(unsafe) var answers: [Answer] = []

    /// To be passed as `onCommit`.
    func note(_ shard: Int, _ commit: RecordCommit) {
        condition.withLock {
            answers.append(Answer(shard: shard, commit: commit))
            condition.broadcast()
        }
    }

    var all: [Answer] { condition.withLock { answers } }

    /// Whether the answer comes, or has come, within a time that only a broken writer needs.
    func await(_ commit: RecordCommit, shard: Int = 0) -> Bool {
        let limit = Date(timeIntervalSinceNow: 30)
        return condition.withLock {
            while !answers.contains(Answer(shard: shard, commit: commit)) {
                guard condition.wait(until: limit) else { return false }
            }
            return true
        }
    }
}

/// A disk that fails as often as it is told to.
final class FaultyDisk: Sendable {
    private let lock = NSLock()
    private nonisolated(unsafe) var failures: Int
    private let code: Int32

    init(failures: Int, code: Int32) {
        self.failures = failures
        self.code = code
    }

    func fail(times: Int) { lock.withLock { failures = times } }

    /// To be passed as `fault`: fails when the rows are written and the commit is due.
    func answer(_ stage: CommitStage, _ connection: OpaquePointer) -> Int32 {
        guard stage == .written else { return 0 }
        return lock.withLock {
            guard failures > 0 else { return 0 }
            failures -= 1
            return code
        }
    }
}

/// One shard's stream on its way to a writer.
struct TestShard {
    var index = 0
    private var stream = RecordStream()
    private var buffer: [UInt8] = []

    init(_ index: Int = 0) { self.index = index }

    mutating func open(_ id: Int64, state: String) { write(.opened, id, state) }
    mutating func update(_ id: Int64, state: String) { write(.updated, id, state) }
    mutating func end(_ id: Int64, state: String) { write(.ending, id, state) }
    mutating func close(_ record: CallRecord) { stream.append(closed: record) }
    /// As the version did that knew no billed time.
    mutating func closeWithoutBilling(_ record: CallRecord) { stream.append(closed: record, tag: .closedWithoutBilling) }
    mutating func keep(_ registration: StoredRegistration) { _ = registration.write(into: &stream) }

    mutating func keep(_ bindings: StoredBindings) { bindings.write(into: &stream) }

    mutating func removeRegistration(_ name: String) {
        _ = stream.begin(.registrationRemoved)
        name.withBytes { stream.append($0) }
    }

    /// Hands everything over and returns the number of the last command.
    @discardableResult
    mutating func submit(to writer: LedgerWriter) -> UInt64 {
        stream.exchange(with: &buffer)
        writer.submit(shard: index, bytes: &buffer, lastSequence: stream.lastSequence)
        return stream.lastSequence
    }

    /// What the last submit left behind.
    var bufferLeft: [UInt8] { buffer }

    private mutating func write(_ tag: RecordStream.Tag, _ id: Int64, _ state: String) {
        _ = stream.begin(tag)
        stream.append(id)
        state.withBytes { stream.append($0) }
    }
}

/// A record with a different value in every field.
func sampleRecord(
    _ id: Int64, received: Int64 = 1_750_000_000_000_000, caller: String = "+14155550100", callee: String = "0014155550111",
    mappingGateway: String = "customer-a", routingGateway: String = "carrier-x", endReason: EndReason = .normalClearing,
    answered: Bool = true, decision: String = #"{"takenFor":"customer-a","candidates":[{"gateway":"carrier-x","verdict":"chosen"}]}"#
) -> CallRecord {
    func wall(_ offset: Int64) -> WallTime { WallTime(microseconds: received + offset) }
    let attempt = AttemptRecord(
        gateway: routingGateway, address: "192.0.2.20:5060", callID: "leg-b-\(id)@192.0.2.1", calleeSent: "14155550111",
        startedAt: wall(11), firstProvisionalAt: wall(12), ringingAt: wall(13), answeredAt: answered ? wall(14) : .unset,
        endedAt: wall(15), status: answered ? 200 : 486, outcome: answered ? .answered : .refused)
    var earlier = attempt
    earlier.gateway = "carrier-first"
    earlier.status = 503
    earlier.outcome = .refused
    return CallRecord(
        id: CallIdentifier(rawValue: id), receivedAt: wall(0), firstProvisionalAt: wall(1), ringingAt: wall(2),
        answeredAt: answered ? wall(3) : .unset, endedAt: wall(4), durationMilliseconds: answered ? 61_000 : 0,
        billedMilliseconds: answered ? 59_500 : 0, setupMilliseconds: 2_500, postDialDelayMilliseconds: 800,
        caller: NumberHistory(received: caller, routed: "r" + caller, sent: "s" + caller),
        callee: NumberHistory(received: callee, routed: "r" + callee, sent: "s" + callee),
        mappingGateway: mappingGateway, routingGateway: routingGateway,
        callerAddress: "192.0.2.10:5060", calleeAddress: "192.0.2.20:5060",
        callerCallID: "leg-a-\(id)@192.0.2.10", calleeCallID: "leg-b-\(id)@192.0.2.1",
        callerStatus: answered ? 200 : 487, calleeStatus: answered ? 202 : 486, endReason: endReason, endedBy: .callee,
        q850Cause: 16, decision: decision, attempts: [earlier, attempt])
}
