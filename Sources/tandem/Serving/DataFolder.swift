import Foundation

/// The folder of the stores, held by one process at a time.
final class DataFolder: Sendable {
    static let lockName = "tandem.lock"

    private let lock: Int32

    /// Creates the folder, for its owner only, when it is missing, and takes its lock. Throws with the
    /// path and the remedy when it cannot be made or another switch runs on it.
    init(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(
                .failed,
                "\(path): the data folder cannot be created (\(error.localizedDescription)); choose another in the "
                    + "boot file's \"data\" or give the user the right to write there")
        }
        let file = path + "/" + DataFolder.lockName
        let lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw CommandFailure(.failed, "\(file): cannot be opened (\(String(cString: strerror(errno)))); give the user the right to write there")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw CommandFailure(.failed, "\(path): another switch is running on this data folder; stop it, or choose another folder")
        }
        self.lock = lock
    }

    deinit { close(lock) }
}
