import Vocabulary

/// A parameter that an operator has set; one that is not set has its definition's default.
public struct ParameterObject: ManagedObject {
    public static var kind: ObjectKind { .parameter }

    /// The public name, never an alias.
    public var name: String
    public var value: ParameterValue

    public init(name: String, value: ParameterValue) {
        self.name = name
        self.value = value
    }

    public init(blank name: String) { self.init(name: name, value: .none) }

    public static let fields: [ObjectField<ParameterObject>] = [
        ObjectField(
            "value", .required, meaning: "the value, in the parameter's own form",
            schema: ["oneOf": [["type": "string"], ["type": "number"], ["type": "boolean"], ["type": "array"]]],
            read: { node, parameter, reading in
                guard let definition = reading.catalogue[parameter.name] else { return }
                switch definition.value(from: node) {
                case .success(let value): parameter.value = value
                case .failure(let refusal): reading.refuse("value", at: node.position, refusal.rule, remedy: refusal.remedy)
                }
            },
            write: { $0.value.document })
    ]
}
