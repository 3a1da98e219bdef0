/// Rules between objects, checked on the set that a change would leave behind.
struct CrossChecks {
    /// The documents that a file holds, to say where a rule is broken.
    var documents: [ObjectKey: DocumentNode]
    /// Where the switch itself is reached.
    var ownAddresses = OwnAddresses()

    func problems(of set: ObjectSet) -> [FieldProblem] {
        missingObjects(set) + sharedSourceAddresses(set) + sharedContacts(set) + sharedUpstreamAccounts(set) + sharedAccountNames(set)
            + ownAddresses(set)
    }

    /// Objects that are named exist.
    private func missingObjects(_ set: ObjectSet) -> [FieldProblem] {
        set.sorted.flatMap { object in
            object.references.filter { set[$0.target] == nil }.map { reference in
                let (kind, name) = (reference.target.kind.rawValue, reference.target.name)
                let known = set.of(reference.target.kind).map(\.key.name)
                return FieldProblem(
                    at: position(of: name, in: reference.field, of: object.key), kind: object.key.kind.rawValue, name: object.key.name,
                    field: reference.field, rule: "there is no \(kind) \"\(name)\"",
                    remedy: Suggestion.nearest(to: name, among: known).map { "did you mean \"\($0)\"?" }
                        ?? "add a document of kind \(kind) with that name")
            }
        }
    }

    /// Where a text stands below a field of an object's document; the field itself, or nowhere, when it does not.
    func position(of text: String, in field: String, of key: ObjectKey) -> SourcePosition {
        guard let node = documents[key]?[field] else { return .none }
        return node.first(saying: text)?.position ?? node.position
    }
}

extension DocumentNode {
    /// The first scalar in or below the node with this text.
    fileprivate func first(saying wanted: String) -> DocumentNode? {
        switch content {
        case .scalar: text == wanted ? self : nil
        case .sequence(let elements): elements.lazy.compactMap { $0.first(saying: wanted) }.first
        case .mapping(let entries): entries.lazy.compactMap { $0.value.first(saying: wanted) }.first
        }
    }
}
