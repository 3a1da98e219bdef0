import CallRecords
import Routing
import Vocabulary

/// What the management interface asks of the running switch.
public protocol SwitchControl: Sendable {
    func liveCalls() async -> [LiveCall]
    /// Ends a call with BYE or CANCEL; false when there is no such call.
    func hangUp(_ id: CallIdentifier) async -> Bool
    func statistics() async -> SwitchStatistics
    func readiness() async -> Readiness
    /// A new snapshot is in force; calls that begin afterwards take it. Snapshots come in the order of their revisions.
    func configurationChanged(_ configuration: SwitchConfiguration) async
    /// How every registration stands now, in any order.
    func registrations() async -> [RegistrationStatus]
    /// Registrations that went into another state, newest first; at most the last thousand.
    func registrationEvents() async -> [NumberedRegistrationEvent]
    /// The snapshot in force with what is known of its gateways and phones now; nil while the switch has none.
    func view() async -> LiveView?
    /// How the phones and gateways stand that register here, in any order.
    func phones() async -> [PhoneStatus]
    /// Refuses new calls until `cancelDrain` or the end of the process; those that are up go on. Throws a `Problem`.
    func drain() async throws
    /// Takes new calls again. Throws a `Problem`, as while the switch stops.
    func cancelDrain() async throws
    func drainProgress() async throws -> DrainProgress
    /// Begins an ordered stop of the process and returns at once. Asked again, it ends the wait for upstreams.
    func requestStop() async
    /// How far an ordered stop has come.
    func stopProgress() async -> StopProgress
}

/// Whether the switch takes new calls, and when it does not, why.
public struct Readiness: Hashable, Sendable {
    public var isReady: Bool
    public var reasons: [String]

    public init(isReady: Bool, reasons: [String] = []) {
        self.isReady = isReady
        self.reasons = reasons
    }

    public static let ready = Readiness(isReady: true)

    public var document: DocumentNode {
        ["status": .text(isReady ? "ready" : "not ready"), "reasons": .list(reasons.map { .text($0) })]
    }
}
