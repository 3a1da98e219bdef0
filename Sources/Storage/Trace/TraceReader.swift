import CallRecords
import Glibc
import ManagementAPI
import Vocabulary

/// Finds messages in the trace by Call-ID. Blocks its thread for the time of the search and of a flush.
public final class TraceReader: Sendable {
    private let catalogue: TraceCatalogue
    private let queue: TraceQueue

    init(catalogue: TraceCatalogue, queue: TraceQueue) {
        self.catalogue = catalogue
        self.queue = queue
    }

    /// The messages with one of these Call-IDs from `from` to `to`, both included, in the order of time and
    /// at most `limit`. It sees everything that was handed to the trace before.
    public func messages(
        callIDs: Set<String>, from: WallTime? = nil, to: WallTime? = nil, limit: Int, preferring preference: TracePreference = .oldest
    ) throws(StorageError) -> [TracedMessage] {
        guard limit > 0, !callIDs.isEmpty else { return [] }
        queue.flush()
        let hashes = Set(callIDs.map { $0.withBytes(TraceIndex.hash) })
        let places = catalogue.search(hashes, from: from, to: to)
        var found: [Found] = []
        for place in preference == .oldest ? places : places.reversed() {
            // Shards hand over by themselves, so that times of neighbouring segments cross.
            if found.count == limit, let times = place.times, let first = found.first, let last = found.last {
                if preference == .oldest ? times.lowerBound > last.time : times.upperBound < first.time { continue }
            }
            for (offset, message) in try TraceReader.messages(in: place, hashes) {
                guard message.callID.map(callIDs.contains) ?? false else { continue }
                let time = message.envelope.at
                guard time >= from ?? time, time <= to ?? time else { continue }
                found.append(Found(time: time, segment: place.segment, offset: offset, message: message))
            }
            found.sort()
            if found.count > limit { found = Array(preference == .oldest ? found.prefix(limit) : found.suffix(limit)) }
        }
        return found.map(\.message)
    }

    private struct Found: Comparable {
        var time: WallTime
        var segment: TraceSegment
        var offset: Int
        var message: TracedMessage

        static func < (a: Found, b: Found) -> Bool { (a.time, a.segment, a.offset) < (b.time, b.segment, b.offset) }
    }

    /// What the segment's index names. A segment that was deleted meanwhile has nothing.
    private static func messages(
        in place: TraceCatalogue.Place, _ hashes: Set<UInt64>
    ) throws(StorageError) -> [(offset: Int, message: TracedMessage)] {
        let segment = place.segment
        let offsets = place.offsets ?? offsets(in: segment, hashes)
        guard !offsets.isEmpty else { return [] }
        let file = open(segment.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw .inputOutput(file: segment.path, detail: String(cString: strerror(errno)))
        }
        defer { close(file) }
        return offsets.compactMap { offset in TraceSegment.message(in: file, at: offset).map { (offset, $0) } }
    }

    /// By the index beside a segment, else by reading the whole segment.
    private static func offsets(in segment: TraceSegment, _ hashes: Set<UInt64>) -> [Int] {
        if let index = TraceIndex.file(of: segment) { return index.find(hashes) }
        return TraceFile.contents(segment.path).map { TraceIndex(scanning: $0).find(hashes) } ?? []
    }
}
