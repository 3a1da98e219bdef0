import CallRecords
import Synchronization
import Vocabulary

/// Which segments there are, shared by the writer and the readers.
final class TraceCatalogue: Sendable {
    /// A segment that is not written any more.
    struct Closed {
        var segment: TraceSegment
        /// Nil until its index has been looked at.
        var times: ClosedRange<WallTime>?
        /// With its index.
        var bytes: Int
    }

    /// The segment that is being written, with its index in memory.
    struct Open {
        var segment: TraceSegment
        var index = TraceIndex()

        /// Roughly what it will take when it is closed.
        var bytes: Int { index.end + index.count * 12 }
    }

    struct State {
        /// Oldest first.
        var closed: [Closed] = []
        var open: Open?

        var bytes: Int { closed.reduce(open?.bytes ?? 0) { $0 + $1.bytes } }
    }

    private let state: Mutex<State>

    init(folder: String) {
        state = Mutex(State(closed: TraceSegment.list(folder).map { Closed(segment: $0, times: nil, bytes: $0.bytesOnDisk) }))
    }

    func withState<R>(_ body: (inout State) -> R) -> R {
        state.withLock { state in body(&state) }
    }

    /// A segment that a search has to look at.
    struct Place {
        var segment: TraceSegment
        /// Nil when they are not known yet.
        var times: ClosedRange<WallTime>?
        /// What the index in memory found; nil when the index beside the segment is to be asked.
        var offsets: [Int]?
    }

    /// The segments that may hold messages with these hashes from `from` to `to`, oldest first.
    func search(_ hashes: Set<UInt64>, from: WallTime?, to: WallTime?) -> [Place] {
        let places = withState { state in
            state.closed.map { Place(segment: $0.segment, times: $0.times, offsets: nil) }
                + (state.open.map { [Place(segment: $0.segment, times: $0.index.times, offsets: $0.index.find(hashes))] } ?? [])
        }
        return places.filter { place in
            guard let times = place.times else { return true }
            return times.lowerBound <= to ?? times.lowerBound && from ?? times.upperBound <= times.upperBound
        }
    }
}
