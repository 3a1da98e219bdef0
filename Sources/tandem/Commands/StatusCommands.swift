import ArgumentParser
import ManagementAPI

/// `tandem status`: how the switch is doing.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the switch's state and counts.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        let statistics = try await client.ask(.getStatistics).document
        let readiness = try await client.ask(.ready, accepting: [503]).document
        let head: [DocumentNode.Entry] = [
            .init("status", readiness["status"] ?? .null), .init("reasons", readiness["reasons"] ?? []),
        ]
        Console.current.print(DocumentNode(.mapping(head + (statistics.entries ?? []))), output)
    }
}

/// `tandem completion`: a completion script for a shell.
struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a completion script for a shell.")

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let script =
            switch shell {
            case .bash: Tandem.completionScript(for: .bash)
            case .zsh: Tandem.completionScript(for: .zsh)
            case .fish: Tandem.completionScript(for: .fish)
            }
        Console.current.print(script)
    }
}
