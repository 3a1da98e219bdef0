extension DocumentNode {
    /// The tree as JSON (RFC 8259): on one line, or with two spaces a level. A plain scalar that is a
    /// JSON number, `true`, `false` or `null` is written as such, every other one as a string.
    public func json(pretty: Bool = false) -> String {
        var text = ""
        writeJSON(into: &text, indentation: pretty ? 0 : nil)
        return text
    }

    private func writeJSON(into text: inout String, indentation: Int?) {
        switch content {
        case .scalar(let scalar):
            text += scalar.json
        case .sequence(let elements):
            DocumentNode.writeBlock(into: &text, brackets: ("[", "]"), elements, indentation) { text, element, inner in
                element.writeJSON(into: &text, indentation: inner)
            }
        case .mapping(let entries):
            DocumentNode.writeBlock(into: &text, brackets: ("{", "}"), entries, indentation) { text, entry, inner in
                text += entry.key.jsonQuoted
                text += inner == nil ? ":" : ": "
                entry.value.writeJSON(into: &text, indentation: inner)
            }
        }
    }

    private static func writeBlock<Item>(
        into text: inout String, brackets: (String, String), _ items: [Item], _ indentation: Int?,
        write: (inout String, Item, Int?) -> Void
    ) {
        text += brackets.0
        for (position, item) in items.enumerated() {
            if position > 0 { text += "," }
            if let indentation { text += "\n" + String(repeating: " ", count: indentation + 2) }
            write(&text, item, indentation.map { $0 + 2 })
        }
        if let indentation, !items.isEmpty { text += "\n" + String(repeating: " ", count: indentation) }
        text += brackets.1
    }
}

extension DocumentNode.Scalar {
    /// The scalar as JSON writes it.
    fileprivate var json: String {
        guard style == .plain else { return text.jsonQuoted }
        if isNull { return "null" }
        return text == "true" || text == "false" || text.isJSONNumber ? text : text.jsonQuoted
    }
}

extension String {
    /// The text in double quotes with JSON's escapes.
    public var jsonQuoted: String {
        var quoted = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0}"..<"\u{20}", "\u{7F}":
                let code = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - code.count) + code
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
