import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// A gateway's own switches hold for the calls that a restart brings back as well: as they are at the restart, found by
/// the gateway's name.
@Suite struct RestoredSwitchesTests {
    /// The customer's gateway with other switches, in force at the next start.
    private func change(_ scenario: Scenario, _ body: (inout MappingGateway) -> Void) {
        let before = scenario.world.setup.configuration
        var gateway = before.mappingGateways[0]
        body(&gateway)
        scenario.world.setup.configuration = SwitchConfiguration(
            revision: before.revision + 1, mappingGateways: [gateway], routingGateways: before.routingGateways, parameters: before.parameters)
        scenario.world.restart()
    }

    @Test("probing that was switched on meanwhile begins with the restart")
    func probingOn() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(100))
        #expect(caller.requests(.options).isEmpty)
        change(scenario) { $0.probeInterval = 30 }
        scenario.pass(.seconds(100))
        #expect(caller.requests(.options).count >= 2)
        #expect(callee.requests(.options).isEmpty, "each gateway has its own switch")
        scenario.finish(caller)
    }

    @Test("probing that was switched off meanwhile ends with the restart")
    func probingOff() throws {
        let scenario = Scenario(probeInterval: 30)
        let (caller, _) = try scenario.answeredCall()
        change(scenario) { $0.probeInterval = nil }
        scenario.pass(.seconds(200))
        #expect(caller.requests(.options).isEmpty)
        scenario.finish(caller)
    }

    @Test("a call whose gateway is no more keeps the switches it began with")
    func gatewayGone() throws {
        let scenario = Scenario(probeInterval: 30)
        let (caller, _) = try scenario.answeredCall()
        change(scenario) {
            $0.name = "another"
            $0.probeInterval = nil
        }
        scenario.pass(.seconds(100))
        #expect(!caller.requests(.options).isEmpty)
        scenario.finish(caller)
    }

    private static let asking = ["Contact: <sip:a@192.0.2.10:5060>", "Require: timer", "Supported: timer", "Session-Expires: 300;refresher=uac"]

    @Test("a session timer that was switched off, or on, meanwhile holds for what begins after the restart", arguments: [true, false])
    func timer(isAllowed: Bool) throws {
        let scenario = Scenario(sessionTimer: !isAllowed)
        let (caller, _) = try scenario.answeredCall()
        change(scenario) { $0.sessionTimer = isAllowed }
        let update = caller.request(.update, fields: Self.asking)
        scenario.pass()
        #expect(update.finals == [isAllowed ? 200 : 420])
        scenario.finish(caller)
    }

    @Test("a session that runs goes on although timers were switched off: the peer counts on its refreshes")
    func runningTimer() throws {
        let scenario = Scenario()
        var script = CallerScript()
        script.session.interval = 120
        script.session.refresher = .uas
        let (caller, callee) = try scenario.answeredCall(1, script)
        scenario.pass(.seconds(10))
        change(scenario) { $0.sessionTimer = false }
        scenario.pass(.seconds(400))
        #expect(caller.requests(.update).count + caller.requests(.invite).count >= 3)
        #expect(callee.requests(.bye).isEmpty)
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }
}
