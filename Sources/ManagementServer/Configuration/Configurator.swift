import ManagementAPI
import Routing
import Vocabulary

/// The one place where the configuration changes: plans, writes, and hands the new snapshot to the
/// switch. Changes are made one after the other, so that snapshots arrive in the order of their revisions.
public actor Configurator {
    private let store: any ObjectStore
    private let control: any SwitchControl
    private let planner: ChangePlanner
    let now: @Sendable () -> WallTime
    private let secretReader: SecretReader
    /// What is known of the objects now, across all snapshots.
    private let live: LiveTable
    private let zone: @Sendable () -> ZoneTable
    /// The snapshot that the switch was given last.
    private var inForce: SwitchConfiguration?
    /// What the files of secrets held when they could last be read, by path.
    private var secrets: [String: String]
    /// The change that is being made; the next one waits for it.
    private var last: Task<Void, Never>?

    public init(
        store: any ObjectStore, control: any SwitchControl, catalogue: ParameterCatalogue, secretReader: SecretReader = .none,
        secrets: [String: String] = [:], ownAddresses: OwnAddresses = OwnAddresses(), live: LiveTable = LiveTable(),
        zone: @escaping @Sendable () -> ZoneTable = { .utc }, inForce: SwitchConfiguration? = nil, now: @escaping @Sendable () -> WallTime
    ) {
        self.live = live
        self.zone = zone
        self.inForce = inForce
        self.secretReader = secretReader
        self.secrets = secrets
        self.store = store
        self.control = control
        self.planner = ChangePlanner(catalogue: catalogue, ownAddresses: ownAddresses)
        self.now = now
    }

    /// The stored configuration at one moment.
    public struct Snapshot: Sendable {
        public var revision: Int64
        public var objects: ObjectSet
        /// The revision at which each object was last written.
        public var objectRevisions: [ObjectKey: Int64]
        /// What is stored and cannot be read by this version, and files of secrets that cannot be read.
        public var problems: [FieldProblem]
        /// What the files of secrets hold, by path.
        public var secrets: [String: String]

        public func configuration(on basis: SnapshotBasis = SnapshotBasis()) -> SwitchConfiguration {
            objects.configuration(revision: revision, secrets: secrets, on: basis)
        }
    }

    public struct Outcome: Sendable {
        public var revision: Int64
        public var isApplied: Bool
        public var changes: [ObjectChange]

        public var document: DocumentNode {
            ["revision": .number(revision), "applied": .flag(isApplied), "changes": .list(changes.map(\.document))]
        }
    }

    /// What a change must find, or it is refused.
    public enum Expectation: Sendable, Hashable {
        case anything
        /// The whole configuration stands at this revision.
        case configuration(Int64)
        /// This object stands at this revision; 0 when it must not exist.
        case object(ObjectKey, Int64)
        /// The object exists, at whatever revision.
        case existing(ObjectKey)
    }

    public enum Mode: Sendable { case apply, dryRun }

    public nonisolated var catalogue: ParameterCatalogue { planner.catalogue }

    /// Reads the configuration from a store, also before the switch runs.
    public static func load(
        from store: any ObjectStore, catalogue: ParameterCatalogue, secretReader: SecretReader = .none
    ) async throws -> Snapshot {
        var snapshot = try await stored(in: store, catalogue: catalogue)
        let files = SecretFiles(of: snapshot.objects, reader: secretReader)
        snapshot.secrets = files.secrets
        snapshot.problems += files.problems
        return snapshot
    }

    /// The objects alone; no file of secrets is opened.
    private static func stored(in store: any ObjectStore, catalogue: ParameterCatalogue) async throws -> Snapshot {
        let stored = try await store.load()
        let (objects, problems) = ChangePlanner(catalogue: catalogue).objects(stored: stored.objects)
        let revisions = stored.objects.compactMap { object in
            ObjectKind(rawValue: object.kind).map { (ObjectKey($0, object.name), object.revision) }
        }
        return Snapshot(
            revision: stored.revision, objects: objects,
            objectRevisions: Dictionary(revisions, uniquingKeysWith: { max($0, $1) }), problems: problems, secrets: [:])
    }

    /// The stored configuration, with the secrets as they were last read.
    public func snapshot() async throws -> Snapshot {
        var snapshot = try await Configurator.stored(in: store, catalogue: planner.catalogue)
        snapshot.secrets = secrets
        return snapshot
    }

    /// Reads the files of secrets again and hands what changed to the switch. A file that cannot be read
    /// is told and leaves its secret as it was.
    public func reloadSecrets() async throws -> (changed: Int, problems: [FieldProblem]) {
        try await alone {
            let current = try await self.snapshot()
            let files = SecretFiles(of: current.objects, reader: self.secretReader)
            let changed = await self.takeOver(files, for: current.objects, revision: current.revision)
            return (changed, files.problems)
        }
    }

    /// Creates or replaces the objects of all documents, or none of them.
    public func apply(
        _ documents: [DocumentNode], otherParameters: ChangePlanner.OtherParameters = .stay, mode: Mode = .apply,
        expecting expectation: Expectation = .anything, author: String
    ) async throws -> Outcome {
        try await alone {
            try await self.change(mode: mode, expecting: expectation, author: author) { current in
                switch self.planner.plan(documents, otherParameters: otherParameters, current: current) {
                case .success(let plan):
                    let files = SecretFiles(of: plan.result, reader: self.secretReader)
                    let problems = files.problems(of: plan.changes.map(\.key), in: documents)
                    if !problems.isEmpty { throw Problem.refused(problems) }
                    return (plan, files)
                case .failure(let refused): throw Problem.refused(refused.problems)
                }
            }
        }
    }

    public func delete(_ key: ObjectKey, expecting expectation: Expectation = .anything, author: String) async throws -> Outcome {
        try await alone {
            try await self.change(mode: .apply, expecting: expectation, author: author) { current in
                switch self.planner.plan(deleting: key, current: current) {
                case nil: throw Problem(.notFound, "there is no \(key.kind.rawValue) \"\(key.name)\"")
                case .failure(let refused): throw Problem.refused(refused.problems)
                case .success(let plan): return (plan, SecretFiles(of: plan.result, reader: self.secretReader))
                }
            }
        }
    }

    private func change(
        mode: Mode, expecting expectation: Expectation, author: String,
        plan: @Sendable (ObjectSet) throws -> (plan: ChangePlan, files: SecretFiles)
    ) async throws -> Outcome {
        let current = try await snapshot()
        try check(expectation, against: current)
        let (plan, files) = try plan(current.objects)
        let mutations = plan.mutations
        guard mode == .apply else { return Outcome(revision: current.revision, isApplied: false, changes: plan.changes) }
        guard !mutations.isEmpty else {
            _ = await takeOver(files, for: current.objects, revision: current.revision)
            return Outcome(revision: current.revision, isApplied: true, changes: plan.changes)
        }
        do {
            let revision = try await store.apply(mutations, expecting: current.revision, author: author, at: now())
            secrets = files.secrets(elseFrom: secrets)
            await handOver(plan.result, revision: revision)
            return Outcome(revision: revision, isApplied: true, changes: plan.changes)
        } catch let conflict as RevisionConflict {
            throw Problem(.revisionMismatch, "the configuration moved on to revision \(conflict.current); read it again and retry")
        }
    }

    /// Hands a new snapshot to the switch when a file of secrets holds another text than before; how many do.
    private func takeOver(_ files: SecretFiles, for objects: ObjectSet, revision: Int64) async -> Int {
        let new = files.secrets(elseFrom: secrets)
        let changed = new.count { secrets[$0.key] != $0.value }
        secrets = new
        if changed > 0 { await handOver(objects, revision: revision) }
        return changed
    }

    private func handOver(_ objects: ObjectSet, revision: Int64) async {
        let configuration = objects.configuration(
            revision: revision, secrets: secrets, on: SnapshotBasis(live: live, zone: zone(), previous: inForce))
        inForce = configuration
        await control.configurationChanged(configuration)
    }

    private func check(_ expectation: Expectation, against current: Snapshot) throws(Problem) {
        switch expectation {
        case .anything: return
        case .configuration(let revision):
            guard revision == current.revision else {
                throw Problem(.revisionMismatch, "the configuration is at revision \(current.revision), not \(revision)")
            }
        case .object(let key, let revision):
            let present = current.objectRevisions[key] ?? 0
            guard revision == present else {
                let state = present == 0 ? "does not exist" : "is at revision \(present)"
                throw Problem(.revisionMismatch, "\(key.kind.rawValue) \"\(key.name)\" \(state); read it again and retry")
            }
        case .existing(let key):
            guard current.objectRevisions[key] != nil else {
                throw Problem(.revisionMismatch, "\(key.kind.rawValue) \"\(key.name)\" does not exist")
            }
        }
    }

    /// Runs one change after the ones that came before it.
    private func alone<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let before = last
        let mine = Task { () -> Result<Value, any Error> in
            await before?.value
            do { return .success(try await work()) } catch { return .failure(error) }
        }
        last = Task { _ = await mine.value }
        return try await mine.value.get()
    }
}
