import ArgumentParser
import ManagementAPI

/// `tandem cdrs`: records of calls that have ended.
struct Cdrs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show call records, newest first.", subcommands: [List.self, Show.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Call records, newest first.")

        @Argument(help: "The identifier of one call, to show its record alone.")
        var id: String?
        @OptionGroup var explaining: ExplainOption
        @Option(name: .long, help: "At most so many.")
        var limit = Endpoint.usualPage
        @Option(name: .long, help: "Only records older than this one.")
        var before: String?
        @Option(name: .long, help: "Beginning of the calling number.")
        var caller: String?
        @Option(name: .long, help: "Beginning of the called number.")
        var callee: String?
        @Option(name: .long, help: "Name of the customer's gateway.")
        var mappingGateway: String?
        @Option(name: .long, help: "Name of the vendor's gateway.")
        var routingGateway: String?
        @Option(name: .long, help: "Why the call ended, such as normalClearing.")
        var endReason: String?
        @Option(name: .long, help: "Received at or after this time, such as 2026-01-31T12:00:00Z.")
        var from: String?
        @Option(name: .long, help: "Received before this time.")
        var to: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
            guard id != nil || !explaining.explain else { throw ValidationError("--explain wants the identifier of a call") }
        }

        func run() async throws {
            let client = try connection.client()
            if let id { return try await Cdrs.show(id, explaining, client, output) }
            var items: [DocumentNode] = []
            var next = before
            repeat {
                let page = min(limit - items.count, Endpoint.largestPage)
                let answer = try await client.ask(.listCallRecords, query: query(page: page, before: next))
                items += answer.items
                next = answer.document["next"]?.text
            } while next != nil && items.count < limit
            Console.current.print(Listing(items, columns: Cdrs.columns, fullColumns: Cdrs.fullColumns), output)
        }

        private func query(page: Int, before: String?) -> [(String, String)] {
            let filters: [(String, String?)] = [
                ("before", before), ("caller", caller), ("callee", callee), ("mappingGateway", mappingGateway),
                ("routingGateway", routingGateway), ("endReason", endReason), ("from", from), ("to", to),
            ]
            return [("limit", "\(page)")] + filters.compactMap { name, value in value.map { (name, $0) } }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One call record with its attempts and its decision.")

        @Argument(help: "Identifier of the call.")
        var id: String
        @OptionGroup var explaining: ExplainOption
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws { try await Cdrs.show(id, explaining, connection.client(), output) }
    }

    /// `--explain`
    struct ExplainOption: ParsableArguments {
        @Flag(name: .long, help: "Show the decision about the call: for whom it was taken, every rewrite, every candidate and why not.")
        var explain = false
    }

    private static func show(_ id: String, _ explaining: ExplainOption, _ client: ManagementClient, _ output: OutputOptions) async throws {
        let record = try await client.ask(.getCallRecord, ["id": id]).document
        guard explaining.explain else { return Console.current.print(record, output, otherwise: .yaml) }
        guard let decision = record["decision"].flatMap({ DecisionDocument($0) }) else {
            throw CommandFailure(.failed, "no decision is stored with the call \(id)")
        }
        Console.current.print(decision, output)
    }

    private static let columns: [Listing.Column] = [
        .init("ID", "id"), .init("START", "startTime"), .init("MS", "durationMilliseconds"), .init("CALLER", "caller"),
        .init("CALLEE", "callee"), .init("FROM", "mappingGateway"), .init("TO", "routingGateway"), .init("STATUS", "callerStatus"),
        .init("REASON", "endReason"), .init("BY", "endedBy"),
    ]

    private static let fullColumns = [
        "id", "startTime", "firstProvisionalTime", "ringingTime", "answerTime", "endTime", "durationMilliseconds", "billedMilliseconds",
        "setupMilliseconds", "postDialDelayMilliseconds", "caller", "callee", "callerNumbers.routed", "callerNumbers.sent", "calleeNumbers.routed",
        "calleeNumbers.sent", "mappingGateway", "routingGateway", "callerAddress", "calleeAddress", "callerCallID", "calleeCallID",
        "callerStatus", "calleeStatus", "endReason", "endedBy", "q850Cause",
    ].map { Listing.Column($0, $0) }
}
