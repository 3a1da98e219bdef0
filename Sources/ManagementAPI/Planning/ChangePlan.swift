/// What a change would do: the difference, and the objects that would stand afterwards.
public struct ChangePlan: Hashable, Sendable {
    public var changes: [ObjectChange]
    public var result: ObjectSet

    /// What the store must write; unchanged objects are left alone.
    public var mutations: [ObjectMutation] {
        changes.compactMap { change in
            switch change.action {
            case .created, .changed: result[change.key].map { .put($0) }
            case .deleted: .delete(change.key)
            case .unchanged: nil
            }
        }
    }
}

/// The difference that a change makes to one object.
public struct ObjectChange: Hashable, Sendable {
    public enum Action: String, Hashable, Sendable, CaseIterable { case created, changed, deleted, unchanged }

    /// One field that differs; nil where the object does not exist.
    public struct Field: Hashable, Sendable {
        public var name: String
        public var before: DocumentNode?
        public var after: DocumentNode?

        public init(name: String, before: DocumentNode?, after: DocumentNode?) {
            self.name = name
            self.before = before
            self.after = after
        }
    }

    public var key: ObjectKey
    public var action: Action
    public var fields: [Field]

    public init(key: ObjectKey, before: ConfiguredObject?, after: ConfiguredObject?) {
        self.key = key
        self.fields = ObjectChange.difference(before?.body, after?.body, of: key.kind)
        switch (before, after) {
        case (nil, .some): action = .created
        case (.some, nil): action = .deleted
        default: action = fields.isEmpty ? .unchanged : .changed
        }
    }

    /// Every field that differs; of an object that is made or deleted, what is not as usual. That a secret differs is
    /// said, with the mask on both sides.
    private static func difference(_ before: DocumentNode?, _ after: DocumentNode?, of kind: ObjectKind) -> [Field] {
        let descriptions = kind.fieldDescriptions
        let secrets = descriptions.filter(\.isSecret).map(\.name)
        let isWhole = before == nil || after == nil
        return descriptions.compactMap { description in
            let name = description.name
            let (old, new) = (before?[name], after?[name])
            guard old != new, !isWhole || description.isRequired || (old ?? new) != description.usual else { return nil }
            guard secrets.contains(name) else { return Field(name: name, before: old?.summary, after: new?.summary) }
            let masked: (DocumentNode) -> DocumentNode = { $0.isNull ? $0 : .text(Secret.mask) }
            return Field(name: name, before: old.map(masked), after: new.map(masked))
        }
    }
}

extension ObjectChange {
    public var document: DocumentNode {
        [
            "kind": .text(key.kind.rawValue), "name": .text(key.name), "action": .text(action.rawValue),
            "fields": .list(fields.map { ["field": .text($0.name), "before": $0.before ?? .null, "after": $0.after ?? .null] }),
        ]
    }
}

/// A single write of an object.
public enum ObjectMutation: Hashable, Sendable {
    case put(ConfiguredObject)
    case delete(ObjectKey)

    public var key: ObjectKey {
        switch self {
        case .put(let object): object.key
        case .delete(let key): key
        }
    }
}

extension DocumentNode {
    /// The value as differences and the audit show it: of one that is very long only how long it is.
    var summary: DocumentNode {
        if let elements, elements.count > 1000 { return .text("a list of \(elements.count) elements") }
        if let text, text.utf8.count > 16_384 { return .text("a text of \(text.utf8.count) bytes") }
        return self
    }
}
