/// Works out what documents would change, all or nothing: either every rule holds and there is a
/// plan, or there are only problems.
///
/// A document states the whole object: a field that is left out has its default. Objects that no
/// document names stay as they are.
public struct ChangePlanner: Sendable {
    public let catalogue: ParameterCatalogue

    public init(catalogue: ParameterCatalogue) { self.catalogue = catalogue }

    public func plan(_ documents: [DocumentNode], current: ObjectSet) -> Result<ChangePlan, RefusedChange> {
        var reader = ObjectReader(catalogue: catalogue)
        reader.read(documents)
        var result = current
        for read in reader.read { result.insert(read.object) }
        let described = Dictionary(reader.read.map { ($0.object.key, $0.document) }, uniquingKeysWith: { first, _ in first })
        let problems = reader.problems + CrossChecks(documents: described).problems(of: result)
        guard problems.isEmpty else { return .failure(RefusedChange(problems)) }
        let changes = reader.read.map { ObjectChange(key: $0.object.key, before: current[$0.object.key], after: $0.object) }
        return .success(ChangePlan(changes: changes, result: result))
    }

    /// The plan that deletes one object; nil when it does not exist.
    public func plan(deleting key: ObjectKey, current: ObjectSet) -> ChangePlan? {
        guard let object = current[key] else { return nil }
        var result = current
        result.remove(key)
        return ChangePlan(changes: [ObjectChange(key: key, before: object, after: nil)], result: result)
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
                if reader.problems.isEmpty { reader.read.forEach { set.insert($0.object) } }
                problems += reader.problems.map { problem in
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
