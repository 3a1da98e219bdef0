import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// What outlives the process: Call-ID, tag and CSeq on disk, so that upstreams replace and never add
/// (RFC 3261, section 10.3, item 7), and knowledge of what may still stand.
@Suite struct RegistrationRestartTests {
    /// Call-ID and tag are one, and each CSeq is above the one before, over all processes.
    private func checkIdentity(_ scenario: RegistrationScenario, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(Set(scenario.requests.map(\.callID)).count == 1, sourceLocation: sourceLocation)
        #expect(Set(scenario.requests.map(\.fromTag)).count == 1, sourceLocation: sourceLocation)
        #expect(Set(scenario.requests.compactMap(\.contact)).count == 1, sourceLocation: sourceLocation)
        scenario.checkRules(sourceLocation: sourceLocation)
    }

    @Test("kill -9 and start: one binding, same Call-ID, higher CSeq, same Contact and instance")
    func killed() throws {
        let scenario = RegistrationScenario().registered()
        let before = try #require(scenario.bindings.first)
        scenario.world.restart()
        #expect(try scenario.status().mayBeStale)
        #expect(scenario.seconds(until: try scenario.status().boundUntil) > 3_500)
        scenario.registered()
        #expect(!(try scenario.status().mayBeStale))
        let after = try #require(scenario.bindings.first)
        #expect((after.callID, after.contact, after.instance) == (before.callID, before.contact, before.instance))
        #expect(after.cseq > before.cseq)
        checkIdentity(scenario)
    }

    @Test("killed at any millisecond of the first registration: one binding in the end, and the disk knew of everything sent", arguments: 1...80)
    func killedAtAnyMoment(_ milliseconds: Int64) {
        let scenario = RegistrationScenario()
        scenario.pass(.milliseconds(milliseconds))
        scenario.world.restart()
        scenario.pass(.seconds(2))
        #expect(scenario.bindings.count == 1)
        #expect(scenario.state == .registered)
        scenario.checkRules()
    }

    @Test("killed again and again: still one binding, and no CSeq is used twice")
    func killedOften() {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 60)]).registered()
        for round in 0..<60 {
            scenario.pass(.milliseconds(Int64(round * 137 % 1_900)))
            scenario.world.restart()
        }
        scenario.registered()
        checkIdentity(scenario)
    }

    @Test("a clean stop and start: withdrawn, then registered anew under the same Call-ID")
    func stoppedAndStarted() {
        let scenario = RegistrationScenario().registered()
        scenario.world.stop()
        #expect(scenario.bindings.isEmpty)
        scenario.pass(.seconds(30))
        scenario.world.start()
        scenario.registered()
        #expect(scenario.world.registrations.allSatisfy { !$0.mayBeStale })
        checkIdentity(scenario)
    }

    @Test("down until after the binding's end: nothing is called stale, and the registration begins as usual")
    func downForLong() throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 300)]).registered()
        scenario.world.kill()
        scenario.pass(.seconds(1_000))
        #expect(scenario.bindings.isEmpty)
        scenario.world.start()
        #expect(!(try scenario.status().mayBeStale))
        scenario.registered()
        checkIdentity(scenario)
    }

    @Test("an object deleted while the switch was down is withdrawn at the start with what is stored, and forgotten")
    func deletedWhileDown() {
        let scenario = RegistrationScenario().registered()
        scenario.world.kill()
        scenario.configure { $0 = [] }
        scenario.pass(.seconds(10))
        scenario.world.start()
        scenario.pass(.seconds(2))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.registrar.withdrawals.map(\.status) == [401, 200])
        #expect(scenario.world.registrations.isEmpty)
        #expect(scenario.world.store.registrations.isEmpty)
        checkIdentity(scenario)
    }

    @Test("an object disabled while the switch was down is withdrawn at the start")
    func disabledWhileDown() {
        let scenario = RegistrationScenario().registered()
        scenario.world.kill()
        scenario.configure { $0[0].enabled = false }
        scenario.world.start()
        scenario.pass(.seconds(2))
        #expect(scenario.bindings.isEmpty)
        checkIdentity(scenario)
    }

    @Test("an account changed while the switch was down: the old binding is withdrawn, the new one made")
    func changedWhileDown() {
        let scenario = RegistrationScenario().registered()
        scenario.registrar.setPassword("secret2", of: "bolt")
        scenario.world.kill()
        scenario.configure { $0 = [RegistrationScenario.account(username: "bolt", password: "secret2")] }
        scenario.world.start()
        scenario.pass(.seconds(2))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.registrar.bindings("sip:bolt@sw.example.net").count == 1)
        #expect(scenario.world.registrations.map(\.state) == [.registered])
        #expect(scenario.world.store.registrations.count == 1)
        scenario.checkRules()
    }

    @Test("killed in the middle of that change: the old binding is still withdrawn by the next process", arguments: 1...60)
    func killedWhileChanging(_ milliseconds: Int64) {
        let scenario = RegistrationScenario().registered()
        scenario.registrar.setPassword("secret2", of: "bolt")
        scenario.configure { $0 = [RegistrationScenario.account(username: "bolt", password: "secret2")] }
        scenario.pass(.milliseconds(milliseconds))
        scenario.world.restart()
        scenario.pass(.seconds(3))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.registrar.bindings("sip:bolt@sw.example.net").count == 1)
        #expect(scenario.world.registrations.map(\.state) == [.registered])
        scenario.checkRules()
    }

    @Test("killed in the middle of a removal: the binding is still withdrawn by the next process", arguments: 1...40)
    func killedWhileRemoving(_ milliseconds: Int64) {
        let scenario = RegistrationScenario().registered()
        scenario.configure { $0 = [] }
        scenario.pass(.milliseconds(milliseconds))
        scenario.world.restart()
        scenario.pass(.seconds(3))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.world.store.registrations.isEmpty)
        scenario.checkRules()
    }

    @Test("killed while a removal waits for its next try: the next process still knows of the binding and withdraws it")
    func killedBetweenTries() {
        let scenario = RegistrationScenario { $0[0].withdrawalScript = [.silent] }
        scenario.registered()
        scenario.configure { $0 = [] }
        scenario.pass(.seconds(5))
        scenario.world.restart()
        scenario.pass(.seconds(3))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.world.registrations.isEmpty)
        #expect(scenario.world.store.registrations.isEmpty)
        scenario.checkRules()
    }

    @Test("disabled, and removed while the withdrawal is on its way: the answer finds it, and it is forgotten")
    func removedWhileWithdrawing() {
        let scenario = RegistrationScenario().registered()
        scenario.configure { $0[0].enabled = false }
        scenario.pass(.milliseconds(5))
        scenario.configure { $0 = [] }
        scenario.pass(.seconds(2))
        #expect(scenario.bindings.isEmpty)
        #expect(scenario.world.registrations.isEmpty)
        #expect(scenario.world.store.registrations.isEmpty)
        scenario.checkRules()
    }

    @Test("nothing is sent that the disk does not know: the first REGISTER waits for its commit")
    func waitsForCommit() {
        let scenario = RegistrationScenario([])
        scenario.world.store.commitDelay = .milliseconds(500)
        scenario.configure { $0 = [RegistrationScenario.account()] }
        scenario.pass(.milliseconds(490))
        #expect(scenario.registrar.exchanges.isEmpty)
        scenario.pass(.milliseconds(40))
        #expect(scenario.registrar.exchanges.count == 1)
        #expect(scenario.world.store.registrations.count == 1)
    }

    @Test("a failing store does not keep us from registering, refreshing or withdrawing")
    func failingStore() {
        let scenario = RegistrationScenario([])
        scenario.world.setStoreFailing(true)
        scenario.configure { $0 = [RegistrationScenario.account(period: 60)] }
        scenario.pass(.seconds(300))
        scenario.registered()
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.bindings.isEmpty)
    }

    @Test("a crash after the withdrawal failed: the next process knows what may stand, and replaces it")
    func crashAfterFailedWithdrawal() throws {
        let scenario = RegistrationScenario { $0[0].alwaysForWithdrawals = .silent }
        scenario.registered()
        scenario.world.stop(within: .seconds(5))
        scenario.pass(.seconds(60))
        scenario.world.start()
        #expect(try scenario.status().mayBeStale)
        #expect(scenario.bindings.count == 1)
        scenario.registered()
        checkIdentity(scenario)
    }

    @Test("Off, then On again at the next start: still one binding")
    func offThenOn() {
        let scenario = RegistrationScenario(parameters: ["SS_SIP_USER_AGENT_SEND_UNREGISTER": .flag(false)]).registered()
        scenario.world.stop()
        scenario.configure(parameters: [:])
        scenario.pass(.seconds(5))
        scenario.world.start()
        scenario.registered()
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.bindings.isEmpty)
        checkIdentity(scenario)
    }

    @Test("several shards: each takes up its own, also when their number is another", arguments: [1, 2, 5])
    func shards(_ next: Int) {
        let accounts = (0..<40).map { RegistrationScenario.account("upstream-\($0)", username: "user\($0)") }
        let scenario = RegistrationScenario(accounts, shards: 3) { registrars in registrars[0].rules.challenge = nil }
        scenario.pass(.seconds(2))
        scenario.world.kill()
        scenario.world.setShards(next)
        scenario.world.start()
        scenario.pass(.seconds(2))
        #expect(scenario.registrar.bindingCount == 40)
        #expect(Set(scenario.requests.map(\.callID)).count == 40)
        #expect(scenario.world.registrations.map(\.state) == Array(repeating: .registered, count: 40))
        scenario.checkRules()
    }
}
