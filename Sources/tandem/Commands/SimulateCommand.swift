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

    @Option(help: "Number of calls in a run.")
    var calls: Int = 1_000

    @Option(help: "Number of runs, each from the seed after the one before.")
    var runs: Int = 1

    @Option(help: "Share of datagrams lost, 0 to 0.5. A network that loses also doubles and reorders.")
    var loss: Double = 0

    @Option(help: "Number of shards, 1 to 32.")
    var shards: Int = 2

    @Option(help: "Mean time between two calls, in milliseconds, 1 to 10000.")
    var pace: Int = 10

    @Option(help: "Deaths of the process for each call, 0 to 1: at any instant, with down times of up to some minutes.")
    var deaths: Double = 0.002

    @Option(help: "Failures of the store for each call, 0 to 1, and as many times in which it is slow.")
    var storeFaults: Double = 0.0005

    @Option(help: "Jumps of the wall clock for each call, 0 to 1.")
    var clockJumps: Double = 0.001

    @Option(help: "Changes of parameters and gateways for each call, 0 to 1.")
    var changes: Double = 0.002

    @Option(help: "Calls that an operator hangs up, for each call, 0 to 1.")
    var hangUps: Double = 0.002

    @Option(help: "Only calls of this behaviour; without it a mixture of all.")
    var behaviour: CallPlan.Behaviour?

    func validate() throws {
        guard (1...9_000_000).contains(calls) else { throw ValidationError("--calls must be 1 to 9000000.") }
        guard (1...1_000_000).contains(runs) else { throw ValidationError("--runs must be 1 to 1000000.") }
        guard (0...0.5).contains(loss) else { throw ValidationError("--loss must be 0 to 0.5.") }
        guard (1...32).contains(shards) else { throw ValidationError("--shards must be 1 to 32.") }
        guard (1...10_000).contains(pace) else { throw ValidationError("--pace must be 1 to 10000.") }
        for (name, share) in [
            ("deaths", deaths), ("store-faults", storeFaults), ("clock-jumps", clockJumps), ("changes", changes), ("hang-ups", hangUps),
        ] where !(0...1).contains(share) { throw ValidationError("--\(name) must be 0 to 1.") }
    }

    func run() throws {
        var total = SimulationTotals()
        for number in 0..<runs {
            let settings = settings(of: seed &+ UInt64(number))
            let report = simulate(settings)
            total.add(report)
            if runs == 1 || !report.isSound { Console.current.print(report.summary) }
            guard !report.isSound else { continue }
            if let call = report.failingCall {
                Console.current.print("\nmessages of call \(call):")
                traceOfCall(call, in: settings).forEach { Console.current.print($0) }
            }
            throw CommandFailure(.failed, "seed \(settings.seed) breaks the rules: \(report.violations.count) violations")
        }
        if runs > 1 { Console.current.print(total.summary) }
    }

    private func settings(of seed: UInt64) -> SimulationSettings {
        SimulationSettings(
            seed: seed, calls: calls, loss: loss, shards: shards, storeFaults: storeFaults, slowCommits: storeFaults, restarts: deaths,
            clockJumps: clockJumps, changes: changes, hangUps: hangUps, pace: pace, behaviour: behaviour)
    }
}

extension CallPlan.Behaviour: ExpressibleByArgument {}
