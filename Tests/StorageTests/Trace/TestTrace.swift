import CallRecords
import Foundation
import ManagementAPI
import Storage
import Synchronization
import Vocabulary

/// The trace's beginning of time in these tests.
let traceStart = WallTime(microseconds: 1_750_000_000_000_000)

/// A message of a call, `number` making it unlike all others.
func tracedMessage(_ callID: String, _ number: Int = 0, at offset: Interval = .zero, padding: Int = 0) -> TracedMessage {
    let text =
        "OPTIONS sip:\(number)@example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\(number)\r\nCall-ID: \(callID)\r\n"
        + "CSeq: \(number) OPTIONS\r\nSubject: \(String(repeating: "x", count: padding))\r\nContent-Length: 0\r\n\r\n"
    return TracedMessage(
        envelope: TraceEnvelope(
            at: traceStart + offset, direction: number % 2 == 0 ? .received : .sent, transport: number % 3 == 0 ? .udp : .tls,
            local: NetworkAddress(ipv4: 0xC000_0201, port: 5060),
            remote: NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: UInt64(number), port: 5061), connection: UInt32(number)),
        bytes: Array(text.utf8))
}

/// What a trace reports, in order.
final class TraceReports: Sendable {
    private let events = Mutex<[TraceEvent]>([])

    var all: [TraceEvent] { events.withLock { $0 } }

    func note(_ event: TraceEvent) { events.withLock { $0.append(event) } }
}

/// A wall clock that stands where it is put.
final class TraceClock: Sendable {
    private let time = Mutex(traceStart)

    func set(_ offset: Interval) { time.withLock { $0 = traceStart + offset } }
    func now() -> WallTime { time.withLock { $0 } }
}

/// A trace in a folder, as one process has it open.
struct TestTrace {
    let store: TraceStore
    let reports = TraceReports()
    let clock: TraceClock

    init(
        _ folder: TemporaryFolder, _ settings: TraceSettings = TestTrace.settings, clock: TraceClock = TraceClock(), fault: TraceFault? = nil
    ) throws {
        self.clock = clock
        store = try TraceStore(folder: folder.path, settings: settings, clock: clock.now, fault: fault, report: reports.note)
    }

    /// Whatever the disk of the tests has free.
    static var settings: TraceSettings {
        var settings = TraceSettings()
        settings.minimumFreeBytes = 0
        return settings
    }

    /// Hands messages over as a shard does, in one batch.
    func submit(_ messages: TracedMessage..., lost: UInt64 = 0) { submit(messages, lost: lost) }

    func submit(_ messages: [TracedMessage], lost: UInt64 = 0) {
        var stream = TraceStream()
        for message in messages { message.bytes.withBytes { stream.append($0, message.envelope) } }
        while !store.submit(&stream, lost: lost) {}
    }

    func messages(_ callIDs: String..., limit: Int = 1_000_000) throws -> [TracedMessage] {
        try store.reader.messages(callIDs: Set(callIDs), limit: limit)
    }
}

extension TemporaryFolder {
    /// The trace's files with this ending, oldest first.
    func traceFiles(_ suffix: String = ".segment") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: file("trace")).filter { $0.hasSuffix(suffix) }.sorted().map { file("trace/\($0)") }
    }

    /// Copies the trace as it stands: what a killed process leaves behind.
    func copyTrace(to other: TemporaryFolder) throws {
        try FileManager.default.copyItem(atPath: file("trace"), toPath: other.file("trace"))
    }

    func bytesOfTrace() throws -> Int {
        try (traceFiles("")).reduce(0) { $0 + ((try FileManager.default.attributesOfItem(atPath: $1)[.size] as? Int) ?? 0) }
    }
}
