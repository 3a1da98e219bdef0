import Vocabulary

// The forms of field that several kinds use.

extension ObjectField {
    static func flag(_ name: String, _ path: WritableKeyPath<Object, Bool> & Sendable, meaning: String) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: ["type": "boolean"],
            read: { node, object, reading in
                switch node.text?.lowercased() {
                case "true", "on", "yes": object[keyPath: path] = true
                case "false", "off", "no": object[keyPath: path] = false
                default: reading.refuse(name, at: node.position, "\(node.shape) is neither true nor false", remedy: "write true or false")
                }
            },
            write: { .flag($0[keyPath: path]) })
    }

    static func integer(
        _ name: String, _ path: WritableKeyPath<Object, Int> & Sendable, range: ClosedRange<Int>, meaning: String
    ) -> ObjectField {
        ObjectField(
            name, meaning: meaning,
            schema: ["type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)],
            read: { node, object, reading in
                guard let value = node.integer, range.contains(value) else {
                    return reading.refuse(
                        name, at: node.position, "\(node.shape) is not a whole number from \(range.lowerBound) to \(range.upperBound)",
                        remedy: "write a number within the range")
                }
                object[keyPath: path] = value
            },
            write: { .number($0[keyPath: path]) })
    }

    /// Name of another object, which may be absent; whether that object exists is checked across objects.
    static func optionalName(
        _ name: String, of kind: ObjectKind, _ path: WritableKeyPath<Object, String?> & Sendable, meaning: String
    ) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: ["type": ["string", "null"]],
            read: { node, object, reading in
                guard !node.isNull else { return }
                guard let text = node.text, ObjectKey.fault(ofName: text) == nil else {
                    return reading.refuse(
                        name, at: node.position, "\(node.shape) is no name", remedy: "write the name of a \(kind.rawValue), or leave it out")
                }
                object[keyPath: path] = text
            },
            write: { .optional($0[keyPath: path] ?? "") })
    }

    /// A number that may be absent, which `null` says too.
    static func optionalInteger(
        _ name: String, _ path: WritableKeyPath<Object, Int?> & Sendable, range: ClosedRange<Int>, meaning: String
    ) -> ObjectField {
        ObjectField(
            name, meaning: meaning,
            schema: ["type": ["integer", "null"], "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)],
            read: { node, object, reading in
                guard !node.isNull else { return }
                guard let value = node.integer, range.contains(value) else {
                    return reading.refuse(
                        name, at: node.position, "\(node.shape) is not a whole number from \(range.lowerBound) to \(range.upperBound)",
                        remedy: "write a number within the range, or leave the field out")
                }
                object[keyPath: path] = value
            },
            write: { object in object[keyPath: path].map { .number($0) } ?? .null })
    }
}

extension ObjectReading {
    /// The elements of a list field; a list of at least one and at most `bound`, or nil and a problem.
    mutating func elements(of node: DocumentNode, field: String, atMost bound: Int, remedy: String) -> [DocumentNode]? {
        guard let elements = node.elements else {
            refuse(field, at: node.position, "\(node.shape) is not a list", remedy: remedy)
            return nil
        }
        guard !elements.isEmpty else {
            refuse(field, at: node.position, "the list is empty", remedy: remedy)
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
