/// Reads documents into objects and collects every rule that they break.
struct ObjectReader {
    let catalogue: ParameterCatalogue

    /// One document that named its object well enough to be read.
    struct Read {
        var object: ConfiguredObject
        var document: DocumentNode
        /// Whether it is one value of a `Parameters` document.
        var isPartOfSet = false

        /// Whether it is a value of a `Parameters` document that holds already by default. Such a value is not
        /// set: a set that was exported whole would otherwise pin every default where it is imported.
        func isInForce(catalogue: ParameterCatalogue, current: ObjectSet, _ others: ChangePlanner.OtherParameters) -> Bool {
            guard isPartOfSet, case .parameter(let parameter) = object, parameter.value == catalogue[parameter.name]?.defaultValue else {
                return false
            }
            return others == .reset || current[object.key] == nil
        }
    }

    private(set) var read: [Read] = []
    private(set) var problems: [FieldProblem] = []

    init(catalogue: ParameterCatalogue) { self.catalogue = catalogue }

    /// Reads the documents of one file; an empty one (after a last `---`) is passed over.
    mutating func read(_ documents: [DocumentNode]) {
        var first: [ObjectKey: SourcePosition] = [:]
        for document in documents where !document.isNull {
            let isSet = document["kind"]?.text == ParameterSet.kind
            for document in isSet ? ParameterSet.documents(of: document, &problems) : [document] {
                guard let object = read(document) else { continue }
                if let earlier = first[object.key] {
                    let place = earlier.isKnown ? " (first in line \(earlier.line))" : ""
                    problems.append(
                        FieldProblem(
                            at: document.position, kind: object.key.kind.rawValue, name: object.key.name,
                            rule: "the object is described twice\(place)", remedy: "keep one of the two documents"))
                } else {
                    first[object.key] = document.position
                    read.append(Read(object: object, document: document, isPartOfSet: isSet))
                }
            }
        }
    }

    /// Whether an object breaks a rule, so that what follows from it need not be said.
    func hasProblems(with key: ObjectKey) -> Bool { problems.contains { $0.kind == key.kind.rawValue && $0.name == key.name } }

    private mutating func read(_ document: DocumentNode) -> ConfiguredObject? {
        guard document.entries != nil else {
            problems.append(
                FieldProblem(
                    at: document.position, rule: "a document is a mapping, not \(document.shape)",
                    remedy: "begin it with \"kind:\" and \"name:\""))
            return nil
        }
        guard let kind = kind(of: document) else { return nil }
        guard let name = name(of: document, kind: kind) else { return nil }
        var reading = ObjectReading(kind: kind.rawValue, name: name, document: document, catalogue: catalogue)
        let object = ConfiguredObject.read(kind, &reading, name: name)
        problems += reading.problems
        return object
    }

    private mutating func kind(of document: DocumentNode) -> ObjectKind? {
        guard let node = document["kind"] else {
            problems.append(
                FieldProblem(
                    at: document.position, name: document["name"]?.text ?? "", field: "kind", rule: "the document does not say its kind",
                    remedy: "use one of: " + ObjectKind.names.joined(separator: ", ")))
            return nil
        }
        guard let text = node.text, let kind = ObjectKind(rawValue: text) else {
            problems.append(
                FieldProblem(
                    at: node.position, name: document["name"]?.text ?? "", field: "kind", rule: "there is no kind \(node.shape)",
                    remedy: Suggestion.remedy(for: node.text ?? "", among: ObjectKind.names)))
            return nil
        }
        return kind
    }

    private mutating func name(of document: DocumentNode, kind: ObjectKind) -> String? {
        guard let node = document["name"] else {
            problems.append(
                FieldProblem(
                    at: document.position, kind: kind.rawValue, field: "name", rule: "the document does not say its name",
                    remedy: "add \"name:\""))
            return nil
        }
        guard let name = node.text, kind.fault(ofName: name) == nil else {
            problems.append(
                FieldProblem(
                    at: node.position, kind: kind.rawValue, field: "name", rule: "\(node.shape) is no name",
                    remedy: kind.fault(ofName: "") ?? ""))
            return nil
        }
        guard kind == .parameter else { return name }
        guard let definition = catalogue[name] else {
            problems.append(
                FieldProblem(
                    at: node.position, kind: kind.rawValue, name: name, field: "name", rule: "there is no parameter \"\(name)\"",
                    remedy: catalogue.remedy(forUnknown: name)))
            return nil
        }
        return definition.name
    }
}
