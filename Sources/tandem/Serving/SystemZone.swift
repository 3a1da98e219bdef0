import Foundation
import Routing
import Vocabulary

/// The local time of this machine, as the periods of gateways go by it.
enum SystemZone {
    /// Changes of the clocks of a zone (`TimeZone.current` unless given) from a year ago to ten years from now; a zone
    /// that changes oftener than it should is cut at a bound.
    static func table(around now: Date = Date(), zone: TimeZone = .current) -> ZoneTable {
        let year: TimeInterval = 366 * 86_400
        var moment = now - year
        var entries = [entry(at: moment, zone)]
        while let next = zone.nextDaylightSavingTimeTransition(after: moment), next < now + 10 * year, next > moment, entries.count < 1000 {
            entries.append(entry(at: next, zone))
            moment = next
        }
        return ZoneTable(entries)
    }

    private static func entry(at date: Date, _ zone: TimeZone) -> ZoneTable.Entry {
        ZoneTable.Entry(
            from: WallTime(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded())), offsetSeconds: zone.secondsFromGMT(for: date))
    }
}
