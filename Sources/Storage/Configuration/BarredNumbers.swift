import GRDB
import Vocabulary

/// A number on the dynamic blacklist as it is kept on disk, so that a restart does not let it through.
public struct BarredNumber: Hashable, Sendable {
    /// One number is kept once for each side of a call.
    public struct Key: Hashable, Sendable {
        public var side: String
        public var number: String

        public init(side: String, number: String) {
            self.side = side
            self.number = number
        }
    }

    public var key: Key
    /// Why it is barred: a raw value of the switch's own.
    public var kind: UInt8
    public var since: WallTime
    /// Nil: until it is removed.
    public var until: WallTime?

    public init(_ key: Key, kind: UInt8, since: WallTime, until: WallTime?) {
        self.key = key
        self.kind = kind
        self.since = since
        self.until = until
    }
}

extension ConfigStore {
    /// Everything that is kept, by side and number.
    public func barredNumbers() throws(StorageError) -> [BarredNumber] {
        try naming(path) {
            try database.read { database in
                try Row.fetchAll(database, sql: "SELECT side, number, kind, since_at, until_at FROM barred_numbers ORDER BY side, number").map {
                    row in
                    BarredNumber(
                        BarredNumber.Key(side: row[0], number: row[1]), kind: UInt8(truncatingIfNeeded: row[2] as Int64),
                        since: WallTime(microseconds: row[3]), until: (row[4] as Int64?).map { WallTime(microseconds: $0) })
                }
            }
        }
    }

    /// Keeps these, in place of what was kept of the same numbers, and forgets those; all of it or nothing.
    public func keepBarred(_ numbers: [BarredNumber], forgetting gone: [BarredNumber.Key]) throws(StorageError) {
        try naming(path) {
            try database.write { database in
                let forget = try database.cachedStatement(sql: "DELETE FROM barred_numbers WHERE side = ? AND number = ?")
                for key in gone { try forget.execute(arguments: [key.side, key.number]) }
                let keep = try database.cachedStatement(
                    sql: "INSERT OR REPLACE INTO barred_numbers (side, number, kind, since_at, until_at) VALUES (?, ?, ?, ?, ?)")
                for number in numbers {
                    try keep.execute(
                        arguments: [
                            number.key.side, number.key.number, Int64(number.kind), number.since.microseconds, number.until?.microseconds,
                        ])
                }
            }
        }
    }
}
