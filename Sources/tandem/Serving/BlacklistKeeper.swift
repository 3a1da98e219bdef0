import Logging
import Routing
import Storage
import Synchronization
import Vocabulary

/// Keeps the dynamic blacklist on disk: what changed is written every second and at the stop, and the next start brings
/// it back for the time that is left by the wall clock. A process that is killed loses the last second's changes.
final class BlacklistKeeper: Sendable {
    /// How often changes are looked for.
    static let interval = Interval.seconds(1)

    private let list: DynamicBlacklist
    private let store: ConfigStore
    private let logger: Logger
    private let kept = Mutex(Kept())

    private struct Kept {
        var entries: [BarredNumber.Key: BlacklistEntry] = [:]
        /// Kept by the process before, and over or unreadable by now.
        var stale: [BarredNumber.Key] = []
        /// When the first of the entries ends.
        var firstEnd = Instant.never
        var changes: UInt64 = 0
        /// Whether the last try to write failed, so that it is said once.
        var isFailing = false
    }

    init(_ list: DynamicBlacklist, store: ConfigStore, logger: Logger) {
        self.list = list
        self.store = store
        self.logger = logger
    }

    /// Brings back what is kept. Once, before the first call.
    func restore(now: Moment) {
        do {
            let numbers = try store.barredNumbers()
            kept.withLock { kept in
                for number in numbers {
                    if let entry = BlacklistEntry(number, now: now), entry.until > now.instant, list.add(entry, now: now.instant) {
                        kept.entries[number.key] = entry
                    } else {
                        kept.stale.append(number.key)
                    }
                }
            }
            keep(now: now)
        } catch {
            logger.error("the dynamic blacklist of before could not be read", metadata: ["error": "\(error)"])
        }
    }

    /// Writes what changed since the last time. What cannot be written now is tried again the next time.
    func keep(now: Moment) {
        kept.withLock { kept in
            let changes = list.changes
            guard changes != kept.changes || kept.firstEnd <= now.instant || !kept.stale.isEmpty else { return }
            let present = Dictionary(uniqueKeysWithValues: list.entries(now: now.instant).map { ($0.key, $0) })
            let changed = present.filter { kept.entries[$0.key] != $0.value }
            let gone = kept.entries.keys.filter { present[$0] == nil } + kept.stale.filter { present[$0] == nil }
            do {
                if !changed.isEmpty || !gone.isEmpty {
                    try store.keepBarred(changed.map { BarredNumber($0.key, $0.value, now: now) }, forgetting: gone)
                }
                kept = Kept(entries: present, firstEnd: present.values.map(\.until).min() ?? .never, changes: changes)
            } catch {
                if !kept.isFailing { logger.error("the dynamic blacklist is not kept on disk", metadata: ["error": "\(error)"]) }
                kept.isFailing = true
            }
        }
    }

    /// Looks for changes until the task is cancelled.
    func run(now: @Sendable () -> Moment) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .nanoseconds(BlacklistKeeper.interval.nanoseconds))
            keep(now: now())
        }
    }
}

extension BlacklistEntry {
    fileprivate var key: BarredNumber.Key { BarredNumber.Key(side: kind.side.rawValue, number: number.description) }

    /// Nil when it is of a kind, or a number of a form, that this version does not know.
    fileprivate init?(_ kept: BarredNumber, now: Moment) {
        guard let kind = BlacklistKind(rawValue: kept.kind), kind.side.rawValue == kept.key.side, let number = PackedNumber(kept.key.number) else {
            return nil
        }
        /// Whatever stands on the disk: a time that no process sees is as good as another one.
        func instant(_ wall: WallTime) -> Instant {
            let lifetime: Int64 = 100 * 365 * 86_400 * 1_000_000
            let (difference, isBeyond) = wall.microseconds.subtractingReportingOverflow(now.wall.microseconds)
            return now.instant + .microseconds(isBeyond ? 0 : min(max(difference, -lifetime), lifetime))
        }
        self.init(number: number, kind: kind, since: instant(kept.since), until: kept.until.map(instant) ?? .never)
    }
}

extension BarredNumber {
    fileprivate init(_ key: Key, _ entry: BlacklistEntry, now: Moment) {
        func wall(_ instant: Instant) -> WallTime { now.wall + (instant - now.instant) }
        self.init(key, kind: entry.kind.rawValue, since: wall(entry.since), until: entry.until == .never ? nil : wall(entry.until))
    }
}
