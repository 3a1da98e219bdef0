import ArgumentParser
import ManagementAPI

/// `tandem param`: the switch's parameters.
struct Param: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show and change parameters.",
        subcommands: [List.self, Show.self, Set.self, Reset.self, History.self, ExportSet.self, ImportSet.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every parameter with its value.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let items = try await connection.client().ask(.listParameters).items
            let columns: [Listing.Column] = [
                .init("NAME", "name"), .init("VALUE", "value"), .init("UNIT", "unit"), .init("DEFAULT", "default"), .init("SOURCE", "source"),
                .init("EFFECTIVE", "effective.value"),
            ]
            let full =
                columns + [
                    .init("SET BY", "setBy"), .init("SET AT", "setAt"), .init("REVISION", "revision"), .init("ALLOWED", "allowed"),
                    .init("EFFECT", "effect"), .init("MEANING", "meaning"),
                ]
            Console.current.print(Listing(items, columns: columns, fullColumns: full), output)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "get", abstract: "One parameter with everything known about it.")

        @Argument(help: "Name or alias.")
        var name: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let document = try await connection.client().ask(.getParameter, ["name": name]).document
            guard (output.format ?? .table) == .table else { return Console.current.print(document, output) }
            Console.current.write(.output, TableText.text(header: nil, rows: Show.rows(document)))
        }

        /// What a list holds stands one below the other, so that it can be read on a terminal.
        private static func rows(_ document: DocumentNode) -> [[String]] {
            (document.entries ?? []).flatMap { entry -> [[String]] in
                switch entry.key {
                case "effective": [["effective:", entry.value["value"]?.cell ?? ""], ["  why:", entry.value["reason"]?.cell ?? ""]]
                case "related": pairs("related:", entry.value) { "\($0["name"]?.cell ?? "") = \($0["value"]?.cell ?? "")" }
                case "presets": pairs("presets:", entry.value) { "\($0["value"]?.cell ?? "") for \($0["purpose"]?.cell ?? "")" }
                default: [["\(entry.key):", entry.value.cell]]
                }
            }
        }

        private static func pairs(_ title: String, _ list: DocumentNode, _ text: (DocumentNode) -> String) -> [[String]] {
            guard let elements = list.elements, !elements.isEmpty else { return [[title, ""]] }
            return elements.enumerated().map { [$0.offset == 0 ? title : "  ", text($0.element)] }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Set a parameter.")

        @Argument(help: "Name or alias.")
        var name: String
        @Argument(help: "The value, such as 20, On or 0.5,1,2.")
        var value: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let answer = try await connection.client().ask(
                .putParameter, ["name": name], body: .json(["value": .text(value)]), file: "param set")
            ChangeReport.print(answer.document, output)
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a parameter its default again.")

        @Argument(help: "Name or alias.")
        var name: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            ChangeReport.print(try await connection.client().ask(.resetParameter, ["name": name]).document, output)
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Who changed a parameter, newest first.")

        @Argument(help: "Name or alias.")
        var name: String
        @Option(name: .long, help: "At most so many.")
        var limit = Endpoint.usualPage
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func validate() throws {
            guard (1...Endpoint.largestPage).contains(limit) else { throw ValidationError("--limit must be 1 to \(Endpoint.largestPage)") }
        }

        func run() async throws {
            let items = try await connection.client().ask(.listParameterChanges, ["name": name], query: [("limit", "\(limit)")]).items
            let columns: [Listing.Column] = [
                .init("AT", "at"), .init("AUTHOR", "author"), .init("REVISION", "revision"), .init("BEFORE", "before"), .init("AFTER", "after"),
            ]
            guard (output.format ?? .table) == .table else { return Console.current.print(Listing(items, columns: columns), output) }
            // Nothing was set where the default held.
            let shown = items.map { item -> DocumentNode in
                let entries = (item.entries ?? []).map { entry in
                    entry.value.isNull ? DocumentNode.Entry(entry.key, .text("default")) : entry
                }
                return DocumentNode(.mapping(entries))
            }
            Console.current.print(Listing(shown, columns: columns), output)
        }
    }

    struct ExportSet: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Print the values of all parameters as one YAML document that param import takes.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            Console.current.print(try await connection.client().ask(.exportParameters).document, output, otherwise: .yaml)
        }
    }

    struct ImportSet: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Set the parameters of one document, all or nothing.",
            discussion: """
                The document is what param export prints: "kind: Parameters" and, below "values:", one NAME: VALUE per line. Parameters \
                that it leaves out stay as they are, unless --replace is given.
                """)

        @OptionGroup var input: DocumentInput
        @Flag(name: .long, help: "Show the difference and change nothing.")
        var dryRun = false
        @Flag(name: .long, help: "Give every parameter that the document leaves out its default again.")
        var replace = false
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let flags = [("dryRun", dryRun), ("replace", replace)].filter(\.1).map { ($0.0, "true") }
            let answer = try await connection.client().ask(
                .importParameters, query: flags, body: .yaml(try input.text()), file: input.name)
            ChangeReport.print(answer.document, output)
        }
    }
}
