import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// The guide to SIP Send Unregister: its six scenarios, each with the parameter On and Off.
@Suite struct RegistrationGuideTests {
    private func scenario(_ isOn: Bool) -> RegistrationScenario {
        RegistrationScenario(parameters: ["SS_SIP_USER_AGENT_SEND_UNREGISTER": .flag(isOn)]).registered()
    }

    private func start(_ scenario: RegistrationScenario) {
        scenario.world.start()
        scenario.registered()
        scenario.checkRules()
    }

    @Test("planned restart: On cancel sent, clean removal; Off nothing sent, the stale entry stays", arguments: [true, false])
    func plannedRestart(_ isOn: Bool) {
        let scenario = scenario(isOn)
        scenario.world.stop()
        #expect(scenario.registrar.withdrawals.count == (isOn ? 1 : 0))
        #expect(scenario.bindings.count == (isOn ? 0 : 1))
        scenario.pass(.seconds(60))
        #expect(scenario.bindings.count == (isOn ? 0 : 1))
        start(scenario)
    }

    @Test("service crash: nothing sent, the status of the next start says what may be stale", arguments: [true, false])
    func serviceCrash(_ isOn: Bool) throws {
        let scenario = scenario(isOn)
        scenario.world.kill()
        scenario.pass(.seconds(5))
        #expect(scenario.registrar.withdrawals.isEmpty)
        #expect(scenario.bindings.count == 1)
        scenario.world.start()
        #expect(try scenario.status().mayBeStale)
        #expect(try scenario.status().boundUntil.isSet)
        scenario.registered().checkRules()
    }

    @Test("power loss: nothing can be sent; what the disk had not yet is made up for at the start", arguments: [true, false])
    func powerLoss(_ isOn: Bool) {
        let scenario = RegistrationScenario(parameters: ["SS_SIP_USER_AGENT_SEND_UNREGISTER": .flag(isOn)])
        scenario.pass(.milliseconds(63))
        scenario.world.kill()
        #expect(scenario.registrar.withdrawals.isEmpty)
        scenario.pass(.seconds(120))
        start(scenario)
    }

    @Test("network outage before the shutdown: On sent, does not arrive; Off not sent", arguments: [true, false])
    func networkOutage(_ isOn: Bool) {
        let scenario = scenario(isOn)
        var sent = 0
        scenario.world.loses = { message, _, _ in
            if message.hasPrefix("REGISTER ") { sent += 1 }
            return true
        }
        let last = scenario.world.stop()
        #expect((sent > 0) == isOn)
        #expect(scenario.registrar.withdrawals.isEmpty)
        #expect(scenario.bindings.count == 1)
        #expect(last[0].boundUntil.isSet)
        scenario.world.loses = nil
        start(scenario)
    }

    @Test("rapid restart within seconds: On old removed, new registered; Off the new REGISTER replaces the stale entry", arguments: [true, false])
    func rapidRestart(_ isOn: Bool) {
        let scenario = scenario(isOn)
        for _ in 0..<5 {
            scenario.world.stop()
            #expect(scenario.bindings.count == (isOn ? 0 : 1))
            scenario.pass(.milliseconds(300))
            start(scenario)
        }
        #expect(Set(scenario.requests.map(\.callID)).count == 1)
    }

    @Test("configuration change and restart: On clean state; Off what the old configuration left does not interfere", arguments: [true, false])
    func configurationChange(_ isOn: Bool) {
        let scenario = scenario(isOn)
        scenario.world.stop()
        scenario.configure { $0[0].period = 1_200 }
        scenario.pass(.seconds(2))
        start(scenario)
        #expect(scenario.registrar.exchanges.last?.expires == 1_200)
    }

    @Test("as the guide's trace shows it: REGISTER (expires 0), 401, REGISTER with credentials, 200")
    func trace() {
        let scenario = RegistrationScenario { $0[0].rules.challenge?.nonceUses = 1 }
        scenario.registered()
        scenario.world.stop()
        #expect(scenario.registrar.withdrawals.map(\.expires) == [0, 0])
        #expect(scenario.registrar.withdrawals.map(\.status) == [401, 200])
        #expect(scenario.bindings.isEmpty)
    }

    @Test("a standby that shares the credentials, with the parameter Off, does not cancel the active's registration")
    func standby() {
        let scenario = scenario(false)
        scenario.registrar.bind("sip:active@192.0.2.50:5060", to: RegistrationScenario.addressOfRecord)
        scenario.world.stop()
        #expect(scenario.registrar.withdrawals.isEmpty)
        #expect(scenario.bindings.contains { $0.contact == "sip:active@192.0.2.50:5060" })
    }
}
