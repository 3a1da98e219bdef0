import Vocabulary

/// A parameter with its value in force, as the REST interface and `tandem param` show it.
public struct ParameterResource: Sendable {
    public var definition: ParameterDefinition
    /// What an operator set; nil for the default.
    public var configured: ParameterValue?

    public init(_ definition: ParameterDefinition, in objects: ObjectSet) {
        self.definition = definition
        if case .parameter(let parameter) = objects[ObjectKey(.parameter, definition.name)] { configured = parameter.value }
    }

    public var document: DocumentNode {
        [
            "name": .text(definition.name),
            "value": (configured ?? definition.defaultValue).document,
            "default": definition.defaultValue.document,
            "source": .text(configured == nil ? "default" : "operator"),
            "unit": .optional(definition.unit),
            "allowed": .text(definition.rangeDescription),
            "group": .text(definition.group.rawValue),
            "meaning": .text(definition.meaning),
            "effect": .text(definition.effect.rawValue),
            "aliases": .list(definition.aliases.map { .text($0) }),
            "related": .list(definition.related.map { .text($0) }),
            "presets": .list(definition.presets.map { ["value": $0.value.document, "purpose": .text($0.purpose)] }),
            "confidence": .text(definition.confidence.rawValue),
        ]
    }
}
