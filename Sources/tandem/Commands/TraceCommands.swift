import ArgumentParser
import Foundation
import ManagementAPI

/// `tandem trace`: the SIP messages of a call or of a registration.
struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Show the SIP messages of a call or of a registration.",
        discussion: "tandem trace ID draws a call, tandem trace registration NAME a registration. -o pcap writes a capture file for Wireshark.",
        subcommands: [OfCall.self, OfRegistration.self], defaultSubcommand: OfCall.self)

    struct OfCall: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "call", abstract: "The messages of a call, up or ended, with all its tries at gateways.")

        @Argument(help: "Identifier of the call, as tandem calls and tandem cdrs show it.")
        var id: String
        @OptionGroup var options: TraceOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws { try await options.show(.getCallTrace, ["id": id], connection) }
    }

    struct OfRegistration: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "registration", abstract: "The last messages of a registration.")

        @Argument(help: "Name of the registration.")
        var name: String
        @OptionGroup var options: TraceOptions
        @OptionGroup var connection: ConnectionOptions

        func run() async throws { try await options.show(.getRegistrationTrace, ["name": name], connection) }
    }
}

extension TraceFormat: ExpressibleByArgument {}

/// What a trace is shown as.
struct TraceOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "ladder, json or pcap.")
    var format = TraceFormat.ladder
    @Flag(name: .long, help: "Show digest responses and other credentials.")
    var unmasked = false
    @Option(name: .long, help: "At most so many messages.")
    var limit = Endpoint.usualTrace

    func validate() throws {
        guard (1...Endpoint.largestTrace).contains(limit) else {
            throw ValidationError("--limit must be a whole number from 1 to \(Endpoint.largestTrace)")
        }
    }

    func show(_ endpoint: Endpoint, _ path: [String: String], _ connection: ConnectionOptions) async throws {
        let console = Console.current
        if format == .pcap, console.isTerminal() {
            throw CommandFailure(.wrongUsage, "a capture file is no text: write it to a file, such as > \(path.values.first ?? "trace").pcap")
        }
        var query = [("format", format.rawValue), ("limit", "\(limit)")]
        if unmasked { query.append(("unmasked", "true")) }
        let client = try connection.client()
        switch format {
        case .json: console.write(.output, try await client.ask(endpoint, path, query: query).document.json(pretty: true) + "\n")
        case .ladder: console.write(.output, String(decoding: try await client.fetch(endpoint, path, query: query), as: UTF8.self))
        case .pcap: console.writeBytes(try await client.fetch(endpoint, path, query: query))
        }
    }
}
