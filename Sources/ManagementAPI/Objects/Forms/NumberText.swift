import Routing
import Vocabulary

/// Numbers and beginnings of numbers as operators write them.
enum NumberText {
    /// Longest number or prefix, in bytes.
    static let longest = PackedNumber.maximumLength

    /// Whether it is a whole number: digits, `*` and `#`, before them optionally `+`; at most 31 characters.
    static func isNumber(_ text: some StringProtocol) -> Bool {
        var bytes = text.utf8[...]
        if bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        return !bytes.isEmpty && text.utf8.count <= longest
            && bytes.allSatisfy { $0.isASCIIDigit || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "#") }
    }

    /// Whether it is a beginning: digits, before them optionally `+`, then any of `*` and `#`; may be empty.
    static func isPrefix(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.first == "+" { rest = rest.dropFirst() }
        rest = rest.drop { $0 == "*" || $0 == "#" }
        return text.utf8.count <= longest && rest.utf8.allSatisfy(\.isASCIIDigit)
    }

    static let prefixPattern = "^[+]?[*#]*[0-9]*$"

    /// Reads a beginning of a number, or adds the problem that it has.
    static func prefix(_ node: DocumentNode, field: String, remedy: String, _ reading: inout ObjectReading) -> String? {
        guard let text = node.text, isPrefix(text) else {
            reading.refuse(
                field, at: node.position, "\(node.printableShape) is no prefix: at most \(longest) digits, before them \"+\", \"*\" or \"#\"",
                remedy: remedy)
            return nil
        }
        return text
    }
}
