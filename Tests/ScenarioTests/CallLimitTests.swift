import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Calls that end at a limit: the no-timer limit, the maximum of the system and of gateways.
@Suite struct CallLimitTests {
    @Test("a caller without timer is cut at the limit: BYE on both legs with a Reason, one record of the full duration", arguments: [900, 7200])
    func noTimerLimit(seconds: Int64) throws {
        let scenario = Scenario(parameters: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(Int(seconds))])
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(seconds) - .milliseconds(300))
        #expect(caller.requests(.bye).isEmpty)
        #expect(caller.requests(.update).isEmpty)
        #expect(caller.requests(.invite).isEmpty)
        scenario.pass(.milliseconds(500))
        for side in [caller, callee] {
            #expect(side.requests(.bye).count == 1)
            #expect(side.requests(.bye).first?.header("Reason")?.contains("Call duration limit") == true)
        }
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .noTimerLimit)
        #expect(record.endedBy == .server)
        #expect((seconds * 1_000...seconds * 1_000 + 50).contains(record.durationMilliseconds))
        #expect(record.decision.contains(#""rule":{"name":"noTimerLimit""#))
        #expect(record.decision.contains(#""limitOf":"SS_SIP_NO_TIMER_REINVITE_INTERVAL""#))
        // From there the limit was counted: an operator adds the seconds and has the end.
        #expect(record.decision.contains(#""limitFrom":\#(record.answeredAt.microseconds)"#))
    }

    @Test("SS_MAX_CALL_DURATION holds for every call, also for one that is refreshed")
    func maximum() throws {
        let scenario = Scenario(parameters: ["SS_MAX_CALL_DURATION": .integer(600)])
        let caller = scenario.makeCall()
        caller.invite(fields: ["Supported: timer", "Session-Expires: 300;refresher=uas"])
        scenario.pass()
        caller.sessionAnswer = { ["Session-Expires: \($0.header("Session-Expires") ?? "")", "Require: timer"] }
        try scenario.callAtVendor().answer()
        scenario.pass(.seconds(599))
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.pass(.seconds(2))
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .maximumDuration)
        #expect(record.durationMilliseconds / 1_000 == 600)
    }

    @Test("the shortest of several limits counts, and says whose it is")
    func shortest() throws {
        let scenario = Scenario(
            parameters: ["SS_MAX_CALL_DURATION": .integer(600), "SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(900)], maximumDuration: 300)
        let (caller, _) = try scenario.answeredCall()
        let live = try #require(scenario.world.liveCalls.first)
        #expect(live.rule == "noTimerLimit")
        #expect(live.limitSeconds == 300)
        #expect(live.limitSource.contains("gateway"))
        #expect((298...300).contains(live.secondsLeft))
        scenario.pass(.seconds(301))
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .maximumDuration)
    }

    @Test("a change of the limit touches only calls begun afterwards")
    func changeInBetween() throws {
        let scenario = Scenario(parameters: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(1_800)])
        let (first, _) = try scenario.answeredCall(1)
        scenario.configure(["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(900)])
        let (second, _) = try scenario.answeredCall(2)
        scenario.pass(.seconds(901))
        #expect(second.requests(.bye).count == 1)
        #expect(first.requests(.bye).isEmpty)
        scenario.pass(.seconds(900))
        #expect(first.requests(.bye).count == 1)
        scenario.finish()
    }

    @Test("None: nothing ends the call but its parties")
    func noLimit() throws {
        let scenario = Scenario(parameters: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .none])
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(100_000))
        #expect(callee.requests(.bye).isEmpty)
        scenario.finish(caller)
        #expect(try scenario.record().durationMilliseconds >= 100_000_000)
    }

    @Test("the limit ends a call at the right second although the process died in between, twice")
    func afterRestarts() throws {
        let scenario = Scenario(parameters: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(900)])
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(300))
        scenario.world.restart()
        // A changed parameter does not touch the call that began before.
        scenario.configure(["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(7_200)])
        scenario.pass(.seconds(300))
        scenario.world.restart()
        scenario.pass(.seconds(299))
        #expect(callee.requests(.bye).isEmpty)
        scenario.pass(.seconds(2))
        #expect(callee.requests(.bye).count == 1)
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .noTimerLimit)
        #expect((899_900...900_100).contains(record.durationMilliseconds))
    }

    @Test("a caller that switches its timer off is limited from that moment, and the record says from when")
    func limitFromSwitchingOff() throws {
        let scenario = Scenario(parameters: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(900)])
        let caller = scenario.makeCall()
        caller.invite(fields: ["Supported: timer", "Session-Expires: 300;refresher=uac"])
        scenario.pass()
        try scenario.callAtVendor().answer()
        scenario.pass(.seconds(50))
        let update = caller.request(.update, fields: ["Contact: <sip:a@192.0.2.10:5060>"])
        scenario.pass(.seconds(1))
        #expect(update.finals == [200])
        scenario.world.restart()
        scenario.pass(.seconds(1_000))
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .noTimerLimit)
        let mark = try #require(record.decision.ranges(of: #""limitFrom":"#).first).upperBound
        let from = try #require(Int64(record.decision[mark...].prefix { $0.isNumber }))
        #expect((49_000_000...51_000_000).contains(from - record.answeredAt.microseconds))
        #expect(abs(from + 900_000_000 - record.endedAt.microseconds) < 50_000)
    }

    @Test("a limit that passed while no process ran ends the call at once after the start")
    func limitPassedMeanwhile() throws {
        let scenario = Scenario(parameters: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(900)])
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(10))
        scenario.world.kill()
        scenario.pass(.seconds(2_000))
        scenario.world.start()
        scenario.pass(.seconds(2))
        #expect(callee.requests(.bye).count == 1)
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .noTimerLimit)
    }

    @Test("probes find a silent peer without timer; a 481 does at once", arguments: [0, 481])
    func probes(status: Int) throws {
        let scenario = Scenario(probeInterval: 60)
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(200))
        #expect(caller.requests(.options).count >= 2)
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        caller.answers[.options] = status
        scenario.pass(.seconds(400))
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == (status == 0 ? .peerSilent : .dialogLost))
        #expect(record.decision.contains("the last proof of life was an answered probe"))
        #expect(record.decision.contains(#""callerLastSeen":{"at":"#))
    }
}
