import ArgumentParser
import ManagementAPI

/// `tandem calls`: what is up now.
struct Calls: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the calls that are up or being set up.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let items = try await connection.client().ask(.listCalls).items
        let columns: [Listing.Column] = [
            .init("ID", "id"), .init("STATE", "state"), .init("START", "startTime"), .init("MS", "durationMilliseconds"),
            .init("CALLER", "caller"), .init("CALLEE", "callee"), .init("FROM", "mappingGateway"), .init("TO", "routingGateway"),
            .init("RULE", "rule"), .init("LEFT", "secondsLeft"),
        ]
        Console.current.print(Listing(items, columns: columns, fullColumns: Calls.fullColumns), output)
    }

    static let fullColumns = [
        "id", "state", "startTime", "answerTime", "durationMilliseconds", "caller", "callee", "mappingGateway", "routingGateway",
        "callerAddress", "calleeAddress", "callerCallID", "calleeCallID", "rule", "ruleReason", "limitSeconds", "limitSource", "secondsLeft",
        "callerSessionSeconds", "calleeSessionSeconds",
    ].map { Listing.Column($0, $0) }
}

/// `tandem hangup`: ends calls.
struct Hangup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End calls with BYE or CANCEL.")

    @Argument(help: "Identifiers, as tandem calls shows them.")
    var ids: [String]
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        var failures: [String] = []
        for id in ids {
            do {
                _ = try await client.ask(.hangUpCall, ["id": id])
                Console.current.print("ended \(id)")
            } catch let failure as CommandFailure {
                failures += failure.lines.map { "\(id): \($0)" }
            }
        }
        guard failures.isEmpty else {
            throw CommandFailure(failures.count < ids.count ? .partlyDone : .failed, lines: failures)
        }
    }
}
