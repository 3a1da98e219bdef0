import Glibc

/// Reading and writing whole parts of the trace's files.
enum TraceFile {
    /// Reads up to `count` bytes at `offset`; fewer where the file ends, nil when the system fails.
    static func read(_ file: Int32, at offset: Int, count: Int) -> [UInt8]? {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            while filled < count {
                let received = pread(file, base + filled, count - filled, offset + filled)
                if received < 0, errno == EINTR { continue }
                if received < 0 { failed = true }
                if received <= 0 { return }
                filled += received
            }
        }
        return failed ? nil : bytes
    }

    /// The whole file at `path`; nil when there is none, or none that can be read.
    static func contents(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return size(file).flatMap { read(file, at: 0, count: $0) }
    }

    /// Writes all bytes at `offset`. Returns 0, or the error.
    static func write(_ bytes: [UInt8], to file: Int32, at offset: Int) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            var written = 0
            while written < buffer.count {
                let count = pwrite(file, base + written, buffer.count - written, offset + written)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                guard count > 0 else { return ENOSPC }
                written += count
            }
            return 0
        }
    }

    /// Puts a file in its place at once: written beside it and renamed. False when the system refused.
    static func replace(_ path: String, with bytes: [UInt8]) -> Bool {
        let draft = path + ".\(UInt64.random(in: 0 ... .max))" + draftSuffix
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        let isWritten = write(bytes, to: file, at: 0) == 0
        close(file)
        guard isWritten, rename(draft, path) == 0 else {
            unlink(draft)
            return false
        }
        return true
    }

    private static let draftSuffix = ".new"

    /// Deletes what a process that died in `replace` left behind.
    static func deleteDrafts(in folder: String) {
        for name in names(in: folder) where name.hasSuffix(draftSuffix) { unlink(folder + "/" + name) }
    }

    /// The names of the files in a folder, in any order.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    static func size(_ file: Int32) -> Int? {
        var status = stat()
        return fstat(file, &status) == 0 ? Int(status.st_size) : nil
    }

    static func size(of path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// Free bytes, for users without privileges, of the file system that holds `path`; nil when it does not say.
    static func freeBytes(at path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }
}
