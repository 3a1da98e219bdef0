import Routing

/// Final SIP status codes as operators write them.
enum StatusCodeText {
    /// What a vendor may refuse a call with.
    static let failures = 300...699
    /// What a caller may be given for it.
    static let answers = 400...699
}

extension ObjectField {
    /// Final status codes, each once.
    static func statusCodes(_ name: String, _ path: WritableKeyPath<Object, [Int]> & Sendable, meaning: String) -> ObjectField {
        let range = StatusCodeText.failures
        return ObjectField(
            name, meaning: meaning,
            schema: [
                "type": ["array", "null"], "maxItems": 64, "uniqueItems": true,
                "items": ["type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)],
            ],
            read: { node, object, reading in
                guard !node.isNull else { return }
                let remedy = "write a list of status codes, such as [404, 484]"
                guard let elements = reading.optionalElements(of: node, field: name, atMost: 64, remedy: remedy) else { return }
                object[keyPath: path] = reading.distinct(elements, field: name) { element, place, reading in
                    guard let code = element.integer, range.contains(code) else {
                        reading.refuse(
                            place, at: element.position,
                            "\(element.printableShape) is no final status from \(range.lowerBound) to \(range.upperBound)", remedy: remedy)
                        return nil
                    }
                    return code
                }
            },
            write: { .list($0[keyPath: path].map { .number($0) }) })
    }
}

/// Failure codes that are replaced, as `original:target`; original 0 stands for every other, target 0 keeps the code.
enum FailureCodeText {
    private static let remedy = "write a list such as [\"503:486\", \"0:480\"]"

    static func read(_ node: DocumentNode, field: String, _ reading: inout ObjectReading) -> [Int: Int]? {
        guard let elements = reading.optionalElements(of: node, field: field, atMost: 400, remedy: remedy) else { return nil }
        var replacements: [Int: Int] = [:]
        for (index, element) in elements.enumerated() {
            let place = "\(field)[\(index)]"
            let parts = (element.text ?? "").split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count == 2, let original = parts[0], let target = parts[1],
                original == 0 || StatusCodeText.failures.contains(original), target == 0 || StatusCodeText.answers.contains(target)
            else {
                reading.refuse(
                    place, at: element.position,
                    "\(element.printableShape) is no replacement: a final status from 300 to 699, or 0 for all others, \":\", "
                        + "and one from 400 to 699, or 0",
                    remedy: remedy)
                continue
            }
            if replacements.updateValue(target, forKey: original) != nil {
                reading.refuse(place, at: element.position, "\(original) is replaced twice", remedy: "keep one of the two")
            }
        }
        return replacements
    }

    /// All others come last.
    static func document(_ replacements: [Int: Int]) -> DocumentNode {
        let order: (Int) -> Int = { $0 == 0 ? .max : $0 }
        return .list(replacements.sorted { order($0.key) < order($1.key) }.map { .text("\($0.key):\($0.value)") })
    }
}
