import CallRecords
import Dispatch
import ManagementAPI
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

    func audit(limit: Int, before: Int64?) async throws -> [ManagementAPI.AuditEntry] {
        try await blocking {
            try store.audit(limit: limit, before: before).map {
                ManagementAPI.AuditEntry(
                    id: $0.id, at: $0.at, author: $0.by, kind: $0.kind, name: $0.name, before: $0.before, after: $0.after,
                    revision: $0.revision)
            }
        }
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
}
