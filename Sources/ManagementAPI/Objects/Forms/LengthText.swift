import Routing

/// Lengths of numbers as an operator writes them: a list of lengths and of ranges, `[10, 11]` or `["7-9", 11]`.
enum LengthText {
    static let range = 1...31
    private static let remedy = "write a list such as [10, 11] or [\"7-9\", 11], or leave the field out to allow any length"

    static func read(_ node: DocumentNode, field: String, _ reading: inout ObjectReading) -> LengthFilter? {
        let elements = node.scalar == nil ? reading.optionalElements(of: node, field: field, atMost: 31, remedy: remedy) : [node]
        guard let elements else { return nil }
        var filter = LengthFilter()
        for (index, element) in elements.enumerated() {
            let place = node.scalar == nil ? "\(field)[\(index)]" : field
            guard let lengths = lengths(element) else {
                reading.refuse(
                    place, at: element.position,
                    "\(element.printableShape) is neither a length from \(range.lowerBound) to \(range.upperBound) nor a range of them",
                    remedy: remedy)
                continue
            }
            for length in lengths { filter.mask |= 1 << UInt32(length) }
        }
        return filter
    }

    private static func lengths(_ node: DocumentNode) -> ClosedRange<Int>? {
        guard let text = node.text else { return nil }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int(String($0).trimmed) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], range.contains(first), range.contains(last),
            first <= last
        else { return nil }
        return first...last
    }

    /// Three or more lengths in a row as a range.
    static func document(_ filter: LengthFilter) -> DocumentNode {
        var elements: [DocumentNode] = []
        var length = 0
        while length < 32 {
            guard filter.mask >> UInt32(length) & 1 == 1 else {
                length += 1
                continue
            }
            let first = length
            while length < 32, filter.mask >> UInt32(length) & 1 == 1 { length += 1 }
            if length - first >= 3 {
                elements.append(.text("\(first)-\(length - 1)"))
            } else {
                elements += (first..<length).map { .number($0) }
            }
        }
        return .list(elements)
    }
}

extension ObjectField {
    static func lengths(_ name: String, _ path: WritableKeyPath<Object, LengthFilter> & Sendable, meaning: String) -> ObjectField {
        let item: DocumentNode = [
            "oneOf": [
                ["type": "integer", "minimum": .number(LengthText.range.lowerBound), "maximum": .number(LengthText.range.upperBound)],
                ["type": "string", "pattern": "^[0-9]+-[0-9]+$"],
            ]
        ]
        return ObjectField(
            name, meaning: meaning, schema: ["type": ["array", "null"], "maxItems": 31, "items": item],
            read: { node, object, reading in
                guard !node.isNull, let filter = LengthText.read(node, field: name, &reading) else { return }
                object[keyPath: path] = filter
            },
            write: { LengthText.document($0[keyPath: path]) })
    }
}
