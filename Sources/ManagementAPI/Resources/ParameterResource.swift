import Vocabulary

/// A parameter with everything known about it, as the REST interface and `tandem param` show it.
public struct ParameterResource: Sendable {
    public var definition: ParameterDefinition
    /// What an operator set; nil for the default.
    public var configured: ParameterValue?
    /// Who set it, and when; nil for the default, or when the audit does not say.
    public var lastChange: AuditEntry?
    /// The values of all parameters, defaults filled in.
    private let values: ParameterValues

    public init(_ definition: ParameterDefinition, in objects: ObjectSet, catalogue: ParameterCatalogue, lastChange: AuditEntry? = nil) {
        self.definition = definition
        if case .parameter(let parameter) = objects[ObjectKey(.parameter, definition.name)] { configured = parameter.value }
        self.lastChange = configured == nil ? nil : lastChange
        values = catalogue.values(in: objects)
    }

    public var document: DocumentNode {
        [
            "name": .text(definition.name),
            "value": (configured ?? definition.defaultValue).document,
            "default": definition.defaultValue.document,
            "effective": effective,
            "source": .text(configured == nil ? "default" : "set"),
            "setBy": .optional(lastChange?.author ?? ""),
            "setAt": lastChange?.at.document ?? .null,
            "revision": lastChange.map { .number($0.revision) } ?? .null,
            "unit": .optional(definition.unit),
            "allowed": .text(definition.rangeDescription),
            "group": .text(definition.group.rawValue),
            "meaning": .text(definition.meaning),
            "effect": .text(definition.effect.rawValue),
            "aliases": .list(definition.aliases.map { .text($0) }),
            "related": .list(
                definition.related.map { name in ["name": .text(name), "value": values.values[name]?.document ?? .null] }),
            "presets": .list(definition.presets.map { ["value": $0.value.document, "purpose": .text($0.purpose)] }),
            "confidence": .text(definition.confidence.rawValue),
        ]
    }

    /// What the value amounts to after related settings, and why; the value itself where nothing else plays a part.
    private var effective: DocumentNode {
        if let effective = definition.effectiveValue?(values) {
            return ["value": .text(effective.text), "reason": .text(effective.reason)]
        }
        let value = configured ?? definition.defaultValue
        let unit = definition.unit.isEmpty || value == .none ? "" : " \(definition.unit)"
        return ["value": .text(value.text + unit), "reason": "No other setting changes it."]
    }
}

/// One change of one parameter, out of the audit.
public struct ParameterChange: Sendable {
    private let entry: AuditEntry

    public init(_ entry: AuditEntry) { self.entry = entry }

    /// `before` and `after` are null where the default held.
    public var document: DocumentNode {
        let fields = entry.document
        return [
            "id": .number(entry.id), "at": entry.at.document, "author": .text(entry.author), "revision": .number(entry.revision),
            "before": fields["before"]?["value"] ?? .null, "after": fields["after"]?["value"] ?? .null,
        ]
    }
}
