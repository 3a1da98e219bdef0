import CallRecords
import Glibc
import ManagementAPI
import Vocabulary

/// One file of the trace: a mark of eight bytes, then frames (`TraceFrame`) in the order in which they came.
///
/// Segments are numbered; a higher number is a later file. They are only ever appended to, and deleted
/// whole. A frame that is cut off or damaged ends the segment: what stands before it is sound.
struct TraceSegment: Hashable, Comparable {
    /// "TANDEMT1"
    static let mark: [UInt8] = Array("TANDEMT1".utf8)
    private static let suffix = ".segment"
    private static let digits = 10

    let folder: String
    let number: Int

    var path: String { folder + "/" + name + TraceSegment.suffix }
    var indexPath: String { folder + "/" + name + ".index" }

    private var name: String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, TraceSegment.digits - digits.count)) + digits
    }

    static func < (a: TraceSegment, b: TraceSegment) -> Bool { a.number < b.number }

    /// The segments in a folder, oldest first.
    static func list(_ folder: String) -> [TraceSegment] {
        TraceFile.names(in: folder).compactMap { name in
            guard name.hasSuffix(suffix), let number = Int(name.dropLast(suffix.count)), number > 0 else { return nil }
            return TraceSegment(folder: folder, number: number)
        }.sorted()
    }

    /// Bytes of the segment and its index.
    var bytesOnDisk: Int { (TraceFile.size(of: path) ?? 0) + (TraceFile.size(of: indexPath) ?? 0) }

    func delete() {
        unlink(indexPath)
        unlink(path)
    }

    /// Goes through the sound frames of a segment's contents; returns where they end.
    static func scan(_ contents: [UInt8], _ body: (_ offset: Int, _ frame: TraceFrame) -> Void) -> Int {
        contents.withBytes { bytes in
            guard bytes.count >= mark.count, mark.withBytes({ bytes.upTo(mark.count).equals($0) }) else { return 0 }
            var offset = mark.count
            while let frame = TraceFrame(bytes, at: offset) {
                body(offset, frame)
                offset += frame.size
            }
            return offset
        }
    }

    /// The message of the frame at `offset`, or nil where none stands.
    static func message(in file: Int32, at offset: Int) -> TracedMessage? {
        guard var bytes = TraceFile.read(file, at: offset, count: usualFrame) else { return nil }
        guard let length = bytes.withBytes({ TraceFrame.length($0, at: 0) }) else { return nil }
        let missing = TraceFrame.headerSize + length - bytes.count
        if missing > 0 {
            guard let rest = TraceFile.read(file, at: offset + bytes.count, count: missing) else { return nil }
            bytes += rest
        }
        return bytes.withBytes { bytes in
            TraceFrame(bytes, at: 0).map { TracedMessage(envelope: $0.envelope, bytes: $0.message.array) }
        }
    }

    /// Read at once for one frame: nearly every message fits.
    private static let usualFrame = 4096
}
