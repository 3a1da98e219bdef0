import ArgumentParser
import ManagementAPI

/// `tandem param`: the switch's parameters.
struct Param: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show and change parameters.", subcommands: [List.self, Show.self, Set.self, Reset.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every parameter with its value.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let items = try await connection.client().ask(.listParameters).items
            let columns: [Listing.Column] = [
                .init("NAME", "name"), .init("VALUE", "value"), .init("UNIT", "unit"), .init("DEFAULT", "default"), .init("SOURCE", "source"),
            ]
            let full = columns + [.init("ALLOWED", "allowed"), .init("EFFECT", "effect"), .init("MEANING", "meaning")]
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
            Console.current.print(try await connection.client().ask(.getParameter, ["name": name]).document, output)
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
}
