import ArgumentParser

/// The program: the switch itself and every command that talks to one.
@main
struct Tandem: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "tandem",
        abstract: "An open class 4 SIP softswitch.",
        discussion: "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done, 4 refused because a rule is broken.",
        version: version,
        subcommands: [
            Serve.self, Demo.self, Simulate.self, Apply.self, Diff.self, Export.self, Get.self, Delete.self, Param.self, Calls.self,
            Hangup.self, Cdrs.self, ReportCommand.self, TraceCommand.self, Registrations.self, Gateways.self,
            Phones.self, Blacklist.self, Explain.self, Status.self, Drain.self, Stop.self,
            Completion.self,
        ])

    static func main() async {
        let status = await Program.run(Array(CommandLine.arguments.dropFirst()))
        Program.exit(status)
    }
}
