import Foundation

/// The few things that the tests read out of a Markdown document.
struct Markdown {
    let lines: [Substring]

    init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// Rows of all tables, as trimmed cells, without heads' rules.
    var rows: [[String]] {
        lines.filter { $0.hasPrefix("|") && !$0.hasPrefix("| ---") }
            .map { line in
                line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                    .map { $0.trimmingCharacters(in: .whitespaces) }
            }
    }

    /// Lines of fenced blocks in the given language.
    func code(_ language: String) -> [String] {
        var found: [String] = []
        var inside = false
        for line in lines {
            if line.hasPrefix("```") {
                inside = !inside && line == "```" + language
            } else if inside {
                found.append(String(line))
            }
        }
        return found
    }

    /// What stands between back-ticks in a piece of text.
    static func quoted(_ text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    /// Targets of links and images, without fragments.
    var links: [String] {
        lines.joined(separator: "\n").components(separatedBy: "](").dropFirst()
            .compactMap { $0.split(separator: ")", maxSplits: 1, omittingEmptySubsequences: false).first }
            .compactMap { $0.split(separator: "#", omittingEmptySubsequences: false).first.map(String.init) }
            .filter { !$0.isEmpty }
    }
}
