import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// Everything at once, by chance: faults of the network, the upstream, the store and the process, and an operator
/// who changes his mind. Whatever happened, in the end there is one binding, and after the stop there is none.
@Suite struct RegistrationStormTests {
    private static let faults: [RegistrarStep] = [
        .silent, .answerLost, .challenge(isStale: true), .challenge(isStale: false), .answer(403), .answer(500),
        .answer(503, fields: ["Retry-After: 90"]), .answer(423, fields: ["Min-Expires: 900"]), .answer(200),
        .answer(302, fields: ["Contact: <sip:198.51.100.1>"]),
    ]

    /// One thing that happens.
    private func disturb(_ scenario: RegistrationScenario, _ generator: inout SeededGenerator) {
        let world = scenario.world
        switch generator.below(14) {
        case 0:
            world.kill()
            scenario.pass(.milliseconds(Int64(generator.below(90_000))))
            world.start()
        case 1:
            world.stop(within: .seconds(Int64(1 + generator.below(12))))
            scenario.pass(.milliseconds(Int64(generator.below(90_000))))
            world.start()
        case 2: world.restart()
        case 3: scenario.configure { for i in $0.indices { $0[i].enabled.toggle() } }
        case 4: scenario.configure { $0 = [] }
        case 5: scenario.configure { $0 = [RegistrationScenario.account(username: "bolt", password: "secret2")] }
        case 6: scenario.configure { $0 = [RegistrationScenario.account(period: 60 + Int(generator.below(600)))] }
        case 7: scenario.configure { $0 = [RegistrationScenario.account(password: "wrong")] }
        case 8: scenario.registrar.restart(keepingBindings: generator.chance(0.5))
        case 9: scenario.registrar.script = (0..<3).map { _ in Self.faults[generator.below(Self.faults.count)] }
        case 10: scenario.registrar.withdrawalScript = (0..<3).map { _ in Self.faults[generator.below(Self.faults.count)] }
        case 11: world.setStoreFailing(true)
        case 12: world.setStoreFailing(false)
        default: scenario.configure { $0 = [RegistrationScenario.account()] }
        }
        // From a millisecond to ten minutes, small ones often.
        let power = generator.below(20)
        scenario.pass(.milliseconds(Int64(1 + generator.below(1 << power))))
    }

    @Test("a storm of faults and orders ends with one binding, and the stop with none", arguments: 1...150 as ClosedRange<UInt64>)
    func storm(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let conditions = NetworkConditions(
            delay: .milliseconds(5)...(.milliseconds(60)), loss: seed % 3 == 0 ? 0.2 : 0, duplication: seed % 5 == 0 ? 0.1 : 0)
        let scenario = RegistrationScenario(conditions: conditions, seed: seed) { registrars in
            registrars[0].setPassword("secret2", of: "bolt")
            if seed % 2 == 0 { registrars[0].rules.challenge?.nonceLifetime = .seconds(40) }
            if seed % 4 == 0 { registrars[0].rules.challenge?.saysStale = false }
        }
        for _ in 0..<25 { disturb(scenario, &generator) }

        scenario.world.setStoreFailing(false)
        scenario.registrar.script = []
        scenario.registrar.withdrawalScript = []
        scenario.configure { $0 = [RegistrationScenario.account(period: 600)] }
        // Longer than the slowest retry and the longest lifetime.
        scenario.pass(.seconds(12_000))
        #expect(scenario.state == .registered || scenario.state == .refreshing, "seed \(seed)")
        #expect(scenario.bindings.count == 1, "seed \(seed)")
        #expect(scenario.registrar.bindingCount == 1, "seed \(seed)")
        #expect(scenario.world.registrations.count == 1, "seed \(seed)")
        #expect(scenario.world.store.registrations.count == 1, "seed \(seed)")
        let last = scenario.world.stop(within: .seconds(40))
        #expect(last.map(\.state) == [.withdrawn], "seed \(seed)")
        #expect(scenario.registrar.bindingCount == 0, "seed \(seed)")
        #expect(scenario.world.violations == [], "seed \(seed)")
    }
}
