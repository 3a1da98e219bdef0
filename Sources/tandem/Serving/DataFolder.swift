import Foundation
import Synchronization

/// The folder of the stores, held by one process at a time.
final class DataFolder: Sendable {
    static let lockName = "tandem.lock"
    static let secretName = "installation.key"

    /// Nil when it was given back.
    private let lock: Mutex<Int32?>
    /// The installation's own randomness, made at the first start and the same ever after.
    let installationSecret: [UInt8]

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
        self.lock = Mutex(lock)
        do {
            installationSecret = try DataFolder.readOrCreateSecret(path + "/" + DataFolder.secretName)
        } catch {
            close(lock)
            throw error
        }
    }

    private static func readOrCreateSecret(_ file: String) throws -> [UInt8] {
        if let kept = FileManager.default.contents(atPath: file) {
            guard kept.count == 32 else {
                throw CommandFailure(
                    .failed,
                    "\(file): holds \(kept.count) bytes instead of 32; restore it from a backup, or delete it: upstreams then see new Contacts "
                        + "once, and old bindings stand until they end")
            }
            return Array(kept)
        }
        var random = SystemRandomNumberGenerator()
        let fresh = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard FileManager.default.createFile(atPath: file, contents: Data(fresh), attributes: [.posixPermissions: 0o600]) else {
            throw CommandFailure(.failed, "\(file): cannot be written (\(String(cString: strerror(errno)))); give the user the right to write there")
        }
        return fresh
    }

    /// Whether no switch runs on a folder of this machine.
    static func isFree(_ path: String) -> Bool {
        let lock = open(path + "/" + DataFolder.lockName, O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { return true }
        defer { close(lock) }
        return flock(lock, LOCK_EX | LOCK_NB) == 0
    }

    deinit { release() }

    /// Lets another switch run on the folder.
    func release() {
        lock.withLock { lock in
            if let descriptor = lock { close(descriptor) }
            lock = nil
        }
    }
}
