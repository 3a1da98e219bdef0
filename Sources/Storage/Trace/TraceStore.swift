import CallRecords
import Glibc
import Vocabulary

/// The trace: every SIP message of calls and registrations, in segment files of a folder of its own,
/// bounded by size and age. One writer on a thread of low priority, many readers.
public final class TraceStore: Sendable {
    public static let folderName = "trace"

    /// Queries; they see everything that was handed over before them.
    public let reader: TraceReader
    private let queue: TraceQueue
    private let status: TraceStatus
    private let thread: OwnThread

    /// Opens the trace in a data folder and makes what is missing. `report` is called on the writer's thread.
    public convenience init(
        folder: String, settings: TraceSettings = TraceSettings(), report: @escaping @Sendable (TraceEvent) -> Void
    ) throws(StorageError) {
        try self.init(folder: folder, settings: settings, clock: TraceStore.wallClock, fault: nil, report: report)
    }

    /// The same with a clock, and a disk that fails when `fault` says so, for tests.
    package init(
        folder: String, settings: TraceSettings, clock: @escaping @Sendable () -> WallTime, fault: TraceFault?,
        report: @escaping @Sendable (TraceEvent) -> Void
    ) throws(StorageError) {
        let own = try DatabaseOpening.prepare(file: TraceStore.folderName, in: folder)
        // Made and checked like the data folder itself.
        _ = try DatabaseOpening.prepare(file: "", in: own)
        let catalogue = TraceCatalogue(folder: own)
        let queue = TraceQueue(bound: settings.maximumWaitingBytes)
        let status = TraceStatus()
        self.queue = queue
        self.status = status
        reader = TraceReader(catalogue: catalogue, queue: queue)
        thread = OwnThread(name: "trace") {
            TraceWriter(
                folder: own, settings: settings, queue: queue, catalogue: catalogue, statistics: status, clock: clock, fault: fault,
                report: report
            ).run()
        }
    }

    /// Takes messages of a shard and leaves an empty stream with room in their place. False when it cannot
    /// now: the shard keeps them and comes again. Never waits. `lost`: messages that the shard had no room
    /// for since the last time.
    public func submit(_ messages: inout TraceStream, lost: UInt64) -> Bool { queue.submit(&messages, lost: lost) }

    public var statistics: TraceStatistics { status.current }

    /// Writes everything handed over before and ends the writer. At most once; the reader goes on.
    public func close() {
        queue.close()
        thread.join()
    }

    private static func wallClock() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
