import Foundation
import Logging
import Routing
import Storage
import Testing
import Vocabulary

@testable import tandem

/// The dynamic blacklist from one process to the next.
@Suite struct BlacklistKeeperTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-blacklist-\(UUID().uuidString)").path
    private let noon = WallTime(microseconds: 1_767_268_800_000_000)

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    /// One process: its monotonic clock began `boot` seconds before noon.
    private final class Process {
        let list = DynamicBlacklist(seed: 1)
        let store: ConfigStore
        let keeper: BlacklistKeeper
        private let boot: Int64
        private let noon: WallTime

        init(_ folder: String, noon: WallTime, boot: Int64) throws {
            (self.noon, self.boot) = (noon, boot)
            store = try ConfigStore(folder: folder) { $1 }
            keeper = BlacklistKeeper(list, store: store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func at(_ seconds: Int64) -> Moment {
            Moment(instant: Instant(nanoseconds: (boot + seconds) * 1_000_000_000), wall: noon + .seconds(seconds))
        }

        func bar(_ number: String, _ kind: BlacklistKind, at seconds: Int64, until end: Int64?) throws {
            let entry = BlacklistEntry(
                number: try #require(PackedNumber(number)), kind: kind, since: at(seconds).instant, until: end.map { at($0).instant } ?? .never)
            #expect(list.add(entry, now: at(seconds).instant))
        }

        func shown(at seconds: Int64) -> [String] {
            list.entries(now: at(seconds).instant).map { entry in
                let left = entry.until == .never ? "for good" : "\((entry.until - at(seconds).instant).inSeconds) s"
                return "\(entry.number) \(entry.kind.name) \(left)"
            }
        }
    }

    @Test("the next process bars what is left, for the time that is left, whatever its monotonic clock says")
    func restart() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try Process(folder, noon: noon, boot: 5_000)
        first.keeper.restore(now: first.at(0))
        try first.bar("14155550100", .maliciousCaller, at: 1, until: 601)
        try first.bar("14155550100", .calleeByHand, at: 2, until: nil)
        try first.bar("14155550111", .unansweredCallee, at: 3, until: 60)
        first.keeper.keep(now: first.at(4))
        try first.store.close()

        let second = try Process(folder, noon: noon, boot: 7)
        second.keeper.restore(now: second.at(100))
        #expect(second.shown(at: 101) == ["14155550100 maliciousCaller 500 s", "14155550100 calleeByHand for good"])
        #expect(second.list.entries(now: second.at(101).instant).first?.since == second.at(1).instant)
        // What was over is forgotten on the disk as well.
        #expect(try second.store.barredNumbers().map(\.key.number) == ["14155550100", "14155550100"])
        try second.store.close()
    }

    @Test("only changes are written: a new reason, an end, a removal by hand")
    func changes() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let process = try Process(folder, noon: noon, boot: 50)
        process.keeper.restore(now: process.at(0))
        func kept() throws -> [String] { try process.store.barredNumbers().map { "\($0.key.side) \($0.key.number) \($0.kind)" } }
        try process.bar("1", .maliciousCaller, at: 1, until: 10)
        try process.bar("2", .callerByHand, at: 1, until: nil)
        process.keeper.keep(now: process.at(1))
        #expect(try kept() == ["caller 1 1", "caller 2 4"])
        // Longer, for another reason.
        try process.bar("1", .concurrentCaller, at: 2, until: 20)
        process.keeper.keep(now: process.at(2))
        #expect(try kept() == ["caller 1 2", "caller 2 4"])
        #expect(process.list.remove(try #require(PackedNumber("2")), from: .caller))
        process.keeper.keep(now: process.at(3))
        #expect(try kept() == ["caller 1 2"])
        // Nothing changed, and its time is not over; then it is.
        process.keeper.keep(now: process.at(19))
        #expect(try kept() == ["caller 1 2"])
        process.keeper.keep(now: process.at(20))
        #expect(try kept().isEmpty)
        try process.store.close()
    }

    @Test("what cannot be written is written the next time; what cannot be read keeps nothing from starting")
    func faults() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try Process(folder, noon: noon, boot: 50)
        try first.store.keepBarred(
            [
                BarredNumber(BarredNumber.Key(side: "caller", number: "abc"), kind: 1, since: noon, until: nil),
                BarredNumber(BarredNumber.Key(side: "caller", number: "14155550100"), kind: 99, since: noon, until: nil),
                BarredNumber(
                    BarredNumber.Key(side: "caller", number: "14155550101"), kind: 1, since: WallTime(microseconds: .min),
                    until: WallTime(microseconds: .max)),
            ], forgetting: [])
        first.keeper.restore(now: first.at(0))
        #expect(try first.store.barredNumbers().map(\.key.number) == ["14155550101"])
        try first.store.close()
        try first.bar("14155550102", .callerByHand, at: 1, until: nil)
        first.keeper.keep(now: first.at(1))
        first.keeper.keep(now: first.at(2))
        let second = try Process(folder, noon: noon, boot: 50)
        second.keeper.restore(now: second.at(3))
        #expect(second.shown(at: 3).count == 1)
        try second.store.close()
    }
}
