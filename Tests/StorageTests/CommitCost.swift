import CallRecords
import Foundation
import Storage
import Testing
import Vocabulary

private let windows = (ProcessInfo.processInfo.environment["TANDEM_MEASURE"] ?? "").split(separator: " ").compactMap { Int64($0) }

/// Measures what a call costs the process in the store: CPU microseconds for one opened and one closed
/// command with one attempt, at a steady 1000 calls a second. Not a test: run it in release with
/// `TANDEM_MEASURE="2 5" swift test -c release --filter CommitCost`, with the group windows in
/// milliseconds, and read what it prints.
@Suite("CommitCost", .serialized, .enabled(if: !windows.isEmpty))
struct CommitCost {
    /// How calls end: at once in order, or after a hold that differs from call to call.
    enum Hold: String, Sendable { case short, mixed }

    @Test("CPU per call", arguments: windows, [Hold.short, .mixed])
    func perCall(windowMilliseconds: Int64, hold: Hold) throws {
        let folder = try TemporaryFolder()
        var settings = LedgerSettings()
        settings.groupWindow = .milliseconds(windowMilliseconds)
        let store = try LedgerStore(folder: folder.path, settings: settings)
        let writer = store.startWriter(shards: 1) { _, _ in }
        let warmUp = 12_000
        let calls = 20_000
        var random = SystemRandomNumberGenerator()
        var mint = CallIdentifier.Mint(origin: 0)
        var stream = RecordStream()
        var buffer: [UInt8] = []
        let state = [UInt8](repeating: 0x53, count: 900)
        /// Calls that end at a tick of one millisecond.
        var ends: [[CallRecord]] = Array(repeating: [], count: warmUp + calls + 12_001)
        var threadsStart: [String: Double] = [:]
        var groupsStart: UInt64 = 0
        var submitCost = 0.0
        let began = ContinuousClock.now
        for tick in 0..<warmUp + calls {
            if tick == warmUp {
                threadsStart = threadsCPU()
                submitCost = 0
                groupsStart = writer.statistics.groups
            }
            let wall = WallTime(microseconds: 1_750_000_000_000_000 + Int64(tick) * 1000)
            var record = sampleRecord(mint.next(at: wall).rawValue, received: wall.microseconds)
            record.attempts.removeFirst()
            let length = hold == .short ? 100 : Int.random(in: 100...12_000, using: &random)
            ends[tick + length].append(record)
            _ = stream.begin(.opened)
            stream.append(record.id.rawValue)
            state.withBytes { stream.append($0) }
            submit(&stream, &buffer, writer, &submitCost)
            for record in ends[tick] {
                stream.append(closed: record)
                submit(&stream, &buffer, writer, &submitCost)
            }
            ends[tick] = []
            try awaitTick(began + .milliseconds(tick + 1))
        }
        let threads = threadsCPU()
        let groups = writer.statistics.groups - groupsStart
        func cost(_ name: String) -> Double { ((threads[name] ?? 0) - (threadsStart[name] ?? 0)) / Double(calls) * 1e6 }
        let statistics = writer.statistics
        print(
            String(
                format:
                    "window %2d ms, %@ hold: %.1f calls a group; us a call: commits %.1f, checkpoints %.1f, handing over %.2f; checkpoints %d, held %d, log begun anew %d",
                windowMilliseconds, hold.rawValue, Double(calls) / Double(groups), cost("ledger"), cost("ledger-log"),
                submitCost / Double(calls) * 1e6, statistics.checkpoints, statistics.heldCheckpoints, statistics.logResets))
        try writer.close()
        try store.close()
    }

    private func submit(_ stream: inout RecordStream, _ buffer: inout [UInt8], _ writer: LedgerWriter, _ cost: inout Double) {
        let before = threadCPU()
        stream.exchange(with: &buffer)
        writer.submit(shard: 0, bytes: &buffer, lastSequence: stream.lastSequence)
        cost += threadCPU() - before
    }

    /// Sleeps until a moment, as a shard does between its messages.
    private func awaitTick(_ moment: ContinuousClock.Instant) throws {
        let rest = ContinuousClock.now.duration(to: moment)
        guard rest > .zero else { return }
        usleep(UInt32(rest.components.attoseconds / 1_000_000_000_000))
    }

    private func threadCPU() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// CPU seconds of the store's threads by name, from the kernel's scheduler (nanoseconds run).
    private func threadsCPU() -> [String: Double] {
        var seconds: [String: Double] = [:]
        for task in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [] {
            guard
                let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8),
                let run = try? String(contentsOfFile: "/proc/self/task/\(task)/schedstat", encoding: .utf8),
                let nanoseconds = run.split(separator: " ").first.flatMap({ Double($0) })
            else { continue }
            seconds[name.trimmingCharacters(in: .whitespacesAndNewlines), default: 0] += nanoseconds / 1e9
        }
        return seconds
    }
}
