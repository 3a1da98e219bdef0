import ArgumentParser
import ManagementAPI
import Routing

extension BlacklistSide: ExpressibleByArgument {}

/// `tandem blacklist`: numbers that the switch bars by itself for a while.
struct Blacklist: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blacklist", abstract: "Show and change the numbers that are barred for a while.",
        discussion: "Lists that stay are objects: tandem get number-group.", subcommands: [List.self, Add.self, Remove.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every number that is barred now.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let client = try connection.client()
            var items: [DocumentNode] = []
            var after: String?
            repeat {
                let query = [("limit", "\(Endpoint.largestPage)")] + (after.map { [("after", $0)] } ?? [])
                let answer = try await client.ask(.listBlacklist, query: query)
                items += answer.items
                after = answer.document["next"]?.text
            } while after != nil
            Console.current.print(Listing(items, columns: columns), output)
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Bar a number.")

        @Argument(help: "The number, as it is after the caller's dial plan.")
        var number: String
        @Option(name: .long, help: "caller or callee.")
        var side = BlacklistSide.caller
        @Option(name: .long, help: "For so many seconds; until it is removed unless given.")
        var seconds: Int?
        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let order: DocumentNode = [
                "number": .text(number), "side": .text(side.rawValue), "seconds": seconds.map { .number($0) } ?? .null,
            ]
            let entry = try await connection.client().ask(.addToBlacklist, body: .json(order)).document
            Console.current.print(Listing([entry], columns: columns), output)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take numbers off the list.")

        @Argument(help: "The numbers.")
        var numbers: [String]
        @Option(name: .long, help: "caller or callee.")
        var side = BlacklistSide.caller
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let client = try connection.client()
            var failures: [String] = []
            for number in numbers {
                do {
                    _ = try await client.ask(.removeFromBlacklist, ["side": side.rawValue, "number": number])
                    Console.current.print("removed \(number)")
                } catch let failure as CommandFailure {
                    failures += failure.lines
                }
            }
            guard failures.isEmpty else { throw CommandFailure(failures.count < numbers.count ? .partlyDone : .failed, lines: failures) }
        }
    }

    private static let columns: [Listing.Column] = [
        .init("SIDE", "side"), .init("NUMBER", "number"), .init("KIND", "kind"), .init("SINCE", "since"), .init("UNTIL", "until"),
        .init("WHY", "meaning"),
    ]
}
