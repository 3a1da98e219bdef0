import ArgumentParser
import ManagementAPI

/// `tandem report`: what an operator looks at weekly.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Reports on limits, session timers and long calls.",
        subcommands: [Limits.self, NearLimit.self, Timers.self, Longest.self])

    /// Which calls a report is about.
    struct Period: ParsableArguments {
        @Option(name: .long, help: "Received at or after this time, such as 2026-01-31T12:00:00Z; the last seven days unless given.")
        var from: String?
        @Option(name: .long, help: "Received before this time.")
        var to: String?

        var query: [(String, String)] { [("from", from), ("to", to)].compactMap { name, value in value.map { (name, $0) } } }
    }

    struct Limits: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Calls that a limit or evidence of death ended, by mapping gateway.",
            discussion: "The end reasons \(LimitEnds.reasons.map(\.name).joined(separator: ", ")).")

        @OptionGroup var period: Period
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let items = try await rows(.limits, connection, query: period.query)
            let columns: [Listing.Column] = [
                .init("FROM", "mappingGateway"), .init("REASON", "endReason"), .init("LIMIT OF", "limitSource"), .init("CALLS", "calls"),
                .init("MINUTES", "minutes"),
            ]
            let full = ["mappingGateway", "endReason", "endReasonMeaning", "limitSource", "calls", "minutes", "durationMilliseconds"]
            Console.current.print(Listing(items, columns: columns, fullColumns: full.map { .init($0, $0) }), output)
        }
    }

    struct NearLimit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Calls that came near their limit and ended otherwise, newest first.",
            discussion: "If real conversations stand here, the limit is too short for them.")

        @Option(name: .long, help: "At most so many percent below the limit.")
        var within = Report.usualNearness
        @Option(name: .long, help: "At most so many.")
        var limit = Endpoint.usualPage
        @OptionGroup var period: Period
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func validate() throws {
            guard (0...100).contains(within) else { throw ValidationError("--within must be from 0 to 100") }
            guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
        }

        func run() async throws {
            let client = try connection.client()
            var items: [DocumentNode] = []
            var next: String?
            repeat {
                let size = min(limit - items.count, Endpoint.largestPage)
                let query = period.query + [("within", "\(within)"), ("limit", "\(size)")] + (next.map { [("before", $0)] } ?? [])
                let answer = try await client.ask(.getReport, ["report": Report.nearLimit.rawValue], query: query)
                items += answer.items
                next = answer.document["next"]?.text
            } while next != nil && items.count < limit
            let columns: [Listing.Column] = [
                .init("ID", "id"), .init("START", "startTime"), .init("CALLER", "caller"), .init("CALLEE", "callee"),
                .init("FROM", "mappingGateway"), .init("TO", "routingGateway"), .init("MS", "durationMilliseconds"),
                .init("LIMIT S", "limitSeconds"), .init("PERCENT", "percent"), .init("REASON", "endReason"),
            ]
            let full = [
                "id", "startTime", "caller", "callee", "mappingGateway", "routingGateway", "durationMilliseconds", "limitSeconds",
                "limitSource", "percent", "endReason",
            ]
            Console.current.print(Listing(items, columns: columns, fullColumns: full.map { .init($0, $0) }), output)
        }
    }

    struct Timers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: Report.timerSupport.rawValue,
            abstract: "Answered calls with and without a session timer, by mapping gateway.",
            discussion: "The share counts calls whose record names their rule; older records are unknown.")

        @OptionGroup var period: Period
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let items = try await rows(.timerSupport, connection, query: period.query)
            let columns: [Listing.Column] = [
                .init("FROM", "mappingGateway"), .init("CALLS", "calls"), .init("WITH", "withTimer"), .init("WITHOUT", "withoutTimer"),
                .init("UNKNOWN", "unknown"), .init("PERCENT WITH", "percentWithTimer"),
            ]
            let full = ["mappingGateway", "calls", "withTimer", "withoutTimer", "unknown", "percentWithTimer"]
            Console.current.print(Listing(items, columns: columns, fullColumns: full.map { .init($0, $0) }), output)
        }
    }

    struct Longest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The longest calls that are up.")

        @Option(name: .long, help: "At most so many, up to \(Endpoint.largestPage).")
        var limit = Report.longest.usualLimit
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func validate() throws {
            guard (1...Endpoint.largestPage).contains(limit) else { throw ValidationError("--limit must be from 1 to \(Endpoint.largestPage)") }
        }

        func run() async throws {
            let items = try await rows(.longest, connection, query: [("limit", "\(limit)")])
            let columns: [Listing.Column] = [
                .init("ID", "id"), .init("MS", "durationMilliseconds"), .init("RULE", "rule"), .init("LIMIT S", "limitSeconds"),
                .init("LEFT", "secondsLeft"), .init("CALLER", "caller"), .init("CALLEE", "callee"), .init("FROM", "mappingGateway"),
                .init("TO", "routingGateway"),
            ]
            Console.current.print(Listing(items, columns: columns, fullColumns: Calls.fullColumns), output)
        }
    }

    private static func rows(_ report: Report, _ connection: ConnectionOptions, query: [(String, String)]) async throws -> [DocumentNode] {
        try await connection.client().ask(.getReport, ["report": report.rawValue], query: query).items
    }
}
