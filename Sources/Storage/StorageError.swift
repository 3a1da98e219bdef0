import GRDB
import GRDBSQLite

/// Why a store could not do what was asked, with the file it concerns and what the operator can do.
public enum StorageError: Error, Sendable, Equatable {
    /// The data folder is missing and could not be made, or is no folder.
    case folderUnusable(path: String, reason: String)
    /// The file or its folder may not be written by this user.
    case notWritable(file: String)
    case diskFull(file: String)
    /// The operating system failed to read or write; the text is SQLite's.
    case inputOutput(file: String, detail: String)
    /// Another process holds the file's lock.
    case busy(file: String)
    /// The file is damaged, or is no SQLite database.
    case damaged(file: String, detail: String)
    /// A newer version of the program has already changed the file's layout.
    case newerVersion(file: String)
    /// The store was closed while records could not be written: this many commands are lost.
    case commandsLost(file: String, count: UInt64, cause: String)
    /// The configuration changed since it was read.
    case revisionConflict(expected: Int64, actual: Int64)
    /// One object changed since it was read; `actual` is nil when it no longer exists.
    case objectConflict(kind: String, name: String, expected: Int64, actual: Int64?)
    /// The object to delete does not exist.
    case objectMissing(kind: String, name: String)
    /// Anything else that SQLite answers, with its result code.
    case failed(file: String, code: Int32, detail: String)
}

extension StorageError {
    /// Reads SQLite's (extended) result code.
    init(code: Int32, detail: String, file: String) {
        switch code & 0xFF {
        case SQLITE_FULL: self = .diskFull(file: file)
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH: self = .notWritable(file: file)
        case SQLITE_IOERR: self = .inputOutput(file: file, detail: detail)
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy(file: file)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .damaged(file: file, detail: detail)
        default: self = .failed(file: file, code: code, detail: detail)
        }
    }

    init(_ error: any Error, file: String) {
        switch error {
        case let error as StorageError: self = error
        case let error as DatabaseError:
            self.init(code: error.extendedResultCode.rawValue, detail: error.message ?? "\(error.extendedResultCode)", file: file)
        default: self = .failed(file: file, code: SQLITE_ERROR, detail: "\(error)")
        }
    }
}

/// Runs `body` and gives every error it throws the file's name.
func naming<R>(_ file: String, _ body: () throws -> R) throws(StorageError) -> R {
    do { return try body() } catch { throw StorageError(error, file: file) }
}

extension StorageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .folderUnusable(let path, let reason):
            "The data folder \(path) cannot be used: \(reason). Create it, or set 'data' in the boot file to a folder this user may write."
        case .notWritable(let file):
            "\(file) cannot be opened for writing. Give this user write permission on the file and on its folder."
        case .diskFull(let file):
            "\(file) cannot grow: the disk is full. Free space on its file system; writing goes on by itself."
        case .inputOutput(let file, let detail):
            "Reading or writing \(file) failed (\(detail)). Check the disk and the kernel's log; writing is tried again."
        case .busy(let file):
            "\(file) is locked by another process. End the other program that has it open; writing is tried again."
        case .damaged(let file, let detail):
            "\(file) is damaged or is no database (\(detail)). Stop, put the file aside and restore a backup."
        case .newerVersion(let file):
            "\(file) was written by a newer version of Tandem. Start that version, or restore a backup made by this one."
        case .commandsLost(let file, let count, let cause):
            "Closing \(file) lost \(count) commands that could not be written: \(cause)"
        case .revisionConflict(let expected, let actual):
            "The configuration is at revision \(actual), not \(expected): somebody changed it meanwhile. Read it again and repeat the change."
        case .objectConflict(let kind, let name, let expected, let actual?):
            "\(kind) \(name) is at revision \(actual), not \(expected): somebody changed it meanwhile. Read it again and repeat the change."
        case .objectConflict(let kind, let name, let expected, nil):
            "\(kind) \(name) was deleted since its revision \(expected). Read the configuration again and repeat the change."
        case .objectMissing(let kind, let name):
            "There is no \(kind) named \(name). Check the kind and the spelling of the name."
        case .failed(let file, let code, let detail):
            "\(file): SQLite answered \(code) (\(detail)). If it happens again, report it with this text."
        }
    }
}
