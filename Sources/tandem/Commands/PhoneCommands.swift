import ArgumentParser
import ManagementAPI

/// `tandem phones`: who registers here, and where it is.
struct Phones: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the phones, and the gateways that register here.",
        discussion: "What is configured is shown by tandem get phone.")

    @Argument(help: "The number of one phone, or the name of one gateway.")
    var number: String?
    @Flag(name: .long, help: "Only those that are registered.")
    var online = false
    @Flag(name: .long, help: "Show it again every second until Ctrl-C.")
    var watch = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        try await Console.current.show(output, isWatching: watch) { format in
            if let number { return try await client.ask(.getPhone, ["number": number]).document.text(format) }
            let items = try await client.ask(.listPhones, query: online ? [("state", "online")] : []).items
            return Listing(items, columns: Phones.columns, fullColumns: Phones.fullColumns).text(format)
        }
    }

    private static let columns: [Listing.Column] = [
        .init("NUMBER", "name"), .init("STATE", "state"), .init("ADDRESS", "address"), .init("NAT", "isBehindNAT"), .init("SINCE", "since"),
        .init("EXPIRES S", "expiresInSeconds"), .init("USER AGENT", "userAgent"), .init("CALLS", "calls"),
    ]

    private static let fullColumns = [
        "kind", "name", "state", "address", "isBehindNAT", "since", "expiresInSeconds", "userAgent", "calls", "places", "suspendedSources",
    ].map { Listing.Column($0, $0) }
}
