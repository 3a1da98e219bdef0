import Storage
import Testing
import Vocabulary

/// Objects, revisions and the audit.
@Suite("The configuration's store")
struct ConfigStoreTests {
    let folder: TemporaryFolder
    let store: ConfigStore

    init() throws {
        folder = try TemporaryFolder()
        store = try ConfigStore(folder: folder.path) { $1 }
    }

    static let noon = WallTime(microseconds: 1_750_000_000_000_000)
    static let later = WallTime(microseconds: 1_750_000_060_000_000)

    @Test("a new store is at revision 0 with nothing in it")
    func empty() throws {
        let (revision, objects) = try store.load()
        #expect(revision == 0)
        #expect(objects.isEmpty)
        #expect(try store.audit(limit: 10).isEmpty)
    }

    @Test("objects are made, changed and deleted, each change with a new revision that outlives the process")
    func change() throws {
        let made = try store.apply(
            changes: [
                .put(kind: "RoutingGateway", name: "carrier-x", document: #"{"priority":10}"#),
                .put(kind: "MappingGateway", name: "customer-a", document: "{}"),
            ], by: "alice", at: Self.noon)
        #expect(made == 1)
        let changed = try store.apply(
            changes: [
                .put(kind: "RoutingGateway", name: "carrier-x", document: #"{"priority":5}"#),
                .delete(kind: "MappingGateway", name: "customer-a"),
                .put(kind: "Parameter", name: "SS_SIP_TIMEOUT_INVITE", document: "10"),
            ], expectedRevision: 1, by: "bob", at: Self.later)
        #expect(changed == 2)
        try store.close()
        let reopened = try ConfigStore(folder: folder.path) { $1 }
        let (revision, objects) = try reopened.load()
        #expect(revision == 2)
        #expect(
            objects == [
                StoredObject(kind: "Parameter", name: "SS_SIP_TIMEOUT_INVITE", revision: 2, document: "10", updatedAt: Self.later),
                StoredObject(kind: "RoutingGateway", name: "carrier-x", revision: 2, document: #"{"priority":5}"#, updatedAt: Self.later),
            ])
    }

    @Test("a change with one wrong part changes nothing")
    func allOrNothing() throws {
        _ = try store.apply(changes: [.put(kind: "MappingGateway", name: "a", document: "1")], by: "alice", at: Self.noon)
        let before = try store.load()
        #expect(throws: StorageError.objectMissing(kind: "MappingGateway", name: "none")) {
            try store.apply(
                changes: [
                    .put(kind: "MappingGateway", name: "a", document: "2"),
                    .put(kind: "MappingGateway", name: "b", document: "2"),
                    .delete(kind: "MappingGateway", name: "none"),
                ], by: "bob", at: Self.later)
        }
        let after = try store.load()
        #expect(after.revision == before.revision)
        #expect(after.objects == before.objects)
        #expect(try store.audit(limit: 10).count == 1)
    }

    @Test("a change made from an old revision is refused")
    func revisionConflict() throws {
        _ = try store.apply(changes: [.put(kind: "K", name: "a", document: "1")], by: "alice", at: Self.noon)
        _ = try store.apply(changes: [.put(kind: "K", name: "b", document: "1")], expectedRevision: 1, by: "alice", at: Self.noon)
        #expect(throws: StorageError.revisionConflict(expected: 1, actual: 2)) {
            try store.apply(changes: [.put(kind: "K", name: "c", document: "1")], expectedRevision: 1, by: "bob", at: Self.later)
        }
        #expect(try store.load().objects.map(\.name) == ["a", "b"])
    }

    @Test("an object that somebody else changed, made or deleted is not overwritten")
    func objectConflict() throws {
        _ = try store.apply(changes: [.put(kind: "K", name: "a", document: "1")], by: "alice", at: Self.noon)
        _ = try store.apply(changes: [.put(kind: "K", name: "b", document: "1")], by: "alice", at: Self.noon)
        #expect(try store.apply(changes: [.put(kind: "K", name: "a", document: "2", expectedRevision: 1)], by: "bob", at: Self.later) == 3)
        #expect(throws: StorageError.objectConflict(kind: "K", name: "a", expected: 1, actual: 3)) {
            try store.apply(changes: [.delete(kind: "K", name: "a", expectedRevision: 1)], by: "carol", at: Self.later)
        }
        #expect(throws: StorageError.objectConflict(kind: "K", name: "b", expected: 0, actual: 2)) {
            try store.apply(changes: [.put(kind: "K", name: "b", document: "2", expectedRevision: 0)], by: "carol", at: Self.later)
        }
        #expect(throws: StorageError.objectConflict(kind: "K", name: "c", expected: 2, actual: nil)) {
            try store.apply(changes: [.put(kind: "K", name: "c", document: "2", expectedRevision: 2)], by: "carol", at: Self.later)
        }
        #expect(try store.apply(changes: [.put(kind: "K", name: "c", document: "2", expectedRevision: 0)], by: "carol", at: Self.later) == 4)
    }

    @Test("applying the same documents again changes neither revision nor audit")
    func sameAgain() throws {
        let change = ObjectChange.put(kind: "K", name: "a", document: "1")
        #expect(try store.apply(changes: [change], by: "alice", at: Self.noon) == 1)
        #expect(try store.apply(changes: [change], by: "bob", at: Self.later) == 1)
        #expect(try store.apply(changes: [], by: "bob", at: Self.later) == 1)
        #expect(try store.audit(limit: 10).count == 1)
        #expect(try store.load().objects.first?.updatedAt == Self.noon)
    }

    @Test("the audit says who changed what, from what to what, newest first and by pages")
    func audit() throws {
        _ = try store.apply(changes: [.put(kind: "K", name: "a", document: "1")], by: "alice", at: Self.noon)
        _ = try store.apply(changes: [.put(kind: "K", name: "a", document: "2")], by: "bob", at: Self.later)
        _ = try store.apply(changes: [.delete(kind: "K", name: "a")], by: "carol", at: Self.later)
        let entries = try store.audit(limit: 10)
        #expect(entries.map(\.by) == ["carol", "bob", "alice"])
        #expect(entries.map(\.before) == ["2", "1", nil])
        #expect(entries.map(\.after) == [nil, "2", "1"])
        #expect(entries.map(\.revision) == [3, 2, 1])
        #expect(entries.map(\.at) == [Self.later, Self.later, Self.noon])
        #expect(entries.allSatisfy { $0.kind == "K" && $0.name == "a" })
        let first = try store.audit(limit: 2)
        #expect(first == Array(entries.prefix(2)))
        #expect(try store.audit(limit: 2, before: first.last?.id) == Array(entries.suffix(1)))
    }

    @Test("the audit keeps documents in their form for it, before and after, and the objects as they are")
    func auditForm() throws {
        let other = try TemporaryFolder()
        let store = try ConfigStore(folder: other.path) { kind, document in kind == "Registration" ? "masked" : document }
        for document in ["secret one", "secret two"] {
            _ = try store.apply(
                changes: [
                    .put(kind: "Registration", name: "r", document: document), .put(kind: "RoutingGateway", name: "g", document: document),
                ], by: "alice", at: Self.noon)
        }
        _ = try store.apply(changes: [.delete(kind: "Registration", name: "r")], by: "alice", at: Self.later)
        let lines = try store.audit(kind: "Registration", limit: 10)
        #expect(lines.map(\.before) == ["masked", "masked", nil])
        #expect(lines.map(\.after) == [nil, "masked", "masked"])
        #expect(try store.audit(kind: "RoutingGateway", limit: 1).map(\.before) == ["secret one"])
        #expect(try store.load().objects.map(\.document) == ["secret two"])
        try store.close()
    }

    @Test("the audit is asked for one kind and one object, and for the newest line of each")
    func auditOfOne() throws {
        for number in 1...3 {
            _ = try store.apply(
                changes: [.put(kind: "Parameter", name: "A", document: "\(number)"), .put(kind: "Phone", name: "A", document: "\(number)")],
                by: "alice", at: Self.noon)
        }
        _ = try store.apply(changes: [.put(kind: "Parameter", name: "B", document: "1")], by: "bob", at: Self.later)
        #expect(try store.audit(kind: "Parameter", limit: 10).count == 4)
        let lines = try store.audit(kind: "Parameter", name: "A", limit: 2)
        #expect(lines.map(\.after) == ["3", "2"])
        #expect(try store.audit(kind: "Parameter", name: "A", limit: 2, before: lines.last?.id).map(\.after) == ["1"])
        let last = try store.lastChanges(kind: "Parameter")
        #expect(last.map(\.name) == ["A", "B"])
        #expect(last.map(\.after) == ["3", "1"])
        #expect(last.map(\.by) == ["alice", "bob"])
    }
}
