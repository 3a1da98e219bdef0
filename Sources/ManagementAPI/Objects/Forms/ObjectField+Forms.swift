import Vocabulary

// The forms of field that several kinds use.

/// Most names of one list.
let mostNames = 256

extension ObjectField {
    static func flag(_ name: String, _ path: WritableKeyPath<Object, Bool> & Sendable, meaning: String) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: ["type": "boolean"],
            read: { node, object, reading in
                guard let flag = node.flag else {
                    return reading.refuse(name, at: node.position, "\(node.shape) is neither true nor false", remedy: "write true or false")
                }
                object[keyPath: path] = flag
            },
            write: { .flag($0[keyPath: path]) })
    }

    /// True, false, or nothing for what the system says.
    static func optionalFlag(_ name: String, _ path: WritableKeyPath<Object, Bool?> & Sendable, meaning: String) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: ["type": ["boolean", "null"]],
            read: { node, object, reading in
                guard !node.isNull else { return }
                guard let flag = node.flag else {
                    return reading.refuse(
                        name, at: node.position, "\(node.shape) is neither true nor false", remedy: "write true or false, or leave the field out")
                }
                object[keyPath: path] = flag
            },
            write: { object in object[keyPath: path].map { .flag($0) } ?? .null })
    }

    /// One of the words of an enumeration, in any case.
    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ path: WritableKeyPath<Object, Value> & Sendable, meaning: String
    ) -> ObjectField {
        let words = Value.allCases.map(\.rawValue)
        return ObjectField(
            name, meaning: meaning, schema: ["type": "string", "enum": .list(words.map { .text($0) })],
            read: { node, object, reading in
                let text = node.text ?? ""
                guard let value = Value.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
                    return reading.refuse(
                        name, at: node.position, "\(node.printableShape) is not possible here", remedy: Suggestion.remedy(for: text, among: words))
                }
                object[keyPath: path] = value
            },
            write: { .text($0[keyPath: path].rawValue) })
    }

    /// A text of at most `bound` bytes without control characters; may be empty.
    static func note(_ name: String, _ path: WritableKeyPath<Object, String> & Sendable, bound: Int, meaning: String) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: ["type": ["string", "null"], "maxLength": .number(bound)],
            read: { node, object, reading in
                guard !node.isNull else { return }
                guard let text = node.text, text.utf8.count <= bound, !text.hasControlCharacters else {
                    return reading.refuse(
                        name, at: node.position, "\(node.printableShape) is no text of at most \(bound) bytes without control characters",
                        remedy: "write a shorter text, or leave the field out")
                }
                object[keyPath: path] = text
            },
            write: { .optional($0[keyPath: path]) })
    }

    /// Names of other objects, each once.
    static func names(
        _ name: String, of kind: ObjectKind, _ path: WritableKeyPath<Object, [String]> & Sendable, meaning: String
    ) -> ObjectField {
        ObjectField(
            name, meaning: meaning,
            schema: ["type": ["array", "null"], "maxItems": .number(mostNames), "uniqueItems": true, "items": ["type": "string"]],
            naming: (kind, { $0[keyPath: path] }),
            read: { node, object, reading in
                guard !node.isNull else { return }
                let remedy = "write a list of names of a \(kind.rawValue), such as [\"a\", \"b\"]"
                guard let elements = reading.optionalElements(of: node, field: name, atMost: mostNames, remedy: remedy) else { return }
                object[keyPath: path] = reading.distinct(elements, field: name) { element, place, reading in
                    reading.name(element, of: kind, field: place)
                }
            },
            write: { .list($0[keyPath: path].map { .text($0) }) })
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
            name, meaning: meaning, schema: ["type": ["string", "null"]], naming: (kind, { $0[keyPath: path].map { [$0] } ?? [] }),
            read: { node, object, reading in
                guard !node.isNull, let text = reading.name(node, of: kind, field: name) else { return }
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
    /// The name of another object; whether that object exists is checked across objects.
    mutating func name(_ node: DocumentNode, of kind: ObjectKind, field: String) -> String? {
        guard let text = node.text, kind.type.fault(ofName: text) == nil else {
            refuse(field, at: node.position, "\(node.shape) is no name", remedy: "write the name of a \(kind.rawValue), or leave it out")
            return nil
        }
        return text
    }
}

extension DocumentNode {
    /// A truth value as people write it.
    var flag: Bool? {
        switch text?.lowercased() {
        case "true", "on", "yes": true
        case "false", "off", "no": false
        default: nil
        }
    }

    /// `shape` without control characters, for a value that a stranger may have written.
    var printableShape: String { HostText.printable(shape) }
}
