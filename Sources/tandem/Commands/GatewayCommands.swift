import ArgumentParser
import ManagementAPI

extension GatewayStatus.Kind: ExpressibleByArgument {}

/// `tandem gateways`: how the gateways stand now.
struct Gateways: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how the gateways and their groups stand: calls, limits, what keeps them out of use.",
        discussion: "What is configured is shown by tandem get mapping-gateway, routing-gateway and gateway-group.")

    @Option(name: .long, help: "Only these: mappingGateway, routingGateway or gatewayGroup.")
    var kind: GatewayStatus.Kind?
    @Flag(name: .long, help: "Show it again every second until Ctrl-C.")
    var watch = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        try await Console.current.show(output, isWatching: watch) { format in
            let items = try await client.ask(.listGateways, query: kind.map { [("kind", $0.rawValue)] } ?? []).items
            return Listing(items, columns: Gateways.columns, fullColumns: Gateways.fullColumns).text(format)
        }
    }

    private static let columns: [Listing.Column] = [
        .init("KIND", "kind"), .init("NAME", "name"), .init("USABLE", "usable"), .init("CALLS", "calls"), .init("CAPACITY", "capacity"),
        .init("PUBLISHED", "publishedCapacity"), .init("CPS", "callsWithinSecond"), .init("CPS LIMIT", "callsPerSecond"),
        .init("ASR %", "answerRatio"),
        .init("OUT OF USE S", "outOfUseSeconds"), .init("REGISTERED", "registered"), .init("ADDRESSES", "addresses"),
    ]

    private static let fullColumns = [
        "kind", "name", "usable", "locked", "calls", "capacity", "callsPerSecond", "callsWithinSecond", "callsGiven", "answerRatio",
        "outOfUseSeconds",
        "publishedCapacity", "registered", "addresses",
    ].map { Listing.Column($0, $0) }
}
