import CallRecords
import Glibc
import Synchronization
import Vocabulary

/// The trace's writer on its thread: appends what shards hand over to the open segment, closes segments
/// with an index, and deletes the oldest beyond the bounds.
///
/// Where the disk refuses, tracing pauses: messages are dropped and counted, and after a while the
/// writer tries again. Nobody waits for it but those who asked for a flush.
final class TraceWriter {
    /// Time between two looks at ages and space while nothing comes.
    private static let lookInterval = Interval.seconds(60)
    /// Bytes written between two looks at the free space.
    private static let spaceCheckBytes = 1 << 20
    /// Segments stay at least this long, whatever the bound.
    private static let smallestSegment = 64 << 10
    /// A segment is closed after this time even if it is small, so that deleting by age is exact to it.
    private static let longestSegment = Interval.seconds(3600)

    private let folder: String
    private let settings: TraceSettings
    private let queue: TraceQueue
    private let catalogue: TraceCatalogue
    private let statistics: TraceStatus
    private let clock: @Sendable () -> WallTime
    private let fault: TraceFault?
    private let report: @Sendable (TraceEvent) -> Void

    /// The open segment's file; -1 when none is open.
    private var file: Int32 = -1
    private var lastNumber: Int
    private var bytesSinceSpaceCheck = 0
    private var pausedUntil: MonotonicTime?
    private var lostInPause: UInt64 = 0
    private var lostUnreported: UInt64 = 0

    init(
        folder: String, settings: TraceSettings, queue: TraceQueue, catalogue: TraceCatalogue, statistics: TraceStatus,
        clock: @escaping @Sendable () -> WallTime, fault: TraceFault?, report: @escaping @Sendable (TraceEvent) -> Void
    ) {
        self.folder = folder
        self.settings = settings
        self.queue = queue
        self.catalogue = catalogue
        self.statistics = statistics
        self.clock = clock
        self.fault = fault
        self.report = report
        lastNumber = catalogue.withState { $0.closed.last?.segment.number ?? 0 }
    }

    private var segmentBytes: Int { max(TraceWriter.smallestSegment, min(settings.segmentBytes, settings.maximumBytes / 8)) }
    private var segmentAge: Interval { min(TraceWriter.longestSegment, Interval(nanoseconds: settings.maximumAge.nanoseconds / 8)) }

    /// Runs until the queue is closed and everything in it is written.
    func run() {
        // The rest of the switch comes first; where the system refuses, the thread works as well.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        repair()
        applyBounds(adding: 0)
        var nextLook = MonotonicTime.now + TraceWriter.lookInterval
        while true {
            var work = queue.take(until: nextLook)
            let isClosing = work.isClosing
            lose(work.lost)
            for position in work.batches.indices { keep(&work.batches[position]) }
            if work.ticket > 0 { noteSize() }
            if MonotonicTime.now >= nextLook {
                look()
                nextLook = MonotonicTime.now + TraceWriter.lookInterval
            }
            if isClosing { closeSegment() }
            queue.finished(&work)
            if isClosing { break }
        }
        noteSize()
        queue.ended()
    }

    // MARK: - Writing

    private func keep(_ batch: inout TraceStream) {
        if let pausedUntil, MonotonicTime.now < pausedUntil {
            lostInPause += UInt64(batch.count)
            lose(UInt64(batch.count), isReported: false)
            return
        }
        if let refusal = append(&batch) {
            startPause(refusal, losing: UInt64(batch.count))
            return
        }
        statistics.update { $0.messagesKept += UInt64(batch.count) }
        if pausedUntil != nil { endPause() }
    }

    /// Writes a batch behind what stands in the open segment. Returns why it could not be.
    private func append(_ batch: inout TraceStream) -> String? {
        let open = catalogue.withState { $0.open }
        if let open, open.index.end + batch.bytes.count > segmentBytes || isOld(open.index) { closeSegment() }
        if file < 0 || bytesSinceSpaceCheck >= TraceWriter.spaceCheckBytes {
            if let refusal = spaceRefusal { return refusal }
            bytesSinceSpaceCheck = 0
        }
        applyBounds(adding: batch.bytes.count)
        if file < 0, let refusal = openSegment() { return refusal }
        guard let end = catalogue.withState({ $0.open?.index.end }) else { return "the trace has no open file" }
        var added = TraceIndex(end: end)
        batch.seal { offset, frame in added.add(frame, at: end + offset) }
        let failure = fault?() ?? 0
        let code = failure != 0 ? failure : TraceFile.write(batch.bytes, to: file, at: end)
        guard code == 0 else {
            // What was written of the batch is cut off; where even that fails, the next frame is written over it.
            ftruncate(file, end)
            return TraceWriter.reason(code, folder)
        }
        bytesSinceSpaceCheck += batch.bytes.count
        catalogue.withState { $0.open?.index.add(added) }
        return nil
    }

    private func isOld(_ index: TraceIndex) -> Bool { index.times.map { $0.lowerBound + segmentAge < clock() } ?? false }

    private func openSegment() -> String? {
        let segment = TraceSegment(folder: folder, number: lastNumber + 1)
        let opened = open(segment.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard opened >= 0 else { return TraceWriter.reason(errno, folder) }
        let code = TraceFile.write(TraceSegment.mark, to: opened, at: 0)
        guard code == 0 else {
            close(opened)
            segment.delete()
            return TraceWriter.reason(code, folder)
        }
        file = opened
        lastNumber = segment.number
        catalogue.withState { $0.open = TraceCatalogue.Open(segment: segment) }
        return nil
    }

    /// Writes the open segment's index and lets go of it. Without its index a segment is read as well, only slower.
    private func closeSegment() {
        guard file >= 0, let open = catalogue.withState({ $0.open }) else { return }
        close(file)
        file = -1
        _ = TraceFile.replace(open.segment.indexPath, with: open.index.encoded())
        let closed = TraceCatalogue.Closed(segment: open.segment, times: open.index.times, bytes: open.segment.bytesOnDisk)
        catalogue.withState { state in
            state.open = nil
            state.closed.append(closed)
        }
    }

    // MARK: - Pauses and losses

    private func startPause(_ reason: String, losing count: UInt64) {
        let isNew = pausedUntil == nil
        pausedUntil = MonotonicTime.now + settings.retryInterval
        lostInPause += count
        lose(count, isReported: false)
        statistics.update { $0.pauseReason = reason }
        if isNew { report(.paused(reason: reason)) }
    }

    private func endPause() {
        pausedUntil = nil
        statistics.update { $0.pauseReason = nil }
        report(.resumed(messagesLost: lostInPause))
        lostInPause = 0
    }

    private func lose(_ count: UInt64, isReported: Bool = true) {
        guard count > 0 else { return }
        statistics.update { $0.messagesLost += count }
        if isReported { lostUnreported += count }
    }

    private var spaceRefusal: String? {
        guard let free = TraceFile.freeBytes(at: folder), free < settings.minimumFreeBytes else { return nil }
        return "the file system of \(folder) has only \(free >> 20) MiB free, and \(settings.minimumFreeBytes >> 20) MiB are left to the ledger"
    }

    private static func reason(_ code: Int32, _ folder: String) -> String { "\(folder) cannot be written: \(String(cString: strerror(code)))" }

    // MARK: - Bounds

    /// What is due from time to time: ages, and what was lost.
    private func look() {
        if let open = catalogue.withState({ $0.open }), isOld(open.index) { closeSegment() }
        applyBounds(adding: 0)
        noteSize()
        if lostUnreported > 0 { report(.fellBehind(messagesLost: lostUnreported)) }
        lostUnreported = 0
    }

    /// Deletes the oldest segments until the rest and `bytes` more are within the bounds.
    private func applyBounds(adding bytes: Int) {
        let oldest = WallTime(microseconds: clock().microseconds - settings.maximumAge.nanoseconds / 1_000)
        let surplus = catalogue.withState { state -> [TraceSegment] in
            var surplus: [TraceSegment] = []
            var total = state.bytes + bytes
            while let first = state.closed.first {
                let isTooOld = first.times.map { $0.upperBound < oldest } ?? false
                guard isTooOld || total > settings.maximumBytes else { break }
                total -= first.bytes
                surplus.append(state.closed.removeFirst().segment)
            }
            return surplus
        }
        for segment in surplus { segment.delete() }
    }

    private func noteSize() {
        let (segments, bytes) = catalogue.withState { ($0.closed.count + ($0.open == nil ? 0 : 1), $0.bytes) }
        statistics.update { statistics in
            statistics.segments = segments
            statistics.bytes = bytes
        }
    }

    // MARK: - The start

    /// Gives every segment that the last process left its index, cuts off what it wrote only in part, and
    /// deletes segments without a message.
    private func repair() {
        TraceFile.deleteDrafts(in: folder)
        for segment in catalogue.withState({ $0.closed.map(\.segment) }) {
            let times: ClosedRange<WallTime>?
            if let file = TraceIndex.file(of: segment) {
                times = file.times
            } else {
                guard let contents = TraceFile.contents(segment.path) else { continue }
                if contents.count >= TraceSegment.mark.count, !contents.starts(with: TraceSegment.mark) {
                    // Not ours, or of a newer version: it is left alone.
                    catalogue.withState { state in state.closed.removeAll { $0.segment == segment } }
                    continue
                }
                let index = TraceIndex(scanning: contents)
                times = index.times
                if index.end < contents.count {
                    truncate(segment.path, index.end)
                    report(.cut(file: segment.path, bytes: contents.count - index.end))
                }
                _ = TraceFile.replace(segment.indexPath, with: index.encoded())
            }
            if times == nil { segment.delete() }
            catalogue.withState { state in
                guard let position = state.closed.firstIndex(where: { $0.segment == segment }) else { return }
                if times == nil {
                    state.closed.remove(at: position)
                } else {
                    state.closed[position].times = times
                    state.closed[position].bytes = segment.bytesOnDisk
                }
            }
        }
    }
}

/// The counts, for whoever asks.
final class TraceStatus: Sendable {
    private let statistics = Mutex(TraceStatistics())

    var current: TraceStatistics { statistics.withLock { $0 } }

    func update(_ body: (inout TraceStatistics) -> Void) { statistics.withLock { body(&$0) } }
}
