/// One rule that a document breaks: where, which field, which rule, and what to do about it.
public struct FieldProblem: Hashable, Sendable {
    /// Where in the text; `.none` when the fault is not in a text.
    public var position: SourcePosition
    /// The kind of the object, as written; empty when it is not known.
    public var kind: String
    public var name: String
    /// Path of the field, such as `addresses[1]`; empty for the document itself.
    public var field: String
    public var rule: String
    public var remedy: String

    public init(
        at position: SourcePosition = .none, kind: String = "", name: String = "", field: String = "", rule: String, remedy: String
    ) {
        self.position = position
        self.kind = kind
        self.name = name
        self.field = field
        self.rule = rule
        self.remedy = remedy
    }

    public init(_ error: DocumentSyntaxError) {
        self.init(at: error.position, rule: error.rule, remedy: "correct the syntax of the document")
    }

    /// `FILE:LINE:COLUMN: kind/name: field: rule; remedy`, without the parts that are not known.
    public func line(file: String) -> String {
        var parts = [position.isKnown ? "\(file):\(position.line):\(position.column)" : file]
        if !kind.isEmpty { parts.append(name.isEmpty ? kind : "\(kind)/\(name)") }
        if !field.isEmpty { parts.append(field) }
        parts.append("\(rule); \(remedy)")
        return parts.joined(separator: ": ")
    }
}

extension FieldProblem {
    /// The problem as an element of a problem document's `errors`.
    public var document: DocumentNode {
        [
            "line": position.isKnown ? .number(position.line) : .null,
            "column": position.isKnown ? .number(position.column) : .null,
            "kind": .optional(kind), "name": .optional(name), "field": .optional(field),
            "rule": .text(rule), "remedy": .text(remedy),
        ]
    }

    /// Reads an element of a problem document's `errors`; nil when it is none.
    public init?(_ document: DocumentNode) {
        guard let rule = document["rule"]?.text else { return nil }
        let line = document["line"]?.integer
        let column = document["column"]?.integer
        self.init(
            at: line.map { SourcePosition(line: $0, column: column ?? 1) } ?? .none,
            kind: document["kind"]?.text ?? "", name: document["name"]?.text ?? "", field: document["field"]?.text ?? "",
            rule: rule, remedy: document["remedy"]?.text ?? "")
    }
}
