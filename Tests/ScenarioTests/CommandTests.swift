import CallRecords
import Routing
import SIPMessages
import SwitchCore
import SwitchTesting
import Testing
import Vocabulary

/// What operators and the process itself ask of a shard.
@Suite struct CommandTests {
    @Test("live calls with their states, names and addresses")
    func liveCalls() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall(1)
        let ringing = scenario.makeCall(2)
        ringing.invite()
        scenario.pass()
        try scenario.callAtVendor().respond(180)
        scenario.pass(.seconds(2))
        let calls = scenario.world.liveCalls
        #expect(Set(calls.map(\.state)) == [.answered, .ringing])
        let answered = try #require(calls.first { $0.state == .answered })
        #expect((2_000...2_400).contains(answered.durationMilliseconds))
        #expect((answered.caller, answered.callee) == ("+14155550100", SimulatedNumber.of(1)))
        #expect((answered.mappingGateway, answered.routingGateway) == ("customer-a", "carrier-0"))
        #expect((answered.callerCallID, answered.calleeCallID) == (caller.callID, callee.callID))
        #expect(answered.calleeAddress == "198.51.100.1:5060")
        ringing.cancel()
        scenario.finish(caller)
    }

    @Test("hanging up an answered call: BYE to both, the reason is the operator")
    func hangUpAnswered() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        let id = try #require(scenario.world.liveCalls.first?.id)
        #expect(scenario.world.hangUp(id))
        #expect(!scenario.world.hangUp(CallIdentifier(rawValue: 1)))
        scenario.pass()
        #expect(caller.requests(.bye).count == 1)
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .hungUpByOperator)
        #expect(try scenario.record().endedBy == .server)
    }

    @Test("hanging up a ringing call: 480 to the caller, CANCEL to the gateway")
    func hangUpRinging() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.ringingCall()
        #expect(scenario.world.hangUp(try #require(scenario.world.liveCalls.first?.id)))
        scenario.pass()
        #expect(caller.statuses(.invite).last == 480)
        #expect(callee.requests(.cancel).count == 1)
        scenario.finish()
    }

    @Test("hanging up between our 200 and its ACK: BYE to the caller waits for the ACK (RFC 3261, section 15)")
    func hangUpUnacknowledged() throws {
        let scenario = Scenario()
        var script = CallerScript()
        script.acknowledges = .afterIgnoring(2)
        let (caller, callee) = try scenario.answeredCall(1, script)
        #expect(scenario.world.hangUp(try #require(scenario.world.liveCalls.first?.id)))
        scenario.pass(.milliseconds(300))
        #expect(callee.requests(.bye).count == 1)
        #expect(caller.requests(.bye).isEmpty)
        scenario.pass(.seconds(5))
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
    }

    @Test("no new calls: 503 with Retry-After, while answered calls go on; and back")
    func refuseNewCalls() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall(1)
        scenario.world.command(.refuseNewCalls(true))
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        #expect(second.statuses(.invite) == [503])
        #expect(second.responses(.invite).last?.header("Retry-After") != nil)
        let info = caller.request(.info)
        scenario.pass()
        #expect(info.finals == [200])
        scenario.world.command(.refuseNewCalls(false))
        let third = scenario.makeCall(3)
        third.invite()
        scenario.pass()
        #expect(third.statuses(.invite) == [100])
        try scenario.callAtVendor().respond(180)
        third.cancel()
        scenario.finish(caller)
    }

    @Test("ending all calls: BYE to answered ones, 503 and CANCEL for those being set up")
    func endAllCalls() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall(1)
        let ringing = scenario.makeCall(2)
        ringing.invite()
        scenario.pass()
        let second = try scenario.callAtVendor()
        second.respond(180)
        scenario.pass()
        scenario.world.command(.endAllCalls(.stopping))
        scenario.pass()
        #expect(caller.requests(.bye).count == 1)
        #expect(callee.requests(.bye).count == 1)
        #expect(ringing.statuses(.invite).last == 503)
        #expect(second.requests(.cancel).count == 1)
        scenario.finish()
        #expect(scenario.world.store.records.map(\.endReason) == [.stopping, .stopping])
    }

    @Test("ending unanswered calls leaves the answered ones up")
    func endUnansweredCalls() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall(1)
        let ringing = scenario.makeCall(2)
        ringing.invite()
        scenario.pass()
        try scenario.callAtVendor().respond(180)
        scenario.pass()
        scenario.world.command(.endUnansweredCalls(.stopping))
        scenario.pass()
        #expect(ringing.statuses(.invite).last == 503)
        #expect(caller.requests(.bye).isEmpty)
        let info = caller.request(.info)
        scenario.pass()
        #expect(info.finals == [200])
        scenario.finish(caller)
        #expect(scenario.world.store.records.map(\.endReason) == [.stopping, .normalClearing])
    }

    @Test("a new configuration holds for calls that begin afterwards")
    func configure() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall(1)
        scenario.world.command(
            .configure(
                SwitchConfiguration(
                    mappingGateways: [MappingGateway(name: "renamed", addresses: [Scenario.customerAddress.host])],
                    routingGateways: [RoutingGateway(name: "other", addresses: [Scenario.vendorAddress(2)])])))
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        try scenario.callAtVendor(1).answer()
        scenario.pass()
        #expect(second.wasAnswered)
        scenario.finish(caller, second)
        #expect(scenario.world.store.records.map(\.mappingGateway).sorted() == ["customer-a", "renamed"])
    }

    @Test("several shards: each message finds the shard of its call")
    func shards() throws {
        let report = simulate(SimulationSettings(seed: 5, calls: 60, shards: 4))
        #expect(report.violations == [])
        #expect(report.answered > 20)
    }
}
