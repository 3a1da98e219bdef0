import GRDB
import Glibc

/// How the files of the data folder are opened: the folder, the connection's settings, the layout.
enum DatabaseOpening {
    /// The path of `file` in `folder`, which is made (readable by its owner only) when it is missing.
    static func prepare(file: String, in folder: String) throws(StorageError) -> String {
        if mkdir(folder, 0o700) != 0 {
            let reason = errno
            var status = stat()
            guard reason == EEXIST, stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw .folderUnusable(path: folder, reason: String(cString: strerror(reason)))
            }
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            throw .folderUnusable(path: folder, reason: String(cString: strerror(errno)))
        }
        return folder.hasSuffix("/") ? folder + file : folder + "/" + file
    }

    /// The size of a page of a file made by us.
    static let pageBytes = 8192

    /// A connection that writes, with `pragmas` in force.
    static func writer(path: String, label: String, pragmas: [String]) throws(StorageError) -> DatabaseQueue {
        keepPrivate(path)
        var configuration = Configuration()
        configuration.label = label
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = false
        // Another program (a backup, an operator's sqlite3) may hold the lock for a moment.
        configuration.busyMode = .timeout(0.25)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA page_size = \(pageBytes)") }
        return try naming(path) {
            let database = try DatabaseQueue(path: path, configuration: configuration)
            // After opening: going into WAL mode sets `synchronous` to NORMAL.
            try database.inDatabase { for pragma in pragmas { try $0.execute(sql: pragma) } }
            return database
        }
    }

    /// Makes a missing file for its owner only, and takes the others' rights from one that is there: the
    /// files hold passwords. What SQLite puts beside a file gets the file's rights.
    ///
    /// A file that is there is not opened here: closing it again would give up SQLite's locks on it.
    private static func keepPrivate(_ path: String) {
        let created = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if created >= 0 {
            close(created)
            return
        }
        // What cannot be changed or made here, SQLite reports when it opens the file.
        for file in [path, path + "-wal", path + "-shm"] { chmod(file, 0o600) }
    }

    /// Connections that only read, at most `count` at a time.
    static func readers(path: String, label: String, count: Int) throws(StorageError) -> DatabasePool {
        var configuration = Configuration()
        configuration.label = label
        configuration.readonly = true
        configuration.maximumReaderCount = count
        configuration.busyMode = .timeout(1)
        return try naming(path) { try DatabasePool(path: path, configuration: configuration) }
    }

    /// Brings the file's layout up to date; refuses one that a newer version has changed.
    static func migrate(_ database: DatabaseQueue, with migrator: DatabaseMigrator) throws(StorageError) {
        let superseded = try naming(database.path) { try database.read { try migrator.hasBeenSuperseded($0) } }
        if superseded { throw .newerVersion(file: database.path) }
        try naming(database.path) { try migrator.migrate(database) }
    }
}
