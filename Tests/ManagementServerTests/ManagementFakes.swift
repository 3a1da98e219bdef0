import CallRecords
import ManagementAPI
import Routing
import Synchronization
import Vocabulary

/// An object store in memory that refuses what a real one refuses.
final class MemoryObjectStore: ObjectStore {
    private struct State {
        var revision: Int64 = 0
        var objects: [ObjectKey: StoredObject] = [:]
        var audit: [AuditEntry] = []
        var isBroken = false
    }

    struct Broken: Error {}

    private let state = Mutex(State())

    /// From now on every write fails.
    func breakDown() { state.withLock { $0.isBroken = true } }

    func load() async throws -> StoredObjects {
        state.withLock { StoredObjects(revision: $0.revision, objects: Array($0.objects.values)) }
    }

    func apply(_ mutations: [ObjectMutation], expecting expected: Int64, author: String, at time: WallTime) async throws -> Int64 {
        try state.withLock { state in
            if state.isBroken { throw Broken() }
            guard state.revision == expected else { throw RevisionConflict(current: state.revision) }
            state.revision += 1
            for mutation in mutations {
                let before = state.objects[mutation.key].map { Secret.conceal(json: $0.body, ofKind: $0.kind) }
                switch mutation {
                case .put(let object):
                    state.objects[object.key] = StoredObject(
                        kind: object.key.kind.rawValue, name: object.key.name, revision: state.revision, body: object.body.json())
                case .delete(let key): state.objects[key] = nil
                }
                state.audit.append(
                    AuditEntry(
                        id: Int64(state.audit.count + 1), at: time, author: author, kind: mutation.key.kind.rawValue, name: mutation.key.name,
                        before: before, after: state.objects[mutation.key].map { Secret.conceal(json: $0.body, ofKind: $0.kind) },
                        revision: state.revision))
            }
            return state.revision
        }
    }

    func audit(of scope: AuditScope, limit: Int, before: Int64?) async throws -> [AuditEntry] {
        state.withLock { state in
            let wanted = state.audit.reversed().filter { entry in
                switch scope {
                case .everything: true
                case .kind(let kind): entry.kind == kind.rawValue
                case .object(let key): entry.kind == key.kind.rawValue && entry.name == key.name
                }
            }
            return Array(wanted.filter { $0.id < before ?? .max }.prefix(limit))
        }
    }

    func lastChanges(of kind: ObjectKind) async throws -> [String: AuditEntry] {
        state.withLock { state in
            Dictionary(state.audit.filter { $0.kind == kind.rawValue }.map { ($0.name, $0) }, uniquingKeysWith: { $0.id < $1.id ? $1 : $0 })
        }
    }

    /// What is stored of an object, secrets included.
    func body(of key: ObjectKey) -> String? { state.withLock { $0.objects[key]?.body } }
}

/// A switch with the calls that a test gives it.
final class FakeSwitch: SwitchControl {
    private struct State {
        var calls: [LiveCall] = []
        var readiness = Readiness.ready
        var configurations: [SwitchConfiguration] = []
        var registrations: [RegistrationStatus] = []
        var events: [NumberedRegistrationEvent] = []
        var registrationReads = 0
        var view: LiveView?
        var phones: [PhoneStatus] = []
        var stop = StopProgress(.serving)
        var stopRequests = 0
        var drainingSince = WallTime.unset
        /// Why draining is refused, when it is.
        var drainProblem: Problem?
        var drainReads = 0
        /// Whether somebody has seen that the stop is at its end.
        var isEndingSeen = false
        var endServing: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    init(calls: [LiveCall] = []) { state.withLock { $0.calls = calls } }

    var revisions: [Int64] { state.withLock { $0.configurations.map(\.revision) } }
    var configuration: SwitchConfiguration? { state.withLock { $0.configurations.last } }
    func setReadiness(_ readiness: Readiness) { state.withLock { $0.readiness = readiness } }

    func liveCalls() async -> [LiveCall] { state.withLock { $0.calls } }
    func hangUp(_ id: CallIdentifier) async -> Bool {
        state.withLock { state in
            let before = state.calls.count
            state.calls.removeAll { $0.id == id }
            return state.calls.count < before
        }
    }
    func statistics() async -> SwitchStatistics {
        var statistics = SwitchStatistics(node: "sw1", version: "test", startedAt: WallTime(microseconds: 1_767_225_600_000_000))
        statistics.calls = state.withLock { $0.calls.count }
        return statistics
    }
    func readiness() async -> Readiness { state.withLock { $0.readiness } }
    func configurationChanged(_ configuration: SwitchConfiguration) async { state.withLock { $0.configurations.append(configuration) } }

    func setRegistrations(_ statuses: [RegistrationStatus], events: [NumberedRegistrationEvent] = []) {
        state.withLock {
            $0.registrations = statuses
            $0.events = events
        }
    }
    /// How often the registrations were asked for.
    var registrationReads: Int { state.withLock { $0.registrationReads } }
    func registrations() async -> [RegistrationStatus] {
        state.withLock {
            $0.registrationReads += 1
            return $0.registrations
        }
    }
    func registrationEvents() async -> [NumberedRegistrationEvent] { state.withLock { $0.events } }

    /// What the switch knows of its gateways and phones; the configuration that was handed over last unless set.
    func setView(_ view: LiveView?, phones: [PhoneStatus] = []) {
        state.withLock {
            $0.view = view
            $0.phones = phones
        }
    }
    func view() async -> LiveView? {
        state.withLock { state in
            let moment = Moment(instant: Instant(nanoseconds: 1_000_000_000_000), wall: WallTime(microseconds: 1_767_225_600_000_000))
            return state.view ?? state.configurations.last.map { LiveView(configuration: $0, now: moment, registrations: state.registrations) }
        }
    }
    func phones() async -> [PhoneStatus] { state.withLock { $0.phones } }

    var drainingSince: WallTime { state.withLock { $0.drainingSince } }
    /// How often somebody asked how far the drain has come.
    var drainReads: Int { state.withLock { $0.drainReads } }
    func setDrainProblem(_ problem: Problem?) { state.withLock { $0.drainProblem = problem } }
    func drain() async throws { try setDraining(since: WallTime(microseconds: 1_767_225_600_000_000)) }
    func cancelDrain() async throws { try setDraining(since: .unset) }
    private func setDraining(since: WallTime) throws {
        try state.withLock { state in
            if let problem = state.drainProblem { throw problem }
            state.drainingSince = since
        }
    }
    func drainProgress() async throws -> DrainProgress {
        state.withLock {
            $0.drainReads += 1
            return DrainProgress(since: $0.drainingSince, calls: $0.calls.count)
        }
    }

    var stopRequests: Int { state.withLock { $0.stopRequests } }
    func setStopProgress(_ progress: StopProgress) { state.withLock { $0.stop = progress } }
    func requestStop() async {
        state.withLock {
            $0.stopRequests += 1
            if $0.stop.phase == .serving { $0.stop.phase = .withdrawing }
        }
    }
    func stopProgress() async -> StopProgress {
        state.withLock { state in
            if state.stop.phase == .ending { state.isEndingSeen = true }
            return state.stop
        }
    }
    var isEndingSeen: Bool { state.withLock { $0.isEndingSeen } }
    /// How the server in front of this switch is ended, as the real switch ends it.
    func setEndOfServing(_ end: @escaping @Sendable () -> Void) { state.withLock { $0.endServing = end } }
    func endServing() { state.withLock { $0.endServing }?() }
}

/// Records in memory, found by the filter's own rule.
struct MemoryRecords: RecordQueries {
    var records: [CallRecord]

    func callRecords(matching filter: CallRecordFilter, before: CallIdentifier?, limit: Int) async throws -> [CallRecord] {
        let sorted = records.sorted { $0.id > $1.id }
        return Array(sorted.filter { record in before.map { record.id < $0 } ?? true && filter.matches(record) }.prefix(limit))
    }

    func callRecord(_ id: CallIdentifier) async throws -> CallRecord? { records.first { $0.id == id } }

    func limitEnds(in period: ReportPeriod, limit: Int) async throws -> [LimitEnds] {
        let groups = Dictionary(grouping: answered(period).filter { LimitEnds.reasons.contains($0.endReason) }) { record in
            [record.mappingGateway, record.endReason.name, rule(record)?["limitOf"]?.text ?? Report.unknown]
        }
        let ends = groups.values.map { group in
            LimitEnds(
                mappingGateway: group[0].mappingGateway, endReason: group[0].endReason,
                limitSource: LimitEnds.limits.contains(group[0].endReason) ? rule(group[0])?["limitOf"]?.text ?? Report.unknown : "",
                calls: group.count, durationMilliseconds: group.reduce(0) { $0 + $1.durationMilliseconds })
        }
        return Array(ends.sorted { $0.calls > $1.calls }.prefix(limit))
    }

    func callsNearLimit(in period: ReportPeriod, within percent: Int, before: CallIdentifier?, limit: Int) async throws -> [CallNearLimit] {
        let calls = answered(period).compactMap { record -> CallNearLimit? in
            guard before.map({ record.id < $0 }) ?? true, !LimitEnds.limits.contains(record.endReason),
                let bound = rule(record)?["limitSeconds"]?.integer,
                CallNearLimit.isNear(durationMilliseconds: record.durationMilliseconds, limitSeconds: Int64(bound), within: percent)
            else { return nil }
            return CallNearLimit(
                id: record.id, receivedAt: record.receivedAt, caller: record.caller.received, callee: record.callee.received,
                mappingGateway: record.mappingGateway, routingGateway: record.routingGateway,
                durationMilliseconds: record.durationMilliseconds, limitSeconds: Int64(bound),
                limitSource: rule(record)?["limitOf"]?.text ?? "", endReason: record.endReason)
        }
        return Array(calls.sorted { $0.id > $1.id }.prefix(limit))
    }

    func timerSupport(in period: ReportPeriod, limit: Int) async throws -> [TimerSupport] {
        let gateways = Dictionary(grouping: answered(period), by: \.mappingGateway).map { name, records in
            let rules = records.map { rule($0)?["name"]?.text }
            let withTimer = rules.count { $0 == TimerSupport.timerRule }
            let unknown = rules.count { $0 == nil }
            return TimerSupport(
                mappingGateway: name, withTimer: withTimer, withoutTimer: rules.count - withTimer - unknown, unknown: unknown)
        }
        return Array(gateways.sorted { $0.calls > $1.calls }.prefix(limit))
    }

    private func answered(_ period: ReportPeriod) -> [CallRecord] {
        let filter = CallRecordFilter(from: period.from, to: period.to)
        return records.filter { $0.answeredAt.isSet && filter.matches($0) }
    }

    private func rule(_ record: CallRecord) -> DocumentNode? { (try? DocumentNode(json: record.decision))?["rule"] }
}
