import Vocabulary

// How the values of parameters are read from and printed for people, by the form of the definition.

extension ParameterDefinition {
    /// Reads a value as written in a file, a request or on the command line.
    public func value(from node: DocumentNode) -> Result<ParameterValue, ParameterRefusal> {
        guard let value = parse(node) else {
            return .failure(
                ParameterRefusal(
                    rule: "\(name) must be \(rangeDescription), not \(node.shape)",
                    remedy: "set such a value; the default is \(defaultValue.text)"))
        }
        return .success(value)
    }

    public func value(from text: String) -> Result<ParameterValue, ParameterRefusal> { value(from: .text(text)) }

    /// What is allowed, in words: "a whole number from 1 to 3600 (s)".
    public var rangeDescription: String {
        let unitNote = unit.isEmpty ? "" : " (\(unit))"
        switch form {
        case .flag: return "On or Off"
        case .integer(let range, let noneAllowed):
            return "a whole number from \(range.lowerBound) to \(range.upperBound)\(unitNote)" + (noneAllowed ? " or None" : "")
        case .integerOrOption(let range, let word):
            return "a whole number from \(range.lowerBound) to \(range.upperBound)\(unitNote) or \(word)"
        case .option(let options): return "one of " + options.joined(separator: ", ")
        case .intervals(let each, let count):
            return "\(count.lowerBound) to \(count.upperBound) waiting times with commas between them, each "
                + "\(each.lowerBound.short) to \(each.upperBound.short) s, none shorter than the one before"
        case .text(let maximumLength): return "a text of at most \(maximumLength) bytes"
        }
    }

    private func parse(_ node: DocumentNode) -> ParameterValue? {
        switch form {
        case .flag:
            return node.text.flatMap(ParameterDefinition.flag).map { .flag($0) }
        case .integer(let range, let noneAllowed):
            guard let text = node.text?.trimmed else { return nil }
            if noneAllowed, text.lowercased() == "none" { return ParameterValue.none }
            guard let number = Int(text), range.contains(number) else { return nil }
            return .integer(number)
        case .integerOrOption(let range, let word):
            guard let text = node.text?.trimmed else { return nil }
            if text.lowercased() == word.lowercased() { return .option(word) }
            guard let number = Int(text), range.contains(number) else { return nil }
            return .integer(number)
        case .option(let options):
            guard let text = node.text?.trimmed.lowercased() else { return nil }
            return options.first { $0.lowercased() == text }.map { .option($0) }
        case .intervals(let each, let count):
            return ParameterDefinition.intervals(node, each: each, count: count).map { .intervals($0) }
        case .text(let maximumLength):
            let text = node.scalar?.text
            return text.flatMap { $0.utf8.count <= maximumLength ? .text($0) : nil }
        }
    }

    private static func flag(_ text: String) -> Bool? {
        switch text.trimmed.lowercased() {
        case "on", "true", "yes", "1": true
        case "off", "false", "no", "0": false
        default: nil
        }
    }

    private static func intervals(_ node: DocumentNode, each: ClosedRange<Double>, count: ClosedRange<Int>) -> [Interval]? {
        let parts: [String?]
        if let elements = node.elements {
            parts = elements.map(\.text)
        } else if let text = node.text {
            parts = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        } else {
            return nil
        }
        var intervals: [Interval] = []
        for part in parts {
            guard let seconds = part.flatMap({ Double($0.trimmed) }), each.contains(seconds) else { return nil }
            let interval = Interval.milliseconds(Int64((seconds * 1000).rounded()))
            if let last = intervals.last, interval < last { return nil }
            intervals.append(interval)
        }
        return count.contains(intervals.count) ? intervals : nil
    }
}

extension ParameterValue {
    /// The value as people write it: `On`, `10`, `0.5,1,2`, `None`.
    public var text: String {
        switch self {
        case .flag(let on): on ? "On" : "Off"
        case .integer(let number): "\(number)"
        case .option(let text), .text(let text): text
        case .intervals(let intervals): intervals.map(\.secondsText).joined(separator: ",")
        case .none: "None"
        }
    }

    /// The value in a document: integers as numbers, everything else as text.
    public var document: DocumentNode {
        if case .integer(let number) = self { .number(number) } else { .text(text) }
    }
}

extension Interval {
    /// Seconds with at most three decimals and no trailing zeros: "0.5", "4".
    public var secondsText: String {
        let milliseconds = inMilliseconds
        guard milliseconds % 1000 != 0 else { return "\(milliseconds / 1000)" }
        var decimals = String(String(milliseconds % 1000 + 1000).dropFirst())
        while decimals.last == "0" { decimals.removeLast() }
        return "\(milliseconds / 1000).\(decimals)"
    }
}

extension Double {
    /// Without ".0" when it is whole.
    fileprivate var short: String { self == rounded() && magnitude < 1e15 ? "\(Int64(self))" : "\(self)" }
}

extension String {
    /// Without spaces and tabs at both ends.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}
