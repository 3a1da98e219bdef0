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
        let report = simulate(SimulationSettings(seed: 12, calls: 300, loss: loss, restarts: 0.06, pace: 40))
        #expect(report.restarts > 3)
        #expect(report.violations == [])
    }

    @Test("deaths at any instant, several in a row, with clocks set and parameters changed meanwhile", arguments: [0, 0.1])
    func deaths(_ loss: Double) {
        var (deaths, restored, changes) = (0, 0, 0)
        for seed in 31...34 {
            var settings = SimulationSettings(seed: UInt64(seed), calls: 250, loss: loss, restarts: 0.02, clockJumps: 0.01, changes: 0.02)
            settings.pace = 80
            let report = simulate(settings)
            #expect(report.violations == [], "seed \(seed)")
            deaths += report.restarts
            restored += report.restored
            changes += report.changes
        }
        #expect(deaths > 8)
        #expect(restored > 200)
        #expect(changes > 8)
    }

    @Test("a disk that fails, fills and is slow, while the process dies")
    func disk() {
        var settings = SimulationSettings(seed: 41, calls: 300, storeFaults: 0.01, slowCommits: 0.02, restarts: 0.02)
        settings.pace = 60
        let report = simulate(settings)
        #expect(report.violations == [])
        #expect(report.slowTimes > 0)
        #expect(report.storeFaults > 0)
    }

    @Test("limits and sessions end calls in a simulation")
    func ends() {
        let report = simulate(SimulationSettings(seed: 5, calls: 600))
        #expect(report.violations == [])
        for reason in ["normalClearing", "maximumDuration", "noTimerLimit", "sessionExpired", "dialogLost"] {
            #expect(report.ends[reason] ?? 0 > 0, "\(reason)")
        }
        #expect(report.billing.seconds > 1_000)
        #expect(report.billing.seconds == report.billing.modelSeconds)
    }

    @Test("a record that is lost after a BYE was answered is found")
    func lostRecord() {
        let simulation = Simulation(SimulationSettings(seed: 3, calls: 1, behaviour: .callerHangsUp))
        let store = simulation.world.store
        let committed = store.recordCommitted
        var last: CallRecord?
        store.recordCommitted = { record in
            last = record
            committed?(record)
        }
        simulation.world.after(.seconds(60)) { if let last { store.recordLost?(last) } }
        #expect(simulation.run().violations.map(\.rule).contains(.endRecorded))
    }

    @Test("a call that the switch hung up and that was stored nowhere is found")
    func unstoredEnd() {
        let simulation = Simulation(SimulationSettings(seed: 4, calls: 60, storeFaults: 0, slowCommits: 0, restarts: 0, behaviour: .reachesLimit))
        let store = simulation.world.store
        let committed = store.recordCommitted
        store.recordCommitted = { record in
            // As if neither the record nor the decision had come through.
            store.forget(record.id)
            store.recordLost?(record)
            committed?(record)
        }
        #expect(simulation.run().violations.map(\.rule).contains(.endRecorded))
    }

    @Test("totals of several runs")
    func totals() {
        var totals = SimulationTotals()
        for seed in 1...2 { totals.add(simulate(SimulationSettings(seed: UInt64(seed), calls: 10))) }
        #expect(totals.runs == 2)
        #expect(totals.calls == 20)
        #expect(totals.summary.hasSuffix("every rule held"))
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
