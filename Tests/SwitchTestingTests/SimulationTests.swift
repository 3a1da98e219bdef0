import CallRecords
import Testing
import Vocabulary

@testable import SwitchTesting

/// Whole simulations: sound at every loss, the same for the same seed, and able to show a call that failed.
@Suite struct SimulationTests {
    @Test("every rule holds", arguments: [0, 0.05, 0.2])
    func sound(_ loss: Double) {
        for seed in 1...4 {
            let report = simulate(SimulationSettings(seed: UInt64(seed), calls: 150, loss: loss))
            #expect(report.violations == [], "seed \(seed)")
            #expect(report.answered > 50)
            #expect(report.records >= 140)
        }
    }

    @Test("every behaviour, alone and with loss", arguments: CallPlan.Behaviour.allCases)
    func behaviours(_ behaviour: CallPlan.Behaviour) {
        for loss in [0, 0.1] {
            let report = simulate(SimulationSettings(seed: 11, calls: 25, loss: loss, behaviour: behaviour))
            #expect(report.violations == [], "loss \(loss)")
        }
    }

    @Test("the same seed gives the same run, byte for byte; another gives another")
    func deterministic() {
        let settings = SimulationSettings(seed: 42, calls: 80, loss: 0.1)
        let (one, two) = (simulate(settings), simulate(settings))
        #expect(one == two)
        #expect(one.summary == two.summary)
        #expect(one.fingerprint == two.fingerprint)
        #expect(traceOfCall(5, in: settings) == traceOfCall(5, in: settings))
        #expect(simulate(SimulationSettings(seed: 43, calls: 80, loss: 0.1)).fingerprint != one.fingerprint)
    }

    @Test("the trace holds the messages of one call on both legs, and tracing does not change the run")
    func trace() {
        let settings = SimulationSettings(seed: 42, calls: 30, behaviour: .callerHangsUp)
        let lines = traceOfCall(7, in: settings)
        #expect(lines.count { $0.hasPrefix("    INVITE ") } == 2)
        #expect(lines.contains { $0.contains(SimulatedNumber.of(7)) })
        #expect(!lines.contains { $0.contains(SimulatedNumber.of(8)) })
        let traced = Simulation(settings, tracing: 7).run()
        #expect(traced.fingerprint == simulate(settings).fingerprint)
    }

    @Test("faults of the store are survived")
    func storeFaults() {
        let report = simulate(SimulationSettings(seed: 8, calls: 200, storeFaults: 0.05))
        #expect(report.storeFaults > 0)
        #expect(report.violations == [])
    }

    @Test("restarts are survived: no answered call loses its record", arguments: [0, 0.1])
    func restarts(_ loss: Double) {
        let report = simulate(SimulationSettings(seed: 12, calls: 300, loss: loss, restarts: 0.03))
        #expect(report.restarts > 3)
        #expect(report.violations == [])
    }

    @Test("an operator hangs calls up at any moment")
    func hangUps() {
        let report = simulate(SimulationSettings(seed: 13, calls: 300, loss: 0.05, hangUps: 0.5))
        #expect(report.violations == [])
    }

    @Test("a run whose switch loses its calls is not sound: what is left open is named")
    func unsound() {
        let simulation = Simulation(SimulationSettings(seed: 1, calls: 40, behaviour: .callerHangsUp))
        // The process dies while calls are up, and what was stored is not restored.
        simulation.world.after(.seconds(4)) { simulation.world.restart(restoring: false) }
        let report = simulation.run()
        #expect(!report.isSound)
        #expect(report.failingCall != nil)
        #expect(report.violations.contains { $0.rule == .oneRecordPerCall })
        #expect(report.violations.contains { $0.rule == .nothingLeftOver && $0.detail.contains("open calls") })
        #expect(report.summary.contains("violations"))
    }
}
