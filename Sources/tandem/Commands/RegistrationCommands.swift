import ArgumentParser
import ManagementAPI

/// `tandem registrations`: how the registrations at upstreams stand.
struct Registrations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how the registrations at upstreams stand.",
        discussion: "What is configured is shown by tandem get registration.")

    @Argument(help: "The name of one registration.")
    var name: String?
    @Flag(name: .long, help: "Show the changes of state, newest first, instead.")
    var events = false
    @Flag(name: .long, help: "Show it again every second until Ctrl-C.")
    var watch = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        try await Console.current.show(output, isWatching: watch) { try await text(client, $0) }
    }

    private func text(_ client: ManagementClient, _ format: OutputFormat) async throws -> String {
        if events {
            let query = [("limit", "\(Endpoint.largestPage)")] + (name.map { [("name", $0)] } ?? [])
            let items = try await client.ask(.listRegistrationEvents, query: query).items
            return Listing(items, columns: Registrations.eventColumns).text(format)
        }
        if let name { return try await client.ask(.getRegistration, ["name": name]).document.text(format) }
        let items = try await client.ask(.listRegistrations).items
        return Listing(items, columns: Registrations.columns, fullColumns: Registrations.fullColumns).text(format)
    }

    private static let columns: [Listing.Column] = [
        .init("NAME", "name"), .init("STATE", "state"), .init("SINCE", "since"), .init("UNTIL", "boundUntil"), .init("NEXT TRY", "nextTryAt"),
        .init("UPSTREAM", "upstream"), .init("RTT MS", "roundTripMilliseconds"), .init("CODE", "lastStatus"), .init("REASON", "reason"),
        .init("LOOK INTO", "warnings"),
    ]

    private static let fullColumns = [
        "name", "state", "since", "boundUntil", "nextTryAt", "reason", "lastStatus", "roundTripMilliseconds", "upstream", "addressOfRecord",
        "contact", "callID", "cseq", "grantedSeconds", "failures", "foreignContacts", "mayBeStale", "warnings",
    ].map { Listing.Column($0, $0) }

    private static let eventColumns: [Listing.Column] = [
        .init("AT", "at"), .init("NAME", "name"), .init("FROM", "from"), .init("STATE", "state"), .init("CODE", "lastStatus"),
        .init("UPSTREAM", "upstream"), .init("UNTIL", "boundUntil"), .init("NEXT TRY", "nextTryAt"), .init("REASON", "reason"),
    ]
}
