import CallRecords
import ManagementAPI
import Vocabulary

/// Where the messages of each Call-ID stand in one segment.
///
/// The file beside a closed segment: seven words of eight bytes, little-endian (mark, length of the
/// segment, number of entries, time of its first and of its last message, checksum of what follows,
/// checksum of these), then the hashes of the Call-IDs in rising order, eight bytes each, and the offsets
/// in the same order, four bytes each. What is missing or damaged is made anew from the segment.
struct TraceIndex: Equatable {
    /// "TANDEMX1"
    private static let mark = UInt64(littleEndian: 0x3158_4D45_444E_4154)
    private static let seed: UInt64 = 0x54_52_41_43_45
    private static let headerWords = 7

    private struct Entry: Equatable, Comparable {
        /// Of the Call-ID.
        var hash: UInt64
        var offset: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            left.hash < right.hash || left.hash == right.hash && left.offset < right.offset
        }
    }

    /// Length of the segment's sound part, in bytes.
    private(set) var end: Int
    /// Nil while there is no message.
    private(set) var times: ClosedRange<WallTime>?
    private var entries: [Entry] = []

    /// Of a segment without messages, or of messages that are to stand behind `end`.
    init(end: Int = TraceSegment.mark.count) { self.end = end }

    /// Of what stands in a segment.
    init(scanning contents: [UInt8]) {
        self.init()
        var index = self
        let end = TraceSegment.scan(contents) { offset, frame in index.add(frame, at: offset) }
        index.end = max(end, index.end)
        self = index
    }

    var count: Int { entries.count }

    static func hash(_ callID: Bytes) -> UInt64 { callID.hash(seed: seed) }

    /// Notes a frame that was written behind all others.
    mutating func add(_ frame: TraceFrame, at offset: Int) {
        end = offset + frame.size
        let time = frame.envelope.at
        times = times.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
        guard let callID = MessageLines.callID(of: frame.message) else { return }
        entries.append(Entry(hash: TraceIndex.hash(callID), offset: UInt32(offset)))
    }

    /// Notes what stands behind this.
    mutating func add(_ next: TraceIndex) {
        end = next.end
        if let later = next.times {
            times = times.map { min($0.lowerBound, later.lowerBound)...max($0.upperBound, later.upperBound) } ?? later
        }
        entries += next.entries
    }

    /// The offsets of the frames whose Call-ID has one of these hashes, in rising order.
    func find(_ wanted: Set<UInt64>) -> [Int] {
        entries.compactMap { wanted.contains($0.hash) ? Int($0.offset) : nil }.sorted()
    }

    // MARK: - The file

    func encoded() -> [UInt8] {
        let order = entries.sorted()
        var body: [UInt8] = []
        body.reserveCapacity(count * 12)
        for entry in order { body.append(word: entry.hash) }
        for entry in order { withUnsafeBytes(of: entry.offset.littleEndian) { body.append(contentsOf: $0) } }
        var file: [UInt8] = []
        file.reserveCapacity(TraceIndex.headerWords * 8 + body.count)
        for word in [
            TraceIndex.mark, UInt64(end), UInt64(count), UInt64(bitPattern: times?.lowerBound.microseconds ?? 0),
            UInt64(bitPattern: times?.upperBound.microseconds ?? 0), body.withBytes { $0.hash(seed: TraceIndex.seed) },
        ] { file.append(word: word) }
        file.append(word: file.withBytes { $0.hash(seed: TraceIndex.seed) })
        return file + body
    }

    /// What the file beside a segment says; nil when it is missing or damaged, or speaks of another length.
    static func file(of segment: TraceSegment) -> TraceIndexFile? {
        guard let contents = TraceFile.contents(segment.indexPath), let size = TraceFile.size(of: segment.path) else { return nil }
        guard let file = TraceIndexFile(contents), file.end == size else { return nil }
        return file
    }

    /// The header of an index file, checked; nil when it is none.
    static func header(_ bytes: Bytes) -> (end: Int, count: Int, times: ClosedRange<WallTime>?)? {
        guard bytes.count >= headerWords * 8 else { return nil }
        func word(_ position: Int) -> UInt64 { bytes.word(at: position * 8) }
        guard word(0) == mark, word(6) == bytes.upTo(48).hash(seed: seed) else { return nil }
        guard let end = Int(exactly: word(1)), let count = Int(exactly: word(2)), count <= bytes.count / 12 else { return nil }
        let body = bytes.from(headerWords * 8)
        guard body.count == count * 12, word(5) == body.hash(seed: seed) else { return nil }
        let first = WallTime(microseconds: Int64(bitPattern: word(3)))
        let last = WallTime(microseconds: Int64(bitPattern: word(4)))
        return (end, count, first.isSet && first <= last ? first...last : nil)
    }

    static let headerBytes = headerWords * 8
}

/// An index as it was read from its file: searched where it stands.
struct TraceIndexFile {
    let end: Int
    let times: ClosedRange<WallTime>?
    private let count: Int
    private let contents: [UInt8]

    /// Nil when the contents are damaged.
    init?(_ contents: [UInt8]) {
        guard let header = contents.withBytes({ TraceIndex.header($0) }) else { return nil }
        self.contents = contents
        (end, count, times) = header
    }

    /// The offsets of the frames whose Call-ID has one of these hashes, in rising order.
    func find(_ wanted: Set<UInt64>) -> [Int] {
        contents.withBytes { bytes in
            let body = bytes.from(TraceIndex.headerBytes)
            var found: [Int] = []
            for hash in wanted {
                var position = lowerBound(hash, body)
                while position < count, body.word(at: position * 8) == hash {
                    found.append(Int(body.halfWord(at: count * 8 + position * 4)))
                    position += 1
                }
            }
            return found.sorted()
        }
    }

    private func lowerBound(_ hash: UInt64, _ body: Bytes) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if body.word(at: middle * 8) < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Bytes {
    fileprivate func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset + 8 <= count)
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    fileprivate func halfWord(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset + 4 <= count)
        return UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

extension [UInt8] {
    fileprivate mutating func append(word: UInt64) { Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) } }
}
