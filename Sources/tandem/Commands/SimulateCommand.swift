import ArgumentParser
import SwitchTesting

/// `tandem simulate`: whole calls through whole shards in virtual time, judged by independent checkers.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run simulated calls through the switch and check what becomes of them.",
        discussion: """
            Callers, vendors, network and store are simulated in virtual time; everything follows from the seed, so a run can be \
            repeated exactly. Exits with 1 when a rule was broken, and shows the messages of the first call that broke one.
            """)

    @Option(help: "What the run follows from: the same seed gives the same run.")
    var seed: UInt64

    @Option(help: "Number of calls.")
    var calls: Int = 1_000

    @Option(help: "Share of datagrams lost, 0 to 0.5. A network that loses also doubles and reorders.")
    var loss: Double = 0

    @Option(help: "Number of shards, 1 to 32.")
    var shards: Int = 2

    @Option(help: "Only calls of this behaviour; without it a mixture of all.")
    var behaviour: CallPlan.Behaviour?

    func validate() throws {
        guard (1...9_000_000).contains(calls) else { throw ValidationError("--calls must be 1 to 9000000.") }
        guard (0...0.5).contains(loss) else { throw ValidationError("--loss must be 0 to 0.5.") }
        guard (1...32).contains(shards) else { throw ValidationError("--shards must be 1 to 32.") }
    }

    func run() throws {
        let settings = SimulationSettings(seed: seed, calls: calls, loss: loss, shards: shards, behaviour: behaviour)
        let report = simulate(settings)
        Console.current.print(report.summary)
        guard !report.isSound else { return }
        if let call = report.failingCall {
            Console.current.print("\nmessages of call \(call):")
            traceOfCall(call, in: settings).forEach { Console.current.print($0) }
        }
        throw CommandFailure(.failed, "seed \(seed) breaks the rules: \(report.violations.count) violations")
    }
}

extension CallPlan.Behaviour: ExpressibleByArgument {}
