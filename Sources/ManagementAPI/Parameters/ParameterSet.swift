import Vocabulary

/// All parameters as one document: `kind: Parameters`, and below `values` each name with its value. It is
/// what `tandem param export` prints; `param import` and `apply` take it.
public enum ParameterSet {
    public static let kind = "Parameters"

    /// Every parameter of the catalogue with the value in force.
    public static func document(of objects: ObjectSet, catalogue: ParameterCatalogue) -> DocumentNode {
        let values = catalogue.values(in: objects)
        return [
            "kind": .text(kind),
            "values": DocumentNode(.mapping(catalogue.definitions.map { .init($0.name, values[$0].document) })),
        ]
    }

    /// The set as one document for each of its parameters, with the places where they stand in it.
    static func documents(of document: DocumentNode, _ problems: inout [FieldProblem]) -> [DocumentNode] {
        for entry in document.entries ?? [] where entry.key != "kind" && entry.key != "values" {
            problems.append(
                FieldProblem(
                    at: entry.keyPosition, kind: kind, field: entry.key, rule: "\(kind) has no field \"\(entry.key)\"",
                    remedy: Suggestion.remedy(for: entry.key, among: ["kind", "values"])))
        }
        let values = document["values"]
        guard let entries = values?.entries else {
            problems.append(
                FieldProblem(
                    at: values?.position ?? document.position, kind: kind, field: "values", rule: "the document has no mapping \"values\"",
                    remedy: "write \"values:\" and below it one NAME: VALUE per line"))
            return []
        }
        return entries.map { entry in
            let name = DocumentNode(.scalar(.init(entry.key, style: .quoted)), at: entry.keyPosition)
            return DocumentNode(
                .mapping([.init("kind", .text(ObjectKind.parameter.rawValue)), .init("name", name), .init("value", entry.value)]),
                at: entry.keyPosition)
        }
    }
}

extension ParameterCatalogue {
    /// The values in force of all parameters, defaults filled in.
    public func values(in objects: ObjectSet) -> ParameterValues {
        var values = Dictionary(definitions.map { ($0.name, $0.defaultValue) }, uniquingKeysWith: { first, _ in first })
        for object in objects.of(.parameter) {
            if case .parameter(let parameter) = object { values[parameter.name] = parameter.value }
        }
        return ParameterValues(values)
    }
}
