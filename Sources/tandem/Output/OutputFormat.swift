import ArgumentParser
import ManagementAPI

/// The forms in which commands print what they found.
enum OutputFormat: String, CaseIterable, Sendable, ExpressibleByArgument {
    case table, json, yaml, csv
}

/// `-o FORMAT`, the same on every command.
struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "table, json, yaml or csv.")
    var format: OutputFormat?
}

/// A list of things to print, and what a table and a CSV file show of each.
struct Listing: Sendable {
    struct Column: Sendable {
        var title: String
        var path: [String]

        /// `path`: keys with dots between them.
        init(_ title: String, _ path: String) {
            self.title = title
            self.path = path.split(separator: ".").map { String($0) }
        }
    }

    var items: [DocumentNode]
    /// What a table shows.
    var columns: [Column]
    /// What CSV shows; the table's columns unless given.
    var fullColumns: [Column]

    init(_ items: [DocumentNode], columns: [Column], fullColumns: [Column]? = nil) {
        self.items = items
        self.columns = columns
        self.fullColumns = fullColumns ?? columns
    }

    func text(_ format: OutputFormat) -> String {
        switch format {
        case .table: TableText.text(header: columns.map(\.title), rows: rows(columns))
        case .csv: CSVText.text(header: fullColumns.map(\.title), rows: rows(fullColumns))
        case .json: DocumentNode.list(items).json(pretty: true) + "\n"
        case .yaml: DocumentNode.list(items).yaml()
        }
    }

    private func rows(_ columns: [Column]) -> [[String]] {
        items.map { item in columns.map { item[path: $0.path]?.cell ?? "" } }
    }
}

extension DocumentNode {
    /// The value as a cell of a table: bare text, lists with commas.
    var cell: String {
        switch content {
        case .scalar(let scalar): scalar.isNull ? "" : scalar.text
        case .sequence(let elements) where elements.allSatisfy({ $0.scalar != nil }):
            elements.map { $0.cell.isEmpty ? "\"\"" : $0.cell }.joined(separator: ",")
        case .sequence, .mapping: json()
        }
    }

    /// One thing: its keys below each other as a table, or the tree.
    func text(_ format: OutputFormat) -> String {
        switch format {
        case .table: TableText.text(header: nil, rows: (entries ?? []).map { ["\($0.key):", $0.value.cell] })
        case .csv:
            CSVText.text(header: (entries ?? []).map(\.key), rows: [(entries ?? []).map(\.value.cell)])
        case .json: json(pretty: true) + "\n"
        case .yaml: yaml()
        }
    }
}

extension Console {
    func print(_ listing: Listing, _ options: OutputOptions, otherwise: OutputFormat = .table) {
        write(.output, listing.text(options.format ?? otherwise))
    }

    func print(_ document: DocumentNode, _ options: OutputOptions, otherwise: OutputFormat = .table) {
        write(.output, document.text(options.format ?? otherwise))
    }
}
