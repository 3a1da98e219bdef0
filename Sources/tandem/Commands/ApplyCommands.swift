import ArgumentParser
import ManagementAPI

/// `tandem apply`: creates or replaces every object of the documents, or changes nothing.
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create or replace the objects of YAML documents, all or nothing.")

    @OptionGroup var input: DocumentInput
    @Flag(name: .long, help: "Show the difference and change nothing.")
    var dryRun = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await ChangeReport.send(input, dryRun: dryRun, to: connection.client(), output)
    }
}

/// `tandem diff`: the same as `apply --dry-run`.
struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what applying YAML documents would change.")

    @OptionGroup var input: DocumentInput
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await ChangeReport.send(input, dryRun: true, to: connection.client(), output)
    }
}

/// Prints what a change did, or would do.
enum ChangeReport {
    static func send(_ input: DocumentInput, dryRun: Bool, to client: ManagementClient, _ output: OutputOptions) async throws {
        let answer = try await client.ask(
            .applyDocuments, query: dryRun ? [("dryRun", "true")] : [], body: .yaml(try input.text()), file: input.name)
        print(answer.document, output)
    }

    static func print(_ change: DocumentNode, _ output: OutputOptions) {
        guard output.format == nil || output.format == .table else {
            return Console.current.print(listing(change), output)
        }
        let changes = change["changes"]?.elements ?? []
        for item in changes { lines(item).forEach { Console.current.print($0) } }
        let counts = ObjectChange.Action.allCases.compactMap { action -> String? in
            let count = changes.filter { $0["action"]?.text == action.rawValue }.count
            return count == 0 ? nil : "\(count) \(action.rawValue)"
        }
        let summary = counts.isEmpty ? "nothing to change" : counts.joined(separator: ", ")
        let isApplied = change["applied"]?.text == "true"
        Console.current.print(summary + (isApplied ? "" : " (dry run: nothing was changed)"))
    }

    private static func lines(_ item: DocumentNode) -> [String] {
        let action = item["action"]?.text ?? ""
        let head = "\(action) \(item["kind"]?.text ?? "")/\(item["name"]?.text ?? "")"
        let fields = (item["fields"]?.elements ?? []).map { field -> String in
            let (before, after) = (field["before"] ?? .null, field["after"] ?? .null)
            let difference = before.isNull ? after.inline : after.isNull ? before.inline : "\(before.inline) -> \(after.inline)"
            return "  \(field["field"]?.text ?? ""): \(difference)"
        }
        return [head] + (action == ObjectChange.Action.deleted.rawValue ? [] : fields)
    }

    private static func listing(_ change: DocumentNode) -> Listing {
        Listing(
            change["changes"]?.elements ?? [],
            columns: [.init("kind", "kind"), .init("name", "name"), .init("action", "action"), .init("fields", "fields")])
    }
}
