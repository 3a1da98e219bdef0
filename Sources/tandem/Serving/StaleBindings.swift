import CallRecords
import Logging
import ManagementAPI
import Vocabulary

/// Bindings that the last process left at upstreams without a withdrawal that was confirmed, as the store
/// tells a start: upstreams may have routed calls to a switch that was gone.
struct StaleBindings: Sendable {
    /// By name.
    let registrations: [StoredRegistration]
    private let now: WallTime

    init(_ stored: [StoredRegistration], at now: WallTime) {
        registrations = stored.filter { $0.boundUntil > now }.sorted { $0.name < $1.name }
        self.now = now
    }

    /// One line each, a summary above fifty.
    var lines: [String] {
        guard registrations.count > WithdrawalOutcome.mostLines else {
            return registrations.map {
                "\($0.name) (\($0.target?.address.description ?? $0.registrar)): a binding of the last run may be stale"
                    + until($0.boundUntil)
            }
        }
        let last = registrations.map(\.boundUntil).max() ?? .unset
        return ["\(registrations.count.grouped) bindings of the last run may be stale" + until(last)]
    }

    func log(to logger: Logger) {
        for line in lines { logger.warning("\(line)") }
    }

    private func until(_ time: WallTime) -> String {
        let seconds = (time.microseconds - now.microseconds + 999_999) / 1_000_000
        return " until \(time.rfc3339) (\(Int(seconds).grouped) s); registering again with the same Call-ID replaces it"
    }
}
