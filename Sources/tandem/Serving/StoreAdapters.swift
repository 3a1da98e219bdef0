import CallRecords
import Dispatch
import ManagementAPI
import SIPTransport
import Storage
import Vocabulary

/// The stores block the thread that asks them. Management asks from this queue, so that no thread of
/// Swift's concurrency waits for a disk; the stores bound how many questions run at once.
private let storeQueue = DispatchQueue(label: "tandem.management.stores", attributes: .concurrent)

private func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        storeQueue.async { continuation.resume(with: Result(catching: work)) }
    }
}

/// `config.db` as the management interface wants it.
struct StoredConfiguration: ObjectStore {
    let store: ConfigStore

    func load() async throws -> StoredObjects {
        try await blocking {
            let (revision, objects) = try store.load()
            return StoredObjects(
                revision: revision,
                objects: objects.map {
                    ManagementAPI.StoredObject(kind: $0.kind, name: $0.name, revision: $0.revision, body: $0.document)
                })
        }
    }

    func apply(_ mutations: [ObjectMutation], expecting expected: Int64, author: String, at time: WallTime) async throws -> Int64 {
        let changes = mutations.map { mutation -> Storage.ObjectChange in
            let (kind, name) = (mutation.key.kind.rawValue, mutation.key.name)
            return switch mutation {
            case .put(let object): .put(kind: kind, name: name, document: object.body.json(), expectedRevision: nil)
            case .delete: .delete(kind: kind, name: name, expectedRevision: nil)
            }
        }
        return try await blocking {
            do {
                return try store.apply(changes: changes, expectedRevision: expected, by: author, at: time)
            } catch StorageError.revisionConflict(_, let actual) {
                throw RevisionConflict(current: actual)
            }
        }
    }

    func audit(of scope: AuditScope, limit: Int, before: Int64?) async throws -> [ManagementAPI.AuditEntry] {
        let (kind, name): (String?, String?) =
            switch scope {
            case .everything: (nil, nil)
            case .kind(let kind): (kind.rawValue, nil)
            case .object(let key): (key.kind.rawValue, key.name)
            }
        return try await blocking { try store.audit(kind: kind, name: name, limit: limit, before: before).map(\.shown) }
    }

    func lastChanges(of kind: ObjectKind) async throws -> [String: ManagementAPI.AuditEntry] {
        try await blocking {
            Dictionary(try store.lastChanges(kind: kind.rawValue).map { ($0.name, $0.shown) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Opens `config.db` so that its audit shows no secret, and no list of a million numbers.
    static func open(folder: String) throws -> ConfigStore {
        try ConfigStore(folder: folder) { kind, document in Secret.audited(json: document, ofKind: kind) }
    }
}

extension Storage.AuditEntry {
    fileprivate var shown: ManagementAPI.AuditEntry {
        ManagementAPI.AuditEntry(id: id, at: at, author: by, kind: kind, name: name, before: before, after: after, revision: revision)
    }
}

/// The records of `ledger.db` as the management interface wants them.
struct StoredRecords: RecordQueries {
    let reader: LedgerReader

    func callRecords(matching filter: CallRecordFilter, before: CallIdentifier?, limit: Int) async throws -> [CallRecord] {
        try await blocking {
            try reader.calls(
                limit: limit, before: before,
                filter: CallFilter(
                    mappingGateway: filter.mappingGateway, routingGateway: filter.routingGateway, callerPrefix: filter.caller,
                    calleePrefix: filter.callee, endReason: filter.endReason, receivedFrom: filter.from, receivedBefore: filter.to))
        }
    }

    func callRecord(_ id: CallIdentifier) async throws -> CallRecord? {
        try await blocking { try reader.call(id: id) }
    }

    func limitEnds(in period: ReportPeriod, limit: Int) async throws -> [LimitEnds] {
        try await blocking { try reader.limitEnds(in: period, limit: limit) }
    }

    func callsNearLimit(in period: ReportPeriod, within percent: Int, before: CallIdentifier?, limit: Int) async throws -> [CallNearLimit] {
        try await blocking { try reader.callsNearLimit(in: period, within: percent, before: before, limit: limit) }
    }

    func timerSupport(in period: ReportPeriod, limit: Int) async throws -> [TimerSupport] {
        try await blocking { try reader.timerSupport(in: period, limit: limit) }
    }
}

/// The trace as the management interface wants it: with what still waits in the shards.
struct StoredTrace: TraceQueries {
    /// Nil when the trace could not be opened.
    let store: TraceStore?
    let settings: TraceSettings
    let runtime: SwitchRuntime
    let ledger: LedgerReader

    func messages(
        callIDs: Set<String>, from: WallTime?, to: WallTime?, limit: Int, preferring preference: TracePreference
    ) async throws -> [TracedMessage] {
        guard let store else { return [] }
        // A switch that has stopped has handed everything over.
        try? await runtime.handOverTrace()
        return try await blocking {
            try store.reader.messages(callIDs: callIDs, from: from, to: to, limit: limit, preferring: preference)
        }
    }

    func storedCallID(ofRegistration name: String) async throws -> String? {
        try await blocking {
            guard let stored = try ledger.registrations().first(where: { $0.name == name }) else { return nil }
            return StoredRegistration(name: stored.name, state: stored.state)?.callID
        }
    }

    func gap() async -> String? {
        guard settings.isEnabled else { return "the trace is switched off (trace.enabled in the boot file)" }
        guard let store else { return "the trace's folder could not be opened; the log says why" }
        return store.statistics.pauseReason
    }
}
