import Routing

/// A filter as an operator writes it: `{allow: [...]}`, `{deny: [...]}`, or a list alone, which allows.
enum FilterText {
    /// The mode and the elements, with the path of the list; nil and a problem where it is no filter.
    static func read(
        _ node: DocumentNode, field: String, atMost bound: Int, example: String, _ reading: inout ObjectReading
    ) -> (mode: FilterMode, elements: [DocumentNode], path: String)? {
        let remedy = "write {allow: [\(example)]} or {deny: [\(example)]}"
        if node.elements != nil {
            return reading.optionalElements(of: node, field: field, atMost: bound, remedy: remedy).map { (.allow, $0, field) }
        }
        guard let entries = node.entries, let entry = entries.first else {
            reading.refuse(field, at: node.position, "\(node.printableShape) is no filter", remedy: remedy)
            return nil
        }
        guard entries.count == 1, let mode = FilterMode(rawValue: entry.key.lowercased()) else {
            let rule = entries.count == 1 ? "a filter has no \"\(HostText.printable(entry.key))\"" : "a filter either allows or denies"
            reading.refuse(field, at: entry.keyPosition, rule, remedy: remedy)
            return nil
        }
        let path = "\(field).\(mode.rawValue)"
        return reading.optionalElements(of: entry.value, field: path, atMost: bound, remedy: remedy).map { (mode, $0, path) }
    }

    static func document(_ mode: FilterMode, _ values: [String]) -> DocumentNode {
        DocumentNode(.mapping([.init(mode.rawValue, .list(values.map { .text($0) }))]))
    }

    static func schema(atMost bound: Int, items: DocumentNode) -> DocumentNode {
        let list: DocumentNode = ["type": "array", "maxItems": .number(bound), "uniqueItems": true, "items": items]
        return [
            "oneOf": [
                ["type": "null"], list, ["type": "object", "required": ["allow"], "properties": ["allow": list]],
                ["type": "object", "required": ["deny"], "properties": ["deny": list]],
            ]
        ]
    }
}

extension ObjectField {
    /// Names of other objects that are allowed, or denied.
    static func nameFilter(
        _ name: String, of kind: ObjectKind, _ path: WritableKeyPath<Object, NameFilter> & Sendable, meaning: String
    ) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: FilterText.schema(atMost: mostNames, items: ["type": "string"]),
            naming: (kind, { $0[keyPath: path].names }),
            read: { node, object, reading in
                guard !node.isNull else { return }
                let found = FilterText.read(node, field: name, atMost: mostNames, example: "\"a\", \"b\"", &reading)
                guard let (mode, elements, place) = found else { return }
                object[keyPath: path] = NameFilter(
                    mode,
                    reading.distinct(elements, field: place) { element, place, reading in reading.name(element, of: kind, field: place) })
            },
            write: { $0[keyPath: path].isEmpty ? .null : FilterText.document($0[keyPath: path].mode, $0[keyPath: path].names) })
    }

    /// Beginnings of numbers that are allowed, or denied.
    static func prefixFilter(
        _ name: String, _ path: WritableKeyPath<Object, PrefixFilter> & Sendable, meaning: String
    ) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: PrefixFilter.schema,
            read: { node, object, reading in
                guard !node.isNull, let filter = PrefixFilter.read(node, field: name, &reading) else { return }
                object[keyPath: path] = filter
            },
            write: { $0[keyPath: path].isEmpty ? .null : $0[keyPath: path].document })
    }

    /// The same where nothing means that another filter holds.
    static func optionalPrefixFilter(
        _ name: String, _ path: WritableKeyPath<Object, PrefixFilter?> & Sendable, meaning: String
    ) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: PrefixFilter.schema,
            read: { node, object, reading in
                guard !node.isNull else { return }
                object[keyPath: path] = PrefixFilter.read(node, field: name, &reading)
            },
            write: { $0[keyPath: path]?.document ?? .null })
    }
}

extension PrefixFilter {
    private static let most = 10_000

    fileprivate static var schema: DocumentNode {
        FilterText.schema(
            atMost: most,
            items: ["type": "string", "pattern": .text(NumberText.prefixPattern), "minLength": 1, "maxLength": .number(NumberText.longest)])
    }

    fileprivate static func read(_ node: DocumentNode, field: String, _ reading: inout ObjectReading) -> PrefixFilter? {
        let example = "\"44\", \"+1415\""
        guard let (mode, elements, place) = FilterText.read(node, field: field, atMost: most, example: example, &reading) else { return nil }
        return PrefixFilter(
            mode,
            reading.distinct(elements, field: place) { element, place, reading in
                let remedy = "write prefixes such as \(example)"
                guard let prefix = NumberText.prefix(element, field: place, remedy: remedy, &reading) else { return nil }
                guard !prefix.isEmpty else {
                    reading.refuse(
                        place, at: element.position, "the prefix is empty, so it stands for every number", remedy: "take it out of the filter")
                    return nil
                }
                return prefix
            })
    }

    fileprivate var document: DocumentNode { FilterText.document(mode, prefixes) }
}
