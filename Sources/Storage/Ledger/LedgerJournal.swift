import Glibc
import Vocabulary

/// `ledger.journal`: the commands of the groups that are committed and not yet rows of `ledger.db`.
///
/// A group costs one write here, where a transaction of a few rows would cost a dozen system calls and
/// the pages of three tables; the rows are written for many groups at once (`CommitLoop`). After that
/// the journal begins anew at its start, under a new generation number, over its old bytes.
///
/// At the start of the store the journal is read to its end and applied once more. That is harmless for
/// commands that had become rows: in order, they lead to the same rows. It would not be harmless over
/// rows of later commands that never were in the journal, so before any of those become rows it is emptied.
///
/// An entry is a header of 32 bytes, little-endian (mark, generation, length, checksum), and the
/// commands as shards wrote them. An entry that is cut off, damaged or of another generation ends the journal.
final class LedgerJournal {
    static let fileName = "ledger.journal"
    private static let headerBytes = 32
    /// "TLJ1" and four zero bytes.
    private static let mark: UInt64 = 0x314A_4C54

    private let file: Int32
    private let syncs: Bool
    private var generation: UInt64
    private var end = 0
    /// Whether a start could find entries in the file, of whatever generation.
    private(set) var mayBeApplied: Bool
    private var entry: [UInt8] = []

    /// Opens the journal for writing over whatever it holds. Nil when the file cannot be opened.
    init?(path: String, durability: Durability) {
        file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        syncs = durability == .power
        mayBeApplied = lseek(file, 0, SEEK_END) != 0
        generation = .random(in: .min ... .max)
    }

    deinit { close(file) }

    /// Adds what the backlog has not journalled yet as one entry, and with durability `power` waits for
    /// the disk. False when the system refused; nothing is added then.
    func append(_ backlog: borrowing CommandBacklog) -> Bool {
        entry.removeAll(keepingCapacity: true)
        entry.append(contentsOf: repeatElement(0, count: LedgerJournal.headerBytes))
        for shard in backlog.shards where shard.journaled < shard.bytes.count {
            entry.append(contentsOf: shard.bytes[shard.journaled...])
        }
        let length = entry.count - LedgerJournal.headerBytes
        guard length > 0 else { return true }
        let checksum = entry.withBytes { LedgerJournal.checksum($0.from(LedgerJournal.headerBytes), generation) }
        entry.withUnsafeMutableBytes { bytes in
            for (position, word) in [LedgerJournal.mark, generation, UInt64(length), checksum].enumerated() {
                bytes.storeBytes(of: word.littleEndian, toByteOffset: position * 8, as: UInt64.self)
            }
        }
        mayBeApplied = true
        guard writeEntry(), !syncs || fdatasync(file) == 0 else { return false }
        end += entry.count
        return true
    }

    /// Forgets everything: all of it is in rows. The file keeps its bytes until entries are written over them.
    func beginAnew() {
        generation &+= 1
        end = 0
    }

    /// Empties the file, so that nothing in it is applied any more; with durability `power` waits for the
    /// disk. Everything in it is in rows. False when the system refused: what was in it may be applied once more.
    func truncate() -> Bool {
        beginAnew()
        guard ftruncate(file, 0) == 0, !syncs || fdatasync(file) == 0 else { return false }
        mayBeApplied = false
        return true
    }

    private func writeEntry() -> Bool {
        entry.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return true }
            var written = 0
            while written < bytes.count {
                let count = pwrite(file, base + written, bytes.count - written, end + written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                written += count
            }
            return true
        }
    }
}

extension LedgerJournal {
    /// The commands in the journal at `path`, in order, without its headers; empty when there is none.
    static func read(path: String) throws(StorageError) -> [UInt8] {
        let contents = try contents(of: path)
        return contents.withBytes { bytes in
            var commands: [UInt8] = []
            var offset = 0
            var generation: UInt64?
            while bytes.count - offset >= headerBytes {
                func word(_ position: Int) -> UInt64 {
                    UInt64(littleEndian: bytes.base.loadUnaligned(fromByteOffset: offset + position * 8, as: UInt64.self))
                }
                let start = offset + headerBytes
                guard
                    word(0) == mark, word(1) == generation ?? word(1),
                    let length = Int(exactly: word(2)), length > 0, length <= bytes.count - start
                else { break }
                let entry = bytes[start..<start + length]
                guard checksum(entry, word(1)) == word(3) else { break }
                generation = word(1)
                commands.append(contentsOf: entry.buffer)
                offset = start + length
            }
            return commands
        }
    }

    /// Makes the journal at `path` an empty file, and its place in `folder` durable.
    static func empty(path: String, folder: String) throws(StorageError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .notWritable(file: path) }
        fsync(file)
        close(file)
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private static func contents(of path: String) throws(StorageError) -> [UInt8] {
        func failure() -> StorageError { .inputOutput(file: path, detail: String(cString: strerror(errno))) }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw failure()
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure() }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { Glibc.read(file, $0 + filled, buffer.count - filled) } ?? 0
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    /// A checksum against torn and stale entries, eight bytes at a time. Part of the file's format.
    private static func checksum(_ bytes: Bytes, _ generation: UInt64) -> UInt64 {
        var sum = generation ^ UInt64(bytes.count)
        func mix(_ word: UInt64) {
            sum = (sum ^ word) &* 0x9E37_79B9_7F4A_7C15
            sum ^= sum >> 29
        }
        var offset = 0
        while bytes.count - offset >= 8 {
            mix(UInt64(littleEndian: bytes.base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        while offset < bytes.count {
            mix(UInt64(bytes[offset]))
            offset += 1
        }
        return sum
    }
}
