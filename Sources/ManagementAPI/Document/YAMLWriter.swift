extension DocumentNode {
    /// The tree as one YAML document in block style, ending with a line feed. Texts are quoted unless
    /// every YAML reader takes them for the same text without quotes.
    public func yaml() -> String {
        var text = ""
        writeYAML(into: &text, indentation: 0)
        if text.last != "\n" { text += "\n" }
        return text
    }

    /// Several documents in one stream, `---` between them.
    public static func yaml(documents: [DocumentNode]) -> String {
        documents.map { $0.yaml() }.joined(separator: "---\n")
    }

    /// A scalar or a short list on one line, as it stands in a difference or a table.
    public var inline: String {
        switch content {
        case .scalar(let scalar): scalar.yaml
        case .sequence(let elements): "[" + elements.map(\.inline).joined(separator: ", ") + "]"
        case .mapping(let entries): "{" + entries.map { "\($0.key.yamlKey): \($0.value.inline)" }.joined(separator: ", ") + "}"
        }
    }

    private var isShort: Bool {
        switch content {
        case .scalar: true
        case .sequence(let elements): elements.isEmpty || elements.allSatisfy { $0.scalar != nil } && inline.count <= 96
        case .mapping(let entries): entries.isEmpty
        }
    }

    private func writeYAML(into text: inout String, indentation: Int) {
        if isShort {
            text += inline + "\n"
            return
        }
        let margin = String(repeating: " ", count: indentation)
        switch content {
        case .scalar: break
        case .sequence(let elements):
            for (position, element) in elements.enumerated() {
                text += (position == 0 ? "" : margin) + "- "
                element.writeYAML(into: &text, indentation: indentation + 2)
            }
        case .mapping(let entries):
            for (position, entry) in entries.enumerated() {
                text += (position == 0 ? "" : margin) + entry.key.yamlKey + ":"
                if entry.value.isShort {
                    text += " " + entry.value.inline + "\n"
                } else {
                    text += "\n" + margin + "  "
                    entry.value.writeYAML(into: &text, indentation: indentation + 2)
                }
            }
        }
    }
}

extension DocumentNode.Scalar {
    fileprivate var yaml: String {
        style == .plain ? (text.isEmpty ? "null" : text) : text.isPlainInYAML ? text : text.jsonQuoted
    }
}

extension String {
    fileprivate var yamlKey: String { isPlainInYAML ? self : jsonQuoted }

    /// Whether the text may stand without quotes: it begins with a letter, holds nothing that YAML
    /// reads, and is no word that a YAML 1.1 reader takes for a truth value or null.
    fileprivate var isPlainInYAML: Bool {
        guard let first = utf8.first, first.isASCIILetter else { return false }
        guard utf8.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || $0 == 0x2D || $0 == 0x2E || $0 == 0x2F || $0 == 0x5F }) else {
            return false
        }
        return !["true", "false", "yes", "no", "on", "off", "y", "n", "null"].contains(lowercased())
    }
}

extension UInt8 {
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 <= 25 }
    var isASCIIDigit: Bool { self &- 0x30 <= 9 }
}
