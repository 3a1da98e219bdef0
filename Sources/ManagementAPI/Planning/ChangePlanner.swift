/// Works out what documents would change, all or nothing: either every rule holds and there is a
/// plan, or there are only problems.
///
/// A document states the whole object: a field that is left out has its default, and a secret that is
/// left out stays. Objects that no document names stay as they are.
public struct ChangePlanner: Sendable {
    public let catalogue: ParameterCatalogue
    /// Where the switch itself is reached; nothing may send calls there.
    public var ownAddresses: OwnAddresses

    public init(catalogue: ParameterCatalogue, ownAddresses: OwnAddresses = OwnAddresses()) {
        self.catalogue = catalogue
        self.ownAddresses = ownAddresses
    }

    /// What becomes of parameters that are set and that no document names.
    public enum OtherParameters: Sendable {
        case stay
        /// They get their defaults again, and so does a parameter whose default stands in a `Parameters` document.
        case reset
    }

    public func plan(
        _ documents: [DocumentNode], otherParameters: OtherParameters = .stay, current: ObjectSet
    ) -> Result<ChangePlan, RefusedChange> {
        var reader = ObjectReader(catalogue: catalogue)
        reader.read(documents)
        var problems = reader.problems
        var result = current
        var keys: [ObjectKey] = []
        for read in reader.read {
            let object = read.object.keepingSecrets(of: current[read.object.key])
            if let problem = object.missingSecret(in: read.document), !reader.hasProblems(with: object.key) { problems.append(problem) }
            if read.isInForce(catalogue: catalogue, current: current, otherParameters) { continue }
            keys.append(object.key)
            result.insert(object)
        }
        if otherParameters == .reset {
            let gone = current.of(.parameter).map(\.key).filter { !keys.contains($0) }
            gone.forEach { result.remove($0) }
            keys += gone
        }
        let described = Dictionary(reader.read.map { ($0.object.key, $0.document) }, uniquingKeysWith: { first, _ in first })
        problems += CrossChecks(documents: described, ownAddresses: ownAddresses).problems(of: result)
        guard problems.isEmpty else { return .failure(RefusedChange(problems)) }
        let changes = keys.map { ObjectChange(key: $0, before: current[$0], after: result[$0]) }
        return .success(ChangePlan(changes: changes, result: result))
    }

    /// The plan that deletes one object; nil when it does not exist. An object that others name stays.
    public func plan(deleting key: ObjectKey, current: ObjectSet) -> Result<ChangePlan, RefusedChange>? {
        guard let object = current[key] else { return nil }
        let users = current.users(of: key)
        guard users.isEmpty else {
            return .failure(
                RefusedChange(
                    users.map { user in
                        FieldProblem(
                            kind: key.kind.rawValue, name: key.name, rule: "\(user.kind.rawValue) \"\(user.name)\" names it",
                            remedy: "take it out of that \(user.kind.rawValue), or delete the \(user.kind.rawValue), first")
                    }))
        }
        var result = current
        result.remove(key)
        return .success(ChangePlan(changes: [ObjectChange(key: key, before: object, after: nil)], result: result))
    }

    /// Reads objects back from the store. What an older or newer version stored and this one cannot
    /// read is left out and named in the problems.
    public func objects(stored: [StoredObject]) -> (objects: ObjectSet, problems: [FieldProblem]) {
        var set = ObjectSet()
        var problems: [FieldProblem] = []
        for object in stored {
            switch document(of: object) {
            case .failure(let error):
                problems.append(
                    FieldProblem(
                        kind: object.kind, name: object.name, rule: "the stored object is not JSON: \(error.rule)",
                        remedy: "apply the object again"))
            case .success(let document):
                var reader = ObjectReader(catalogue: catalogue)
                reader.read([document])
                let missing = reader.read.compactMap { $0.object.missingSecret(in: $0.document) }
                if reader.problems.isEmpty, missing.isEmpty { reader.read.forEach { set.insert($0.object) } }
                problems += (reader.problems + missing).map { problem in
                    var problem = problem
                    problem.position = .none
                    return problem
                }
            }
        }
        return (set, problems)
    }

    private func document(of object: StoredObject) -> Result<DocumentNode, DocumentSyntaxError> {
        do {
            let body = try DocumentNode(json: object.body)
            let head: [DocumentNode.Entry] = [.init("kind", .text(object.kind)), .init("name", .text(object.name))]
            return .success(DocumentNode(.mapping(head + (body.entries ?? []))))
        } catch {
            return .failure(error)
        }
    }
}

/// Every rule that the documents break, in the order of the text where it is known.
public struct RefusedChange: Error, Hashable, Sendable {
    public var problems: [FieldProblem]

    public init(_ problems: [FieldProblem]) {
        self.problems = problems.enumerated()
            .sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }.map(\.element)
    }
}
