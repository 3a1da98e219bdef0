/// The reading of one document: what it is about, and what was found wrong so far.
public struct ObjectReading: Sendable {
    public let kind: String
    public let name: String
    /// The whole document.
    public let document: DocumentNode
    public let catalogue: ParameterCatalogue
    public private(set) var problems: [FieldProblem] = []
    /// Path of the element that is being read, such as `periods[0]`; empty at the top of the document.
    private var path = ""

    init(kind: String, name: String, document: DocumentNode, catalogue: ParameterCatalogue) {
        self.kind = kind
        self.name = name
        self.document = document
        self.catalogue = catalogue
    }

    /// `field`: its name, below the element that is being read.
    public mutating func refuse(_ field: String, at position: SourcePosition, _ rule: String, remedy: String) {
        let whole = path.isEmpty ? field : field.isEmpty ? path : "\(path).\(field)"
        problems.append(FieldProblem(at: position, kind: kind, name: name, field: whole, rule: rule, remedy: remedy))
    }

    /// Fields that are refused meanwhile stand below this element.
    mutating func within(_ element: String, _ read: (inout ObjectReading) -> Void) {
        let outer = path
        path = outer.isEmpty ? element : "\(outer).\(element)"
        read(&self)
        path = outer
    }
}

// MARK: - Tables of fields

extension ObjectReading {
    /// Reads a mapping by a table of fields. `what`: how the mapping is called, "a period". `head`: keys that are
    /// read elsewhere.
    mutating func read<Object>(
        _ node: DocumentNode, by fields: [ObjectField<Object>], into object: inout Object, what: String, head: [String] = []
    ) {
        let known = head + fields.map(\.name)
        for entry in node.entries ?? [] where !known.contains(entry.key) {
            refuse(
                entry.key, at: entry.keyPosition, "\(what) has no field \"\(entry.key)\"", remedy: Suggestion.remedy(for: entry.key, among: known))
        }
        for field in fields {
            if let value = node[field.name] {
                field.read(value, &object, &self)
            } else if field.presence == .required {
                refuse(field.name, at: node.position, "the field is missing", remedy: "add \(field.name): \(field.meaning)")
            }
        }
    }
}

// MARK: - Lists

extension ObjectReading {
    /// The elements of a list field; a list of at least one and at most `bound`, or nil and a problem.
    mutating func elements(of node: DocumentNode, field: String, atMost bound: Int, remedy: String) -> [DocumentNode]? {
        guard let elements = optionalElements(of: node, field: field, atMost: bound, remedy: remedy) else { return nil }
        guard !elements.isEmpty else {
            refuse(field, at: node.position, "the list is empty", remedy: remedy)
            return nil
        }
        return elements
    }

    /// The same for a list that may be empty. That `null` is a list is for the caller to say.
    mutating func optionalElements(of node: DocumentNode, field: String, atMost bound: Int, remedy: String) -> [DocumentNode]? {
        guard let elements = node.elements else {
            refuse(field, at: node.position, "\(node.shape) is not a list", remedy: remedy)
            return nil
        }
        guard elements.count <= bound else {
            refuse(field, at: node.position, "the list has \(elements.count) elements, more than \(bound)", remedy: "split it over several objects")
            return nil
        }
        return elements
    }

    /// Reads a list of texts element by element and refuses a value that stands twice.
    mutating func distinct<Value: Hashable>(
        _ elements: [DocumentNode], field: String, read: (DocumentNode, String, inout ObjectReading) -> Value?
    ) -> [Value] {
        var values: [Value] = []
        var seen: Set<Value> = []
        for (index, element) in elements.enumerated() {
            let path = "\(field)[\(index)]"
            guard let value = read(element, path, &self) else { continue }
            if seen.insert(value).inserted {
                values.append(value)
            } else {
                refuse(path, at: element.position, "\(element.shape) stands twice in the list", remedy: "remove one of them")
            }
        }
        return values
    }
}
