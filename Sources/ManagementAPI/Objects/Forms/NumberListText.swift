import Vocabulary

/// The numbers of a number group, up to a million of them: read and written in time that grows with their count only.
enum NumberListText {
    static let most = 1_000_000
    /// Longer lists are written as one text: a document of so many elements would be slow to read again.
    static let longestList = 1000
    /// After so many faults no more are told.
    private static let mostFaults = 20
    private static let remedy = "write digits, \"*\" and \"#\", before them optionally \"+\", such as 14155550100"

    /// In the order in which they stand, each once.
    static func read(_ node: DocumentNode, field: String, _ reading: inout ObjectReading) -> [String] {
        var collector = Collector(field: field)
        if let elements = node.elements {
            for (index, element) in elements.enumerated() where !collector.isFull {
                collector.take(element.text ?? "", shown: element.printableShape, at: element.position, path: { "\(field)[\(index)]" }, &reading)
            }
        } else if let text = node.text {
            for part in text.utf8.split(whereSeparator: \.separatesNumbers) where !collector.isFull {
                let number = String(Substring(part))
                collector.take(number, shown: "\"\(HostText.printable(number))\"", at: node.position, path: { field }, &reading)
            }
        } else {
            reading.refuse(field, at: node.position, "\(node.printableShape) is neither a list nor a text", remedy: "write a list of numbers")
        }
        return collector.numbers
    }

    private struct Collector {
        let field: String
        private(set) var numbers: [String] = []
        private var seen: Set<String> = []
        private var faults = 0
        private(set) var isFull = false

        init(field: String) { self.field = field }

        mutating func take(
            _ number: String, shown: @autoclosure () -> String, at position: SourcePosition, path: () -> String, _ reading: inout ObjectReading
        ) {
            guard NumberText.isNumber(number) else {
                reading.refuse(path(), at: position, "\(shown()) is no number of at most \(NumberText.longest) characters", remedy: remedy)
                faults += 1
                isFull = faults == mostFaults
                return
            }
            guard seen.insert(number).inserted else { return }
            guard numbers.count < most else {
                reading.refuse(path(), at: position, "the group has more than \(most) numbers", remedy: "split it over several groups")
                isFull = true
                return
            }
            numbers.append(number)
        }
    }

    static func document(_ numbers: [String]) -> DocumentNode {
        numbers.count <= longestList ? .list(numbers.map { .text($0) }) : .text(numbers.joined(separator: " "))
    }
}

extension UInt8 {
    /// White space, a comma or a semicolon.
    fileprivate var separatesNumbers: Bool { self <= 0x20 || self == UInt8(ascii: ",") || self == UInt8(ascii: ";") }
}
